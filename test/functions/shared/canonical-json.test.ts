import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalDigest, canonicalJson } from "../../../functions/shared/canonical-json.ts";

describe("canonical JSON", () => {
  test("spells the example of RFC 8785 section 3.2.2 as the RFC does", () => {
    const value = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    );
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test("sorts members by UTF-16 code units (RFC 8785 section 3.2.3)", () => {
    const sorted = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\u{1f600}", "\ufb33"];
    const names = sorted.toReversed();
    expect(Object.keys(JSON.parse(canonicalJson(Object.fromEntries(names.map((name) => [`k${name}`, 0])))))).toEqual(
      sorted.map((name) => `k${name}`),
    );
  });

  test("is still the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("does not depend on the order in which members were written", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        expect(canonicalJson(Object.fromEntries(Object.entries(value).reverse()))).toBe(canonicalJson(value));
      }),
    );
  });

  test.each([[undefined], [Number.NaN], [Number.POSITIVE_INFINITY], ["\ud800"], [() => 1]])("refuses %s and says where it is", (value) => {
    expect(() => canonicalJson({ a: [value] })).toThrow("$.a[0]");
  });

  test("has the digest of its bytes", async () => {
    // printf '{}' | sha256sum
    expect(await canonicalDigest({})).toBe("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  });
});
