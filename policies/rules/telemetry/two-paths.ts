// What happened is known even when a whole cloud is lost: two paths of telemetry that have no vendor in common (see paths.ts).
import type { Context } from "../../context.ts";
import type { Resource } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";
import { type Path, pathsOf, servesPeople } from "./paths.ts";

const independent = (one: Path, other: Path) => one !== other && [...one.vendors].every((vendor) => !other.vendors.has(vendor));

function checkStack(resources: readonly Resource[], context: Context): StackFinding[] {
  const stack = servesPeople(resources, context);
  if (!stack) return [];
  const paths = pathsOf(resources, context);
  if (paths.some((one) => paths.some((other) => independent(one, other)))) return [];
  const found = paths.map(({ name, vendors }) => `"${name}" (${[...vendors].sort().join(", ")})`).join(" and ");
  return [
    {
      urn: stack.urn,
      finding: {
        kind: "violation",
        problem:
          paths.length === 0
            ? "serves people and keeps their data, and no store says by telemetry-path that telemetry ends in it"
            : `its telemetry ends in ${found}: no two paths are without a vendor in common`,
        allowed: "two paths, each from collector to store with a vendor of its own, inside the jurisdiction",
      },
    },
  ];
}

export const twoPaths: Rule = {
  id: "telemetry/two-paths",
  title: "Telemetry takes two paths that no vendor shares",
  severity: "high",
  why: "When the one cloud that keeps all traces is down, nobody can say what happened to people's data meanwhile, nor notify in time.",
  remediation:
    "Send to two vendors; tag the collectors and the stores of each path with telemetry-path, or name them in policies/register.yaml.",
  frameworks: [
    { name: "GDPR", clause: "Art. 33(1)" },
    { name: "ISO 27001", clause: "A.8.14" },
    { name: "ISO 27001", clause: "A.8.15" },
    { name: "SOC 2", clause: "CC7.2" },
    { name: "NIS2", clause: "Art. 23" },
    { name: "DORA", clause: "Art. 28(8)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      { type: "aws:lambda/function:Function", name: "api" },
      { type: "aws:dynamodb/table:Table", name: "consent", props: { tags: { "data-class": "personal" } } },
      { type: "aws:s3/bucket:Bucket", name: "traces", props: { tags: { "telemetry-path": "first" } } },
      { type: "gcp:storage/bucket:Bucket", name: "traces", props: { labels: { "telemetry-path": "second" } } },
    ],
    fails: [
      { type: "aws:lambda/function:Function", name: "api" },
      { type: "aws:dynamodb/table:Table", name: "consent", props: { tags: { "data-class": "personal" } } },
      { type: "aws:s3/bucket:Bucket", name: "traces", props: { tags: { "telemetry-path": "first" } } },
      { type: "aws:cloudwatch/logGroup:LogGroup", name: "logs", props: { tags: { "telemetry-path": "second" } } },
    ],
  },
  checkStack,
};
