// A rule's specification as a table: what it finds in one resource.
import { describe, expect, it } from "vitest";
import type { Rule } from "../../policies/rule.ts";
import { type Case, judged, problems } from "./judging.ts";

/** A name, a resource, and what the rule says of it: problems, or `compliant` or `notApplicable`. */
export type Row = readonly [name: string, resource: Case, says: readonly string[]];

export const specify = (rule: Rule, rows: readonly Row[]) =>
  describe(rule.id, () => {
    it.each(rows)("%s", (_name, resource, says) => {
      expect(problems(judged(rule, resource))).toEqual(says);
    });
  });

export const compliant = ["compliant"];
export const notApplicable = ["notApplicable"];
