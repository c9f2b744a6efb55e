// What all rules on residency and data classes together say of a program: each way out is one rule's finding, and no other's.
import { expect, it } from "vitest";
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

export type Program = ExampleResource | readonly ExampleResource[];
export const programOf = (program: Program): readonly ExampleResource[] =>
  Array.isArray(program) ? program : [program as ExampleResource];

/** A rule, and the ways out that it alone speaks of: a name, a program and the beginning of the finding. */
export type Escapes = [rule: string, cases: readonly (readonly [name: string, program: Program, problem: string])[]];

/** What can carry no tag is registered as operational: any class but public must stay at home. */
const registered = context("eu", {}, (urn) => (/cloudflare:|firestore/.test(urn) ? { dataClass: "operational" } : undefined));

/** For `describe.each`: each program has one finding, and it is the rule's. */
export function onlyOneSpeaks(...[rule, cases]: Escapes): void {
  it.each(cases)("%s", (_name, program, problem) => {
    const found = verdicts(programOf(program), registered);
    expect(found.map((text) => text.split(": ")[0])).toEqual([rule]);
    expect(found[0]).toContain(problem);
  });
}
