import { describe, expect, it } from "vitest";
import { checkInputs } from "../../../sandbox/engine/check.ts";
import { UNKNOWN } from "../../../sandbox/engine/definition.ts";
import type { WireProperties } from "../../../sandbox/engine/wire.ts";
import { sdk } from "./pulumi.ts";

const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const secret = (value: string) => ({ "4dabf18193072939515e22adb298388d": SECRET, value });

function check(token: string, inputs: WireProperties) {
  const of = sdk(token.split(":")[0] as string);
  return checkInputs(of, of.resource(token)?.inputs ?? {}, inputs);
}
const database = "gcp:sql/databaseInstance:DatabaseInstance";
const service = "gcp:cloudrunv2/service:Service";

describe("inputs", () => {
  it("that fit the schema pass, whatever is unknown or null", () => {
    const settings = { tier: UNKNOWN, ipConfiguration: { ipv4Enabled: false, authorizedNetworks: [UNKNOWN] }, edition: null };
    expect(check(database, { databaseVersion: "POSTGRES_18", settings, region: UNKNOWN })).toEqual([]);
  });

  it("with an unknown property name it, the nearest one and what is allowed there", () => {
    const [failure, ...others] = check(database, {
      databaseVersion: "POSTGRES_18",
      settings: { tier: "a", ipConfiguration: { ipv4Enable: true } },
    });
    expect(others).toEqual([]);
    expect(failure?.property).toBe("settings.ipConfiguration.ipv4Enable");
    expect(failure?.reason).toMatch(/no such property\. Did you mean "ipv4Enabled"\? Allowed here: .*privateNetwork/);
  });

  it("that miss what is required are told where and what to give", () => {
    expect(check(service, { location: "europe-west3", template: { containers: [{}] } })).toEqual([
      {
        property: "template.containers[0].image",
        reason: "this property is required and missing. Give it a string.",
      },
    ]);
  });

  it.each([
    [{ accountId: 7, name: "b" }, "expected a string, got the number 7."],
    [{ accountId: ["a"], name: "b" }, 'expected a string, got the list ["a"].'],
    [{ accountId: "a", name: "b", jurisdiction: "sg" }, 'the string "sg" is not allowed. Allowed: default, eu, fedramp, us.'],
  ])("of a wrong type or value %j are refused", (inputs, reason) => {
    expect(check("cloudflare:index/r2Bucket:R2Bucket", inputs).map((failure) => failure.reason)).toEqual([reason]);
  });

  it("in other letters than the comment's pass", () => {
    expect(check("cloudflare:index/r2Bucket:R2Bucket", { accountId: "a", name: "b", storageClass: "infrequentaccess" })).toEqual([]);
    expect(check("cloudflare:index/queueConsumer:QueueConsumer", { accountId: "a", queueId: "q", type: "http_pull" })).toEqual([]);
  });

  it("that are secret are checked but never printed", () => {
    const inputs = { accountId: "a", name: "b", jurisdiction: secret("my-password"), location: { deep: secret("my-other-password") } };
    const reasons = check("cloudflare:index/r2Bucket:R2Bucket", inputs).map((failure) => failure.reason);
    expect(reasons).toHaveLength(2);
    expect(reasons.join()).not.toContain("password");
  });

  it("may be an enumeration, a list of objects or an asset", () => {
    const object = {
      bucket: "b",
      name: "n",
      source: { "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", text: "x" },
    };
    expect(check("gcp:storage/bucketObject:BucketObject", object)).toEqual([]);
    expect(check("gcp:storage/bucketObject:BucketObject", { ...object, source: "text" })[0]?.reason).toMatch(/^expected an asset/);
    expect(check(service, { location: "l", template: { containers: "none" } })[0]?.reason).toMatch(/^expected a list/);
  });
});
