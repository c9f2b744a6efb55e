import { Role, type RoleArgs } from "@pulumi/aws/iam/role.js";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
import { Key, type KeyArgs } from "@pulumi/aws/kms/key.js";
import { Bucket, type BucketArgs } from "@pulumi/aws/s3/bucket.js";
import { BucketLifecycleConfiguration } from "@pulumi/aws/s3/bucketLifecycleConfiguration.js";
import { BucketObjectLockConfiguration, type BucketObjectLockConfigurationArgs } from "@pulumi/aws/s3/bucketObjectLockConfiguration.js";
import { BucketPolicy } from "@pulumi/aws/s3/bucketPolicy.js";
import { BucketServerSideEncryptionConfiguration } from "@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, placesFor, residencyOf } from "../../stacks/residency.ts";
import { type Lifecycle, labels, refuse, type Transform, transformed } from "../component.ts";
import { auditVaultPolicy, keyPolicy, trustOfGoogleAccount, writerPolicy } from "./audit-vault-policies.ts";
import { s3Basics } from "./buckets/s3-basics.ts";

export interface AuditVaultArgs {
  readonly jurisdiction: Jurisdiction;
  readonly lifecycle: Lifecycle;
  /** Unique among all buckets of S3. */
  readonly bucket: string;
  /** Twelve digits. */
  readonly awsAccountId: string;
  /** Numeric id (`uniqueId`) of the Google service account that writes the trail. An account made anew has another one, and is not trusted. */
  readonly writer: pulumi.Input<string>;
  readonly transform?: {
    readonly key?: Transform<KeyArgs>;
    readonly bucket?: Transform<BucketArgs>;
    readonly lock?: Transform<BucketObjectLockConfigurationArgs>;
    readonly role?: Transform<RoleArgs>;
  };
}

/**
 * Where the audit trail is kept so that nobody can change or delete it before its time: not its writer, not an administrator, not
 * the account's root, and not this program. The time is the jurisdiction's (`auditRetention` in the residency map); afterwards the data goes by itself.
 *
 * Rests on: compliance mode cannot be bypassed or switched off, nor its period shortened, and versioning can no longer be suspended
 * (docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html); a client may ask for a retention of its own instead of the default,
 * so the bucket's policy refuses a shorter one; a role must exist before a key policy names it; the trail is not replicated, for that
 * is how data leaves a jurisdiction. Where the lifecycle is `ephemeral` the lock is one day of governance mode, which a destroy lifts.
 */
export class AuditVault extends pulumi.ComponentResource {
  readonly nodes: {
    readonly role: Role;
    readonly key: Key;
    readonly bucket: Bucket;
    readonly lock: BucketObjectLockConfiguration;
  };

  constructor(name: string, args: AuditVaultArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:storage:AuditVault", name, {}, options);
    const { jurisdiction, awsAccountId, transform = {} } = args;
    const { region, aws, law, auditRetention } = residencyOf(jurisdiction);
    refuse("AuditVault", name, [
      !placesFor(jurisdiction, "audit").some(({ cloud, location }) => cloud === "aws" && location === aws.location) &&
        `${aws.location} may not hold audit data of "${jurisdiction}" (${law})`,
      !/^\d{12}$/.test(awsAccountId) && `awsAccountId "${awsAccountId}" is no AWS account: twelve digits`,
    ]);
    const durable = args.lifecycle === "durable";
    const retention = durable ? { mode: "COMPLIANCE", days: auditRetention.days } : { mode: "GOVERNANCE", days: 1 };
    const child: pulumi.CustomResourceOptions = { parent: this };
    const tags = labels(jurisdiction, "audit");

    // Known before anything is made, so that a preview can judge the key's policy.
    const writerName = `bailiwick-audit-writer-${region}`;
    const role = new Role(
      `${name}-writer`,
      ...transformed(
        transform.role,
        {
          name: writerName,
          description: `Writes the audit trail of region ${region}, and reads nothing`,
          assumeRolePolicy: pulumi.output(args.writer).apply((id) => trustOfGoogleAccount(id, audienceOf(awsAccountId))),
          maxSessionDuration: 3600,
          tags,
        },
        child,
      ),
    );
    const key = new Key(
      `${name}-key`,
      ...transformed(
        transform.key,
        {
          description: `Audit trail of Bailiwick's region ${region}`,
          enableKeyRotation: true,
          deletionWindowInDays: 30,
          multiRegion: false,
          policy: keyPolicy(awsAccountId, `arn:aws:iam::${awsAccountId}:role/${writerName}`),
          tags,
        },
        { ...child, protect: durable, retainOnDelete: durable, dependsOn: [role] },
      ),
    );
    const bucket = new Bucket(
      `${name}-bucket`,
      ...transformed(
        transform.bucket,
        { bucket: args.bucket, objectLockEnabled: true, forceDestroy: !durable, tags },
        { ...child, protect: durable, retainOnDelete: durable },
      ),
    );
    const { access, versioning } = s3Basics(name, bucket, child);
    const encryption = new BucketServerSideEncryptionConfiguration(
      `${name}-encryption`,
      {
        bucket: bucket.bucket,
        rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: key.arn }, bucketKeyEnabled: true }],
      },
      child,
    );
    const lock = new BucketObjectLockConfiguration(
      `${name}-lock`,
      ...transformed(
        transform.lock,
        { bucket: bucket.bucket, rule: { defaultRetention: retention } },
        { ...child, dependsOn: [versioning] },
      ),
    );
    new BucketLifecycleConfiguration(
      `${name}-lifecycle`,
      {
        bucket: bucket.bucket,
        rules: [
          {
            id: "incomplete-uploads",
            status: "Enabled",
            filter: {},
            abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
          },
          {
            // Data that must no longer be proven must no longer be kept (GDPR Art. 5(1)(e)). The lock outlives any earlier date.
            id: "after-retention",
            status: "Enabled",
            filter: {},
            expiration: { days: retention.days + 1 },
            noncurrentVersionExpiration: { noncurrentDays: 1 },
          },
        ],
      },
      { ...child, dependsOn: [versioning] },
    );
    const policy = new BucketPolicy(
      `${name}-policy`,
      {
        bucket: bucket.bucket,
        policy: pulumi.all([bucket.arn, key.arn]).apply(([arn, keyArn]) => auditVaultPolicy(arn, keyArn, retention)),
      },
      { ...child, dependsOn: [access] },
    );
    // The last: whoever can write finds a vault that is locked.
    new RolePolicy(
      `${name}-writer-policy`,
      { role: role.name, policy: pulumi.all([bucket.arn, key.arn]).apply(([arn, keyArn]) => writerPolicy(arn, keyArn)) },
      { ...child, dependsOn: [lock, encryption, policy] },
    );
    this.nodes = { role, key, bucket, lock };
    this.registerOutputs({ bucket: this.bucket, writerRole: this.writerRole });
  }

  get bucket(): pulumi.Output<string> {
    return this.nodes.bucket.bucket;
  }

  /** ARN of the role that the writer assumes with its identity token. */
  get writerRole(): pulumi.Output<string> {
    return this.nodes.role.arn;
  }
}

/** What the writer's identity token must be made for. */
export const audienceOf = (awsAccountId: string): string => `sts.amazonaws.com/${awsAccountId}`;
