// The settings of a bucket, each a resource whose id is the bucket's name.
import { CloudError, type Context, type Failure, type Properties, type ResourceDefinition, UNKNOWN } from "../../engine/definition.ts";
import type { Setting } from "../../runtimes/s3/bucket-book.ts";
import type { S3Service } from "../../runtimes/s3/service.ts";
import { regionDefault, regionOf } from "./account.ts";
import { asCloudError } from "./s3-bucket.ts";
import { configuration } from "./s3-documents.ts";

interface SettingOptions {
  readonly token: string;
  readonly fidelity: ResourceDefinition["fidelity"];
  readonly refuse?: ResourceDefinition["refuse"];
  readonly replaceOn?: readonly string[];
  /** What the API fills in. */
  readonly defaults?: Properties;
  /** The API's operation, for messages. */
  readonly operation: string;
  readonly put: (bucket: string, inputs: Properties) => Promise<void> | void;
  /** Whether the setting is still there. */
  readonly exists: (bucket: string) => Promise<boolean> | boolean;
  readonly remove: (bucket: string) => Promise<void> | void;
}

/** @throws CloudError when the bucket is not there, or not in this resource's region */
function requireBucket(s3: S3Service, context: Context, inputs: Properties, operation: string): string {
  const name = String(inputs.bucket);
  const region = regionOf(inputs, context);
  const bucket = s3.book.get(name);
  if (!bucket) throw new CloudError("NoSuchBucket", `operation error S3: ${operation}: NoSuchBucket: the bucket "${name}" does not exist`);
  if (bucket.region === region) return name;
  throw new CloudError(
    "PermanentRedirect",
    `operation error S3: ${operation}: PermanentRedirect: the bucket "${name}" is in ${bucket.region}, and this resource asks for it in ${region}. Give both the same \`region\`, or none.`,
  );
}

function setting(s3: S3Service, options: SettingOptions): ResourceDefinition {
  const { token, fidelity, operation } = options;
  const apply = async (context: Context, inputs: Properties): Promise<string> => {
    const bucket = requireBucket(s3, context, inputs, operation);
    await asCloudError(operation, () => options.put(bucket, inputs));
    return bucket;
  };
  return {
    token,
    fidelity,
    replaceOn: ["bucket", "region", "expectedBucketOwner", ...(options.replaceOn ?? [])],
    defaults: (inputs, context) => ({
      ...regionDefault(inputs, context),
      ...Object.fromEntries(Object.entries(options.defaults ?? {}).filter(([name]) => inputs[name] === undefined)),
    }),
    ...(options.refuse ? { refuse: options.refuse } : {}),
    async create(context, inputs) {
      const bucket = await apply(context, inputs);
      return { id: inputs.expectedBucketOwner ? `${bucket},${inputs.expectedBucketOwner}` : bucket, outputs: {} };
    },
    async update(context, _old, inputs) {
      await apply(context, inputs);
      return {};
    },
    async read(_context, stored) {
      const bucket = String(stored.state.bucket);
      return s3.book.get(bucket) && (await options.exists(bucket)) ? {} : undefined;
    },
    async delete(_context, stored) {
      const bucket = String(stored.state.bucket);
      if (s3.book.get(bucket) && stored.inputs.skipDestroy !== true)
        await asCloudError(`Delete${operation.slice(3)}`, () => options.remove(bucket));
    },
  };
}

/** A setting whose document the front keeps. */
function kept(s3: S3Service, name: Setting): Pick<SettingOptions, "exists" | "remove"> {
  return {
    exists: (bucket) => s3.setting(bucket, name) !== undefined,
    remove: (bucket) => s3.setSetting(bucket, name, undefined),
  };
}

/** Refuses values of one property that are not in the list. */
function oneOf(property: string, value: unknown, allowed: readonly string[]): Failure[] {
  if (typeof value !== "string" || value === UNKNOWN || allowed.includes(value)) return [];
  return [{ property, reason: `"${value}" is not one of ${allowed.join(", ")}` }];
}

const test = "test/sandbox/aws/s3-bucket-settings.test.ts";

export function bucketSettings(s3: S3Service): ResourceDefinition[] {
  return [
    setting(s3, {
      token: "aws:s3/bucketVersioning:BucketVersioning",
      fidelity: { level: "runs", how: "older versions are kept and can be read", test },
      operation: "PutBucketVersioning",
      refuse: ({ versioningConfiguration: given, mfa }) => [
        ...oneOf("versioningConfiguration.status", (given as Properties | undefined)?.status, ["Enabled", "Suspended", "Disabled"]),
        ...(mfa !== undefined || (given as Properties | undefined)?.mfaDelete === "Enabled"
          ? [{ property: "versioningConfiguration.mfaDelete", reason: "there is no MFA device here" }]
          : []),
      ],
      async put(bucket, inputs) {
        const status = (inputs.versioningConfiguration as Properties).status as string;
        // "Disabled" stands for a bucket that was never versioned: nothing is sent [SDK s3/bucketVersioning].
        if (status === "Disabled" && (await s3.versioning(bucket)) === undefined) return;
        if (status === "Disabled")
          throw new CloudError(
            "InvalidState",
            `operation error S3: PutBucketVersioning: versioning of "${bucket}" was turned on once: it can be Suspended, never Disabled`,
          );
        await s3.setVersioning(bucket, status as "Enabled" | "Suspended");
      },
      exists: () => true,
      async remove(bucket) {
        // A locked bucket stays versioned: the provider leaves it so [hashicorp/terraform-provider-aws bucket_versioning.go].
        if ((await s3.versioning(bucket)) === "Enabled" && (await s3.objectLock(bucket)) === undefined)
          await s3.setVersioning(bucket, "Suspended");
      },
    }),
    setting(s3, {
      token: "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
      fidelity: { level: "enforces", how: "locked versions cannot be deleted, new objects get the default retention", test },
      operation: "PutObjectLockConfiguration",
      replaceOn: ["objectLockEnabled"],
      defaults: { objectLockEnabled: "Enabled" },
      refuse({ rule, objectLockEnabled }) {
        const retention = (rule as { defaultRetention?: Properties } | undefined)?.defaultRetention;
        const failures = [
          ...oneOf("objectLockEnabled", objectLockEnabled, ["Enabled"]),
          ...oneOf("rule.defaultRetention.mode", retention?.mode, ["COMPLIANCE", "GOVERNANCE"]),
        ];
        if (retention && (retention.days === undefined) === (retention.years === undefined)) {
          failures.push({ property: "rule.defaultRetention", reason: "exactly one of `days` and `years` must be given" });
        }
        return failures;
      },
      async put(bucket, { rule, objectLockEnabled }) {
        if ((await s3.versioning(bucket)) !== "Enabled") {
          throw new CloudError(
            "InvalidBucketState",
            `operation error S3: PutObjectLockConfiguration: InvalidBucketState: Versioning must be 'Enabled' on the bucket "${bucket}" to apply a Object Lock configuration: create its BucketVersioning first (dependsOn)`,
          );
        }
        await s3.setObjectLock(
          bucket,
          configuration("ObjectLockConfiguration", { objectLockEnabled: objectLockEnabled ?? "Enabled", rule: rule ?? null }),
        );
      },
      exists: async (bucket) => (await s3.objectLock(bucket)) !== undefined,
      // The lock itself stays for ever; only the default rule can go.
      remove: (bucket) => s3.setObjectLock(bucket, configuration("ObjectLockConfiguration", { objectLockEnabled: "Enabled" })),
    }),
    setting(s3, {
      token: "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
      fidelity: {
        level: "enforces",
        how: "objects under a disabled or deleted key are neither written nor read (their bytes on disk stay plain)",
        test,
      },
      operation: "PutBucketEncryption",
      refuse: ({ rules }) =>
        ((rules as Properties[] | undefined) ?? []).flatMap((rule, index) =>
          oneOf(
            `rules[${index}].applyServerSideEncryptionByDefault.sseAlgorithm`,
            (rule.applyServerSideEncryptionByDefault as Properties | undefined)?.sseAlgorithm,
            ["AES256", "aws:kms", "aws:kms:dsse"],
          ),
        ),
      put: (bucket, { rules }) =>
        s3.setSetting(bucket, "encryption", configuration("ServerSideEncryptionConfiguration", { rules: rules ?? [] })),
      ...kept(s3, "encryption"),
    }),
    setting(s3, {
      token: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
      fidelity: { level: "enforces", how: "a public policy is refused; anonymous requests always are", test },
      operation: "PutPublicAccessBlock",
      put: (bucket, { blockPublicAcls = false, blockPublicPolicy = false, ignorePublicAcls = false, restrictPublicBuckets = false }) =>
        s3.setSetting(
          bucket,
          "publicAccessBlock",
          configuration("PublicAccessBlockConfiguration", { blockPublicAcls, ignorePublicAcls, blockPublicPolicy, restrictPublicBuckets }),
        ),
      ...kept(s3, "publicAccessBlock"),
    }),
    setting(s3, {
      token: "aws:s3/bucketPolicy:BucketPolicy",
      fidelity: {
        level: "enforces",
        how: "its statements let in and refuse, beside the policies of whoever asks",
        test: "test/sandbox/aws/iam.test.ts",
      },
      operation: "PutBucketPolicy",
      put: (bucket, { policy }) => s3.setSetting(bucket, "policy", typeof policy === "string" ? policy : JSON.stringify(policy)),
      ...kept(s3, "policy"),
    }),
    setting(s3, {
      token: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
      fidelity: { level: "records", why: "the API answers it; nothing expires here, for a laptop's days are short" },
      operation: "PutBucketLifecycleConfiguration",
      defaults: { transitionDefaultMinimumObjectSize: "all_storage_classes_128K" },
      refuse: ({ rules }) =>
        ((rules as Properties[] | undefined) ?? []).flatMap((rule, index) =>
          oneOf(`rules[${index}].status`, rule.status, ["Enabled", "Disabled"]),
        ),
      put: (bucket, { rules }) => s3.setSetting(bucket, "lifecycle", configuration("LifecycleConfiguration", { rules: rules ?? [] })),
      ...kept(s3, "lifecycle"),
    }),
    setting(s3, {
      token: "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
      fidelity: { level: "enforces", how: "requests with ACLs are refused, as where the owner is enforced", test },
      operation: "PutBucketOwnershipControls",
      refuse({ rule }) {
        const ownership = (rule as Properties | undefined)?.objectOwnership;
        if (ownership === undefined || ownership === UNKNOWN || ownership === "BucketOwnerEnforced") return [];
        return [
          {
            property: "rule.objectOwnership",
            reason: `"${ownership}" brings ACLs back, which are not offered here: only BucketOwnerEnforced`,
          },
        ];
      },
      put: (bucket, { rule }) => s3.setSetting(bucket, "ownershipControls", configuration("OwnershipControls", { rule: rule ?? null })),
      ...kept(s3, "ownershipControls"),
    }),
  ];
}
