import type { Bucket } from "@pulumi/aws/s3/bucket.js";
import { BucketOwnershipControls } from "@pulumi/aws/s3/bucketOwnershipControls.js";
import { BucketPublicAccessBlock } from "@pulumi/aws/s3/bucketPublicAccessBlock.js";
import { BucketVersioning } from "@pulumi/aws/s3/bucketVersioning.js";
import type * as pulumi from "@pulumi/pulumi";

/**
 * What every bucket of S3 gets, whatever it holds: nobody from outside, one owner of all objects, versions.
 * @param child options of the parts: their parent
 */
export function s3Basics(name: string, bucket: Bucket, child: pulumi.CustomResourceOptions) {
  const access = new BucketPublicAccessBlock(
    `${name}-public-access`,
    { bucket: bucket.bucket, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
    child,
  );
  new BucketOwnershipControls(`${name}-ownership`, { bucket: bucket.bucket, rule: { objectOwnership: "BucketOwnerEnforced" } }, child);
  const versioning = new BucketVersioning(
    `${name}-versioning`,
    { bucket: bucket.bucket, versioningConfiguration: { status: "Enabled" } },
    child,
  );
  return { access, versioning };
}
