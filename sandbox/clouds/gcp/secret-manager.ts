// Secret Manager: secrets, their numbered versions, and the API that gives a payload to whoever may have it.
import type { Ground } from "../../engine/cloud.ts";
import { CloudError, type Context, type Created, type Properties, type ResourceDefinition } from "../../engine/definition.ts";
import type { Store } from "../../engine/store.ts";
import { ApiError, answering } from "./api.ts";
import { crc32c } from "./crc32c.ts";
import { refuseProtected, withDeletionPolicy } from "./deletion.ts";
import type { Iam } from "./iam.ts";
import { iamMember } from "./iam-member.ts";
import { KeyMaterial } from "./kms-keys.ts";
import { labelOutputs } from "./labels.ts";
import { computedOf, listOf, objectOf } from "./outputs.ts";
import { projectNumber, projectOf, projectWithNumber } from "./projects.ts";
import type { GcpService } from "./service.ts";
import { agentOf, requireApi } from "./services.ts";

const api = "secretmanager.googleapis.com";
const test = "test/sandbox/gcp/secret-manager.test.ts";
const secretToken = "gcp:secretmanager/secret:Secret";
const versionToken = "gcp:secretmanager/secretVersion:SecretVersion";

/** A secret as `projects/P/secrets/S`, from any of its spellings: short, full, with the project's number. */
export function secretName(store: Store, project: string, reference: string): string {
  const [, owner, short] = /^projects\/([^/]+)\/secrets\/([^/]+)/.exec(reference) ?? [];
  return owner && short
    ? `projects/${projectWithNumber(store, owner) ?? owner}/secrets/${short}`
    : `projects/${project}/secrets/${reference}`;
}

/**
 * The payload of a version, for a member that may have it.
 * @param version a number or `latest`
 * @throws ApiError PERMISSION_DENIED, NOT_FOUND, FAILED_PRECONDITION (the version, or the key that encrypts it, is disabled)
 */
export function accessSecret(store: Store, iam: Iam, member: string, secret: string, version: string): { name: string; payload: Buffer } {
  iam.demand(member, "secretmanager.versions.access", secret);
  if (!store.get(secretToken, secret)) throw new ApiError("NOT_FOUND", `Secret [${secret}] not found.`);
  const versions = store.list(versionToken).filter(({ state }) => state.secret === secret);
  const row =
    version === "latest"
      ? versions.sort((a, b) => Number(a.state.version) - Number(b.state.version)).at(-1)
      : versions.find(({ state }) => state.version === version);
  if (!row) throw new ApiError("NOT_FOUND", `Secret Version [${secret}/versions/${version}] not found.`);
  if (row.state.enabled === false) throw new ApiError("FAILED_PRECONDITION", `Secret Version [${row.id}] is in DISABLED state.`);
  const keys = new KeyMaterial(store);
  for (const key of keysOf(store.get(secretToken, secret)?.state ?? {})) {
    const reason = keys.unusable(keys.pinned(row.id, key));
    if (reason) throw new ApiError("FAILED_PRECONDITION", `Secret Version [${row.id}] cannot be decrypted: Cloud KMS key ${reason}`);
  }
  const data = String(row.state.secretData ?? row.state.secretDataWo ?? "");
  return { name: row.id, payload: Buffer.from(data, row.state.isSecretDataBase64 === true ? "base64" : "utf8") };
}

/** The keys that encrypt a secret's replicas. */
const keysOf = (secret: Properties): string[] =>
  listOf(objectOf(objectOf(secret.replication).userManaged).replicas).flatMap((replica) => {
    const key = objectOf(replica.customerManagedEncryption).kmsKeyName;
    return key === undefined ? [] : [String(key)];
  });

const labelled = (context: Context, inputs: Properties): Properties => ({
  ...labelOutputs(context, inputs),
  effectiveAnnotations: inputs.annotations ?? {},
});

function secret(iam: Iam): ResourceDefinition {
  return {
    token: secretToken,
    fidelity: { level: "enforces", how: "holds versions that only granted members read", test },
    replaceOn: ["secretId", "project", "replication"], // [MM Secret.yaml: replication is immutable]
    recomputed: ["pulumiLabels", "effectiveLabels", "effectiveAnnotations"],
    defaults: (inputs): Properties => (inputs.deletionProtection === undefined ? { deletionProtection: false } : {}),
    refuse: ({ replication }) => {
      const { auto, userManaged } = objectOf(replication);
      return (auto === undefined) === (userManaged === undefined)
        ? [{ property: "replication", reason: "exactly one of auto and userManaged must be set" }]
        : [];
    },
    create(context, inputs): Created {
      const project = projectOf(context, inputs);
      requireApi(context, project, api);
      const id = `projects/${project}/secrets/${inputs.secretId}`;
      if (context.store.get(secretToken, id) && context.orphan?.id !== id) {
        throw new CloudError("alreadyExists", `Error creating Secret: googleapi: Error 409: Secret [${id}] already exists., alreadyExists`);
      }
      requireKeyGrants(context, iam, project, inputs);
      const name = `projects/${projectNumber(context.store, project)}/secrets/${inputs.secretId}`;
      const outputs = { project, name, createTime: new Date().toISOString(), expireTime: inputs.expireTime ?? "" };
      return { id, outputs: { ...outputs, ...labelled(context, inputs) } };
    },
    update: (context, old, inputs) => ({ ...computedOf(old), ...labelled(context, inputs) }),
    delete: (_context, { id, state }) => refuseProtected(state, "Secret", id),
  };
}

/** The service agent encrypts each replica: without its grant on the key the API refuses the secret. */
function requireKeyGrants(context: Context, iam: Iam, project: string, inputs: Properties): void {
  const agent = agentOf(context, project, api);
  for (const key of keysOf(inputs)) {
    if (iam.allows(`serviceAccount:${agent}`, "cloudkms.cryptoKeyVersions.useToEncrypt", key)) continue;
    throw new CloudError(
      "failedPrecondition",
      `Error creating Secret: googleapi: Error 400: Service account ${agent} lacks permission to use the KMS key ${key}: grant it roles/cloudkms.cryptoKeyEncrypterDecrypter on the key first., failedPrecondition`,
    );
  }
}

const secretVersion: ResourceDefinition = {
  token: versionToken,
  fidelity: { level: "enforces", how: "read by the number that was given to it", test },
  // [MM SecretVersion.yaml: everything but enabled and deletionPolicy]
  replaceOn: ["secret", "secretData", "secretDataWo", "secretDataWoVersion", "isSecretDataBase64"],
  defaults: (inputs): Properties => (inputs.enabled === undefined ? { enabled: true } : {}),
  refuse: ({ secretData, secretDataWo }) =>
    secretData === undefined && secretDataWo === undefined
      ? [{ property: "secretData", reason: "one of secretData and secretDataWo must be set" }]
      : [],
  create(context, inputs): Created {
    const name = secretName(context.store, projectOf(context, {}), String(inputs.secret));
    const owner = context.store.get(secretToken, name);
    if (!owner)
      throw new CloudError("notFound", `Error creating SecretVersion: googleapi: Error 404: Secret [${name}] not found., notFound`);
    // Numbers are never used twice, not even by a secret of the same name that came later.
    const counter = `gcp/secret/${name}/version`;
    const version = String(context.store.fact(counter, () => 0) + 1);
    context.store.setFact(counter, Number(version));
    const id = `${owner.state.name}/versions/${version}`;
    const keys = new KeyMaterial(context.store);
    for (const key of keysOf(owner.state)) {
      const reason = keys.unusable(keys.pinned(id, key));
      if (reason)
        throw new CloudError(
          "failedPrecondition",
          `Error creating SecretVersion: googleapi: Error 400: Cloud KMS key ${reason}, failedPrecondition`,
        );
    }
    return { id, outputs: { secret: name, name: id, version, createTime: new Date().toISOString(), destroyTime: "" } };
  },
  update: (_context, old) => ({ ...computedOf(old), secret: old.state.secret ?? "" }),
};

export function createSecretManager(ground: Ground, iam: Iam): GcpService {
  const route = /^\/v1\/(projects\/[^/]+\/secrets\/[^/]+)\/versions\/(latest|\d+):access$/;
  let offline = () => {};
  return {
    resources: [
      withDeletionPolicy(secret(iam)),
      withDeletionPolicy(secretVersion),
      iamMember(iam, {
        token: "gcp:secretmanager/secretIamMember:SecretIamMember",
        test,
        replaceOn: ["secretId", "project"],
        target(context, inputs) {
          const project = projectOf(context, inputs);
          const name = secretName(context.store, project, String(inputs.secretId));
          if (context.store.get(secretToken, name)) return { name, outputs: { project } };
          throw new CloudError(
            "notFound",
            `Error applying IAM policy for secretmanager secret "${name}": googleapi: Error 404: Secret [${name}] not found., notFound`,
          );
        },
      }),
    ],
    functions: [],
    async start() {
      offline = ground.internet.register(api, (request) =>
        answering(() => {
          const member = iam.caller(request);
          const path = new URL(request.url).pathname;
          const [, reference, version] = route.exec(path) ?? [];
          if (request.method !== "GET" || !reference || !version) {
            throw new ApiError("NOT_FOUND", `${request.method} ${path} is not a call of this API that is available here.`);
          }
          const { name, payload } = accessSecret(ground.store, iam, member, secretName(ground.store, "", reference), version);
          return { name, payload: { data: payload.toString("base64"), dataCrc32c: String(crc32c(payload)) } };
        }),
      );
    },
    async stop() {
      offline();
    },
    parts: () => [],
  };
}
