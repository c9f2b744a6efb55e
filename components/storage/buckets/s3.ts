import { Bucket, type BucketArgs } from "@pulumi/aws/s3/bucket.js";
import { BucketLifecycleConfiguration } from "@pulumi/aws/s3/bucketLifecycleConfiguration.js";
import { BucketPolicy } from "@pulumi/aws/s3/bucketPolicy.js";
import { BucketServerSideEncryptionConfiguration } from "@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js";
import type * as pulumi from "@pulumi/pulumi";
import { labels, type Transform, transformed } from "../../component.ts";
import type { BucketShape } from "./bucket.ts";
import { s3Basics } from "./s3-basics.ts";

export interface S3Transform {
  readonly bucket?: Transform<BucketArgs>;
}

/** S3. The sub-resources take the provider's region, which is the bucket's: they are sought in another one otherwise. */
export function createS3Bucket(
  name: string,
  shape: BucketShape & { readonly key: pulumi.Input<string> },
  transform: S3Transform = {},
): pulumi.Output<string> {
  const child: pulumi.CustomResourceOptions = { parent: shape.parent };
  const bucket = new Bucket(
    `${name}-bucket`,
    ...transformed(
      transform.bucket,
      { bucket: shape.bucket, forceDestroy: !shape.durable, tags: labels(shape.jurisdiction, shape.dataClass) },
      { ...child, protect: shape.durable, dependsOn: shape.dependsOn },
    ),
  );
  const { access, versioning } = s3Basics(name, bucket, child);
  new BucketServerSideEncryptionConfiguration(
    `${name}-encryption`,
    {
      bucket: bucket.bucket,
      rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: shape.key }, bucketKeyEnabled: true }],
    },
    child,
  );
  new BucketLifecycleConfiguration(
    `${name}-lifecycle`,
    {
      bucket: bucket.bucket,
      rules: [
        {
          id: "noncurrent",
          status: "Enabled",
          filter: {},
          noncurrentVersionExpiration: { noncurrentDays: shape.noncurrentDays },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
        },
        // Of a versioned bucket this makes the object a noncurrent version, which the rule above ends; the delete marker that then stands
        // alone goes by the same days (docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html).
        ...(shape.keptDays === undefined ? [] : [{ id: "kept", status: "Enabled", filter: {}, expiration: { days: shape.keptDays } }]),
      ],
    },
    { ...child, dependsOn: [versioning] },
  );
  new BucketPolicy(
    `${name}-policy`,
    {
      bucket: bucket.bucket,
      policy: bucket.arn.apply((arn) =>
        JSON.stringify({
          Version: "2012-10-17",
          Statement: [
            {
              Sid: "OnlyOverTls",
              Effect: "Deny",
              Principal: "*",
              Action: "s3:*",
              Resource: [arn, `${arn}/*`],
              Condition: { Bool: { "aws:SecureTransport": "false" } },
            },
          ],
        }),
      ),
    },
    { ...child, dependsOn: [access] },
  );
  return bucket.bucket;
}
