// A container that may do what its host may do is no container: whoever breaks out of the program owns the neighbours' data.
import { byType, type CheckTable, mustNot } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { type Resource, select, textOf, type Value } from "../../resource.ts";
import { type Finding, type Outcome, outcomeOf, type Rule } from "../../rule.ts";
import { type Container, containersOf } from "./containers.ts";

/** Each of these is as good as root on the host (man 7 capabilities; Docker's default set has none of them). */
const dangerous = new Set(["ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "DAC_READ_SEARCH", "BPF", "NET_ADMIN"]);
/** `0`, `root`, `root:root`, `0:1000` */
const isRoot = (value: Value) => typeof value === "string" && /^(0|root)(:|$)/.test(value.trim());
const isHost = (value: Value) => value === "host";
const hostPaths = /^\/($|(etc|proc|root|sys|var)\/?$|var\/run|run\/)/;

const table: CheckTable = {
  "aws:ecs/taskDefinition:TaskDefinition": [
    mustNot("networkMode", isHost, "awsvpc or bridge", "the task shares the host's network"),
    mustNot("pidMode", isHost, "pidMode: task, or not at all", "the task sees the host's processes"),
    mustNot("ipcMode", isHost, "ipcMode: task, or not at all", "the task shares the host's memory"),
    mustNot("volumes[*].hostPath", (value) => typeof value === "string" && hostPaths.test(value), "volumes of the task's own"),
  ],
};

const judgedByTable = byType(table);

/** The text may be secret as a whole, so findings name what is wrong and show only words of this file. */
function judge({ property, at, props }: Container): Finding[] {
  const wrong = (path: string, what: string, allowed: string): Finding => ({
    kind: "violation",
    property,
    problem: `${at}.${path} ${what}`,
    allowed,
  });
  const found = (path: string, refuses: (value: Value) => boolean) => select(props, path).some(({ value }) => refuses(value));
  return [
    ...(found("privileged", (value) => value === true) ? [wrong("privileged", "is true", "privileged: false")] : []),
    ...(found("user", isRoot) ? [wrong("user", "is root", "a user without privileges, such as 1000:1000")] : []),
    ...(found("linuxParameters.capabilities.add[*]", (value) => dangerous.has(textOf(value).replace(/^CAP_/, "")))
      ? [wrong("linuxParameters.capabilities.add", "makes it as strong as its host", `none of ${[...dangerous].join(", ")}`)]
      : []),
    ...(found("volumes[*].host.sourcePath", (value) => typeof value === "string" && hostPaths.test(value))
      ? [wrong("volumes", "mount a folder of the host", "volumes of the job's own")]
      : []),
  ];
}

function check(resource: Resource, context: Context): Outcome {
  const own = containersOf(resource);
  if (!own && !Object.hasOwn(table, resource.type)) return "notApplicable";
  const byTable = judgedByTable(resource, context);
  return outcomeOf([...(typeof byTable === "string" ? [] : byTable), ...(own?.unknown ?? []), ...(own?.containers ?? []).flatMap(judge)]);
}

export const unprivileged: Rule = {
  id: "delivery/unprivileged",
  title: "No container has the powers of its host",
  severity: "high",
  why: "A flaw in one program becomes access to every program on the same host, with the personal data that those hold.",
  remediation:
    "Run the container as a user without privileges, in a network of its own; give it no capability but those it names a need for.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.8.2" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(e)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "aws:ecs/taskDefinition:TaskDefinition",
        props: { networkMode: "awsvpc", containerDefinitions: '[{"name":"app","user":"1000:1000"}]' },
      },
    ],
    fails: [
      {
        type: "aws:ecs/taskDefinition:TaskDefinition",
        props: { networkMode: "awsvpc", containerDefinitions: '[{"name":"app","privileged":true}]' },
      },
    ],
  },
  check,
};
