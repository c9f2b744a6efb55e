import { describe, expect, it } from "vitest";
import { UNKNOWN } from "../../policies/resource.ts";
import { readState } from "../../policies/state.ts";

const urn = (type: string, name: string, stack = "eu") => `urn:pulumi:${stack}::shop::${type}::${name}`;
const provider = { urn: urn("pulumi:providers:aws", "aws"), type: "pulumi:providers:aws", id: "p-1", inputs: { region: "eu-central-1" } };
const encrypted = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:abc" };
const bucket = {
  urn: urn("aws:s3/bucket:Bucket", "uploads"),
  type: "aws:s3/bucket:Bucket",
  id: "uploads",
  parent: urn("acme:web:Site", "shop"),
  provider: `${provider.urn}::p-1`,
  protect: true,
  inputs: { tags: { team: "a" }, key: encrypted },
  outputs: { tags: { team: "a" }, key: encrypted, arn: "arn:aws:s3:::uploads" },
  propertyDependencies: { tags: null, key: [provider.urn] },
};
const exported = (...resources: object[]) => JSON.stringify({ version: 3, deployment: { manifest: {}, resources } });

describe("an exported state", () => {
  it("is what the engine would show to rules: inputs of each, outputs of all, with provider, parent and dependencies", () => {
    const { stack, project, inputs, outputs } = readState("eu.json", exported(provider, bucket));
    expect({ stack, project }).toEqual({ stack: "eu", project: "shop" });
    expect(inputs[1]).toEqual({
      urn: bucket.urn,
      type: bucket.type,
      name: "uploads",
      props: { tags: { team: "a" }, key: UNKNOWN },
      secrets: new Set(["key"]),
      options: { protect: true },
      parent: bucket.parent,
      propertyDependencies: { tags: [], key: [provider.urn] },
      provider: { type: provider.type, name: "aws", urn: provider.urn, props: { region: "eu-central-1" } },
    });
    expect(outputs[1]?.props).toMatchObject({ arn: "arn:aws:s3:::uploads" });
  });

  it("leaves out what waits to be deleted, and judges nothing that is only read", () => {
    const { inputs, outputs } = readState("eu.json", exported({ ...bucket, delete: true }, { ...bucket, external: true }));
    expect(inputs).toEqual([]);
    expect(outputs).toHaveLength(1);
  });

  it.each([
    ["{", /^eu.json is no exported state: /],
    ["{}", /^eu.json is no exported state: deployment: /],
    [exported(), /deployment.resources: holds no resource/],
    [exported({ type: "x" }), /deployment.resources.0.urn: /],
    [exported(bucket, { ...bucket, urn: urn("t", "n", "us") }), /it holds resources of eu of shop and us of shop/],
  ])("that is none is refused: %s", (text, message) => {
    expect(() => readState("eu.json", text)).toThrow(message);
  });
});
