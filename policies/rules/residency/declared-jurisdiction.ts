// Whose data it is must be said, and said once: by the stack, or by the resource where the stack does not.
import { jurisdictions, residencyOf } from "../../../stacks/residency.ts";
import type { Context } from "../../context.ts";
import { jurisdictionOf } from "../../declaration.ts";
import type { Resource } from "../../resource.ts";
import { holdingOf } from "../../resource-types.ts";
import type { Finding, Outcome, Rule } from "../../rule.ts";
import { atLeast, byClass } from "../data-class/classes.ts";
import { cloudOf, lawOf } from "./demand.ts";
import { ownPlaces } from "./own-place.ts";

function check(resource: Resource, context: Context): Outcome {
  if (cloudOf(resource.type) === undefined) return "notApplicable";
  const { scope, stack, register } = context;
  const declared = jurisdictionOf(resource, register);
  const own = scope.kind === "jurisdiction" ? scope.jurisdiction : undefined;
  const holding = holdingOf(resource.type, resource.provider !== undefined);
  switch (declared.kind) {
    case "invalid":
      return broken(declared.property, `${declared.property} is ${declared.shown}, which is no jurisdiction`, jurisdictions.join(", "));
    case "unknown":
      // A label that is not known yet cannot widen what the stack's own jurisdiction allows.
      return own ? "compliant" : [{ kind: "undecided", property: declared.property }];
    case "declared":
      if (own === undefined || own === declared.value) return scope.kind === "global" ? judgeGlobal(resource, context) : "compliant";
      return [
        {
          kind: "violation",
          property: "jurisdiction",
          problem: `declares the jurisdiction "${declared.value}" in the stack "${stack}" of "${own}"`,
          law: lawOf({ within: [own] }),
          allowed: own,
          remedy: `Move it to the stack of ${residencyOf(declared.value).title}, or correct what it declares.`,
        },
      ];
    case "absent":
      // A provider holds nothing; what it manages is judged itself.
      if (resource.type.startsWith("pulumi:")) return "notApplicable";
      if (holding === "none" && ownPlaces(resource).length === 0) return "notApplicable";
      if (scope.kind === "global") return judgeGlobal(resource, context);
      return scope.kind === "unmapped" ? broken(undefined, scope.problem, `${jurisdictions.join(", ")} or global`) : "compliant";
  }
}

/** The stack `global` is under no one law, so nothing of persons may be in it. */
const judgeGlobal = (resource: Resource, context: Context): Outcome =>
  byClass(resource, context, (dataClass) =>
    atLeast(dataClass, "pseudonymous")
      ? [
          {
            kind: "violation",
            problem: `holds ${dataClass} data in the stack global`,
            allowed: "public or operational data in global",
            remedy: "Move it to the region stack of its jurisdiction.",
          },
        ]
      : [],
  );

const broken = (property: string | undefined, problem: string, allowed: string): readonly Finding[] => [
  { kind: "violation", ...(property === undefined ? {} : { property }), problem, allowed },
];

export const declaredJurisdiction: Rule = {
  id: "residency/declared-jurisdiction",
  title: "Everything that has a place says under which law it stands",
  severity: "critical",
  why: "Data of which nobody says whose law it is under cannot be kept where that law wants it, nor found when a person asks for it.",
  remediation:
    "Name the stack after a region of the residency map, set bailiwick:jurisdiction in its configuration, or tag the resource with its jurisdiction.",
  frameworks: [
    { name: "GDPR", clause: "Art. 30" },
    { name: "GDPR", clause: "Art. 5(2)" },
    { name: "ISO 27001", clause: "A.5.9" },
    { name: "ISO 27001", clause: "A.5.31" },
    { name: "DORA", clause: "Art. 28(3)" },
  ],
  phase: 1,
  neverExempt: true,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:s3/bucket:Bucket", props: { tags: { jurisdiction: "eu" } } }],
    fails: [{ type: "aws:s3/bucket:Bucket", props: { tags: { jurisdiction: "us" } } }],
  },
  check,
};
