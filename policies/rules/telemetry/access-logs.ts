// What keeps people's data, or rules over what does, records who came to it. Each of these records nothing until it is told to.
import { byType, type Check, mustBe, mustNot, where } from "../../arguments.ts";
import { dataClassOf } from "../../declaration.ts";
import { isPresent, select, textOf, UNKNOWN, type Value } from "../../resource.ts";
import type { Rule } from "../../rule.ts";

/** The list must hold all of these. @param path of a list of words */
const mustHold =
  (path: string, ...wanted: readonly string[]): Check =>
  ({ props }) => {
    const found = select(props, `${path}[*]`).map(({ value }) => value);
    if (found.includes(UNKNOWN)) return [{ kind: "undecided", property: path }];
    const missing = wanted.filter((word) => !found.some((value) => textOf(value).toLowerCase() === word.toLowerCase()));
    return missing.length === 0
      ? []
      : [
          {
            kind: "violation",
            property: path,
            problem: `${path} leaves out ${missing.join(" and ")}`,
            allowed: `${path} with ${wanted.join(" and ")}`,
          },
        ];
  };

/** What declares that it holds nothing of people needs no record of who read it. */
const ofPeople =
  (...checks: readonly Check[]): Check =>
  (resource, context) => {
    const declared = dataClassOf(resource, context.register);
    return declared.kind === "declared" && ["pseudonymous", "personal", "sensitive", "audit"].includes(declared.value)
      ? checks.flatMap((check) => check(resource, context))
      : [];
  };

const auditLog: Check = (resource, context) => {
  const kinds = select(resource.props, "logPublishingOptions[*]");
  if (kinds.some(({ value }) => value === UNKNOWN)) return [{ kind: "undecided", property: "logPublishingOptions" }];
  const on = select(resource.props, "logPublishingOptions[*].logType").some(({ value }) => value === "AUDIT_LOGS");
  const off = mustNot("logPublishingOptions[*].enabled", (value) => value === false, "enabled: true")(resource, context);
  return on
    ? off
    : [
        {
          kind: "violation",
          property: "logPublishingOptions",
          problem: "logPublishingOptions leave out AUDIT_LOGS",
          allowed: "logPublishingOptions with logType AUDIT_LOGS",
        },
      ];
};

const isNone = (value: Value) => value === "none";
const search = [ofPeople(auditLog)];

export const accessLogs: Rule = {
  id: "telemetry/access-logs",
  title: "What keeps people's data records who came to it",
  severity: "medium",
  why: "After a leak the first question is whose data was read; without these logs the honest answer is: everybody's.",
  remediation: "Switch on the audit log, into a log group of the same jurisdiction with a retention.",
  frameworks: [
    { name: "GDPR", clause: "Art. 33(3)" },
    { name: "GDPR", clause: "Art. 32(1)(d)" },
    { name: "ISO 27001", clause: "A.8.15" },
    { name: "SOC 2", clause: "CC7.2" },
    { name: "DORA", clause: "Art. 10" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:eks/cluster:Cluster", props: { enabledClusterLogTypes: ["api", "audit"] } }],
    fails: [{ type: "aws:eks/cluster:Cluster", props: { enabledClusterLogTypes: ["scheduler"] } }],
  },
  check: byType({
    "aws:docdb/cluster:Cluster": [ofPeople(mustHold("enabledCloudwatchLogsExports", "audit"))],
    "aws:eks/cluster:Cluster": [mustHold("enabledClusterLogTypes", "api", "audit")],
    "aws:elasticsearch/domain:Domain": search,
    // `audit` is for ActiveMQ only; RabbitMQ refuses it (docs.aws.amazon.com/amazon-mq, "Configuring logs").
    "aws:mq/broker:Broker": [
      where("engineType", (engine) => /^activemq$/i.test(textOf(engine)), mustBe("logs.audit", ["true", true], "false")),
    ],
    "aws:neptune/cluster:Cluster": [ofPeople(mustHold("enableCloudwatchLogsExports", "audit"))],
    "aws:opensearch/domain:Domain": search,
    "gcp:container/cluster:Cluster": [
      mustNot("loggingService", isNone, "logging.googleapis.com/kubernetes"),
      (resource, context) =>
        isPresent(resource.props, "loggingConfig")
          ? mustHold("loggingConfig.enableComponents", "SYSTEM_COMPONENTS")(resource, context)
          : [],
    ],
  }),
};
