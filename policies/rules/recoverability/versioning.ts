// An object that was overwritten or deleted is still there as a version.
import { byType, mustBe, where } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { type Resource, read, UNKNOWN } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";
import { inDurable, isOf, isOwed, isPartOf, isS3Bucket, ofClass, stackInDurable } from "./kept.ts";

const versionings = new Set(["aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketVersioningV2:BucketVersioningV2"]);

/** S3 sets it on the bucket, where that is deprecated, or in a resource beside it. Object Lock cannot be had without it. */
function isVersioned(bucket: Resource, resources: readonly Resource[]): boolean {
  const { props } = bucket;
  return (
    read(props, "versioning.enabled") === true ||
    read(props, "versionings[0].enabled") === true ||
    read(props, "objectLockEnabled") === true ||
    read(props, "objectLockConfiguration.objectLockEnabled") === "Enabled" ||
    resources.some(
      (other) =>
        versionings.has(other.type) &&
        isPartOf(other, bucket) &&
        ["Enabled", UNKNOWN].includes(read(other.props, "versioningConfiguration.status") as string),
    )
  );
}

const checkStack = (resources: readonly Resource[], context: Context): StackFinding[] =>
  resources
    .filter((resource) => isS3Bucket(resource) && isOf(isOwed, resource, context) && !isVersioned(resource, resources))
    .map(({ urn }) => ({
      urn,
      finding: {
        kind: "violation",
        problem: "the bucket keeps no versions",
        allowed: 'an s3.BucketVersioning of this bucket with versioningConfiguration.status: "Enabled"',
      },
    }));

export const versioning: Rule = {
  id: "recoverability/versioning",
  title: "Buckets keep what is overwritten or deleted",
  severity: "high",
  why: "A program that writes empty files over a year of records succeeds with every one of them.",
  remediation: "Switch versioning on, and let a lifecycle rule end old versions after some weeks.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(c)" },
    { name: "ISO 27001", clause: "A.8.13" },
    { name: "SOC 2", clause: "A1.2" },
    { name: "NIS2", clause: "Art. 21(2)(c)" },
    { name: "DORA", clause: "Art. 12" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      { type: "aws:s3/bucket:Bucket", name: "orders", props: { bucket: "orders" } },
      { type: "aws:s3/bucketVersioning:BucketVersioning", props: { bucket: "orders", versioningConfiguration: { status: "Enabled" } } },
    ],
    fails: [{ type: "gcp:storage/bucket:Bucket", props: { labels: { "data-class": "personal" } } }],
  },
  check: inDurable(
    ofClass(
      isOwed,
      byType({
        // What may not be deleted before its time needs no second version.
        "gcp:storage/bucket:Bucket": [
          where("retentionPolicy.retentionPeriod", (period) => period === undefined, mustBe("versioning.enabled", true, false)),
        ],
      }),
    ),
  ),
  checkStack: stackInDurable(checkStack),
};
