// aws.s3.Bucket. Its settings are resources of their own (s3-bucket-settings.ts): the ones inside it are deprecated since v6.
import { CloudError, type Context, type Failure, type Properties, type ResourceDefinition, UNKNOWN } from "../../engine/definition.ts";
import { S3Failure, type S3Service } from "../../runtimes/s3/service.ts";
import { accountOf, regionDefault, regionOf, tagsAll, websiteZoneOf } from "./account.ts";

export const bucketToken = "aws:s3/bucket:Bucket";

// Deprecated on the bucket in v7 of the SDK; each names what takes its place.
const moved: Readonly<Record<string, string>> = {
  accelerationStatus: "aws.s3.BucketAccelerateConfiguration",
  acl: "aws.s3.BucketAcl",
  corsRules: "aws.s3.BucketCorsConfiguration",
  grants: "aws.s3.BucketAcl",
  lifecycleRules: "aws.s3.BucketLifecycleConfiguration",
  logging: "aws.s3.BucketLogging",
  objectLockConfiguration: "`objectLockEnabled` and aws.s3.BucketObjectLockConfiguration",
  policy: "aws.s3.BucketPolicy",
  replicationConfiguration: "aws.s3.BucketReplicationConfig",
  requestPayer: "aws.s3.BucketRequestPaymentConfiguration",
  serverSideEncryptionConfiguration: "aws.s3.BucketServerSideEncryptionConfiguration",
  versioning: "aws.s3.BucketVersioning",
  website: "aws.s3.BucketWebsiteConfiguration",
};

/** @throws CloudError of what S3 answered */
export async function asCloudError<T>(operation: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error;
    throw new CloudError(
      error.code,
      `operation error S3: ${operation}, https response error StatusCode: ${error.status}, api error ${error.code}: ${error.message}`,
    );
  }
}

/** Rules of names: docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
function nameFailure(name: string): string | undefined {
  if (name.length < 3 || name.length > 63) return "must be 3 to 63 characters long";
  if (!/^[a-z0-9][a-z0-9.-]*[a-z0-9]$/.test(name))
    return "may hold lower-case letters, digits, dots and hyphens only, and begins and ends with a letter or digit";
  if (name.includes("..") || /^\d+\.\d+\.\d+\.\d+$/.test(name)) return "must not hold two dots in a row or look like an IP address";
  if (/^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3)$/.test(name))
    return "uses a prefix or suffix that AWS keeps for itself";
  return undefined;
}

export function bucketDefinition(s3: S3Service): ResourceDefinition {
  const outputs = async (context: Context, name: string, inputs: Properties): Promise<Properties> => {
    const region = regionOf(inputs, context);
    const versioned = (await s3.versioning(name)) === "Enabled";
    return {
      bucket: name,
      arn: `arn:aws:s3:::${name}`,
      bucketDomainName: `${name}.s3.amazonaws.com`,
      bucketRegion: region,
      bucketRegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
      hostedZoneId: websiteZoneOf(region),
      region,
      forceDestroy: inputs.forceDestroy ?? false,
      objectLockEnabled: inputs.objectLockEnabled ?? false,
      requestPayer: "BucketOwner",
      tagsAll: tagsAll(inputs, context),
      versioning: { enabled: versioned, mfaDelete: false },
    };
  };
  return {
    token: bucketToken,
    fidelity: { level: "runs", how: "a bucket of versitygw behind the S3 protocol", test: "test/sandbox/aws/s3-bucket.test.ts" },
    // [SDK s3/bucket: "Forces new resource" on these]
    replaceOn: ["bucket", "bucketPrefix", "bucketNamespace", "objectLockEnabled", "region"],
    recomputed: ["tagsAll"],
    autoname: { property: "bucket", maxLength: 63, lowercase: true },
    defaults: regionDefault,
    refuse(inputs) {
      const failures: Failure[] = Object.entries(moved)
        .filter(([property]) => inputs[property] !== undefined)
        .map(([property, instead]) => ({ property, reason: `deprecated on the bucket and not offered here: use ${instead}` }));
      const name = inputs.bucket;
      const wrong = typeof name === "string" && name !== UNKNOWN ? nameFailure(name) : undefined;
      if (wrong) failures.push({ property: "bucket", reason: `"${name}" is no bucket name: it ${wrong}` });
      if (typeof inputs.bucketPrefix === "string" && inputs.bucketPrefix !== UNKNOWN && inputs.bucketPrefix.length > 37) {
        failures.push({ property: "bucketPrefix", reason: "must be at most 37 characters long" });
      }
      if (typeof inputs.bucketNamespace === "string" && !["global", UNKNOWN].includes(inputs.bucketNamespace)) {
        failures.push({ property: "bucketNamespace", reason: `"${inputs.bucketNamespace}" is not offered here: only "global"` });
      }
      return failures;
    },
    async create(context, inputs) {
      const name = String(inputs.bucket ?? `${inputs.bucketPrefix}${Date.now()}`);
      const region = regionOf(inputs, context);
      const taken = s3.book.get(name);
      if (taken && context.orphan?.id !== name) {
        const code = "BucketAlreadyOwnedByYou";
        throw new CloudError(
          code,
          `creating S3 Bucket (${name}): ${code}: bucket names are global, and ${name} exists in ${taken.region}. Choose another name, or adopt it with \`pulumi import\`.`,
        );
      }
      if (!taken) {
        await asCloudError("CreateBucket", () =>
          s3.createBucket({ name, region, owner: accountOf(context) }, inputs.objectLockEnabled === true),
        );
      }
      return { id: name, outputs: await outputs(context, name, inputs) };
    },
    update: (context, old, inputs) => outputs(context, old.id, inputs),
    async read(context, stored) {
      if (!s3.book.get(stored.id)) return undefined;
      return outputs(context, stored.id, stored.inputs);
    },
    async import(context, id) {
      const [name = id] = id.split("@");
      const bucket = s3.book.get(name);
      if (!bucket) return undefined;
      const inputs: Properties = {
        bucket: name,
        region: bucket.region,
        forceDestroy: false,
        objectLockEnabled: (await s3.objectLock(name)) !== undefined,
      };
      return { inputs, outputs: await outputs(context, name, inputs) };
    },
    async delete(_context, stored) {
      if (!s3.book.get(stored.id)) return;
      await asCloudError("DeleteBucket", async () => {
        if (stored.inputs.forceDestroy === true) await s3.empty(stored.id);
        await s3.deleteBucket(stored.id);
      });
    },
  };
}
