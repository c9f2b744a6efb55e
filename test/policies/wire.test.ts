import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Properties, UNKNOWN } from "../../policies/resource.ts";
import { correct, decode } from "../../policies/wire.ts";
import { archive, asset, output, reference, secret, unknown } from "./harness.ts";

describe("the engine's encoding", () => {
  it("is taken apart: unknowns, secrets, assets", () => {
    const { props, secrets } = decode({ a: unknown, b: secret({ c: [unknown, "x"] }), d: asset("f") });
    expect(props).toEqual({ a: UNKNOWN, b: { c: [UNKNOWN, "x"] }, d: { path: "f" } });
    expect([...secrets]).toEqual(["b"]);
  });

  it("an output without a value is unknown", () => {
    expect(decode({ a: output(), b: output({ value: 1, secret: true }) })).toEqual({
      props: { a: UNKNOWN, b: 1 },
      secrets: new Set(["b"]),
    });
  });

  it("a secret of a state is unknown, unless it was exported with its text", () => {
    const { value: _, ...signed } = secret("x");
    const { props, secrets } = decode({
      a: { ...signed, ciphertext: "v1:abc" },
      b: { ...signed, plaintext: '{"c":"x"}' },
      d: { ...signed, plaintext: "{" },
    });
    expect(props).toEqual({ a: UNKNOWN, b: { c: "x" }, d: UNKNOWN });
    expect([...secrets]).toEqual(["a", "b", "d"]);
  });
});

describe("corrected properties", () => {
  const came = {
    region: "eu-central-1",
    password: secret("hunter2"),
    address: unknown,
    code: archive("dist"),
    target: output({ value: "arn:x", dependencies: ["urn:pulumi:eu::p::t::n"] }),
    parent: reference("urn:pulumi:eu::p::t::n", "n-1"),
    rules: [{ port: 443, open: true }, { port: unknown }],
    tags: { team: secret("a") },
  };
  const { props } = decode(came);

  it("come back as they came where the correction left them alone", () => {
    expect(correct(came, props)).toBe(came);
    const corrected = correct(came, { ...props, rules: [{ port: 443, open: false }, { port: UNKNOWN }], tags: { team: "a", kept: "yes" } });
    expect(corrected).toEqual({
      ...came,
      rules: [{ port: 443, open: false }, { port: unknown }],
      tags: { team: secret("a"), kept: "yes" },
    });
  });

  it("lose what the correction takes away", () => {
    const { region, ...rest } = props;
    expect(correct(came, rest)).not.toHaveProperty("region");
  });

  it.each<[string, Properties, string]>([
    ["a secret", { password: "hunter3" }, "password"],
    ["a secret by taking it away", { tags: {} }, "tags.team"],
    ["an unknown", { address: "10.0.0.1" }, "address"],
    ["an unknown in a list", { rules: [{ port: 443, open: true }] }, "rules[1]"],
    ["an asset", { code: "dist" }, "code"],
    ["an output", { target: "arn:y" }, "target"],
    ["a plain value into an unknown one", { region: UNKNOWN }, "region"],
  ])("are refused where they would change %s", (_what, change, path) => {
    expect(() => correct(came, { ...props, ...change })).toThrow(
      `the correction would change ${path}, which is a secret, an asset or not known`,
    );
  });

  it("are no longer a provider's own defaults", () => {
    const bridged = { forceDestroy: true, acl: "private", __defaults: ["acl", "forceDestroy"] };
    expect(correct(bridged, { ...decode(bridged).props, forceDestroy: false })).toEqual({
      forceDestroy: false,
      acl: "private",
      __defaults: ["acl"],
    });
  });

  it("say what was asked for, whatever came", () => {
    const plain = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<never>;
    const record = fc.dictionary(fc.string(), plain, { maxKeys: 4 });
    fc.assert(
      fc.property(record, record, (before, after) => {
        fc.pre(!("__defaults" in before));
        expect(decode(correct(before, decode(after).props)).props).toEqual(decode(after).props);
      }),
      { numRuns: 500 },
    );
  });
});
