import { describe, expect, it } from "vitest";
import { autoname } from "../../../sandbox/engine/autoname.ts";

const rule = { property: "name", maxLength: 20, lowercase: true };
const naming = { name: "Orders", urn: "urn:pulumi:eu::p::t::Orders", seed: new Uint8Array([1, 2, 3]), olds: {} };

describe("a name that the provider makes up", () => {
  it("is the resource's name and a suffix that the engine's seed decides", () => {
    expect(autoname(rule, {}, naming)).toMatch(/^orders-[0-9a-f]{7}$/);
    expect(autoname(rule, {}, naming)).toBe(autoname(rule, {}, naming));
    expect(autoname(rule, {}, { ...naming, seed: new Uint8Array([4]) })).not.toBe(autoname(rule, {}, naming));
  });

  it("is never shortened: one that the cloud would not take is refused, as the real providers do", () => {
    expect(autoname(rule, {}, { ...naming, name: "twelve-chars" })).toHaveLength(20);
    expect(() => autoname(rule, {}, { ...naming, name: "thirteen-char" })).toThrow(
      "name 'thirteen-char-' plus 7 random chars is longer than maximum length 20",
    );
  });

  it("stays while the resource does", () => {
    expect(autoname(rule, {}, { ...naming, olds: { name: "orders-abcdef0" } })).toBe("orders-abcdef0");
  });

  it("is made anew when the program no longer gives one of its own", () => {
    expect(autoname(rule, {}, { ...naming, olds: { name: "my-own-name" } })).toMatch(/^orders-/);
  });

  it("never replaces one that the program gives", () => {
    expect(autoname(rule, { name: "mine" }, naming)).toBeUndefined();
  });
});
