import { describe, expect, it } from "vitest";
import type { ExampleResource } from "../../../policies/rule.ts";
import { alertRoute } from "../../../policies/rules/telemetry/alert-route.ts";
import { deadLetter } from "../../../policies/rules/telemetry/dead-letter.ts";
import { context, said, UNKNOWN } from "../judging.ts";
import { specify } from "../table.ts";

const bucket = { type: "aws:s3/bucket:Bucket" };

const policy = "gcp:monitoring/alertPolicy:AlertPolicy";
const alarm = "aws:cloudwatch/metricAlarm:MetricAlarm";
const notification = "cloudflare:index/notificationPolicy:NotificationPolicy";
specify(alertRoute, {
  passes: {
    "a policy with a channel": { type: policy, props: { notificationChannels: [UNKNOWN] } },
    "an alarm": { type: alarm, props: { alarmActions: ["arn:aws:sns:eu-central-1:1:on-duty"] } },
    "a notification": { type: notification, props: { enabled: true, mechanisms: { emails: [{ id: "on-duty@brand.example" }] } } },
  },
  fails: {
    "a policy that tells nobody": [{ type: policy, props: { notificationChannels: [] } }, "notificationChannels names nobody"],
    "a muted alarm": [{ type: alarm, props: { actionsEnabled: false, alarmActions: ["t"] } }, "actionsEnabled is false"],
    "a muted policy": [{ type: policy, props: { enabled: false, notificationChannels: ["c"] } }, "enabled is false"],
    "a muted channel": [{ type: "gcp:monitoring/notificationChannel:NotificationChannel", props: { enabled: false } }, "enabled is false"],
    "a notification to nobody": [{ type: notification, props: { mechanisms: {} } }, "mechanisms names nobody"],
  },
  notApplicable: { "what is no alert": bucket },
  undecided: { "a switch": [{ type: alarm, props: { actionsEnabled: UNKNOWN } }, "actionsEnabled"] },
});

describe("telemetry/alert-route", () => {
  const alone: ExampleResource = { type: alarm, name: "errors", props: { name: "errors" } };

  it("refuses an alarm that nothing listens to", () => {
    expect(said(alertRoute, [alone])).toEqual(["errors: alarmActions names nobody: the alert shows on a page, and nobody is called"]);
    expect(said(alertRoute, [{ ...alone, props: { alarmActions: ["t"] } }])).toEqual([]);
  });

  it("is content where another alarm or a rollout listens", () => {
    const composite: ExampleResource = {
      type: "aws:cloudwatch/compositeAlarm:CompositeAlarm",
      name: "all",
      props: { alarmRule: 'ALARM("errors")' },
    };
    const rollout: ExampleResource = {
      type: "aws:ecs/service:Service",
      name: "api",
      props: { alarms: UNKNOWN },
      dependsOn: { alarms: ["errors"] },
    };
    expect(said(alertRoute, [alone, composite])).toEqual([]);
    expect(said(alertRoute, [alone, rollout])).toEqual([]);
  });
});

describe("telemetry/dead-letter", () => {
  const queue: ExampleResource = { type: "aws:sqs/queue:Queue", name: "orders", props: { name: "orders" } };
  const target: ExampleResource = {
    type: "aws:cloudwatch/eventTarget:EventTarget",
    name: "target",
    props: { rule: "r", arn: UNKNOWN },
    dependsOn: { arn: ["fn"] },
  };
  const fn: ExampleResource = { type: "aws:lambda/function:Function", name: "fn", props: { name: "fn" } };
  const consumer: ExampleResource = {
    type: "cloudflare:index/queueConsumer:QueueConsumer",
    name: "consumer",
    props: { queueId: UNKNOWN, type: "worker" },
    dependsOn: { queueId: ["spool"] },
  };
  const spool: ExampleResource = { type: "cloudflare:index/queue:Queue", name: "spool", props: { queueName: "spool" } };
  const subscription: ExampleResource = { type: "gcp:pubsub/subscription:Subscription", name: "sub", props: { topic: "orders" } };

  it.each([
    ["a queue", [queue], "orders: redrivePolicy"],
    ["an event's target", [target], "target: deadLetterConfig"],
    [
      "a schedule",
      [{ type: "aws:scheduler/schedule:Schedule", name: "nightly", props: { target: { arn: "a" } } }],
      "nightly: target.deadLetterConfig",
    ],
    [
      "a function that events call",
      [fn, { ...target, props: { ...target.props, deadLetterConfig: { arn: "d" } } }],
      "fn: deadLetterConfig",
    ],
    [
      "a stream's reader",
      [{ type: "aws:lambda/eventSourceMapping:EventSourceMapping", name: "m", props: { startingPosition: "LATEST" } }],
      "m: destinationConfig",
    ],
    [
      "a webhook",
      [{ type: "aws:sns/topicSubscription:TopicSubscription", name: "hook", props: { protocol: "https" } }],
      "hook: redrivePolicy",
    ],
    ["a consumer at the edge", [spool, consumer], "consumer: deadLetterQueue"],
    ["a subscription", [subscription], "sub: deadLetterPolicy"],
  ] as const)("refuses %s", (_name, members, problem) => {
    expect(said(deadLetter, members).join()).toContain(`${problem} is not set`);
  });

  it.each([
    [
      "a queue with its destination, and the destination",
      [
        { ...queue, props: { redrivePolicy: UNKNOWN }, dependsOn: { redrivePolicy: ["dead"] } },
        { ...queue, name: "dead", props: {} },
      ],
    ],
    [
      "a queue whose policy stands apart",
      [
        queue,
        { type: "aws:sqs/redrivePolicy:RedrivePolicy", name: "p", props: { queueUrl: UNKNOWN }, dependsOn: { queueUrl: ["orders"] } },
      ],
    ],
    ["a queue that says whose destination it is", [{ ...queue, props: { redriveAllowPolicy: "{}" } }]],
    ["a destination of events", [{ ...target, props: { deadLetterConfig: { arn: "arn:aws:sqs:eu-central-1:1:orders" } } }, queue]],
    ["a function that people call", [fn]],
    [
      "a function whose failures go somewhere",
      [
        fn,
        { ...target, props: { ...target.props, deadLetterConfig: { arn: "d" } } },
        {
          type: "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
          name: "c",
          props: { functionName: "fn", destinationConfig: { onFailure: { destination: "d" } } },
        },
      ],
    ],
    [
      "a reader of a queue",
      [{ type: "aws:lambda/eventSourceMapping:EventSourceMapping", name: "m", props: { eventSourceArn: "arn:aws:sqs:x" } }],
    ],
    [
      "a subscription of one of our own services",
      [{ type: "aws:sns/topicSubscription:TopicSubscription", name: "s", props: { protocol: "sqs" } }],
    ],
    [
      "a consumer with its destination, and the reader of that",
      [
        spool,
        { ...consumer, props: { ...consumer.props, deadLetterQueue: "spool-dead" } },
        { ...spool, name: "dead", props: { queueName: "spool-dead" } },
        { ...consumer, name: "reader", dependsOn: { queueId: ["dead"] } },
      ],
    ],
    [
      "a subscription with its destination, and the subscription of that",
      [
        {
          ...subscription,
          props: { topic: "orders", deadLetterPolicy: { deadLetterTopic: UNKNOWN } },
          dependsOn: { deadLetterPolicy: ["dead"] },
        },
        { type: "gcp:pubsub/topic:Topic", name: "dead", props: { name: "dead" } },
        { ...subscription, name: "reader", props: { topic: UNKNOWN }, dependsOn: { topic: ["dead"] } },
      ],
    ],
  ] as readonly (readonly [string, readonly ExampleResource[]])[])("is content with %s", (_name, members) => {
    expect(said(deadLetter, members)).toEqual([]);
  });

  it("leaves alone what may be thrown away", () => {
    expect(said(deadLetter, [queue], context("eu", { "bailiwick:lifecycle": "ephemeral" }))).toEqual([]);
  });
});
