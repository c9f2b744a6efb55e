import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Properties, UNKNOWN, type Value } from "../../../sandbox/engine/definition.ts";
import { diffInputs } from "../../../sandbox/engine/diff.ts";

const none = { replaceOn: [], unordered: [] };
const value = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<Value>(null, true, 1, "text", UNKNOWN),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value")),
  ),
})).value;
const properties = fc.dictionary(fc.constantFrom("x", "y", "z"), value);

describe("a diff", () => {
  it("of anything with itself is empty", () => {
    fc.assert(
      fc.property(properties, (inputs) => {
        expect(diffInputs(inputs, structuredClone(inputs), none)).toEqual([]);
      }),
    );
  });

  it("is the same backwards, with added and deleted exchanged", () => {
    const exchange = { add: "delete", delete: "add", update: "update" } as const;
    fc.assert(
      fc.property(properties, properties, (olds, news) => {
        const there = diffInputs(olds, news, none).map(({ path, kind }) => `${exchange[kind]} ${path}`);
        const back = diffInputs(news, olds, none).map(({ path, kind }) => `${kind} ${path}`);
        expect(there.sort()).toEqual(back.sort());
      }),
    );
  });

  it("names every changed leaf by its path", () => {
    const olds = { template: { containers: [{ image: "a", env: { "log.level": "info" } }] }, gone: 1 };
    const news = { template: { containers: [{ image: "b", env: { "log.level": "debug" } }] }, labels: { team: "x" } };
    expect(diffInputs(olds, news, none)).toEqual([
      { path: "template.containers[0].image", kind: "update", replaces: false },
      { path: 'template.containers[0].env["log.level"]', kind: "update", replaces: false },
      { path: "gone", kind: "delete", replaces: false },
      { path: "labels.team", kind: "add", replaces: false },
    ]);
  });

  it("takes null, absent and the empty list for the same, but not the empty object", () => {
    expect(diffInputs({ a: [], b: null }, { c: [] }, none)).toEqual([]);
    expect(diffInputs({}, { block: {} }, none)).toEqual([{ path: "block", kind: "add", replaces: false }]);
  });

  it("replaces on what a glob names, what is inside of it, and what comes with its parent", () => {
    const rules = { replaceOn: ["location", "rules[*].name", "encryption.key"], unordered: [] };
    const replacing = (olds: Record<string, Value>, news: Record<string, Value>) =>
      diffInputs(olds, news, rules)
        .filter((change) => change.replaces)
        .map(({ path }) => path);
    expect(replacing({ location: "eu" }, { location: "us" })).toEqual(["location"]);
    expect(replacing({ location: { a: 1 } }, { location: { a: 2 } })).toEqual(["location.a"]);
    expect(replacing({ rules: [{ name: "a", on: true }] }, { rules: [{ name: "b", on: false }] })).toEqual(["rules[0].name"]);
    expect(replacing({}, { encryption: { key: "k", mode: "m" } })).toEqual(["encryption.key"]);
    expect(replacing({ encryption: { key: "k" } }, { encryption: UNKNOWN })).toEqual(["encryption"]);
    expect(replacing({ encryption: { mode: "k" } }, { encryption: { mode: UNKNOWN } })).toEqual([]);
  });

  it("replaces on everything where the type cannot be changed in place", () => {
    expect(diffInputs({ a: 1 }, { a: 2 }, { replaceOn: "all", unordered: [] })).toMatchObject([{ replaces: true }]);
  });

  it("sees no change in another order of a set, but does in a list", () => {
    const olds: Properties = { modules: [{ name: "a", of: 1 }, { name: "b" }], steps: [1, 2] };
    const news: Properties = { modules: [{ name: "b" }, { of: 1, name: "a" }], steps: [2, 1] };
    expect(diffInputs(olds, news, { replaceOn: [], unordered: ["modules"] }).map(({ path }) => path)).toEqual(["steps[0]", "steps[1]"]);
    expect(diffInputs({ modules: ["a", "a"] }, { modules: ["a", "b"] }, { replaceOn: [], unordered: ["modules"] })).toHaveLength(1);
  });
});
