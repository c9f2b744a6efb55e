import { publicBucket } from "../../../../policies/rules/exposure/public-bucket.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify, specifyRemedy } from "../../specify.ts";

const block = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock";
const gcs = "gcp:storage/bucket:Bucket";
const closed = { blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true };
const enforced = { publicAccessPrevention: "enforced", uniformBucketLevelAccess: true };
const allUsers = "http://acs.amazonaws.com/groups/global/AllUsers";

specify(publicBucket, {
  passes: [
    ["a public access block with all switches on", { type: block, props: closed }],
    ["the account's", { type: "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", props: closed }],
    ["a bucket that says nothing: S3 closes new ones", { type: "aws:s3/bucket:Bucket" }],
    ["an access point with AWS's own defaults", { type: "aws:s3/accessPoint:AccessPoint", props: { bucket: "b" } }],
    ["a private ACL", { type: "aws:s3/bucketAcl:BucketAcl", props: { acl: "log-delivery-write" } }],
    ["a closed bucket of Google's", { type: gcs, props: enforced }],
    ["an entity of a project", { type: "gcp:storage/bucketAccessControl:BucketAccessControl", props: { entity: "project-owners-1" } }],
  ],
  refused: [
    ["a switch that is off", { type: block, props: { ...closed, restrictPublicBuckets: false } }, "restrictPublicBuckets is false"],
    [
      "a switch that is not set",
      { type: block, props: { ...closed, blockPublicPolicy: null } },
      "blockPublicPolicy is not set, which means false",
    ],
    [
      "an access point's switch",
      { type: "aws:s3/accessPoint:AccessPoint", props: { publicAccessBlockConfiguration: { blockPublicPolicy: false } } },
      "publicAccessBlockConfiguration.blockPublicPolicy is false",
    ],
    ["a public ACL", { type: "aws:s3/bucketAcl:BucketAcl", props: { acl: "public-read" } }, 'acl is "public-read"'],
    ["a public ACL in the bucket", { type: "aws:s3/bucket:Bucket", props: { acl: "public-read-write" } }, "acl is"],
    ["an object for every AWS account", { type: "aws:s3/bucketObjectv2:BucketObjectv2", props: { acl: "authenticated-read" } }, "acl is"],
    [
      "a grant to all users",
      { type: "aws:s3/bucketAcl:BucketAcl", props: { accessControlPolicy: { grants: [{ grantee: { uri: allUsers } }] } } },
      "grantee.uri is",
    ],
    ["a grant in the bucket", { type: "aws:s3/bucket:Bucket", props: { grants: [{ uri: allUsers }] } }, "grants[0].uri is"],
    [
      "a bucket that may be opened",
      { type: gcs, props: { uniformBucketLevelAccess: true } },
      "publicAccessPrevention is not set, which means inherited",
    ],
    [
      "a bucket with ACLs of objects",
      { type: gcs, props: { publicAccessPrevention: "enforced" } },
      "uniformBucketLevelAccess is not set, which means false",
    ],
    [
      "a public ACL of Google's",
      { type: "gcp:storage/bucketACL:BucketACL", props: { predefinedAcl: "publicRead" } },
      'predefinedAcl is "publicRead"',
    ],
    [
      "an entry for all users",
      { type: "gcp:storage/bucketACL:BucketACL", props: { roleEntities: ["READER:allUsers"] } },
      "roleEntities[0] is",
    ],
    [
      "an object for everyone",
      { type: "gcp:storage/objectAccessControl:ObjectAccessControl", props: { entity: "allAuthenticatedUsers" } },
      "entity is",
    ],
  ],
  undecided: [
    ["a switch", { type: block, props: { ...closed, blockPublicAcls: UNKNOWN } }, "blockPublicAcls"],
    ["an ACL", { type: "aws:s3/bucketAcl:BucketAcl", props: { acl: UNKNOWN } }, "acl"],
  ],
  silent: "aws:kms/alias:Alias",
});

specifyRemedy(
  publicBucket,
  { type: block, props: { bucket: "b", blockPublicAcls: true, blockPublicPolicy: false } },
  { bucket: "b", ...closed },
  [
    { type: block, props: closed },
    { type: gcs, props: { ...enforced, publicAccessPrevention: UNKNOWN } },
    { type: gcs, props: { ...enforced, publicAccessPrevention: "inherited" }, secrets: ["publicAccessPrevention"] },
    { type: "aws:s3/bucketAcl:BucketAcl", props: { acl: "public-read" } },
  ],
);
specifyRemedy(
  publicBucket,
  { type: gcs, props: { location: "EU", publicAccessPrevention: "inherited" } },
  { location: "EU", ...enforced },
  [],
);
