// What cannot be delivered is put aside, where a person can look at it; it does not vanish after the last try.
import type { Context } from "../../context.ts";
import { isPresent, type Resource, read, textOf, UNKNOWN } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";
import { namedBy } from "./related.ts";

const queue = "aws:sqs/queue:Queue";
const lambda = "aws:lambda/function:Function";
const consumer = "cloudflare:index/queueConsumer:QueueConsumer";
const cloudflareQueue = "cloudflare:index/queue:Queue";
const subscription = "gcp:pubsub/subscription:Subscription";
const invokeConfig = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig";

/** Where a dead letter destination is named, by any type. */
const destinations = ["deadLetterConfig", "deadLetterPolicy", "deadLetterQueue", "destinationConfig", "redrivePolicy", "target"];

/** What calls a function without waiting for its answer, and where it names the function. */
const callers: Readonly<Record<string, string>> = {
  "aws:cloudwatch/eventTarget:EventTarget": "arn",
  "aws:s3/bucketNotification:BucketNotification": "lambdaFunctions",
  "aws:scheduler/schedule:Schedule": "target",
  "aws:sns/topicSubscription:TopicSubscription": "endpoint",
};

interface Need {
  readonly property: string;
  readonly problem: string;
  readonly allowed: string;
}
const need = (property: string, problem: string, allowed = `${property}, or another destination for what failed`): Need => ({
  property,
  problem,
  allowed,
});

/** What the resource itself is missing; undefined where nothing is. */
function needOf({ type, props }: Resource): Need | undefined {
  const without = (path: string) => !isPresent(props, path);
  switch (type) {
    case "aws:cloudwatch/eventTarget:EventTarget":
      return without("deadLetterConfig.arn") ? need("deadLetterConfig", "after a day of tries the event is dropped") : undefined;
    case "aws:scheduler/schedule:Schedule":
      return without("target.deadLetterConfig.arn")
        ? need("target.deadLetterConfig", "after a day of tries the call is dropped")
        : undefined;
    // To its own services SNS tries for 23 days; to others for an hour (docs.aws.amazon.com/sns, "Message delivery retries").
    case "aws:sns/topicSubscription:TopicSubscription":
      return /^https?$/.test(textOf(read(props, "protocol"))) && without("redrivePolicy")
        ? need("redrivePolicy", "after an hour of tries the message is dropped")
        : undefined;
    // Only streams have a place to start at; a batch that fails holds up its shard until it expires, and is then skipped.
    case "aws:lambda/eventSourceMapping:EventSourceMapping":
      return isPresent(props, "startingPosition") && without("destinationConfig.onFailure")
        ? need("destinationConfig", "a batch that fails is skipped when it expires")
        : undefined;
    case queue:
      return without("redrivePolicy") ? need("redrivePolicy", "a message that cannot be handled is dropped when it expires") : undefined;
    case consumer:
      return without("deadLetterQueue") ? need("deadLetterQueue", "a message is dropped after its last try") : undefined;
    case subscription:
      return without("deadLetterPolicy.deadLetterTopic") ? need("deadLetterPolicy", "a message is dropped when it expires") : undefined;
    case lambda:
      return without("deadLetterConfig.targetArn")
        ? need("deadLetterConfig", "is called by events, and drops one after three tries")
        : undefined;
    default:
      return undefined;
  }
}

const redrive = /^aws:sqs\/redrive(Allow)?Policy:/;
const topic = "gcp:pubsub/topic:Topic";

/** Who, of all resources, is taken care of by another. */
function caredFor(resources: readonly Resource[]): (its: Resource) => boolean {
  const isDestination = namedBy(resources, () => destinations);
  const isRedriven = namedBy(resources, ({ type }) => (redrive.test(type) ? ["queueUrl"] : []));
  const isCalled = namedBy(resources, ({ type }) => (callers[type] === undefined ? [] : [callers[type]]));
  const hasFailures = namedBy(resources, ({ type, props }) =>
    type === invokeConfig && isPresent(props, "destinationConfig.onFailure.destination") ? ["functionName"] : [],
  );
  /** The source of a consumer or subscription is a destination itself: what fails there is already put aside. */
  const readsAside = (its: Resource, property: string, type: string, spelt: readonly string[]) => {
    const isRead = namedBy([its], () => [property]);
    return resources.some((source) => source.type === type && isRead(source, spelt) && isDestination(source, spelt));
  };
  const topics = new Set(resources.map(({ props }) => read(props, "deadLetterPolicy.deadLetterTopic")));
  return (its) => {
    switch (its.type) {
      case queue:
        return isPresent(its.props, "redriveAllowPolicy") || isDestination(its) || isRedriven(its, ["url", "id"]);
      case consumer:
        return readsAside(its, "queueId", cloudflareQueue, ["queueId", "id", "queueName"]);
      case subscription: {
        const name = read(its.props, "topic");
        return (typeof name === "string" && topics.has(name)) || readsAside(its, "topic", topic, ["id", "name"]);
      }
      case lambda:
        return !isCalled(its) || hasFailures(its);
      default:
        return false;
    }
  };
}

function checkStack(resources: readonly Resource[], { lifecycle }: Context): StackFinding[] {
  if (lifecycle === "ephemeral") return [];
  const isCared = caredFor(resources);
  return resources.flatMap((its): StackFinding[] => {
    const missing = needOf(its);
    if (!missing || read(its.props, missing.property) === UNKNOWN || isCared(its)) return [];
    const { property, problem, allowed } = missing;
    return [{ urn: its.urn, finding: { kind: "violation", property, problem: `${property} is not set: ${problem}`, allowed } }];
  });
}

export const deadLetter: Rule = {
  id: "telemetry/dead-letter",
  title: "What cannot be delivered is put aside, and does not vanish",
  severity: "medium",
  why: "A withdrawal of consent that failed three times and was dropped is a withdrawal that never happened, and nobody knows whose.",
  remediation: "Name a dead letter queue or topic in the jurisdiction, with the longest retention, and an alert on what lies in it.",
  frameworks: [
    { name: "GDPR", clause: "Art. 7(3)" },
    { name: "GDPR", clause: "Art. 32(1)(b)" },
    { name: "ISO 27001", clause: "A.8.14" },
    { name: "SOC 2", clause: "PI1.3" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: queue,
        name: "withdrawals",
        props: { name: "withdrawals", redrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:1:dead"}' },
      },
      { type: queue, name: "dead", props: { name: "dead" } },
    ],
    fails: [{ type: queue, name: "withdrawals", props: { name: "withdrawals" } }],
  },
  checkStack,
};
