// What `./bailiwick policy explain` shows of a rule is judged by it.
import { describe, expect, it } from "vitest";
import { rules } from "../../policies/rules/index.ts";
import { context, findingsOf } from "./judging.ts";

describe.each(rules.map((rule) => [rule.id, rule] as const))("the examples of %s", (_id, rule) => {
  const inside = context("eu", { ...rule.examples.config });

  it("the first passes", () => {
    expect(findingsOf(rule, rule.examples.passes, inside)).toEqual([]);
  });

  it("the second is refused", () => {
    expect(findingsOf(rule, rule.examples.fails, inside).map(({ kind }) => kind)).toContain("violation");
  });
});
