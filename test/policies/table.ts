// A rule's specification as a table: what passes, what is refused and with which words, what it leaves alone, what it cannot know.
import { describe, expect, it } from "vitest";
import type { Context } from "../../policies/context.ts";
import type { Rule } from "../../policies/rule.ts";
import { type Case, context, judged, problems } from "./judging.ts";

export interface Specification {
  readonly passes: Readonly<Record<string, Case>>;
  /** Name -> case, and a part of the problem. */
  readonly fails: Readonly<Record<string, readonly [Case, string]>>;
  readonly notApplicable?: Readonly<Record<string, Case>>;
  /** Name -> case, and the property that is not known. */
  readonly undecided?: Readonly<Record<string, readonly [Case, string]>>;
}

/** @param inside default: the stack eu */
export function specify(
  rule: Rule,
  { passes, fails, notApplicable = {}, undecided = {} }: Specification,
  inside: Context = context(),
): void {
  describe(rule.id, () => {
    it.each(Object.entries(passes))("passes: %s", (_name, its) => {
      expect(problems(judged(rule, its, inside))).toEqual(["compliant"]);
    });
    it.each(Object.entries(fails))("refuses: %s", (_name, [its, problem]) => {
      expect(problems(judged(rule, its, inside)).join("\n")).toContain(problem);
    });
    it.each(Object.entries(notApplicable))("leaves alone: %s", (_name, its) => {
      expect(judged(rule, its, inside)).toBe("notApplicable");
    });
    it.each(Object.entries(undecided))("cannot know: %s", (_name, [its, property]) => {
      expect(judged(rule, its, inside)).toEqual([{ kind: "undecided", property }]);
    });
  });
}
