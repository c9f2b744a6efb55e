// How long a vendor keeps telemetry is agreed, and written down as data (policies/vendors.yaml); no store keeps longer than that.
import type { Context } from "../../context.ts";
import { numberOf, type Resource, read, select, type Value } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";
import { pathsOf, vendorOf } from "./paths.ts";

const lifecycle = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration";

/** Days after which a store deletes, where it says so itself; whether it must say so is recoverability's matter. */
function keptDays(sink: Resource, resources: readonly Resource[]): readonly Value[] {
  const days = (resource: Resource, path: string) => select(resource.props, path).map(({ value }) => value);
  switch (sink.type) {
    case "aws:cloudwatch/logGroup:LogGroup":
      return days(sink, "retentionInDays");
    case "gcp:logging/projectBucketConfig:ProjectBucketConfig":
      return days(sink, "retentionDays");
    case "gcp:storage/bucket:Bucket":
      return days(sink, "lifecycleRules[*].condition.age");
    case "aws:s3/bucket:Bucket":
      return resources
        .filter(({ type }) => type === lifecycle)
        .filter((rules) => isFor(rules, sink))
        .flatMap((rules) => days(rules, "rules[*].expiration.days"));
    default:
      return [];
  }
}

const isFor = (rules: Resource, bucket: Resource) =>
  rules.propertyDependencies?.bucket?.includes(bucket.urn) || read(rules.props, "bucket") === (read(bucket.props, "bucket") ?? bucket.urn);

function checkStack(resources: readonly Resource[], context: Context): StackFinding[] {
  return pathsOf(resources, context).flatMap(({ name, sinks }) =>
    sinks.flatMap((sink): StackFinding[] => {
      const vendor = vendorOf(sink);
      const clause = context.vendors.named(vendor)?.retention;
      const finding = (problem: string, allowed: string): StackFinding[] => [
        { urn: sink.urn, finding: { kind: "violation", problem, allowed } },
      ];
      if (!clause)
        return finding(
          `ends the path "${name}" with ${vendor}, with whom no retention is agreed`,
          `an entry ${vendor} in policies/vendors.yaml with retention: days and clause`,
        );
      const longest = Math.max(...keptDays(sink, resources).map(numberOf).filter(Number.isFinite));
      return longest > clause.days
        ? finding(`keeps telemetry for ${longest} days`, `${clause.days} days at the most (${clause.clause})`)
        : [];
    }),
  );
}

export const retentionClause: Rule = {
  id: "telemetry/retention-clause",
  title: "How long telemetry is kept is agreed with who keeps it",
  severity: "medium",
  why: "Traces that nobody has agreed to delete are a second history of people, outside every notice that they were shown.",
  remediation: "Enter the vendor with its retention clause into policies/vendors.yaml, and let the store delete within it.",
  frameworks: [
    { name: "GDPR", clause: "Art. 5(1)(e)" },
    { name: "GDPR", clause: "Art. 28(3)(g)" },
    { name: "PDPA", clause: "s. 25" },
    { name: "ISO 27001", clause: "A.5.33" },
    { name: "SOC 2", clause: "C1.2" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "gcp:logging/projectBucketConfig:ProjectBucketConfig",
        name: "logs",
        props: { retentionDays: 30, labels: { "telemetry-path": "first" } },
      },
    ],
    fails: [
      {
        type: "gcp:logging/projectBucketConfig:ProjectBucketConfig",
        name: "logs",
        props: { retentionDays: 3650, labels: { "telemetry-path": "first" } },
      },
    ],
  },
  checkStack,
};
