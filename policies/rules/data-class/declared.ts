// Every store says what it may hold at most, and says it once.
import { dataClasses } from "../../../stacks/residency.ts";
import type { Context } from "../../context.ts";
import { dataClassOf, ownTagsOf } from "../../declaration.ts";
import { type Resource, show, UNKNOWN } from "../../resource.ts";
import { holdingOf } from "../../resource-types.ts";
import type { Finding, Outcome, Rule } from "../../rule.ts";

const allowed = dataClasses.join(", ");
const broken = (problem: string, property?: string): readonly Finding[] => [
  { kind: "violation", ...(property === undefined ? {} : { property }), problem, allowed },
];

function check(resource: Resource, { register }: Context): Outcome {
  if (holdingOf(resource.type, resource.provider !== undefined) !== "stores") return "notApplicable";
  const declared = dataClassOf(resource, register);
  switch (declared.kind) {
    case "absent":
      return broken("stores data and declares no data class");
    case "unknown":
      return [{ kind: "undecided", property: declared.property }];
    case "invalid":
      return broken(`${declared.property} is ${declared.shown}, which is no data class`, declared.property);
    case "declared": {
      const said = ownTagsOf(resource, "data-class").filter(({ value }) => value !== UNKNOWN);
      const other = said.find(({ value }) => value !== declared.value);
      if (other) return broken(`declares ${declared.value}, and ${other.path} is ${show(resource, other)}`, other.path);
      const registered = register(resource.urn)?.dataClass;
      return said.length > 0 && registered !== undefined && registered !== declared.value
        ? broken(`declares ${declared.value}, and policies/register.yaml says ${registered}`, said[0]?.path)
        : "compliant";
    }
  }
}

export const declared: Rule = {
  id: "data-class/declared",
  title: "Every store declares exactly one data class",
  severity: "high",
  why: "What may be kept how long, where and under which key follows from the class; a store of which nobody said what it holds ends up holding everything.",
  remediation: "Set the tag or label data-class; what can carry neither belongs into policies/register.yaml.",
  frameworks: [
    { name: "GDPR", clause: "Art. 30" },
    { name: "UK GDPR", clause: "Art. 30" },
    { name: "ISO 27001", clause: "A.5.12" },
    { name: "ISO 27001", clause: "A.5.13" },
    { name: "SOC 2", clause: "C1.1" },
    { name: "DORA", clause: "Art. 8(1)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:dynamodb/table:Table", props: { tags: { "data-class": "personal" } } }],
    fails: [{ type: "aws:dynamodb/table:Table", props: { tags: { team: "shop" } } }],
  },
  check,
};
