import { describe, expect, it } from "vitest";
import { allowedValues, sameValue } from "../../../sandbox/engine/doc-comment.ts";

describe("the values that a comment allows", () => {
  it.each([
    ["/** Possible values are: `A`, `B`. */", ["A", "B"]],
    ["/**\n * The mode.\n * Valid values are `auto` and `manual`. Defaults to `auto`.\n */", ["auto", "manual"]],
    ['/** Available values: "eu", "us", "fedramp". */', ["eu", "us", "fedramp"]],
    ["/** Valid values for the type: one of `X` (default), or `Y` */", ["X", "Y"]],
    ["/**\n * Possible values:\n * * `ON` - it is on,\n *   which is good\n * * `OFF` - it is off\n */", ["ON", "OFF"]],
    ["/** Possible values: [INGRESS_ALL, INTERNAL_ONLY] */", ["INGRESS_ALL", "INTERNAL_ONLY"]],
  ])("%s", (comment, values) => {
    expect(allowedValues(comment)).toEqual(values);
  });

  it.each([
    ["names examples only", "/** Valid values include `a`, `b`. */"],
    ["is no plain list", "/** Valid values are `a` if set with `b`, else anything. */"],
    ["is a range", "/** Valid values: between `1` and `100`. */"],
    ["holds patterns of numbers", "/** Valid values are `2XX`, `4XX`, or `5XX`. */"],
    ["holds a pattern", "/** Valid values are `projects/{project}` and `self`. */"],
    [
      "has several lists, of which one is no plain one",
      "/** For X, valid values are `A` and `B`, if set. For Y, valid values are `C`, and `D`. */",
    ],
    ["names more behind the list", "/** Valid values are: `a`, and `b`. `c` and `d` are also valid but discouraged. */"],
    ["has one value", "/** Possible values: `ONE`. */"],
    ["is of something else", "/** The name. Must be unique. */"],
  ])("are not taken from a comment that %s", (_why, comment) => {
    expect(allowedValues(comment)).toBeUndefined();
  });

  it("are compared without case and without the underscores that comments lose", () => {
    expect(sameValue("durable*object*namespace", "durable_object_namespace")).toBe(true);
    expect(sameValue("httpPull", "http_pull")).toBe(true);
    expect(sameValue("ENTERPRISE", "enterprise")).toBe(true);
    expect(sameValue("*", "+")).toBe(false);
    expect(sameValue("eu", "us")).toBe(false);
  });
});
