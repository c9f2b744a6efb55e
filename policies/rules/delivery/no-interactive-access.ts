// Nobody logs into what runs: what a person changes there is in no review, and what they see there is in no log.
import { byType, type Check, mustNot } from "../../arguments.ts";
import { isPresent, read, textOf, UNKNOWN, type Value } from "../../resource.ts";
import type { Rule } from "../../rule.ts";

const isOn = (value: Value) => value === true || /^(true|1|y|yes)$/i.test(textOf(value));

/** Unknown counts: a key whose name is not known yet is still a key. */
const unset =
  (path: string, allowed: string): Check =>
  ({ props }) =>
    isPresent(props, path)
      ? [{ kind: "violation", property: path, problem: `${path} is set: whoever has the key has a shell`, allowed }]
      : [];

const keyPair = unset("keyName", "Session Manager, which asks who it is and keeps what was done");

/** Google's metadata keys hold hyphens only, so they are paths. Keys in metadata are keys for ever; OS Login's end with the person's rights. */
const metadata: readonly Check[] = [
  mustNot("metadata.serial-port-enable", isOn, "no interactive serial port"),
  unset("metadata.ssh-keys", "OS Login (metadata enable-oslogin: TRUE)"),
];

const projectItem: Check = (resource, context) => {
  const key = read(resource.props, "key");
  if (key === "ssh-keys") return mustNot("key", () => true, "OS Login (enable-oslogin: TRUE)")(resource, context);
  return key === "serial-port-enable" || key === UNKNOWN ? mustNot("value", isOn, "value: FALSE")(resource, context) : [];
};

export const noInteractiveAccess: Rule = {
  id: "delivery/no-interactive-access",
  title: "Nobody logs into what runs",
  severity: "medium",
  why: "A shell in production reads what the program reads, people's data with it, and leaves no trace that an audit could follow.",
  remediation: "Switch it off; what must be looked at belongs into logs and traces, what must be changed into a release.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(4)" },
    { name: "ISO 27001", clause: "A.8.18" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(i)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:ecs/service:Service", props: { enableExecuteCommand: false } }],
    fails: [{ type: "aws:ecs/service:Service", props: { enableExecuteCommand: true } }],
  },
  check: byType({
    "aws:ec2/instance:Instance": [keyPair],
    "aws:ec2/launchConfiguration:LaunchConfiguration": [keyPair],
    "aws:ec2/launchTemplate:LaunchTemplate": [keyPair],
    "aws:ecs/service:Service": [mustNot("enableExecuteCommand", isOn, "enableExecuteCommand: false")],
    "gcp:compute/instance:Instance": metadata,
    "gcp:compute/instanceTemplate:InstanceTemplate": metadata,
    "gcp:compute/projectMetadata:ProjectMetadata": metadata,
    "gcp:compute/projectMetadataItem:ProjectMetadataItem": [projectItem],
    "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate": metadata,
  }),
};
