// An alert reaches somebody. One that only shows on a page is seen by whoever looks at the page.
import type { Context } from "../../context.ts";
import { isPresent, type Resource, read, select, textOf } from "../../resource.ts";
import { type Finding, is, judge, type Outcome, outcomeOf, type Rule, type StackFinding } from "../../rule.ts";
import { namedBy } from "./related.ts";

const policy = "gcp:monitoring/alertPolicy:AlertPolicy";
const alarm = "aws:cloudwatch/metricAlarm:MetricAlarm";
const composite = "aws:cloudwatch/compositeAlarm:CompositeAlarm";
const notification = "cloudflare:index/notificationPolicy:NotificationPolicy";
const channel = "gcp:monitoring/notificationChannel:NotificationChannel";

/** Where each says whom it tells. */
const routes: Readonly<Record<string, readonly string[]>> = {
  [policy]: ["notificationChannels[*]"],
  [composite]: ["alarmActions[*]"],
  [notification]: ["mechanisms.emails[*]", "mechanisms.pagerduties[*]", "mechanisms.webhooks[*]"],
};
/** What mutes each. */
const mutes: Readonly<Record<string, string>> = {
  [policy]: "enabled",
  [alarm]: "actionsEnabled",
  [channel]: "enabled",
  [composite]: "actionsEnabled",
  [notification]: "enabled",
};

const tellsNobody = (property: string): Finding => ({
  kind: "violation",
  property,
  problem: `${property} names nobody: the alert shows on a page, and nobody is called`,
  allowed: `${property} with a channel, a topic or an address that a person on duty has`,
});
const top = (path: string) => path.replace(/[.[].*/, "");

function check(resource: Resource): Outcome {
  const mute = mutes[resource.type];
  if (mute === undefined) return "notApplicable";
  const muted = judge(resource, mute, (place) =>
    place.value === false ? { problem: is(resource, place), allowed: `${mute}: true` } : undefined,
  );
  const paths = routes[resource.type];
  const silent = paths && !paths.some((path) => isPresent(resource.props, path)) ? [tellsNobody(top(paths[0] as string))] : [];
  return outcomeOf([...muted, ...silent]);
}

/** An alarm without actions of its own may be part of another, or stop a rollout: what names it tells somebody. */
const listens: Readonly<Record<string, string>> = {
  [composite]: "alarmRule",
  "aws:appautoscaling/policy:Policy": "stepScalingPolicyConfiguration",
  "aws:codedeploy/deploymentGroup:DeploymentGroup": "alarmConfiguration",
  "aws:ecs/service:Service": "alarms",
  "aws:route53/healthCheck:HealthCheck": "cloudwatchAlarmName",
};

function checkStack(resources: readonly Resource[], _context: Context): StackFinding[] {
  const listener = ({ type }: Resource) => (listens[type] === undefined ? [] : [listens[type]]);
  const isNamed = namedBy(resources, listener);
  // A composite's rule is a text that has names in it: ALARM("errors") AND NOT ALARM("maintenance").
  const texts = resources.flatMap((other) => listener(other).map((property) => textOf(read(other.props, property)))).join("\n");
  const isHeard = (its: Resource) => {
    const name = read(its.props, "name");
    return isNamed(its) || (typeof name === "string" && texts.includes(name));
  };
  return resources
    .filter(({ type, props }) => type === alarm && select(props, "alarmActions[*]").length === 0)
    .filter((its) => !isHeard(its))
    .map(({ urn }) => ({ urn, finding: tellsNobody("alarmActions") }));
}

export const alertRoute: Rule = {
  id: "telemetry/alert-route",
  title: "Every alert reaches a person",
  severity: "high",
  why: "The 72 hours to notify a breach run from when it could have been known: an alert that nobody gets starts them all the same.",
  remediation: "Give the alert a notification channel, a topic or an address of the people on duty.",
  frameworks: [
    { name: "GDPR", clause: "Art. 33(1)" },
    { name: "ISO 27001", clause: "A.8.16" },
    { name: "SOC 2", clause: "CC7.3" },
    { name: "NIS2", clause: "Art. 23(4)" },
    { name: "DORA", clause: "Art. 10(2)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: composite, props: { alarmRule: "ALARM(a)", alarmActions: ["arn:aws:sns:eu-central-1:123456789012:on-duty"] } }],
    fails: [{ type: composite, props: { alarmRule: "ALARM(a)" } }],
  },
  check,
  checkStack,
};
