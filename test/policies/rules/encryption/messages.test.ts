import { messages } from "../../../../policies/rules/encryption/messages.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const queue = "aws:sqs/queue:Queue";

specify(messages, {
  passes: [
    ["a queue, by default", { type: queue }],
    ["a queue with a key", { type: queue, props: { kmsMasterKeyId: UNKNOWN, sqsManagedSseEnabled: false } }],
    ["a stream", { type: "aws:kinesis/stream:Stream", props: { encryptionType: "KMS" } }],
    [
      "a delivery stream from another one",
      { type: "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", props: { kinesisSourceConfiguration: { roleArn: "r" } } },
    ],
  ],
  refused: [
    ["a queue", { type: queue, props: { sqsManagedSseEnabled: false } }, "sqsManagedSseEnabled is false"],
    ["a stream", { type: "aws:kinesis/stream:Stream" }, "encryptionType is not set, which means NONE"],
    ["a delivery stream", { type: "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream" }, "serverSideEncryption.enabled is not set"],
  ],
  undecided: [["a kind", { type: "aws:kinesis/stream:Stream", props: { encryptionType: UNKNOWN } }, "encryptionType"]],
  silent: "gcp:pubsub/topic:Topic",
});
