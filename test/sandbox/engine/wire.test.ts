import { describe, expect, it } from "vitest";
import { UNKNOWN, type Value } from "../../../sandbox/engine/definition.ts";
import { fromStruct, rewrap, toStruct, unwrap } from "../../../sandbox/engine/wire.ts";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const secret = (value: Value) => ({ [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270", value });

describe("properties on the wire", () => {
  it("come back as they went", () => {
    const properties = { text: "x", number: 1.5, yes: true, nothing: null, list: [1, { deep: [] }], secret: secret("s") };
    expect(fromStruct(toStruct(properties))).toEqual(properties);
  });

  it("spell every unknown value alike", () => {
    expect(fromStruct(toStruct({ number: "3eeb2bf0-c639-47a8-9e75-3b44932eb421", text: UNKNOWN }))).toEqual({
      number: UNKNOWN,
      text: UNKNOWN,
    });
  });

  it("lose the wrapping of secrets at every depth, and what is null at the top", () => {
    const wrapped = { a: secret({ b: secret("c") }), list: [secret("d")], none: null };
    expect(unwrap(wrapped)).toEqual({ a: { b: "c" }, list: ["d"] });
  });
});

describe("what was secret", () => {
  const inputs = { name: "n", env: [{ name: "A", value: secret("hush") }], settings: { mode: "m", password: secret("hush") } };

  it("is secret again at the same place, and only there", () => {
    expect(rewrap({ ...unwrap(inputs), computed: 1 }, inputs)).toEqual({ ...inputs, computed: 1 });
  });

  it("makes the whole list secret when the provider has changed the list", () => {
    const outputs = {
      env: [
        { name: "Z", value: "z" },
        { name: "A", value: "hush" },
      ],
    };
    expect(rewrap(outputs, inputs)).toEqual({ env: secret(outputs.env) });
  });

  it("includes the outputs that the SDK declares secret, once", () => {
    expect(rewrap({ pem: "p", name: "n" }, { pem: secret("p") }, ["pem", "absent"])).toEqual({ pem: secret("p"), name: "n" });
    expect(rewrap({ pem: "p" }, {}, ["pem"])).toEqual({ pem: secret("p") });
  });

  it("stays secret while it is unknown", () => {
    expect(rewrap({ a: UNKNOWN }, { a: secret(UNKNOWN) })).toEqual({ a: secret(UNKNOWN) });
  });

  it("leaves out what a definition left undefined, which the protocol cannot carry", () => {
    const outputs = { a: undefined as never, b: { c: undefined as never, d: 1 } };
    expect(toStruct(rewrap(outputs, {})).toJavaScript()).toEqual({ b: { d: 1 } });
  });
});
