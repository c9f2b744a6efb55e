// Messages rest too, for days where a consumer is down, and in the queue of dead letters for two weeks.
import { byType, type Check, mustBe, mustNot } from "../../arguments.ts";
import { isPresent } from "../../resource.ts";
import type { Rule } from "../../rule.ts";

const queueType = "aws:sqs/queue:Queue";
/** SQS encrypts with its own key unless that is switched off and no other is given. */
const queue: Check = (resource, context) =>
  isPresent(resource.props, "kmsMasterKeyId")
    ? []
    : mustNot("sqsManagedSseEnabled", (value) => value === false, "sqsManagedSseEnabled: true, or kmsMasterKeyId")(resource, context);

/** A stream that reads another one is encrypted as that is. */
const delivery: Check = (resource, context) =>
  ["kinesisSourceConfiguration", "mskSourceConfiguration"].some((path) => isPresent(resource.props, path))
    ? []
    : mustBe("serverSideEncryption.enabled", true, false)(resource, context);

/** A topic keeps nothing once it is delivered; one that carries personal data needs a key of its own: encryption/own-key. */
export const messages: Rule = {
  id: "encryption/messages",
  title: "Messages are encrypted while they wait",
  severity: "medium",
  why: "Queues and streams carry what people do, event by event; a queue that nobody encrypts is a copy of the database that nobody guards.",
  remediation: "Give the stream a key of KMS; leave a queue's own encryption on.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(a)" },
    { name: "ISO 27001", clause: "A.8.24" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(h)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: queueType, props: { name: "orders" } }],
    fails: [{ type: queueType, props: { name: "orders", sqsManagedSseEnabled: false } }],
  },
  check: byType({
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": [delivery],
    "aws:kinesis/stream:Stream": [mustBe("encryptionType", "KMS", "NONE")],
    [queueType]: [queue],
  }),
};
