// The exemptions in force, and those that nothing needs any more. A stack's own run tells those that name the stack; those for several take the runs of all.
import { join } from "node:path";
import { catalogue } from "../policies/catalogue.ts";
import { type Exemption, loadExemptions, numberIn, unusedIn, withoutUse } from "../policies/exemptions.ts";
import { exemptionsRule } from "../policies/session.ts";
import { root } from "./paths.ts";
import type { StackResult } from "./pulumi/operations.ts";

type Run = Pick<StackResult, "stack" | "ok" | "findings">;

/**
 * What no run has said yet, as it is to be said.
 * @param all names of every stack there is
 */
export function unusedExemptions(
  runs: readonly Run[],
  all: readonly string[],
  exemptions: readonly Exemption[] = exemptionsInForce(),
): string[] {
  // The pack judges the whole stack where the program ran to its end: without a finding that blocks, only when the run succeeded.
  const judged = runs.filter(({ ok, findings }) => ok || findings.some(({ mandatory }) => mandatory));
  const used = new Map(judged.map(({ stack, findings }) => [stack, new Set(findings.flatMap(({ message }) => numberIn(message) ?? []))]));
  const said = new Set(runs.flatMap(({ findings }) => findings.map(({ message }) => message)));
  const complete = all.every((stack) => used.has(stack));
  return unusedIn(exemptions, used, complete)
    .map((item) => withoutUse(item))
    .filter((message) => !said.has(message))
    .map((message) => `${exemptionsRule.id}: ${message}`);
}

/** None where the file cannot be used: then every run has said so. */
export function exemptionsInForce(): Exemption[] {
  try {
    return loadExemptions(join(root, "policies"), catalogue, new Date());
  } catch {
    return [];
  }
}
