// What all rules on residency and data classes together say of a program: each way out is one rule's finding, and no other's.
import type { Context } from "../../policies/context.ts";
import { UNKNOWN } from "../../policies/resource.ts";
import type { ExampleResource, Finding } from "../../policies/rule.ts";
import { dataClassRules } from "../../policies/rules/data-class/index.ts";
import { residencyRules } from "../../policies/rules/residency/index.ts";
import { context, findingsOf } from "./judging.ts";

export { UNKNOWN };

const textOf = (finding: Finding): string => (finding.kind === "violation" ? finding.problem : `undecided: ${finding.property}`);

/** `rule: problem` of every finding. */
export function verdicts(program: readonly ExampleResource[], inside: Context = context()): string[] {
  return [...residencyRules, ...dataClassRules].flatMap((rule) =>
    findingsOf(rule, program, inside).map((finding) => `${rule.id}: ${textOf(finding)}`),
  );
}
