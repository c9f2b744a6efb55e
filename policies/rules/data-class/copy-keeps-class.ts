// A copy holds what its original holds: it may not declare less.
import type { Context } from "../../context.ts";
import { namedBy } from "../../relation.ts";
import { type Resource, read, UNKNOWN } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";
import { atLeast, classOf } from "./classes.ts";

/** A way from an original to its copy. Each end is the resource itself (`self`), or what one of its properties names. */
interface Way {
  readonly from: End;
  readonly to: End;
  readonly only?: (resource: Resource) => boolean;
}
type End = "self" | { readonly path: string; readonly types: readonly string[] };

const s3 = ["aws:s3/bucket:Bucket"];
const sqs = ["aws:sqs/queue:Queue"];
const messages = ["aws:sqs/queue:Queue", "aws:sns/topic:Topic"];
const gcs = ["gcp:storage/bucket:Bucket"];
const topics = ["gcp:pubsub/topic:Topic"];
const queues = ["cloudflare:index/queue:Queue"];
const names = (path: string, types: readonly string[]): End => ({ path, types });
const copies = (path: string, types: readonly string[]): readonly Way[] => [{ from: names(path, types), to: "self" }];
const sends = (path: string, types: readonly string[]): readonly Way[] => [{ from: "self", to: names(path, types) }];

/** Type -> the ways that it makes. */
const ways: Readonly<Record<string, readonly Way[]>> = {
  "aws:cloudfront/distribution:Distribution": copies("origins[*].domainName", s3),
  "aws:docdb/clusterSnapshot:ClusterSnapshot": copies("dbClusterIdentifier", ["aws:docdb/cluster:Cluster"]),
  "aws:dynamodb/tableExport:TableExport": [{ from: names("tableArn", ["aws:dynamodb/table:Table"]), to: names("s3Bucket", s3) }],
  "aws:dynamodb/tableReplica:TableReplica": copies("globalTableArn", ["aws:dynamodb/table:Table"]),
  "aws:ebs/snapshot:Snapshot": copies("volumeId", ["aws:ebs/volume:Volume"]),
  "aws:ebs/snapshotCopy:SnapshotCopy": copies("sourceSnapshotId", ["aws:ebs/snapshot:Snapshot"]),
  "aws:ebs/volume:Volume": copies("snapshotId", ["aws:ebs/snapshot:Snapshot", "aws:ebs/snapshotCopy:SnapshotCopy"]),
  "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": [
    ...copies("kinesisSourceConfiguration.kinesisStreamArn", ["aws:kinesis/stream:Stream"]),
    ...sends("extendedS3Configuration.bucketArn", s3),
  ],
  "aws:lambda/function:Function": sends("deadLetterConfig.targetArn", messages),
  "aws:rds/clusterSnapshot:ClusterSnapshot": copies("dbClusterIdentifier", ["aws:rds/cluster:Cluster"]),
  "aws:rds/instance:Instance": copies("replicateSourceDb", ["aws:rds/instance:Instance"]),
  "aws:rds/snapshot:Snapshot": copies("dbInstanceIdentifier", ["aws:rds/instance:Instance"]),
  "aws:s3/bucket:Bucket": sends("replicationConfiguration.rules[*].destination.bucket", s3),
  "aws:s3/bucketReplicationConfig:BucketReplicationConfig": [{ from: names("bucket", s3), to: names("rules[*].destination.bucket", s3) }],
  "aws:sns/topicSubscription:TopicSubscription": [{ from: names("topic", ["aws:sns/topic:Topic"]), to: names("endpoint", sqs) }],
  "aws:sqs/queue:Queue": sends("redrivePolicy", sqs),
  "aws:sqs/redrivePolicy:RedrivePolicy": [{ from: names("queueUrl", sqs), to: names("redrivePolicy", sqs) }],
  "cloudflare:index/queueConsumer:QueueConsumer": [{ from: names("queueId", queues), to: names("deadLetterQueue", queues) }],
  "gcp:alloydb/backup:Backup": copies("clusterName", ["gcp:alloydb/cluster:Cluster"]),
  "gcp:alloydb/cluster:Cluster": copies("secondaryConfig.primaryClusterName", ["gcp:alloydb/cluster:Cluster"]),
  "gcp:compute/backendBucket:BackendBucket": [
    { from: names("bucketName", gcs), to: "self", only: ({ props }) => read(props, "enableCdn") === true },
  ],
  "gcp:compute/disk:Disk": copies("snapshot", ["gcp:compute/snapshot:Snapshot"]),
  "gcp:compute/image:Image": copies("sourceDisk", ["gcp:compute/disk:Disk"]),
  "gcp:compute/snapshot:Snapshot": copies("sourceDisk", ["gcp:compute/disk:Disk", "gcp:compute/regionDisk:RegionDisk"]),
  "gcp:filestore/backup:Backup": copies("sourceInstance", ["gcp:filestore/instance:Instance"]),
  "gcp:pubsub/subscription:Subscription": [
    { from: names("topic", topics), to: names("deadLetterPolicy.deadLetterTopic", topics) },
    { from: names("topic", topics), to: names("cloudStorageConfig.bucket", gcs) },
  ],
  "gcp:sql/databaseInstance:DatabaseInstance": copies("masterInstanceName", ["gcp:sql/databaseInstance:DatabaseInstance"]),
};

/** Where a class cannot be declared, what a copy serves counts as public: it is a cache of a CDN. */
const publicByNature = new Set(["gcp:compute/backendBucket:BackendBucket"]);

function checkStack(resources: readonly Resource[], context: Context): StackFinding[] {
  const end = (resource: Resource, at: End): Resource[] =>
    at === "self"
      ? [resource]
      : namedIn(
          resource,
          at.path,
          resources.filter(({ type }) => at.types.includes(type)),
        );
  return resources.flatMap((resource) =>
    (ways[resource.type] ?? [])
      .filter(({ only }) => only?.(resource) ?? true)
      .flatMap((way) =>
        end(resource, way.from).flatMap((original) => end(resource, way.to).flatMap((copy) => judge(resource, original, copy, context))),
      ),
  );
}

/** A redrive policy is JSON that holds an ARN; an origin is a bucket's own domain name. */
function namedIn(resource: Resource, path: string, candidates: readonly Resource[]): Resource[] {
  const named = namedBy(resource, path, candidates);
  const text = read(resource.props, path);
  if (named.length > 0 || text === undefined || text === UNKNOWN || typeof text !== "string") return named;
  return candidates.filter(({ props }) =>
    ["arn", "bucketDomainName", "bucketRegionalDomainName"].some((name) => {
      const own = props[name];
      return typeof own === "string" && own !== "" && text.includes(own);
    }),
  );
}

function judge(resource: Resource, original: Resource, copy: Resource, context: Context): StackFinding[] {
  const [held, declared] = [classOf(original, context), publicByNature.has(copy.type) ? "public" : classOf(copy, context)];
  if (held === undefined || declared === undefined || atLeast(declared, held)) return [];
  return [
    {
      urn: copy.urn,
      finding: {
        kind: "violation",
        problem: `declares ${declared} and receives ${held} data of "${original.name}"${resource === copy || resource === original ? "" : ` by "${resource.name}"`}`,
        allowed: `data-class: ${held}, or more`,
      },
    },
  ];
}

export const copyKeepsClass: Rule = {
  id: "data-class/copy-keeps-class",
  title: "A copy declares no less than its original",
  severity: "high",
  why: "A dead letter queue or a snapshot that calls itself operational escapes every rule that its contents need, and holds the same people.",
  remediation: "Declare on the replica, snapshot, dead letter queue or destination the class of what it receives.",
  frameworks: [
    { name: "GDPR", clause: "Art. 5(1)(f)" },
    { name: "GDPR", clause: "Art. 30" },
    { name: "ISO 27001", clause: "A.5.12" },
    { name: "SOC 2", clause: "C1.1" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      { type: "gcp:pubsub/topic:Topic", name: "orders", props: { labels: { "data-class": "personal" } } },
      { type: "gcp:pubsub/topic:Topic", name: "dead", props: { name: "dead", labels: { "data-class": "personal" } } },
      {
        type: "gcp:pubsub/subscription:Subscription",
        name: "reader",
        props: { topic: UNKNOWN, deadLetterPolicy: { deadLetterTopic: "dead" } },
        dependsOn: { topic: ["orders"] },
      },
    ],
    fails: [
      { type: "gcp:pubsub/topic:Topic", name: "orders", props: { labels: { "data-class": "personal" } } },
      { type: "gcp:pubsub/topic:Topic", name: "dead", props: { name: "dead", labels: { "data-class": "operational" } } },
      {
        type: "gcp:pubsub/subscription:Subscription",
        name: "reader",
        props: { topic: UNKNOWN, deadLetterPolicy: { deadLetterTopic: "dead" } },
        dependsOn: { topic: ["orders"] },
      },
    ],
  },
  checkStack,
};
