// A bucket's own switches keep everyone out: whatever an object's ACL or a later policy says.
import { byType, type Check, mustBe, mustNot } from "../../arguments.ts";
import { type Correction, corrected } from "../../correction.ts";
import type { Resource } from "../../resource.ts";
import type { Rule } from "../../rule.ts";

const s3Guards = ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"];
/** Off, each, when it is not set; those of an access point are on. */
const guards = (at = "", otherwise = false): Check[] => s3Guards.map((guard) => mustBe(`${at}${guard}`, true, otherwise));

const isText = (pattern: RegExp) => (value: unknown) => typeof value === "string" && pattern.test(value);
const s3Acl = (path: string) => mustNot(path, isText(/^(public-read|public-read-write|authenticated-read)$/), "private, or no ACL at all");
const s3Grantee = (path: string) => mustNot(path, isText(/\/groups\/global\/(AllUsers|AuthenticatedUsers)$/), "named accounts");
const gcsAcl = (path: string) => mustNot(path, isText(/^(public|authenticatedRead)/), "private or projectPrivate");
const gcsEntity = (path: string) => mustNot(path, isText(/(^|:)(allUsers|allAuthenticatedUsers)$/), "named accounts or groups");

const accessBlock = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock";
const accountBlock = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock";
const gcsBucket = "gcp:storage/bucket:Bucket";

const check = byType({
  [accessBlock]: guards(),
  [accountBlock]: guards(),
  "aws:s3/accessPoint:AccessPoint": guards("publicAccessBlockConfiguration.", true),
  "aws:s3/bucket:Bucket": [s3Acl("acl"), s3Grantee("grants[*].uri")],
  "aws:s3/bucketV2:BucketV2": [s3Acl("acl"), s3Grantee("grants[*].uri")],
  "aws:s3/bucketAclV2:BucketAclV2": [s3Acl("acl"), s3Grantee("accessControlPolicy.grants[*].grantee.uri")],
  "aws:s3/bucketAcl:BucketAcl": [s3Acl("acl"), s3Grantee("accessControlPolicy.grants[*].grantee.uri")],
  "aws:s3/bucketObject:BucketObject": [s3Acl("acl")],
  "aws:s3/bucketObjectv2:BucketObjectv2": [s3Acl("acl")],
  "aws:s3/objectCopy:ObjectCopy": [s3Acl("acl"), s3Grantee("grants[*].uri")],
  "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint": guards("details.publicAccessBlock.", true),
  [gcsBucket]: [mustBe("publicAccessPrevention", "enforced", "inherited"), mustBe("uniformBucketLevelAccess", true, false)],
  "gcp:storage/bucketACL:BucketACL": [gcsAcl("predefinedAcl"), gcsAcl("defaultAcl"), gcsEntity("roleEntities[*]")],
  "gcp:storage/bucketAccessControl:BucketAccessControl": [gcsEntity("entity")],
  "gcp:storage/defaultObjectACL:DefaultObjectACL": [gcsEntity("roleEntities[*]")],
  "gcp:storage/defaultObjectAccessControl:DefaultObjectAccessControl": [gcsEntity("entity")],
  "gcp:storage/objectACL:ObjectACL": [gcsAcl("predefinedAcl"), gcsEntity("roleEntities[*]")],
  "gcp:storage/objectAccessControl:ObjectAccessControl": [gcsEntity("entity")],
});

const s3Corrections = s3Guards.map((path): Correction => ({ path, right: true }));
const corrections: Readonly<Record<string, readonly Correction[]>> = {
  [accessBlock]: s3Corrections,
  [accountBlock]: s3Corrections,
  [gcsBucket]: [
    { path: "publicAccessPrevention", right: "enforced" },
    { path: "uniformBucketLevelAccess", right: true },
  ],
};

const remediate = (resource: Resource) => corrected(resource, corrections[resource.type] ?? []);

/** Public content too belongs behind the edge, which reads it with an identity: then nobody can walk past the edge's limits and logs. */
export const publicBucket: Rule = {
  id: "exposure/public-bucket",
  title: "No bucket is open to everyone by its own switches",
  severity: "critical",
  why: "Open buckets are found by scanners within hours, and what strangers copied cannot be taken back from them.",
  remediation:
    "Set all four switches of the public access block, or publicAccessPrevention and uniformBucketLevelAccess; serve public content through the edge.",
  frameworks: [
    { name: "GDPR", clause: "Art. 25(2)" },
    { name: "GDPR", clause: "Art. 32" },
    { name: "PDPA", clause: "s. 24" },
    { name: "ISO 27001", clause: "A.8.3" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(i)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: gcsBucket, props: { publicAccessPrevention: "enforced", uniformBucketLevelAccess: true } }],
    fails: [{ type: gcsBucket, props: { publicAccessPrevention: "inherited", uniformBucketLevelAccess: true } }],
  },
  check,
  remediate,
};
