// What `./bailiwick policy explain` shows of a rule is judged by it.
import { describe, expect, it } from "vitest";
import { rules } from "../../policies/rules/index.ts";
import { findingsOf } from "./judging.ts";

describe.each(rules.map((rule) => [rule.id, rule] as const))("the examples of %s", (_id, rule) => {
  it("the first passes", () => {
    expect(findingsOf(rule, rule.examples.passes)).toEqual([]);
  });

  it("the second is refused", () => {
    expect(findingsOf(rule, rule.examples.fails).map(({ kind }) => kind)).toContain("violation");
  });
});
