// Stores of personal data and above are encrypted with a key of one's own: whoever holds the key can take the data away from everyone at once.
import { byType, type Check, inEach, mustBeSet } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { dataClassOf } from "../../declaration.ts";
import { leadsTo } from "../../relation.ts";
import { isPresent, type Resource, read, select, type Value } from "../../resource.ts";
import { type Finding, type Outcome, outcomeOf, type Rule, type StackFinding } from "../../rule.ts";
import { s3Buckets, s3Encryptions } from "../s3.ts";

const allowed = "a key of your own in KMS";
/** Keys that AWS makes and manages for the account, and the word by which some services ask for them. */
const isAwsOwn = (value: Value): boolean => typeof value === "string" && /(^|:)alias\/aws\/|^AWS_OWNED/.test(value);

/** Unknown counts: a key whose id is not known yet is still a key. */
const key = (path: string): Check => {
  const set = mustBeSet(path, allowed, "the vendor's key");
  const own = (resource: Resource): Finding[] =>
    select(resource.props, path).flatMap(({ path: property, value }): Finding[] =>
      isAwsOwn(value)
        ? [{ kind: "violation", property, problem: `${property} is ${JSON.stringify(value)}, the vendor's key`, allowed }]
        : [],
    );
  return (resource, context) => [...set(resource, context), ...own(resource)];
};

/** A copy that has one of these arguments takes its key from elsewhere. */
const unless =
  (path: string, check: Check): Check =>
  (resource, context) =>
    isPresent(resource.props, path) ? [] : check(resource, context);

/** Either Google replicates as it likes, with one key, or by a list of places, each with a key of that place. */
const secret: Check = (resource, context) =>
  isPresent(resource.props, "replication.userManaged")
    ? inEach("replication.userManaged.replicas[*]", (at) => key(`${at}.customerManagedEncryption.kmsKeyName`))(resource, context)
    : key("replication.auto.customerManagedEncryption.kmsKeyName")(resource, context);

const isSecure = ({ props }: Resource) => read(props, "type") === "SecureString";
const spannerKey: Check = (resource, context) =>
  isPresent(resource.props, "encryptionConfig.kmsKeyNames") ? [] : key("encryptionConfig.kmsKeyName")(resource, context);

const byArgument = byType({
  "aws:backup/vault:Vault": [key("kmsKeyArn")],
  "aws:cloudwatch/logGroup:LogGroup": [key("kmsKeyId")],
  "aws:docdb/cluster:Cluster": [unless("snapshotIdentifier", key("kmsKeyId"))],
  "aws:dsql/cluster:Cluster": [key("kmsEncryptionKey")],
  "aws:dynamodb/table:Table": [key("serverSideEncryption.kmsKeyArn")],
  "aws:dynamodb/tableReplica:TableReplica": [key("kmsKeyArn")],
  "aws:ebs/volume:Volume": [key("kmsKeyId")],
  "aws:ebs/snapshotCopy:SnapshotCopy": [key("kmsKeyId")],
  "aws:ec2/amiCopy:AmiCopy": [key("kmsKeyId")],
  "aws:ecr/repository:Repository": [key("encryptionConfigurations[*].kmsKey")],
  "aws:efs/fileSystem:FileSystem": [key("kmsKeyId")],
  "aws:elasticache/replicationGroup:ReplicationGroup": [unless("globalReplicationGroupId", key("kmsKeyId"))],
  "aws:elasticache/serverlessCache:ServerlessCache": [key("kmsKeyId")],
  "aws:elasticsearch/domain:Domain": [key("encryptAtRest.kmsKeyId")],
  "aws:fsx/lustreFileSystem:LustreFileSystem": [key("kmsKeyId")],
  "aws:fsx/ontapFileSystem:OntapFileSystem": [key("kmsKeyId")],
  "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": [key("kmsKeyId")],
  "aws:fsx/windowsFileSystem:WindowsFileSystem": [key("kmsKeyId")],
  "aws:keyspaces/table:Table": [key("encryptionSpecification.kmsKeyIdentifier")],
  // A stream that reads another one is encrypted as that is.
  "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": [
    unless("kinesisSourceConfiguration", unless("mskSourceConfiguration", key("serverSideEncryption.keyArn"))),
  ],
  "aws:kinesis/stream:Stream": [key("kmsKeyId")],
  "aws:memorydb/cluster:Cluster": [key("kmsKeyArn")],
  "aws:mq/broker:Broker": [key("encryptionOptions.kmsKeyId")],
  "aws:msk/cluster:Cluster": [key("encryptionInfo.encryptionAtRestKmsKeyArn")],
  "aws:neptune/cluster:Cluster": [key("kmsKeyArn")],
  "aws:opensearch/domain:Domain": [key("encryptAtRest.kmsKeyId")],
  "aws:rds/cluster:Cluster": [unless("replicationSourceIdentifier", key("kmsKeyId"))],
  "aws:rds/instance:Instance": [unless("replicateSourceDb", key("kmsKeyId"))],
  "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": [key("kmsKeyId")],
  "aws:rds/snapshotCopy:SnapshotCopy": [key("kmsKeyId")],
  "aws:redshift/cluster:Cluster": [key("kmsKeyId")],
  "aws:redshiftserverless/namespace:Namespace": [key("kmsKeyId")],
  "aws:sagemaker/notebookInstance:NotebookInstance": [key("kmsKeyId")],
  "aws:secretsmanager/secret:Secret": [key("kmsKeyId"), inEach("replicas[*]", (at) => key(`${at}.kmsKeyId`))],
  "aws:sns/topic:Topic": [key("kmsMasterKeyId")],
  "aws:sqs/queue:Queue": [key("kmsMasterKeyId")],
  "aws:ssm/parameter:Parameter": [(resource, context) => (isSecure(resource) ? key("keyId")(resource, context) : [])],
  "aws:timestreamwrite/database:Database": [key("kmsKeyId")],
  "gcp:alloydb/backup:Backup": [key("encryptionConfig.kmsKeyName")],
  "gcp:alloydb/cluster:Cluster": [key("encryptionConfig.kmsKeyName")],
  "gcp:artifactregistry/repository:Repository": [key("kmsKeyName")],
  "gcp:bigquery/dataset:Dataset": [key("defaultEncryptionConfiguration.kmsKeyName")],
  "gcp:bigtable/instance:Instance": [inEach("clusters[*]", (at) => key(`${at}.kmsKeyName`))],
  "gcp:compute/disk:Disk": [key("diskEncryptionKey.kmsKeySelfLink")],
  "gcp:compute/image:Image": [key("imageEncryptionKey.kmsKeySelfLink")],
  "gcp:compute/regionDisk:RegionDisk": [key("diskEncryptionKey.kmsKeyName")],
  "gcp:compute/snapshot:Snapshot": [key("snapshotEncryptionKey.kmsKeySelfLink")],
  "gcp:filestore/instance:Instance": [key("kmsKeyName")],
  "gcp:firestore/database:Database": [key("cmekConfig.kmsKeyName")],
  "gcp:gkebackup/backupPlan:BackupPlan": [key("backupConfig.encryptionKey.gcpKmsEncryptionKey")],
  "gcp:healthcare/dataset:Dataset": [key("encryptionSpec.kmsKeyName")],
  "gcp:logging/projectBucketConfig:ProjectBucketConfig": [key("cmekSettings.kmsKeyName")],
  "gcp:managedkafka/cluster:Cluster": [key("gcpConfig.kmsKey")],
  "gcp:memorystore/instance:Instance": [key("kmsKey")],
  "gcp:pubsub/topic:Topic": [key("kmsKeyName")],
  "gcp:redis/cluster:Cluster": [key("kmsKey")],
  "gcp:redis/instance:Instance": [key("customerManagedKey")],
  "gcp:secretmanager/regionalSecret:RegionalSecret": [key("customerManagedEncryption.kmsKeyName")],
  "gcp:secretmanager/secret:Secret": [secret],
  "gcp:spanner/database:Database": [spannerKey],
  // A replica in the same region takes its primary's key.
  "gcp:sql/databaseInstance:DatabaseInstance": [unless("masterInstanceName", key("encryptionKeyName"))],
  "gcp:storage/bucket:Bucket": [key("encryption.defaultKmsKeyName")],
  "gcp:vertex/aiDataset:AiDataset": [key("encryptionSpec.kmsKeyName")],
});

const due = new Set(["personal", "sensitive", "audit"]);

function check(resource: Resource, context: Context): Outcome {
  const declared = dataClassOf(resource, context.register);
  if (declared.kind !== "unknown")
    return declared.kind === "declared" && due.has(declared.value) ? byArgument(resource, context) : "notApplicable";
  const outcome = byArgument(resource, context);
  return typeof outcome === "string" ? outcome : outcomeOf([{ kind: "undecided", property: declared.property }]);
}

const inline = [
  "serverSideEncryptionConfiguration.rule.applyServerSideEncryptionByDefault.kmsMasterKeyId",
  "serverSideEncryptionConfigurations[*].rules[*].applyServerSideEncryptionByDefaults[*].kmsMasterKeyId",
];
const separate = "rules[*].applyServerSideEncryptionByDefault.kmsMasterKeyId";

/** S3 is told its key in the bucket, or beside it. */
function checkStack(resources: readonly Resource[], context: Context): StackFinding[] {
  const configurations = resources.filter(({ type }) => s3Encryptions.includes(type));
  return resources
    .filter(({ type }) => s3Buckets.includes(type))
    .filter((it) => {
      const declared = dataClassOf(it, context.register);
      return declared.kind === "declared" && due.has(declared.value);
    })
    .filter((it) => {
      const beside = configurations.filter((other) => leadsTo(other, "bucket", it));
      // AWS tells an empty text where it took its own key.
      const isOwn = (other: Resource, path: string) => select(other.props, path).some(({ value }) => value !== "" && !isAwsOwn(value));
      return !inline.some((path) => isOwn(it, path)) && !beside.some((other) => isOwn(other, separate));
    })
    .map(({ urn }) => ({
      urn,
      finding: {
        kind: "violation",
        problem: "nothing gives it a key of its own, so S3 takes its own key",
        allowed: "a BucketServerSideEncryptionConfiguration of the bucket with kmsMasterKeyId",
      },
    }));
}

/** That a store of sensitive data takes a key at all is data-class/sensitive-own-key. */
export const ownKey: Rule = {
  id: "encryption/own-key",
  title: "Personal data is encrypted with a key of one's own",
  severity: "high",
  why: "With the vendor's key nobody but the vendor can cut off access: not when an authority elsewhere demands the data, and not when an account is lost.",
  remediation: "Make a key in the jurisdiction, let the store's service use it, and name it in the store.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(a)" },
    { name: "GDPR", clause: "Art. 46" },
    { name: "PDPA", clause: "s. 24" },
    { name: "ISO 27001", clause: "A.8.24" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(h)" },
    { name: "DORA", clause: "Art. 9" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "aws:dynamodb/table:Table",
        props: {
          serverSideEncryption: { enabled: true, kmsKeyArn: "arn:aws:kms:eu-central-1:123456789012:key/1" },
          tags: { "data-class": "personal" },
        },
      },
    ],
    fails: [{ type: "aws:dynamodb/table:Table", props: { tags: { "data-class": "personal" } } }],
  },
  check,
  checkStack,
};
