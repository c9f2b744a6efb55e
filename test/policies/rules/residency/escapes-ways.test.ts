// Ways out by reference, message, log and transfer: each is one rule's finding, and no other rule's.
import { describe } from "vitest";
import { type Escapes, onlyOneSpeaks } from "../../verdicts.ts";

const here = { region: "eu-central-1" };
const gcp = { location: "europe-west3", labels: { "data-class": "personal" } };
const eu = { region: "eu-central-1", tags: { "data-class": "personal" } };
const labels = { labels: { "data-class": "personal" } };
const account = "123456789012";
const arn = (service: string, region: string, rest: string) => `arn:aws:${service}:${region}:123456789012:${rest}`;
const topic = "gcp:pubsub/topic:Topic";

describe.each<Escapes>([
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
])("%s alone speaks of", onlyOneSpeaks);
