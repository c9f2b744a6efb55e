// Every way out of a jurisdiction is one rule's finding, and no other rule's.
import { describe, expect, it } from "vitest";
import type { Properties } from "../../../../policies/resource.ts";
import type { ExampleResource } from "../../../../policies/rule.ts";
import { context } from "../../judging.ts";
import { UNKNOWN, verdicts } from "../../verdicts.ts";

type Program = ExampleResource | readonly ExampleResource[];
const programOf = (program: Program): readonly ExampleResource[] => (Array.isArray(program) ? program : [program as ExampleResource]);

const eu = { region: "eu-central-1", tags: { "data-class": "personal" } };
const here = { region: "eu-central-1" };
const gcp = { location: "europe-west3", labels: { "data-class": "personal" } };
const labels = { labels: { "data-class": "personal" } };
const account = "123456789012";
const arn = (service: string, region: string, rest: string) => `arn:aws:${service}:${region}:${account}:${rest}`;
const bucket = (name: string, more = {}): ExampleResource => ({
  type: "aws:s3/bucket:Bucket",
  name,
  props: { bucket: name, ...eu, ...more },
});
const registered = (dataClass: "public" | "operational" | "personal", stack = "eu") => context(stack, {}, () => ({ dataClass }));
const topic = "gcp:pubsub/topic:Topic";
const r2 = "cloudflare:index/r2Bucket:R2Bucket";
const version = "cloudflare:index/workerVersion:WorkerVersion";

describe.each<[rule: string, cases: readonly (readonly [name: string, program: Program, problem: string])[]]>([
  [
    "residency/multi-region",
    [
      ["a multi-region bucket", { type: "gcp:storage/bucket:Bucket", props: { ...labels, location: "EU" } }, 'location is "EU"'],
      ["a dual region", { type: "gcp:storage/bucket:Bucket", props: { ...labels, location: "NAM4" } }, 'location is "NAM4"'],
      [
        "a dual region by its parts",
        {
          type: "gcp:storage/bucket:Bucket",
          props: { ...gcp, customPlacementConfig: { dataLocations: ["EUROPE-WEST3", "US-EAST1"] } },
        },
        'customPlacementConfig.dataLocations[1] is "US-EAST1"',
      ],
      ["a dataset without a location", { type: "gcp:bigquery/dataset:Dataset", props: labels }, 'location (not set) is "US"'],
      [
        "a registry",
        { type: "gcp:artifactregistry/repository:Repository", props: { ...labels, location: "europe" } },
        'location is "europe"',
      ],
      ["Firestore in nam5", { type: "gcp:firestore/database:Database", props: { locationId: "nam5" } }, 'locationId is "nam5"'],
      ["Firestore in eur3", { type: "gcp:firestore/database:Database", props: { locationId: "eur3" } }, "eur3"],
      [
        "Spanner in several regions",
        { type: "gcp:spanner/instance:Instance", props: { ...labels, config: "nam-eur-asia1" } },
        "nam-eur-asia1",
      ],
      ["a key ring of everywhere", { type: "gcp:kms/keyRing:KeyRing", props: { location: "global" } }, 'location is "global"'],
      [
        "a service in several regions",
        { type: "gcp:cloudrunv2/service:Service", props: { location: "europe-west3", multiRegionSettings: { regions: ["us-east4"] } } },
        'multiRegionSettings.regions[0] is "us-east4"',
      ],
      [
        "a multi-region access point",
        { type: "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint", props: { ...here, details: { name: "all", regions: [] } } },
        "details makes an access point",
      ],
    ],
  ],
  [
    "residency/replication",
    [
      [
        "a table's replica",
        { type: "aws:dynamodb/table:Table", props: { ...eu, replicas: [{ regionName: "eu-west-1" }, { regionName: "us-east-1" }] } },
        'replicas[1].regionName is "us-east-1"',
      ],
      [
        "an old global table",
        { type: "aws:dynamodb/globalTable:GlobalTable", props: { ...here, replicas: [{ regionName: "us-east-1" }] } },
        "replicas[0]",
      ],
      [
        "a replica table",
        { type: "aws:dynamodb/tableReplica:TableReplica", props: { ...eu, globalTableArn: arn("dynamodb", "us-east-1", "table/orders") } },
        "globalTableArn is",
      ],
      ["a global cluster", { type: "aws:rds/globalCluster:GlobalCluster", props: here }, "a global cluster spans every region"],
      [
        "a read replica",
        { type: "aws:rds/instance:Instance", props: { ...eu, replicateSourceDb: arn("rds", "us-east-1", "db:ledger") } },
        "replicateSourceDb is",
      ],
      [
        "a file system",
        { type: "aws:efs/replicationConfiguration:ReplicationConfiguration", props: { ...here, destination: { region: "us-east-1" } } },
        'destination.region is "us-east-1"',
      ],
      [
        "images",
        {
          type: "aws:ecr/replicationConfiguration:ReplicationConfiguration",
          props: { ...here, replicationConfiguration: { rules: [{ destinations: [{ region: "us-east-1" }] }] } },
        },
        'destinations[0].region is "us-east-1"',
      ],
      [
        "a bucket's objects, to a bucket of elsewhere",
        [
          bucket("orders"),
          {
            type: "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
            name: "copy",
            props: { ...here, bucket: "orders", rules: [{ destination: { bucket: "arn:aws:s3:::somewhere" } }] },
          },
        ],
        "rules[0].destination.bucket copies objects",
      ],
      [
        "a bucket's objects, by the bucket itself",
        bucket("orders", { replicationConfiguration: { rules: [{ destination: { bucket: "arn:aws:s3:::somewhere" } }] } }),
        "copies objects",
      ],
      [
        "a secondary cluster",
        {
          type: "gcp:alloydb/cluster:Cluster",
          props: { ...gcp, secondaryConfig: { primaryClusterName: "projects/p/locations/us-east4/clusters/main" } },
        },
        "secondaryConfig.primaryClusterName is",
      ],
      [
        "a keyspace",
        { type: "aws:keyspaces/keyspace:Keyspace", props: { ...here, replicationSpecification: { regionLists: ["us-east-1"] } } },
        "regionLists",
      ],
    ],
  ],
  [
    "residency/multi-region-key",
    [
      ["a key", { type: "aws:kms/key:Key", props: { ...here, multiRegion: true } }, "multiRegion lets the key be copied to any region"],
      [
        "a replica of a key",
        { type: "aws:kms/replicaKey:ReplicaKey", props: { ...here, primaryKeyArn: arn("kms", "us-east-1", "key/mrk-1") } },
        "primaryKeyArn is",
      ],
    ],
  ],
  [
    "residency/secret-replication",
    [
      [
        "a secret's replica",
        { type: "aws:secretsmanager/secret:Secret", props: { ...eu, replicas: [{ region: "us-east-1" }] } },
        "replicas[0].region",
      ],
      [
        "automatic replication",
        { type: "gcp:secretmanager/secret:Secret", props: { ...labels, replication: { auto: {} } } },
        "replication.auto lets Google choose the regions",
      ],
      [
        "a replica at Google",
        {
          type: "gcp:secretmanager/secret:Secret",
          props: { ...labels, replication: { userManaged: { replicas: [{ location: "us-east4" }] } } },
        },
        'replicas[0].location is "us-east4"',
      ],
    ],
  ],
  [
    "residency/backup-copies",
    [
      [
        "a backup plan",
        {
          type: "aws:backup/plan:Plan",
          props: { ...here, rules: [{ copyActions: [{ destinationVaultArn: arn("backup", "us-east-1", "backup-vault:copy") }] }] },
        },
        "destinationVaultArn is",
      ],
      [
        "a snapshot of elsewhere",
        { type: "aws:ebs/snapshotCopy:SnapshotCopy", props: { ...eu, sourceRegion: "us-east-1" } },
        "sourceRegion",
      ],
      [
        "a database's snapshot",
        { type: "aws:rds/snapshotCopy:SnapshotCopy", props: { ...eu, destinationRegion: "us-east-1" } },
        "destinationRegion",
      ],
      [
        "replicated backups",
        {
          type: "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication",
          props: { ...here, sourceDbInstanceArn: arn("rds", "us-east-1", "db:ledger") },
        },
        "sourceDbInstanceArn is",
      ],
      [
        "a lifecycle of volumes",
        {
          type: "aws:dlm/lifecyclePolicy:LifecyclePolicy",
          props: { ...here, policyDetails: { schedules: [{ crossRegionCopyRules: [{ targetRegion: "us-east-1" }] }] } },
        },
        "targetRegion is",
      ],
      [
        "backups of Cloud SQL",
        {
          type: "gcp:sql/databaseInstance:DatabaseInstance",
          props: {
            region: "europe-west3",
            settings: { userLabels: { "data-class": "personal" }, backupConfiguration: { enabled: true, location: "us" } },
          },
        },
        'settings.backupConfiguration.location is "us"',
      ],
      [
        "backups of Cloud SQL that go where Google likes",
        {
          type: "gcp:sql/databaseInstance:DatabaseInstance",
          props: { region: "europe-west3", settings: { userLabels: { "data-class": "personal" }, backupConfiguration: { enabled: true } } },
        },
        "backupConfiguration.location (not set)",
      ],
      ["a snapshot without a place", { type: "gcp:compute/snapshot:Snapshot", props: labels }, "storageLocations[*] (not set)"],
      [
        "scheduled snapshots without a place",
        { type: "gcp:compute/resourcePolicy:ResourcePolicy", props: { region: "europe-west3", snapshotSchedulePolicy: { schedule: {} } } },
        "storageLocations (not set)",
      ],
    ],
  ],
  [
    "residency/log-destination",
    [
      [
        "a sink to a log bucket abroad",
        {
          type: "gcp:logging/projectSink:ProjectSink",
          props: { destination: "logging.googleapis.com/projects/p/locations/us-central1/buckets/b" },
        },
        "destination is",
      ],
      [
        "a sink to a log bucket of everywhere",
        {
          type: "gcp:logging/folderSink:FolderSink",
          props: { destination: "logging.googleapis.com/projects/p/locations/global/buckets/_Default" },
        },
        "a log bucket in global",
      ],
      [
        "a subscription to a log group",
        {
          type: "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
          props: { ...here, destinationArn: arn("firehose", "us-east-1", "deliverystream/logs") },
        },
        "destinationArn is",
      ],
      [
        "a flow log",
        { type: "aws:ec2/flowLog:FlowLog", props: { ...here, logDestination: arn("logs", "us-east-1", "log-group:flow") } },
        "logDestination is",
      ],
      [
        "the firewall's log",
        {
          type: "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
          props: { ...here, logDestinationConfigs: [arn("firehose", "us-east-1", "deliverystream/aws-waf-logs")] },
        },
        "logDestinationConfigs[0] is",
      ],
      [
        "a container's log driver",
        {
          type: "aws:ecs/taskDefinition:TaskDefinition",
          props: { ...here, containerDefinitions: `[{"logConfiguration":{"options":{"awslogs-region":"us-east-1"}}}]` },
        },
        "containerDefinitions[0].logConfiguration.options.awslogs-region is",
      ],
      [
        "Logpush to a bucket abroad",
        { type: "cloudflare:index/logpushJob:LogpushJob", props: { destinationConf: "s3://logs/site?region=us-east-1" } },
        "destinationConf sends logs to us-east-1",
      ],
      [
        "Logpush to R2 without a jurisdiction",
        { type: "cloudflare:index/logpushJob:LogpushJob", props: { destinationConf: "r2://logs/site?account-id=1" } },
        "a bucket of R2 without a jurisdiction",
      ],
    ],
  ],
  [
    "residency/message-storage",
    [
      ["no storage policy", { type: topic, props: labels }, "allowedPersistenceRegions[*] (not set)"],
      [
        "a policy that lists a region abroad",
        {
          type: topic,
          props: { ...labels, messageStoragePolicy: { allowedPersistenceRegions: ["europe-west3", "us-east4"], enforceInTransit: true } },
        },
        'allowedPersistenceRegions[1] is "us-east4"',
      ],
      [
        "a policy that does not hold in transit",
        { type: topic, props: { ...labels, messageStoragePolicy: { allowedPersistenceRegions: ["europe-west3"] } } },
        "messageStoragePolicy.enforceInTransit is not set, which means false",
      ],
    ],
  ],
  [
    "residency/reference",
    [
      [
        "the target of an event",
        { type: "aws:cloudwatch/eventTarget:EventTarget", props: { ...here, arn: arn("sqs", "us-east-1", "orders") } },
        "arn is",
      ],
      [
        "a dead letter queue",
        { type: "aws:lambda/function:Function", props: { ...here, deadLetterConfig: { targetArn: arn("sqs", "us-east-1", "dead") } } },
        "deadLetterConfig.targetArn is",
      ],
      ["a key", { type: "aws:sqs/queue:Queue", props: { ...eu, kmsMasterKeyId: arn("kms", "us-east-1", "key/1") } }, "kmsMasterKeyId is"],
      [
        "an address in the environment",
        {
          type: "aws:lambda/function:Function",
          props: { ...here, environment: { variables: { QUEUE: `https://sqs.us-east-1.amazonaws.com/${account}/orders` } } },
        },
        "environment.variables.QUEUE is",
      ],
      [
        "a key of Google",
        {
          type: "gcp:storage/bucket:Bucket",
          props: { ...gcp, encryption: { defaultKmsKeyName: "projects/p/locations/us-east4/keyRings/r/cryptoKeys/k" } },
        },
        "encryption.defaultKmsKeyName is",
      ],
      [
        "a function that is pushed to",
        {
          type: "gcp:pubsub/subscription:Subscription",
          props: { topic: "orders", pushConfig: { pushEndpoint: "https://us-central1-shop.cloudfunctions.net/orders" } },
        },
        "pushConfig.pushEndpoint is",
      ],
      [
        "a service that is called",
        {
          type: "gcp:cloudscheduler/job:Job",
          props: { region: "europe-west3", httpTarget: { uri: "https://api-123456789.us-east4.run.app/run" } },
        },
        "httpTarget.uri is",
      ],
      [
        "a database by its connection name",
        {
          type: "gcp:cloudrunv2/service:Service",
          props: { location: "europe-west3", template: { volumes: [{ cloudSqlInstance: { instances: ["shop:us-east4:ledger"] } }] } },
        },
        "instances[0] is",
      ],
      [
        "an origin of Hyperdrive",
        {
          type: "cloudflare:index/hyperdriveConfig:HyperdriveConfig",
          props: { origin: { host: "ledger.abc.us-east-1.rds.amazonaws.com" } },
        },
        "origin.host is",
      ],
      [
        "an address in a container's environment",
        {
          type: "aws:ecs/taskDefinition:TaskDefinition",
          props: {
            ...here,
            containerDefinitions: `[{"environment":[{"name":"QUEUE","value":"https://sqs.us-east-1.amazonaws.com/1/q"}]}]`,
          },
        },
        "containerDefinitions:[0].environment[0].QUEUE is",
      ],
      [
        "the region that an SDK is told",
        { type: "aws:lambda/function:Function", props: { ...here, environment: { variables: { TABLE_REGION: "us-east-1" } } } },
        'environment.variables.TABLE_REGION is "us-east-1"',
      ],
      [
        "a step of a state machine",
        {
          type: "aws:sfn/stateMachine:StateMachine",
          props: { ...here, definition: `{"States":{"A":{"Resource":"${arn("lambda", "us-east-1", "function:a")}"}}}` },
        },
        "definition:.States.A.Resource is",
      ],
      [
        "another region's text messages",
        { type: "aws:cognito/userPool:UserPool", props: { ...eu, smsConfiguration: { snsRegion: "us-east-1" } } },
        'smsConfiguration.snsRegion is "us-east-1"',
      ],
    ],
  ],
  [
    "residency/location-hint",
    [
      ["a bucket's", { type: r2, props: { location: "weur" } }, "location is a location hint"],
      [
        "a database's",
        { type: "cloudflare:index/d1Database:D1Database", props: { primaryLocationHint: "weur" } },
        "primaryLocationHint is a location hint",
      ],
    ],
  ],
  [
    "residency/jurisdiction-pin",
    [
      ["a bucket without one", { type: r2, props: {} }, 'jurisdiction (not set) is "global"'],
      ["a bucket with the default", { type: r2, props: { jurisdiction: "default" } }, 'jurisdiction is "default"'],
      ["a bucket with another", { type: r2, props: { jurisdiction: "us" } }, 'jurisdiction is "us"'],
      ["a queue", { type: "cloudflare:index/queue:Queue", props: {} }, "jurisdiction (not set)"],
      ["a database", { type: "cloudflare:index/d1Database:D1Database", props: {} }, "jurisdiction (not set)"],
    ],
  ],
  [
    "residency/binding-jurisdiction",
    [
      [
        "a binding to another jurisdiction",
        { type: version, props: { bindings: [{ type: "r2_bucket", bucketName: "orders", jurisdiction: "us" }] } },
        'bindings[0].jurisdiction is "us"',
      ],
      [
        "a binding of Pages",
        {
          type: "cloudflare:index/pagesProject:PagesProject",
          props: { deploymentConfigs: { production: { r2Buckets: { ORDERS: { name: "orders", jurisdiction: "us" } } } } },
        },
        'deploymentConfigs.production.r2Buckets.ORDERS.jurisdiction is "us"',
      ],
      [
        "a binding that leaves it out",
        [
          { type: r2, name: "orders", props: { name: "orders", jurisdiction: "eu" } },
          { type: version, name: "site", props: { bindings: [{ type: "r2_bucket", bucketName: "orders" }] } },
        ],
        'bindings[0].jurisdiction is "default", but the bucket "orders" has "eu"',
      ],
      [
        "a lock that leaves it out",
        [
          { type: r2, name: "orders", props: { name: "orders", jurisdiction: "eu" } },
          {
            type: "cloudflare:index/r2BucketLock:R2BucketLock",
            name: "lock",
            props: { bucketName: UNKNOWN },
            dependsOn: { bucketName: ["orders"] },
          },
        ],
        'jurisdiction is "default", but the bucket "orders" has "eu"',
      ],
    ],
  ],
  [
    "residency/smart-placement",
    [
      ["a version's", { type: version, props: { placement: { mode: "smart" } } }, "placement.mode moves the Worker"],
      [
        "of Pages",
        {
          type: "cloudflare:index/pagesProject:PagesProject",
          props: { deploymentConfigs: { production: { placement: { mode: "smart" } } } },
        },
        "placement.mode moves the functions",
      ],
    ],
  ],
  [
    "residency/unpinnable",
    [
      ["the Secrets Store", { type: "cloudflare:index/secretsStore:SecretsStore", props: {} }, "kept in all data centres"],
      ["a prompt's gateway", { type: "cloudflare:index/aiGateway:AiGateway", props: {} }, "AI Gateway keeps"],
      ["an index of vectors", { type: version, props: { bindings: [{ name: "INDEX", type: "vectorize" }] } }, "bindings[0].type is"],
      ["Cache Reserve", { type: "cloudflare:index/zoneCacheReserve:ZoneCacheReserve", props: { value: "on" } }, "Cache Reserve keeps"],
      ["sign-in by Identity Platform", { type: "gcp:identityplatform/config:Config", props: {} }, "in the United States only"],
    ],
  ],
  [
    "residency/tls-termination",
    [
      [
        "a custom domain without a regional hostname",
        { type: "cloudflare:index/workersCustomDomain:WorkersCustomDomain", props: { hostname: "eu.shop.example" } },
        "eu.shop.example has no RegionalHostname",
      ],
      [
        "a route without one",
        { type: "cloudflare:index/workersRoute:WorkersRoute", props: { pattern: "https://eu.shop.example/api/*", script: "site" } },
        "eu.shop.example has no RegionalHostname",
      ],
      [
        "a proxied record beside another's regional hostname",
        [
          { type: "cloudflare:index/dnsRecord:DnsRecord", name: "record", props: { name: "api.shop.example", proxied: true } },
          {
            type: "cloudflare:index/regionalHostname:RegionalHostname",
            name: "regional",
            props: { hostname: "*.eu.shop.example", regionKey: "eu" },
          },
        ],
        "api.shop.example has no RegionalHostname",
      ],
      [
        "a hostname of another region",
        { type: "cloudflare:index/regionalHostname:RegionalHostname", props: { regionKey: "us" } },
        'regionKey is "us"',
      ],
      ["CloudFront", { type: "aws:cloudfront/distribution:Distribution", props: {} }, "CloudFront ends TLS"],
      ["a REST API at the edge, which is the default", { type: "aws:apigateway/restApi:RestApi", props: here }, "which means EDGE"],
      [
        "a REST API at the edge, in writing",
        { type: "aws:apigateway/restApi:RestApi", props: { ...here, endpointConfiguration: { types: "EDGE" } } },
        'endpointConfiguration.types is "EDGE"',
      ],
      ["a global load balancer", { type: "gcp:compute/globalForwardingRule:GlobalForwardingRule", props: {} }, "which means EXTERNAL"],
      [
        "uploads by the edge",
        { type: "aws:s3/bucketAccelerateConfiguration:BucketAccelerateConfiguration", props: { ...here, status: "Enabled" } },
        'status is "Enabled"',
      ],
    ],
  ],
  [
    "residency/transfer",
    [
      [
        "a task of DataSync",
        { type: "aws:datasync/task:Task", props: { ...here, destinationLocationArn: arn("datasync", "us-east-1", "location/loc-1") } },
        "destinationLocationArn is",
      ],
      [
        "a migrated database",
        {
          type: "aws:dms/endpoint:Endpoint",
          props: { ...here, endpointType: "target", serverName: "ledger.abc.us-east-1.rds.amazonaws.com" },
        },
        "serverName is",
      ],
      [
        "a bucket that is not of the stack",
        { type: "gcp:storage/transferJob:TransferJob", props: { transferSpec: { gcsDataSink: { bucketName: "somewhere" } } } },
        "transferSpec.gcsDataSink.bucketName names a store that is not of this stack",
      ],
    ],
  ],
  [
    "residency/network-peering",
    [
      [
        "a peering",
        { type: "aws:ec2/vpcPeeringConnection:VpcPeeringConnection", props: { ...here, peerRegion: "us-east-1" } },
        "peerRegion is",
      ],
      [
        "a zone's networks",
        { type: "aws:route53/zone:Zone", props: { vpcs: [{ vpcId: "vpc-1", vpcRegion: "us-east-1" }] } },
        "vpcs[0].vpcRegion is",
      ],
    ],
  ],
  [
    "residency/cross-region-inference",
    [
      [
        "a profile of another geography",
        { type: "aws:bedrock/agentAgent:AgentAgent", props: { ...here, foundationModel: "us.anthropic.claude-3" } },
        "which answers from us",
      ],
      [
        "a profile of everywhere",
        {
          type: "aws:bedrock/inferenceProfile:InferenceProfile",
          props: {
            ...here,
            modelSource: { copyFrom: `arn:aws:bedrock:eu-central-1:${account}:inference-profile/global.amazon.nova-pro-v1:0` },
          },
        },
        "which answers from global",
      ],
    ],
  ],
  [
    "residency/declared-jurisdiction",
    [
      [
        "another jurisdiction's tag",
        { type: "aws:s3/bucket:Bucket", props: { tags: { "data-class": "personal", jurisdiction: "us" }, region: "us-east-1" } },
        'declares the jurisdiction "us" in the stack "eu" of "eu"',
      ],
      [
        "no jurisdiction's tag",
        { type: "aws:s3/bucket:Bucket", props: { tags: { "data-class": "personal", jurisdiction: "mars" }, ...here } },
        'tags.jurisdiction is "mars", which is no jurisdiction',
      ],
    ],
  ],
])("%s alone speaks of", (rule, cases) => {
  it.each(cases)("%s", (_name, program, problem) => {
    const found = verdicts(
      programOf(program),
      context("eu", {}, (urn) => (/cloudflare:|firestore/.test(urn) ? { dataClass: "operational" } : undefined)),
    );
    expect(found.map((text) => text.split(": ")[0])).toEqual([rule]);
    expect(found[0]).toContain(problem);
  });
});

describe("what stays at home has no finding", () => {
  it.each<[string, Program]>([
    [
      "a table with a replica in the jurisdiction",
      { type: "aws:dynamodb/table:Table", props: { ...eu, replicas: [{ regionName: "eu-west-1" }] } },
    ],
    ["a replica that is named plainly", { type: "aws:rds/instance:Instance", props: { ...eu, replicateSourceDb: "ledger" } }],
    [
      "objects that are replicated to a bucket of the stack",
      [
        bucket("orders"),
        bucket("copies", { region: "eu-west-1" }),
        {
          type: "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
          name: "copy",
          props: { ...here, bucket: UNKNOWN, rules: [{ destination: { bucket: UNKNOWN } }] },
          dependsOn: { bucket: ["orders"], rules: ["copies"] },
        },
      ],
    ],
    [
      "objects of a public bucket that are replicated anywhere",
      [
        bucket("pictures", { tags: { "data-class": "public" } }),
        {
          type: "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
          name: "copy",
          props: { ...here, bucket: "pictures", rules: [{ destination: { bucket: "arn:aws:s3:::somewhere" } }] },
        },
      ],
    ],
    ["a single-region key", { type: "aws:kms/key:Key", props: { ...here, multiRegion: false } }],
    [
      "a secret with a replica in the jurisdiction",
      {
        type: "gcp:secretmanager/secret:Secret",
        props: { ...labels, replication: { userManaged: { replicas: [{ location: "europe-west4" }] } } },
      },
    ],
    [
      "a copy of backups within the jurisdiction",
      {
        type: "aws:backup/plan:Plan",
        props: { ...here, rules: [{ copyActions: [{ destinationVaultArn: arn("backup", "eu-west-1", "backup-vault:copy") }] }] },
      },
    ],
    [
      "a database without backups, which have no place then",
      {
        type: "gcp:sql/databaseInstance:DatabaseInstance",
        props: { region: "europe-west3", settings: { userLabels: { "data-class": "personal" } } },
      },
    ],
    [
      "a topic with a policy that holds in transit",
      { type: topic, props: { ...labels, messageStoragePolicy: { allowedPersistenceRegions: ["europe-west3"], enforceInTransit: true } } },
    ],
    [
      "a public topic",
      { type: topic, props: { labels: { "data-class": "public" }, messageStoragePolicy: { allowedPersistenceRegions: ["europe-west3"] } } },
    ],
    [
      "references at home, and those without a region",
      {
        type: "aws:lambda/function:Function",
        props: {
          ...here,
          role: `arn:aws:iam::${account}:role/orders`,
          kmsKeyArn: arn("kms", "eu-west-1", "key/1"),
          environment: {
            variables: {
              BUCKET: "arn:aws:s3:::orders",
              HOME: "https://sqs.eu-central-1.amazonaws.com/1/orders",
              MODEL: "global",
              NOTE: "us-east-1",
            },
          },
        },
      },
    ],
    [
      "a policy that speaks of another region",
      { type: "aws:iam/rolePolicy:RolePolicy", props: { policy: `{"Resource":"${arn("sqs", "us-east-1", "x")}"}` } },
    ],
    [
      "a sink to a bucket of Cloud Storage",
      { type: "gcp:logging/projectSink:ProjectSink", props: { destination: "storage.googleapis.com/archive" } },
    ],
    [
      "a custom domain with its regional hostname",
      [
        { type: "cloudflare:index/workersCustomDomain:WorkersCustomDomain", name: "domain", props: { hostname: "shop.eu.shop.example" } },
        {
          type: "cloudflare:index/regionalHostname:RegionalHostname",
          name: "regional",
          props: { hostname: "*.eu.shop.example", regionKey: "eu" },
        },
      ],
    ],
    [
      "a record that is not proxied",
      { type: "cloudflare:index/dnsRecord:DnsRecord", props: { name: "proof.shop.example", proxied: false } },
    ],
    ["a regional REST API", { type: "aws:apigateway/restApi:RestApi", props: { ...here, endpointConfiguration: { types: "REGIONAL" } } }],
    [
      "an internal load balancer of many regions",
      { type: "gcp:compute/globalForwardingRule:GlobalForwardingRule", props: { loadBalancingScheme: "INTERNAL_MANAGED" } },
    ],
    ["a public distribution", { type: "aws:cloudfront/distribution:Distribution", props: { tags: { "data-class": "public" } } }],
    [
      "a transfer to a bucket of the stack",
      [
        { type: "gcp:storage/bucket:Bucket", name: "inbox", props: { name: "inbox", ...gcp } },
        { type: "gcp:storage/transferJob:TransferJob", name: "import", props: { transferSpec: { gcsDataSink: { bucketName: "inbox" } } } },
      ],
    ],
    [
      "a model of the region, and a profile of the jurisdiction",
      {
        type: "aws:bedrock/agentPrompt:AgentPrompt",
        props: {
          ...here,
          variants: [{ modelId: "anthropic.claude-3" }, { modelId: "eu.anthropic.claude-3" }, { modelId: "amazon.nova-pro-v1:0" }],
        },
      },
    ],
    [
      "a bucket of R2 with its pin, a hint beside it, a lock and a binding that repeat it",
      [
        { type: r2, name: "orders", props: { name: "orders", jurisdiction: "eu", location: "weur" } },
        { type: "cloudflare:index/r2BucketLock:R2BucketLock", name: "lock", props: { bucketName: "orders", jurisdiction: "eu" } },
        { type: version, name: "site", props: { bindings: [{ type: "r2_bucket", bucketName: "orders", jurisdiction: "eu" }] } },
      ],
    ],
  ])("%s", (_name, program) => {
    expect(
      verdicts(
        programOf(program),
        context("eu", {}, (urn) => (urn.includes("cloudflare:") ? { dataClass: "personal" } : undefined)),
      ),
    ).toEqual([]);
  });
});

describe("what is not known yet", () => {
  it.each<[string, ExampleResource, readonly string[]]>([
    [
      "a replica's region",
      { type: "aws:dynamodb/table:Table", props: { ...eu, replicas: [{ regionName: UNKNOWN }] } },
      ["residency/replication: undecided: replicas[0].regionName"],
    ],
    [
      "whether a key is of many regions",
      { type: "aws:kms/key:Key", props: { ...here, multiRegion: UNKNOWN } },
      ["residency/multi-region-key: undecided: multiRegion"],
    ],
    [
      "a vault",
      { type: "aws:backup/plan:Plan", props: { ...here, rules: [{ copyActions: [{ destinationVaultArn: UNKNOWN }] }] } },
      ["residency/backup-copies: undecided: rules[0].copyActions[0].destinationVaultArn"],
    ],
    ["a bucket's pin", { type: r2, props: { jurisdiction: UNKNOWN } }, ["residency/jurisdiction-pin: undecided: jurisdiction"]],
    [
      "an API's endpoint",
      { type: "aws:apigateway/restApi:RestApi", props: { ...here, endpointConfiguration: UNKNOWN } },
      ["residency/tls-termination: undecided: endpointConfiguration.types"],
    ],
    [
      "a hostname",
      { type: "cloudflare:index/workersCustomDomain:WorkersCustomDomain", props: { hostname: UNKNOWN }, dependsOn: { hostname: ["zone"] } },
      ["residency/tls-termination: undecided: hostname"],
    ],
    [
      "a target, which is judged where it is made",
      { type: "aws:cloudwatch/eventTarget:EventTarget", props: { ...here, arn: UNKNOWN } },
      [],
    ],
    [
      "a placement, whatever it says",
      { type: version, props: { placement: { mode: UNKNOWN } } },
      ["residency/smart-placement: placement.mode moves the Worker towards its backend, out of the region that its hostname promises"],
    ],
  ])("%s", (_name, resource, expected) => {
    expect(
      verdicts(
        [resource],
        context("eu", {}, (urn) => (urn.includes("cloudflare:") ? { dataClass: "personal" } : undefined)),
      ),
    ).toEqual(expected);
  });

  it("a reference to what the stack makes itself, which is judged where it stands", () => {
    const primary: ExampleResource = { type: "aws:rds/instance:Instance", name: "ledger", props: eu };
    const reader = (sources: string[]): ExampleResource => ({
      type: "aws:rds/instance:Instance",
      name: "reader",
      props: { ...eu, replicateSourceDb: UNKNOWN },
      dependsOn: { replicateSourceDb: sources },
    });
    const undecided = ["residency/replication: undecided: replicateSourceDb"];
    expect(verdicts([primary, reader(["ledger"])])).toEqual([]);
    expect(verdicts([primary, reader([])])).toEqual(undecided);
    expect(verdicts([primary, reader(["ledger", "elsewhere"])])).toEqual(undecided);
  });

  it("a class that decides: multi-region keys of public data do no harm", () => {
    const props: Properties = { ...here, multiRegion: true, tags: { "data-class": UNKNOWN } };
    expect(verdicts([{ type: "aws:kms/key:Key", props }])).toEqual(["residency/multi-region-key: undecided: tags.data-class"]);
  });
});

describe("a jurisdiction", () => {
  it("without a pin of Cloudflare has no place for personal data there", () => {
    expect(verdicts([{ type: r2, props: {} }], registered("personal", "apac"))).toEqual([
      'residency/jurisdiction-pin: jurisdiction (not set) is "global", outside the jurisdiction sg (Singapore)',
    ]);
  });

  it("that nobody said is one finding for each resource, and what it declares itself is enough", () => {
    expect(verdicts([bucket("orders")], context("dev"))).toEqual([
      'residency/declared-jurisdiction: stack "dev" belongs to no jurisdiction: it is none of eu, us, apac, global, and has no bailiwick:jurisdiction',
    ]);
    expect(verdicts([bucket("orders", { tags: { "data-class": "personal", jurisdiction: "eu" } })], context("dev"))).toEqual([]);
  });

  it("is missing for personal data in global", () => {
    const of = (dataClass: string) => verdicts([bucket("orders", { tags: { "data-class": dataClass } })], context("global"));
    expect(of("operational")).toEqual([]);
    expect(of("personal")).toEqual(["residency/declared-jurisdiction: holds personal data in the stack global"]);
  });

  it("of the United States is home to Identity Platform", () => {
    expect(verdicts([{ type: "gcp:identityplatform/config:Config", props: {} }], context("us"))).toEqual([]);
  });
});

it("public data may be in products without a place, and anywhere a hint says", () => {
  const program: readonly ExampleResource[] = [
    { type: "cloudflare:index/workersKvNamespace:WorkersKvNamespace", props: {} },
    { type: r2, name: "pictures", props: { name: "pictures", location: "weur" } },
    { type: version, name: "site", props: { placement: { mode: "smart" }, bindings: [{ type: "images" }] } },
    { type: "cloudflare:index/workersCustomDomain:WorkersCustomDomain", name: "domain", props: { hostname: "shop.example" } },
  ];
  expect(verdicts(program, registered("public"))).toEqual([]);
});
