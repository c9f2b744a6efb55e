// Cloud Storage: buckets with retention that holds, and the JSON API that workloads talk to.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Ground } from "../../engine/cloud.ts";
import {
  CloudError,
  type Context,
  type Failure,
  type FunctionDefinition,
  type Properties,
  type ResourceDefinition,
  UNKNOWN,
} from "../../engine/definition.ts";
import { GcsApi } from "../../runtimes/gcs/api.ts";
import { GcsError } from "../../runtimes/gcs/errors.ts";
import type { Bucket, BucketConfig } from "../../runtimes/gcs/model.ts";
import { ObjectStore } from "../../runtimes/gcs/object-store.ts";
import { serve } from "../../runtimes/network/http.ts";
import { bearerOf } from "./api.ts";
import { withDeletionPolicy } from "./deletion.ts";
import type { Iam } from "./iam.ts";
import { iamMember } from "./iam-member.ts";
import type { KeyMaterial } from "./kms-keys.ts";
import { labelOutputs } from "./labels.ts";
import { objectOf } from "./outputs.ts";
import { projectNumber, projectOf } from "./projects.ts";
import type { GcpService } from "./service.ts";

const bucketToken = "gcp:storage/bucket:Bucket";
const keyToken = "gcp:kms/cryptoKey:CryptoKey";
const test = "test/sandbox/gcs/bucket.test.ts";
const host = "storage.googleapis.com";

export interface Storage extends GcpService {
  /** Address for `STORAGE_EMULATOR_HOST`. Once started. */
  readonly endpoint: string;
}

/** The project's Cloud Storage service agent, made on demand. */
const agentOf = (context: Pick<Context, "store">, project: string) =>
  `service-${projectNumber(context.store, project)}@gs-project-accounts.iam.gserviceaccount.com`;

export function createStorage(ground: Ground, iam: Iam, keys: KeyMaterial): Storage {
  const { store, internet } = ground;
  const objects = new ObjectStore(join(ground.dataDir, "storage"));
  const keyAllows = (project: string, key: string, permission: "useToEncrypt" | "useToDecrypt") =>
    store.get(keyToken, key) !== undefined &&
    iam.allows(`serviceAccount:${agentOf(ground, project)}`, `cloudkms.cryptoKeyVersions.${permission}`, key);
  const api = new GcsApi({
    store: objects,
    identify(request) {
      if (!request.headers.has("authorization")) return "allUsers";
      const token = bearerOf(request);
      return token === undefined ? undefined : iam.identify(token);
    },
    allows: (member, permission, resource) => iam.allows(member, permission, resource),
    keyAllows: (bucket, key, permission) => keyAllows(bucket.project, key.replace(/\/cryptoKeyVersions\/\d+$/, ""), permission),
    keyUnusable: (key) => keys.unusable(key),
    keyVersion: (key) => keys.primary(key),
  });

  const handle = internet.faults.guard("storage", api.handle);
  let unregister: (() => void)[] = [];
  let listener: Server | undefined;
  return {
    resources: [withDeletionPolicy(bucketDefinition(objects, keyAllows)), memberDefinition(iam, objects)],
    functions: [getProjectServiceAccount],
    get endpoint() {
      if (!listener) throw new Error("Cloud Storage is not running: start the cloud first");
      return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    },
    async start() {
      objects.sweep();
      unregister = [internet.faults.add("storage"), internet.register(host, handle)];
      const server = createServer((message, to) => {
        void serve(handle, message, to, `http://${message.headers.host ?? host}${message.url ?? "/"}`);
      });
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(0, "127.0.0.1", resolve);
      });
      listener = server;
    },
    async stop() {
      for (const takeOff of unregister) takeOff();
      const server = listener;
      listener = undefined;
      if (server) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
      objects.close();
    },
    parts: () => [
      {
        kind: "object storage",
        name: "storage",
        state: listener ? "running" : "stopped",
        detail: `${store.list(bucketToken).length} buckets`,
      },
      ...store.list(bucketToken).map(({ state }) => ({
        kind: "bucket",
        name: String(state.name),
        state: listener ? ("running" as const) : ("stopped" as const),
        detail: `${objects.objects(String(state.name), ["live"]).length} objects, ${String(state.location).toLowerCase()}`,
      })),
    ],
  };
}

/** @throws CloudError as the provider words what the API answered */
function asCloudError<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof GcsError)) throw error;
    throw new CloudError(error.reason, `${what}: googleapi: Error ${error.status}: ${error.message}, ${error.reason}`);
  }
}

const storageClasses = ["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE", "MULTI_REGIONAL", "REGIONAL"];
/** What this cloud does not do, and would be silently missing. */
const notOffered = [
  "autoclass",
  "hierarchicalNamespace",
  "enableObjectRetention",
  "customPlacementConfig",
  "ipFilter",
  "website",
  "requesterPays",
  "rpo",
];
const week = 604_800;

function refuse(inputs: Properties): Failure[] {
  const failures: Failure[] = [];
  const fail = (property: string, reason: string) => failures.push({ property, reason });
  for (const property of notOffered) {
    const value = inputs[property];
    if (value !== undefined && value !== null && value !== false && value !== UNKNOWN) fail(property, "is not offered here");
  }
  const { name, location, storageClass, publicAccessPrevention: prevention } = inputs;
  // cloud.google.com/storage/docs/buckets#naming
  if (typeof name === "string" && name !== UNKNOWN && (!/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/.test(name) || /^goog|google/.test(name))) {
    fail(
      "name",
      `"${name}" must be 3 to 63 lower-case letters, digits, "-", "_" and ".", begin and end with a letter or digit, and not speak of google`,
    );
  }
  if (typeof location === "string" && location !== UNKNOWN && !/^[a-z]+(-[a-z]+\d+)?$|^[a-z]+\d$/i.test(location)) {
    fail("location", `"${location}" is no location: a region (europe-west3) or multi-region (EU)`);
  }
  if (typeof storageClass === "string" && storageClass !== UNKNOWN && !storageClasses.includes(storageClass)) {
    fail("storageClass", `"${storageClass}" is not one of ${storageClasses.join(", ")}`);
  }
  if (typeof prevention === "string" && !["enforced", "inherited", UNKNOWN].includes(prevention)) {
    fail("publicAccessPrevention", `"${prevention}" is neither enforced nor inherited`);
  }
  const soft = objectOf(inputs.softDeletePolicy).retentionDurationSeconds;
  if (typeof soft === "number" && soft !== 0 && (soft < week || soft > 7_776_000)) {
    fail("softDeletePolicy.retentionDurationSeconds", `${soft} is neither 0 nor between ${week} (7 days) and 7776000 (90 days)`);
  }
  const period = objectOf(inputs.retentionPolicy).retentionPeriod;
  if (period !== undefined && period !== UNKNOWN && !(Number(period) >= 1 && Number(period) <= 3_155_760_000)) {
    fail("retentionPolicy.retentionPeriod", `"${period}" is not between 1 and 3155760000 seconds (100 years)`);
  }
  return failures;
}

function configOf(context: Context, inputs: Properties, now: Bucket | undefined): BucketConfig {
  const retention = objectOf(inputs.retentionPolicy);
  const seconds = Number(retention.retentionPeriod);
  const before = now?.config.retentionPolicy;
  return {
    location: String(inputs.location).toUpperCase(),
    storageClass: String(inputs.storageClass ?? "STANDARD"),
    versioning: objectOf(inputs.versioning).enabled === true,
    softDeleteSeconds: Number(objectOf(inputs.softDeletePolicy).retentionDurationSeconds ?? week),
    defaultEventBasedHold: inputs.defaultEventBasedHold === true,
    uniformBucketLevelAccess: inputs.uniformBucketLevelAccess === true,
    publicAccessPrevention: inputs.publicAccessPrevention === "enforced" ? "enforced" : "inherited",
    labels: labelOutputs(context, inputs).effectiveLabels as Record<string, string>,
    ...(inputs.retentionPolicy
      ? {
          retentionPolicy: {
            retentionPeriod: seconds,
            isLocked: retention.isLocked === true,
            effectiveTime: before?.retentionPeriod === seconds ? before.effectiveTime : new Date().toISOString(),
          },
        }
      : {}),
    ...(objectOf(inputs.encryption).defaultKmsKeyName ? { defaultKmsKeyName: String(objectOf(inputs.encryption).defaultKmsKeyName) } : {}),
  };
}

function outputsOf(context: Context, bucket: Bucket, inputs: Properties): Properties {
  const { config } = bucket;
  return {
    name: bucket.name,
    project: bucket.project,
    projectNumber: Number(bucket.projectNumber),
    location: config.location,
    storageClass: config.storageClass,
    selfLink: `https://www.googleapis.com/storage/v1/b/${bucket.name}`,
    url: `gs://${bucket.name}`,
    timeCreated: bucket.timeCreated,
    updated: bucket.updated,
    forceDestroy: inputs.forceDestroy ?? false,
    uniformBucketLevelAccess: config.uniformBucketLevelAccess,
    publicAccessPrevention: config.publicAccessPrevention,
    softDeletePolicy: { retentionDurationSeconds: config.softDeleteSeconds, effectiveTime: bucket.timeCreated },
    ...labelOutputs(context, inputs),
  };
}

function bucketDefinition(
  objects: ObjectStore,
  keyAllows: (project: string, key: string, permission: "useToEncrypt") => boolean,
): ResourceDefinition {
  const requireKey = (context: Context, project: string, config: BucketConfig): void => {
    const key = config.defaultKmsKeyName;
    if (key === undefined) return;
    const location = key.split("/")[3]?.toUpperCase();
    if (location !== config.location) {
      throw new CloudError(
        "badRequest",
        `googleapi: Error 400: Cloud KMS key location "${location}" does not match the bucket's location "${config.location}": ${key}, badRequest`,
      );
    }
    if (keyAllows(project, key, "useToEncrypt")) return;
    throw new CloudError(
      "forbidden",
      `googleapi: Error 403: Permission denied on Cloud KMS key. Please ensure that your Cloud Storage service account has been authorized to use this key: grant ${agentOf(context, project)} roles/cloudkms.cryptoKeyEncrypterDecrypter on ${key} first, forbidden`,
    );
  };
  return {
    token: bucketToken,
    fidelity: {
      level: "runs",
      how: "objects on disk behind the JSON API, with generations, retention and holds; lifecycle rules end nothing here",
      test,
    },
    // [MM resource_storage_bucket.go: ForceNew]. Unlocking a retention policy replaces there too; here it is refused, as the API does.
    replaceOn: ["name", "location", "project"],
    recomputed: ["updated", "pulumiLabels", "effectiveLabels"],
    autoname: { property: "name", maxLength: 63, lowercase: true },
    refuse,
    create(context, inputs) {
      const name = String(inputs.name);
      const project = projectOf(context, inputs);
      const config = configOf(context, inputs, undefined);
      requireKey(context, project, config);
      const number = projectNumber(context.store, project);
      const orphan = context.orphan?.id === name ? objects.bucket(name) : undefined;
      const bucket =
        orphan ??
        asCloudError(`Error creating bucket ${name}`, () => objects.createBucket({ name, project, projectNumber: number, config }));
      return { id: name, outputs: outputsOf(context, bucket, inputs) };
    },
    update(context, old, inputs) {
      const bucket = asCloudError(`Error updating bucket ${old.id}`, () => objects.requireBucket(old.id));
      const config = configOf(context, inputs, bucket);
      if (config.defaultKmsKeyName !== bucket.config.defaultKmsKeyName) requireKey(context, bucket.project, config);
      const changed = asCloudError(`Error updating bucket ${old.id}`, () => objects.configureBucket(old.id, config));
      return outputsOf(context, changed, inputs);
    },
    read(context, stored) {
      const bucket = objects.bucket(stored.id);
      return bucket && outputsOf(context, bucket, stored.inputs);
    },
    async import(context, id) {
      const bucket = objects.bucket(id.split("/").at(-1) ?? "");
      if (!bucket) return undefined;
      const { config } = bucket;
      const inputs: Properties = {
        name: bucket.name,
        project: bucket.project,
        location: config.location,
        storageClass: config.storageClass,
        uniformBucketLevelAccess: config.uniformBucketLevelAccess,
        publicAccessPrevention: config.publicAccessPrevention,
        versioning: { enabled: config.versioning },
      };
      return { inputs, outputs: outputsOf(context, bucket, inputs) };
    },
    delete(_context, { id, inputs }) {
      if (!objects.bucket(id)) return;
      asCloudError(`Error deleting bucket ${id}`, () => {
        if (inputs.forceDestroy === true) for (const object of objects.objects(id, ["noncurrent", "live"])) objects.delete(object, true);
        objects.deleteBucket(id);
      });
    },
  };
}

function memberDefinition(iam: Iam, objects: ObjectStore): ResourceDefinition {
  return iamMember(iam, {
    token: "gcp:storage/bucketIAMMember:BucketIAMMember",
    test,
    replaceOn: ["bucket"],
    target(_context, inputs) {
      const name = `b/${String(inputs.bucket).replace(/^b\//, "")}`;
      const bucket = objects.bucket(name.slice(2));
      if (!bucket)
        throw new CloudError(
          "notFound",
          `Error retrieving IAM policy for storage bucket "${name}": googleapi: Error 404: The specified bucket does not exist., notFound`,
        );
      if (bucket.config.publicAccessPrevention === "enforced" && /^all(Users|AuthenticatedUsers)$/.test(String(inputs.member))) {
        throw new CloudError(
          "conditionNotMet",
          `Error applying IAM policy for storage bucket "${name}": googleapi: Error 412: The member bindings allUsers and allAuthenticatedUsers are not allowed since public access prevention is enforced., conditionNotMet`,
        );
      }
      return { name, outputs: { bucket: name } };
    },
  });
}

const getProjectServiceAccount: FunctionDefinition = {
  token: "gcp:storage/getProjectServiceAccount:getProjectServiceAccount",
  call(context, args) {
    const project = projectOf(context, args);
    const emailAddress = agentOf(context, project);
    return { id: emailAddress, emailAddress, member: `serviceAccount:${emailAddress}`, project };
  },
};
