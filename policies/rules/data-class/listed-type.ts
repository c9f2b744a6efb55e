// A rule must not guess: every type of resource is listed as one that stores, carries or holds no data.
import type { Resource } from "../../resource.ts";
import { holdingOf } from "../../resource-types.ts";
import type { Outcome, Rule } from "../../rule.ts";

function check(resource: Resource): Outcome {
  if (holdingOf(resource.type, resource.provider !== undefined) !== undefined) return "compliant";
  return [
    {
      kind: "violation",
      problem: `nobody has said whether the type ${resource.type} holds data`,
      allowed: "types that policies/resource-types.ts lists as one that stores, carries or holds no data",
    },
  ];
}

export const listedType: Rule = {
  id: "data-class/listed-type",
  title: "Of every type of resource somebody has said whether it holds data",
  severity: "high",
  why: "A new product of a cloud may keep what passes through it; no rule would ask it for a place, a class or a key, since none knows it.",
  remediation: "List the type in policies/resource-types, with its location arguments if it has any, or use a type that is listed.",
  frameworks: [
    { name: "GDPR", clause: "Art. 30" },
    { name: "GDPR", clause: "Art. 25(1)" },
    { name: "ISO 27001", clause: "A.5.9" },
    { name: "SOC 2", clause: "CC3.4" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:s3/bucket:Bucket", props: {} }],
    fails: [{ type: "aws:quantum/annealer:Annealer", props: {} }],
  },
  check,
};
