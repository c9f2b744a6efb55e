// A lake whose data leaves: copied to Virginia, shared with everyone who asks, logged elsewhere, kept by nobody's key. Singapore.
import { Cluster } from "@pulumi/aws/elasticache/cluster.js";
import { FirehoseDeliveryStream } from "@pulumi/aws/kinesis/firehoseDeliveryStream.js";
import { Key } from "@pulumi/aws/kms/key.js";
import { Provider } from "@pulumi/aws/provider.js";
import { Bucket } from "@pulumi/aws/s3/bucket.js";
import { BucketPolicy } from "@pulumi/aws/s3/bucketPolicy.js";
import { BucketReplicationConfig } from "@pulumi/aws/s3/bucketReplicationConfig.js";
import { Secret } from "@pulumi/aws/secretsmanager/secret.js";

const on = {
  provider: new Provider("aws", { region: "ap-southeast-1", defaultTags: { tags: { jurisdiction: "sg", "data-class": "personal" } } }),
};
new Key("lake", { multiRegion: true, deletionWindowInDays: 7 }, on);
const lake = new Bucket("lake", { bucket: "people-lake", forceDestroy: true }, on);
new BucketPolicy(
  "lake",
  {
    bucket: lake.bucket,
    policy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::people-lake/*" }],
    }),
  },
  on,
);
new BucketReplicationConfig(
  "lake",
  {
    bucket: lake.bucket,
    role: "arn:aws:iam::123456789012:role/copies",
    rules: [{ id: "away", status: "Enabled", destination: { bucket: "arn:aws:s3:::people-lake-virginia" } }],
  },
  on,
);
new FirehoseDeliveryStream(
  "clicks",
  {
    destination: "http_endpoint",
    httpEndpointConfiguration: {
      url: "https://collect.tracker.example/v1",
      name: "tracker",
      s3Configuration: { bucketArn: "arn:aws:s3:::people-lake", roleArn: "arn:aws:iam::123456789012:role/clicks" },
    },
  },
  on,
);
new Cluster("sessions", { engine: "redis", nodeType: "cache.t4g.micro", numCacheNodes: 1 }, on);
new Secret("tracker", { replicas: [{ region: "us-east-1" }], recoveryWindowInDays: 0 }, on);
