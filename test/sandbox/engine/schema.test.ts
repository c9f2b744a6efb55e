import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Shape } from "../../../sandbox/engine/declarations.ts";
import type { ObjectSchema, Sdk } from "../../../sandbox/engine/schema.ts";
import { sdk } from "./pulumi.ts";

const modules = join(import.meta.dirname, "../../../node_modules/@pulumi");

/** Every resource type of an installed SDK, with the inputs that its constructor passes on. */
function typesOf(name: string): { token: string; inputs: string[] }[] {
  return readdirSync(join(modules, name), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".js") && !file.startsWith("types") && !file.startsWith("node_modules"))
    .map((file) => readFileSync(join(modules, name, file), "utf8"))
    .flatMap((script) => {
      const token = /__pulumiType = '([^']+:[^']+)'/.exec(script)?.[1];
      const inputs = [...script.matchAll(/resourceInputs\["([^"]+)"\] = (?:\(?args\?\.|pulumi\.output\(args)/g)].map(
        (match) => match[1] as string,
      );
      return token ? [{ token, inputs }] : [];
    });
}

/** Follows every reference of an object, so that all of it is read. Returns how many objects there were. */
function walk(of: Sdk, object: ObjectSchema, seen: Set<string>): number {
  const visit = (shape: Shape): number => {
    if (shape.kind === "list" || shape.kind === "map") return visit(shape.of);
    if (shape.kind === "union") return shape.of.reduce((sum, option) => sum + visit(option), 0);
    if (shape.kind !== "named" || seen.has(shape.name)) return 0;
    seen.add(shape.name);
    if (shape.name.startsWith("enums.")) {
      expect(of.enumeration(shape.name), shape.name).not.toEqual([]);
      return 0;
    }
    return walk(of, of.object(shape.name), seen);
  };
  return Object.values(object).reduce((sum, { shape }) => sum + visit(shape), 1);
}

describe("the schema of a resource type", () => {
  it("tells inputs, which of them are required, and what the provider computes", () => {
    const user = sdk("gcp").resource("gcp:sql/user:User");
    expect(user?.inputs.instance).toEqual({ shape: { kind: "string" }, required: true });
    expect(user?.inputs.databaseRoles).toEqual({ shape: { kind: "list", of: { kind: "string" } }, required: false });
    expect(user?.inputs.iamEmail).toBeUndefined();
    expect(user?.outputs.iamEmail).toEqual({ shape: { kind: "string" }, required: true });
    expect(user?.outputs.password?.required).toBe(false);
    expect(user?.secretOutputs).toEqual(["password", "passwordWo"]);
  });

  it("leads into nested objects, lists and maps", () => {
    const gcp = sdk("gcp");
    const service = gcp.resource("gcp:cloudrunv2/service:Service");
    expect(service?.inputs.labels?.shape).toEqual({ kind: "map", of: { kind: "string" } });
    expect(service?.inputs.template).toEqual({ shape: { kind: "named", name: "inputs.cloudrunv2.ServiceTemplate" }, required: true });
    const containers = gcp.object("inputs.cloudrunv2.ServiceTemplate").containers?.shape;
    expect(containers).toEqual({ kind: "list", of: { kind: "named", name: "inputs.cloudrunv2.ServiceTemplateContainer" } });
    expect(gcp.object("inputs.cloudrunv2.ServiceTemplateContainer").image).toEqual({ shape: { kind: "string" }, required: true });
  });

  it("is found although its file is spelt otherwise than its token", () => {
    expect(sdk("gcp").resource("gcp:serviceaccount/iAMMember:IAMMember")?.inputs.member?.required).toBe(true);
    expect(sdk("cloudflare").resource("cloudflare:index/r2Bucket:R2Bucket")?.inputs.name?.required).toBe(true);
  });

  it("carries the values that a comment allows", () => {
    expect(sdk("cloudflare").resource("cloudflare:index/r2Bucket:R2Bucket")?.inputs.jurisdiction?.allowed).toContain("fedramp");
    expect(sdk("gcp").resource("gcp:compute/firewall:Firewall")?.inputs.direction?.allowed).toEqual(["INGRESS", "EGRESS"]);
  });

  it("is that of the configuration for a provider, and nothing for a type that the SDK has not", () => {
    expect(sdk("aws").resource("pulumi:providers:aws")?.inputs.allowedAccountIds?.shape.kind).toBe("list");
    expect(sdk("aws").resource("aws:s3/bukket:Bukket")).toBeUndefined();
    expect(sdk("aws").resource("gcp:sql/user:User")).toBeUndefined();
  });

  it("is read in a few milliseconds once the SDK is warm", () => {
    const gcp = sdk("gcp");
    gcp.object("inputs.cloudrunv2.ServiceTemplate");
    const start = performance.now();
    const compute = gcp.resource("gcp:compute/instance:Instance");
    expect(compute).toBeDefined();
    expect(performance.now() - start).toBeLessThan(50);
  });
});

describe.each(["aws", "gcp", "cloudflare", "tls"])("every type of @pulumi/%s", (name) => {
  it("has a schema that can be read to its last member", () => {
    const of = sdk(name);
    const types = typesOf(name);
    expect(types.length).toBeGreaterThan(name === "tls" ? 3 : 200);
    const seen = new Set<string>();
    let objects = 0;
    for (const { token, inputs } of types) {
      const schema = of.resource(token);
      if (!schema) throw new Error(`no schema for ${token}`);
      expect(Object.keys(schema.inputs).sort(), token).toEqual([...new Set(inputs)].sort());
      objects += walk(of, schema.inputs, seen) + walk(of, schema.outputs, seen);
    }
    expect(objects).toBeGreaterThan(types.length);
  }, 60_000);
});
