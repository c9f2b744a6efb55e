import { ownKey } from "../../../../policies/rules/encryption/own-key.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const personal = { "data-class": "personal" };
const table = "aws:dynamodb/table:Table";
const arn = "arn:aws:kms:eu-central-1:123456789012:key/1";
const bucket = (dataClass: string, more: object = {}) => ({
  type: "aws:s3/bucket:Bucket",
  name: "b",
  props: { bucket: "orders", tags: { "data-class": dataClass }, ...more },
});
const configuration = (by: object, of = "orders") => ({
  type: "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
  name: "sse",
  props: { bucket: of, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", ...by } }] },
});
const secret = (replication: object) => ({
  type: "gcp:secretmanager/secret:Secret",
  props: { labels: { "data-class": "sensitive" }, replication: replication as { readonly [key: string]: string } },
});
const keyed = { location: "europe-west3", customerManagedEncryption: { kmsKeyName: UNKNOWN } };

specify(ownKey, {
  passes: [
    ["a table with a key", { type: table, props: { tags: personal, serverSideEncryption: { enabled: true, kmsKeyArn: UNKNOWN } } }],
    ["a table of operational data", { type: table, props: { tags: { "data-class": "operational" } } }],
    ["a table of which nobody said anything", { type: table }],
    ["a bucket with a key beside it", [bucket("audit"), configuration({ kmsMasterKeyId: arn })]],
    [
      "a bucket with a key in it",
      bucket("personal", {
        serverSideEncryptionConfiguration: {
          rule: { applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: arn } },
        },
      }),
    ],
    ["a public bucket", bucket("public")],
    ["a secret with a key in each place", secret({ userManaged: { replicas: [keyed, keyed] } })],
    ["a parameter that is no secret", { type: "aws:ssm/parameter:Parameter", props: { type: "String", tags: personal } }],
    [
      "a replica, which has its primary's key",
      { type: "gcp:sql/databaseInstance:DatabaseInstance", props: { masterInstanceName: "a", settings: { userLabels: personal } } },
    ],
    [
      "a delivery stream from another one",
      {
        type: "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
        props: { tags: personal, kinesisSourceConfiguration: { kinesisStreamArn: "s" } },
      },
    ],
  ],
  refused: [
    ["a table", { type: table, props: { tags: personal } }, "serverSideEncryption.kmsKeyArn is not set, which means the vendor's key"],
    ["a bucket", bucket("personal"), "nothing gives it a key of its own"],
    [
      "a bucket with another's configuration",
      [bucket("personal"), configuration({ kmsMasterKeyId: arn }, "elsewhere")],
      "nothing gives it",
    ],
    ["a bucket with S3's key in KMS", [bucket("audit"), configuration({})], "nothing gives it"],
    [
      "a bucket with AWS's key by name",
      [bucket("audit"), configuration({ kmsMasterKeyId: "arn:aws:kms:eu-central-1:1:alias/aws/s3" })],
      "nothing gives it",
    ],
    [
      "a stream with AWS's key",
      { type: "aws:kinesis/stream:Stream", props: { tags: personal, kmsKeyId: "alias/aws/kinesis" } },
      "the vendor's key",
    ],
    [
      "a database of Google's",
      { type: "gcp:sql/databaseInstance:DatabaseInstance", props: { settings: { userLabels: personal } } },
      "encryptionKeyName is not set",
    ],
    ["a bucket of Google's", { type: "gcp:storage/bucket:Bucket", props: { labels: personal } }, "encryption.defaultKmsKeyName is not set"],
    [
      "a secret with a key in one of two places",
      secret({ userManaged: { replicas: [keyed, { location: "europe-west4" }] } }),
      "replicas[1].customerManagedEncryption.kmsKeyName is not set",
    ],
    ["a secret anywhere", secret({ auto: {} }), "replication.auto.customerManagedEncryption.kmsKeyName is not set"],
    ["a secret parameter", { type: "aws:ssm/parameter:Parameter", props: { type: "SecureString", tags: personal } }, "keyId is not set"],
  ],
  undecided: [["a class that is not known", { type: table, props: { tags: UNKNOWN } }, "tags"]],
  silent: "aws:kms/key:Key",
});
