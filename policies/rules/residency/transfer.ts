// Jobs and streams whose work is to move data somewhere else.
import type { Context } from "../../context.ts";
import { namedBy } from "../../relation.ts";
import { type Resource, select } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";
import { demandOf, refuse } from "./demand.ts";
import { type Arguments, judgeArguments, madeHere, reference } from "./places.ts";

export const transferArguments: Arguments = {
  "aws:datasync/locationObjectStorage:LocationObjectStorage": [reference("serverHostname")],
  "aws:datasync/task:Task": [reference("destinationLocationArn"), reference("sourceLocationArn")],
  "aws:dms/endpoint:Endpoint": [
    reference("serverName"),
    reference("kinesisSettings.streamArn"),
    reference("elasticsearchSettings.endpointUri"),
    reference("redisSettings.serverName"),
  ],
  "aws:dms/replicationConfig:ReplicationConfig": [reference("targetEndpointArn")],
  "aws:dms/replicationTask:ReplicationTask": [reference("targetEndpointArn")],
  "aws:dynamodb/kinesisStreamingDestination:KinesisStreamingDestination": [reference("streamArn")],
  "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": [
    reference("elasticsearchConfiguration.domainArn"),
    reference("httpEndpointConfiguration.url"),
    reference("opensearchConfiguration.domainArn"),
    reference("opensearchserverlessConfiguration.collectionEndpoint"),
  ],
  "aws:rds/integration:Integration": [reference("targetArn")],
  "aws:redshift/integration:Integration": [reference("targetArn")],
  "gcp:datastream/stream:Stream": [reference("destinationConfig.destinationConnectionProfile")],
  "gcp:databasemigrationservice/migrationJob:MigrationJob": [reference("destination")],
};

/** Sinks that are named by a bucket or dataset, whose place the name does not tell. */
export const transferSinks: Readonly<Record<string, { readonly paths: readonly string[]; readonly of: string }>> = {
  "aws:datasync/s3Location:S3Location": { paths: ["s3BucketArn"], of: "aws:s3/bucket:Bucket" },
  "aws:dynamodb/tableExport:TableExport": { paths: ["s3Bucket"], of: "aws:s3/bucket:Bucket" },
  "aws:rds/exportTask:ExportTask": { paths: ["s3BucketName"], of: "aws:s3/bucket:Bucket" },
  "gcp:bigquery/dataTransferConfig:DataTransferConfig": { paths: ["destinationDatasetId"], of: "gcp:bigquery/dataset:Dataset" },
  "gcp:storage/transferJob:TransferJob": {
    paths: ["transferSpec.gcsDataSink.bucketName", "replicationSpec.gcsDataSink.bucketName"],
    of: "gcp:storage/bucket:Bucket",
  },
};

function checkStack(resources: readonly Resource[], context: Context): StackFinding[] {
  return resources.flatMap((resource) => {
    const sink = transferSinks[resource.type];
    const demand = sink ? demandOf(resource, context) : undefined;
    if (!sink || !demand || demand.dataClass === "public") return [];
    const stores = resources.filter(({ type }) => type === sink.of);
    return sink.paths
      .flatMap((path) => select(resource.props, path))
      .filter((place) => namedBy(resource, place.path, stores).length === 0)
      .map((place) => ({
        urn: resource.urn,
        finding: refuse(demand, {
          property: place.path,
          problem: `${place.path} names a store that is not of this stack, and whose region its name does not tell`,
          allowed: "a store that this stack makes in the jurisdiction",
        }),
      }));
  });
}

/** What any other resource refers to is `residency/reference`; outside vendors are `vendors/*`. */
export const transfer: Rule = {
  id: "residency/transfer",
  title: "Jobs and streams that move data move it within the jurisdiction",
  severity: "critical",
  why: "A transfer job copies a whole store while nobody watches, and repeats it every night.",
  remediation: "Send data to a store of this stack; what must leave the jurisdiction leaves by a contract and an API, not by a copy.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "UK GDPR", clause: "Art. 44" },
    { name: "PDPA", clause: "s. 26" },
    { name: "ISO 27001", clause: "A.5.14" },
    { name: "SOC 2", clause: "CC6.7" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "aws:dynamodb/kinesisStreamingDestination:KinesisStreamingDestination",
        props: { streamArn: "arn:aws:kinesis:eu-central-1:123456789012:stream/orders" },
      },
    ],
    fails: [
      {
        type: "aws:dynamodb/kinesisStreamingDestination:KinesisStreamingDestination",
        props: { streamArn: "arn:aws:kinesis:us-east-1:123456789012:stream/orders" },
      },
    ],
  },
  check: judgeArguments(transferArguments),
  checkStack,
  settles: madeHere(transferArguments),
};
