import { describe, expect, it } from "vitest";
import { UNKNOWN } from "../../../sandbox/engine/definition.ts";
import type { ResourceSchema } from "../../../sandbox/engine/schema.ts";
import { addMissing, carryOver, outputsOfCreate } from "../../../sandbox/engine/unknowns.ts";
import { sdk } from "./pulumi.ts";

describe("the outputs of what does not exist yet", () => {
  const gcp = sdk("gcp");
  const outputs = outputsOfCreate(gcp, gcp.resource("gcp:sql/databaseInstance:DatabaseInstance") as ResourceSchema, {
    databaseVersion: "POSTGRES_18",
    settings: { tier: "db-custom-1-3840", ipConfiguration: { ipv4Enabled: false } },
  });

  it("are the inputs where there are any", () => {
    expect(outputs).toMatchObject({
      databaseVersion: "POSTGRES_18",
      settings: { tier: "db-custom-1-3840", ipConfiguration: { ipv4Enabled: false } },
    });
  });

  it("are unknown where the provider computes them, at every depth", () => {
    expect(outputs.connectionName).toBe(UNKNOWN);
    expect(outputs.serviceAccountEmailAddress).toBe(UNKNOWN);
    expect(outputs.settings).toHaveProperty("version", UNKNOWN);
  });

  it("are absent where nobody gives or computes them", () => {
    expect(outputs).not.toHaveProperty("rootPassword");
    expect(outputs.settings).not.toHaveProperty("dataCacheConfig.nothing");
  });
});

describe("what an update carries over", () => {
  it("is every computed output, and inputs only as they are given now", () => {
    const old = { inputs: { title: "a", note: "n" }, state: { title: "a", note: "n", etag: "e", url: "u" } };
    expect(carryOver(old, { title: "b" })).toEqual({ title: "b", etag: "e", url: "u" });
  });

  it("reaches into objects, and into list elements that did not change", () => {
    const old = {
      inputs: { settings: { tier: "a" }, bindings: [{ name: "x" }, { name: "y" }] },
      state: {
        settings: { tier: "a", version: 3 },
        bindings: [
          { name: "x", of: 1 },
          { name: "y", of: 2 },
        ],
      },
    };
    expect(carryOver(old, { settings: { tier: "b" }, bindings: [{ name: "x" }, { name: "z" }] })).toEqual({
      settings: { tier: "b", version: 3 },
      bindings: [{ name: "x", of: 1 }, { name: "z" }],
    });
  });
});

describe("what a provider fills in", () => {
  it("reaches every depth and overwrites nothing", () => {
    const inputs = { settings: { tier: "mine" }, rules: [{ name: "a" }], tags: ["x"] };
    const defaults = {
      settings: { tier: "theirs", edition: "ENTERPRISE" },
      rules: [{ name: "b", on: true }],
      tags: ["x", "y"],
      region: "eu",
    };
    expect(addMissing(inputs, defaults)).toEqual({
      settings: { tier: "mine", edition: "ENTERPRISE" },
      rules: [{ name: "a", on: true }],
      tags: ["x"],
      region: "eu",
    });
  });
});
