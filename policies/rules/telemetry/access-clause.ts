// Who of a vendor may look at telemetry is agreed, and written down as data (policies/vendors.yaml).
import type { Context } from "../../context.ts";
import type { Resource } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";
import { pathsOf } from "./paths.ts";

function checkStack(resources: readonly Resource[], context: Context): StackFinding[] {
  return pathsOf(resources, context).flatMap(({ name, vendors, sinks }) =>
    [...vendors]
      .filter((vendor) => context.vendors.named(vendor)?.access === undefined)
      .map((vendor) => ({
        urn: (sinks[0] as Resource).urn,
        finding: {
          kind: "violation",
          problem: `ends the path "${name}", which passes ${vendor}: nothing is agreed about who may see it there`,
          allowed: `an entry ${vendor} in policies/vendors.yaml with access`,
        },
      })),
  );
}

export const accessClause: Rule = {
  id: "telemetry/access-clause",
  title: "Who may see telemetry is agreed with who carries it",
  severity: "medium",
  why: "A vendor's support that may read every trace without being asked sees more of people than the brand's own staff.",
  remediation: "Enter the vendor with its access clause into policies/vendors.yaml.",
  frameworks: [
    { name: "GDPR", clause: "Art. 28(3)(b)" },
    { name: "GDPR", clause: "Art. 32(4)" },
    { name: "ISO 27001", clause: "A.5.20" },
    { name: "SOC 2", clause: "CC9.2" },
    { name: "DORA", clause: "Art. 30(2)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "gcp:storage/bucket:Bucket", props: { labels: { "telemetry-path": "first" } } }],
    fails: [{ type: "aws:s3/bucket:Bucket", props: { tags: { "telemetry-path": "second" } } }],
  },
  checkStack,
};
