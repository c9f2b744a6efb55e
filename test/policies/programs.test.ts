// Programs of other teams that keep their data at home, as a first preview sees them: what is referred to is not known yet.
import { describe, expect, it } from "vitest";
import type { Properties } from "../../policies/resource.ts";
import type { ExampleResource } from "../../policies/rule.ts";
import { context } from "./judging.ts";
import { UNKNOWN, verdicts } from "./verdicts.ts";

const provider = { region: "eu-central-1", defaultTags: { tags: { team: "shop", jurisdiction: "eu" } } };
const aws = (type: string, name: string, props: Properties = {}, dependsOn: Record<string, readonly string[]> = {}): ExampleResource => ({
  type: `aws:${type}`,
  name,
  props,
  provider,
  dependsOn,
});
const gcp = (type: string, name: string, props: Properties = {}, dependsOn: Record<string, readonly string[]> = {}): ExampleResource => ({
  type: `gcp:${type}`,
  name,
  props,
  dependsOn,
  provider: { project: "shop", region: "europe-west3" },
});
const cloudflare = (type: string, name: string, props: Properties = {}, dependsOn = {}): ExampleResource => ({
  type: `cloudflare:index/${type}`,
  name,
  props,
  dependsOn,
});
const personal = { tags: { "data-class": "personal" } };
const operational = { tags: { "data-class": "operational" } };
const here = "europe-west3";

it.each<[string, readonly ExampleResource[]]>([
  [
    "orders without a server",
    [
      aws("dynamodb/table:Table", "orders", { ...personal, replicas: [{ regionName: "eu-west-1" }], streamEnabled: true }),
      aws("sqs/queue:Queue", "dead", personal),
      aws("sqs/queue:Queue", "jobs", { ...personal, redrivePolicy: UNKNOWN }, { redrivePolicy: ["dead"] }),
      aws("sns/topic:Topic", "news"),
      aws(
        "sns/topicSubscription:TopicSubscription",
        "to-jobs",
        { topic: UNKNOWN, endpoint: UNKNOWN, protocol: "sqs" },
        { topic: ["news"], endpoint: ["jobs"] },
      ),
      aws("iam/role:Role", "role", { assumeRolePolicy: '{"Statement":[{"Principal":{"Service":"lambda.amazonaws.com"}}]}' }),
      aws(
        "lambda/function:Function",
        "worker",
        {
          role: UNKNOWN,
          deadLetterConfig: UNKNOWN,
          environment: { variables: { TABLE: UNKNOWN, LOG_LEVEL: "info", HOME_REGION: "eu-central-1" } },
        },
        { role: ["role"], deadLetterConfig: ["dead"], environment: ["orders"] },
      ),
      aws(
        "lambda/eventSourceMapping:EventSourceMapping",
        "source",
        { eventSourceArn: UNKNOWN, functionName: UNKNOWN },
        { eventSourceArn: ["jobs"] },
      ),
      aws("cloudwatch/eventRule:EventRule", "nightly", { scheduleExpression: "rate(1 day)" }),
      aws("cloudwatch/eventTarget:EventTarget", "target", { rule: UNKNOWN, arn: UNKNOWN }, { rule: ["nightly"], arn: ["worker"] }),
      aws("cloudwatch/logGroup:LogGroup", "logs", { ...operational, retentionInDays: 30 }),
      aws("apigatewayv2/api:Api", "api", { protocolType: "HTTP" }),
      aws(
        "apigatewayv2/stage:Stage",
        "stage",
        { apiId: UNKNOWN, accessLogSettings: { destinationArn: UNKNOWN, format: "$context.requestId" } },
        { accessLogSettings: ["logs"] },
      ),
    ],
  ],
  [
    "a stream into a lake",
    [
      aws("kms/key:Key", "key", { enableKeyRotation: true }),
      aws("kinesis/stream:Stream", "clicks", { ...personal, kmsKeyId: UNKNOWN }, { kmsKeyId: ["key"] }),
      aws("s3/bucket:Bucket", "lake", personal),
      aws(
        "kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
        "delivery",
        {
          ...personal,
          destination: "extended_s3",
          kinesisSourceConfiguration: { kinesisStreamArn: UNKNOWN },
          extendedS3Configuration: { bucketArn: UNKNOWN },
        },
        { kinesisSourceConfiguration: ["clicks"], extendedS3Configuration: ["lake"] },
      ),
      aws("glue/catalogDatabase:CatalogDatabase", "catalog", { name: "lake" }),
      aws("athena/workgroup:Workgroup", "queries"),
      aws("opensearch/domain:Domain", "search", { ...personal, engineVersion: "OpenSearch_2.19" }),
    ],
  ],
  [
    "a database with replica, cache, snapshots and backups",
    [
      aws("rds/instance:Instance", "ledger", { ...personal, engine: "postgres" }),
      aws("rds/instance:Instance", "reader", { ...personal, replicateSourceDb: UNKNOWN }, { replicateSourceDb: ["ledger"] }),
      aws("rds/snapshot:Snapshot", "before", { ...personal, dbInstanceIdentifier: UNKNOWN }, { dbInstanceIdentifier: ["ledger"] }),
      aws("elasticache/replicationGroup:ReplicationGroup", "cache", { tags: { "data-class": "pseudonymous" } }),
      aws("backup/vault:Vault", "vault", personal),
      aws("backup/vault:Vault", "copies", { ...personal, region: "eu-west-1" }),
      aws(
        "backup/plan:Plan",
        "plan",
        { rules: [{ ruleName: "daily", targetVaultName: UNKNOWN, copyActions: [{ destinationVaultArn: UNKNOWN }] }] },
        { rules: ["vault", "copies"] },
      ),
      aws("secretsmanager/secret:Secret", "password", { tags: { "data-class": "sensitive" }, replicas: [{ region: "eu-west-1" }] }),
    ],
  ],
  [
    "a warehouse",
    [
      gcp("bigquery/dataset:Dataset", "sales", { datasetId: "sales", location: here, labels: { "data-class": "personal" } }),
      gcp("bigquery/table:Table", "rows", { datasetId: UNKNOWN, tableId: "rows" }, { datasetId: ["sales"] }),
      gcp("pubsub/topic:Topic", "events", {
        labels: { "data-class": "personal" },
        messageStoragePolicy: { allowedPersistenceRegions: [here], enforceInTransit: true },
      }),
      gcp(
        "pubsub/subscription:Subscription",
        "to-rows",
        { topic: UNKNOWN, bigqueryConfig: { table: UNKNOWN } },
        { topic: ["events"], bigqueryConfig: ["rows"] },
      ),
      gcp("storage/bucket:Bucket", "inbox", { name: "inbox", location: "EUROPE-WEST3", labels: { "data-class": "personal" } }),
      gcp(
        "storage/transferJob:TransferJob",
        "import",
        { description: "nightly", transferSpec: { gcsDataSink: { bucketName: UNKNOWN } } },
        { transferSpec: ["inbox"] },
      ),
      gcp("dataflow/job:Job", "shape", { region: here, tempGcsLocation: UNKNOWN }, { tempGcsLocation: ["inbox"] }),
    ],
  ],
  [
    "a cluster with Spanner and a cache",
    [
      gcp("container/cluster:Cluster", "apps", { location: here, nodeLocations: ["europe-west3-a", "europe-west3-b"] }),
      gcp("container/nodePool:NodePool", "pool", { cluster: UNKNOWN, location: here }, { cluster: ["apps"] }),
      gcp("spanner/instance:Instance", "orders", { config: "regional-europe-west3", labels: { "data-class": "personal" } }),
      gcp("spanner/database:Database", "main", { instance: UNKNOWN }, { instance: ["orders"] }),
      gcp("redis/instance:Instance", "cache", { region: here, labels: { "data-class": "operational" }, memorySizeGb: 1 }),
      gcp("secretmanager/secret:Secret", "password", {
        secretId: "password",
        labels: { "data-class": "sensitive" },
        replication: { userManaged: { replicas: [{ location: here }, { location: "europe-west4" }] } },
      }),
      gcp("compute/snapshot:Snapshot", "before", { sourceDisk: "data", storageLocations: [here], labels: { "data-class": "personal" } }),
      gcp("compute/network:Network", "net", { autoCreateSubnetworks: false }),
      gcp("compute/subnetwork:Subnetwork", "nodes", { network: UNKNOWN, region: here }, { network: ["net"] }),
    ],
  ],
  [
    "functions over Firestore",
    [
      gcp("kms/keyRing:KeyRing", "ring", { location: here }),
      gcp("cloudfunctionsv2/function:Function", "api", {
        location: here,
        serviceConfig: { environmentVariables: { DATABASE: "(default)", GOOGLE_CLOUD_LOCATION: here } },
      }),
      gcp("cloudscheduler/job:Job", "nightly", { region: here, httpTarget: { uri: UNKNOWN } }, { httpTarget: ["api"] }),
      gcp("cloudtasks/queue:Queue", "later", { location: here }),
      gcp("logging/projectSink:ProjectSink", "audit", { destination: UNKNOWN }, { destination: ["archive"] }),
      gcp("storage/bucket:Bucket", "archive", { location: here, labels: { "data-class": "operational" } }),
    ],
  ],
  [
    "a public site by CloudFront",
    [
      aws("s3/bucket:Bucket", "site", { tags: { "data-class": "public" } }),
      aws("cloudfront/originAccessControl:OriginAccessControl", "access", { signingBehavior: "always" }),
      aws(
        "cloudfront/distribution:Distribution",
        "cdn",
        {
          tags: { "data-class": "public" },
          origins: [{ domainName: UNKNOWN, originId: "site" }],
          viewerCertificate: { acmCertificateArn: "arn:aws:acm:us-east-1:123456789012:certificate/1" },
        },
        { origins: ["site", "access"] },
      ),
      aws("route53/record:Record", "www", { name: "www.shop.example", aliases: [{ name: UNKNOWN }] }, { aliases: ["cdn"] }),
    ],
  ],
])("%s", (_name, program) => {
  expect(verdicts(program)).toEqual([]);
});

describe("what can carry no tag is in the register", () => {
  it("an API at the edge with its own database, bucket, queue, logs and a site of Pages", () => {
    const program = [
      cloudflare("d1Database:D1Database", "orders", { name: "orders", jurisdiction: "eu", primaryLocationHint: "weur" }),
      cloudflare("r2Bucket:R2Bucket", "files", { name: "files", jurisdiction: "eu" }),
      cloudflare("r2BucketLifecycle:R2BucketLifecycle", "expiry", { bucketName: UNKNOWN, jurisdiction: "eu" }, { bucketName: ["files"] }),
      cloudflare("queue:Queue", "dead", { queueName: "dead", jurisdiction: "eu" }),
      cloudflare("queue:Queue", "jobs", { queueName: "jobs", jurisdiction: "eu" }),
      cloudflare("queueConsumer:QueueConsumer", "consumer", { queueId: UNKNOWN, deadLetterQueue: "dead" }, { queueId: ["jobs"] }),
      cloudflare(
        "workersScript:WorkersScript",
        "api",
        {
          scriptName: "api",
          bindings: [
            { name: "DB", type: "d1", databaseId: UNKNOWN },
            { name: "FILES", type: "r2_bucket", bucketName: "files", jurisdiction: "eu" },
            { name: "JOBS", type: "queue", queueName: "jobs" },
            { name: "SELF", type: "durable_object_namespace", className: "Room" },
          ],
        },
        { bindings: ["orders"] },
      ),
      cloudflare("workersRoute:WorkersRoute", "route", { pattern: "api.shop.example/*", script: UNKNOWN }, { script: ["api"] }),
      cloudflare("regionalHostname:RegionalHostname", "regional", { hostname: "api.shop.example", regionKey: "eu" }),
      cloudflare("logpushJob:LogpushJob", "logs", { dataset: "http_requests", destinationConf: "s3://logs/site?region=eu-central-1" }),
      cloudflare("pagesProject:PagesProject", "site", {
        name: "site",
        deploymentConfigs: { production: { r2Buckets: { FILES: { name: "files", jurisdiction: "eu" } } } },
      }),
      cloudflare("dnsRecord:DnsRecord", "mail", { name: "shop.example", type: "MX", proxied: false }),
      gcp("firestore/database:Database", "people", { locationId: here, type: "FIRESTORE_NATIVE" }),
    ];
    expect(
      verdicts(
        program,
        context("eu", {}, (urn) => (/cloudflare|firestore/.test(urn) ? { dataClass: "personal" } : undefined)),
      ),
    ).toEqual([]);
  });
});
