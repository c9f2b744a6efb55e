import { describe, expect, it } from "vitest";
import { glob, stackOf } from "../../policies/glob.ts";
import { isPresent, numberOf, type Properties, read, select, show, UNKNOWN, type Value } from "../../policies/resource.ts";
import { resource } from "./judging.ts";

describe("reading properties", () => {
  const props: Properties = { a: { list: [{ b: "x" }, { b: null }, { b: UNKNOWN }] }, open: UNKNOWN, none: null };

  it("finds every value at a path, and where it stands", () => {
    expect(select(props, "a.list[*].b")).toEqual([
      { path: "a.list[0].b", value: "x" },
      { path: "a.list[2].b", value: UNKNOWN },
    ]);
    expect(select(props, "a.list[0].b")).toEqual([{ path: "a.list[0].b", value: "x" }]);
  });

  it("says unknown where something on the way is unknown", () => {
    expect(select(props, "open.deep[*].er")).toEqual([{ path: "open", value: UNKNOWN }]);
  });

  it("counts unknown as present, and null as absent", () => {
    expect(isPresent(props, "open.deep")).toBe(true);
    expect(isPresent(props, "none")).toBe(false);
    expect(read(props, "none")).toBeUndefined();
  });

  it("does not show secrets, nor what is inside of them", () => {
    const it_ = resource({ type: "t", props: {}, secrets: ["env"] });
    expect(show(it_, { path: "env[0].value", value: "x" })).toBe("[secret]");
    expect(show(it_, { path: "environment", value: "x" })).toBe('"x"');
  });
});

describe("numbers", () => {
  it.each<[Value | undefined, number]>([
    [80, 80],
    ["80", 80],
    ["2592000s", 2_592_000],
    ["", Number.NaN],
    ["eighty", Number.NaN],
    [true, Number.NaN],
    [[80], Number.NaN],
    [UNKNOWN, Number.NaN],
    [undefined, Number.NaN],
  ])("%j is %d", (value, number) => {
    expect(numberOf(value)).toBe(number);
  });
});

describe("globs over URNs", () => {
  it("match the whole URN, and take everything but * as it is", () => {
    expect(glob("urn:pulumi:eu::*::aws:s3/bucket:Bucket::a.b")("urn:pulumi:eu::p::aws:s3/bucket:Bucket::a.b")).toBe(true);
    expect(glob("urn:pulumi:eu::*::aws:s3/bucket:Bucket::a.b")("urn:pulumi:eu::p::aws:s3/bucket:Bucket::axb")).toBe(false);
    expect(glob("urn:*::a")("urn:x::a::b")).toBe(false);
  });

  it("know their stack", () => {
    expect(stackOf("urn:pulumi:eu::p::t::n")).toBe("eu");
    expect(stackOf("urn:pulumi:*::p::t::n")).toBe("*");
  });
});
