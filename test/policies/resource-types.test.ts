import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { holdingOf, listedTypes } from "../../policies/resource-types.ts";
import { Sdk } from "../../sandbox/engine/schema.ts";
import { residencyArguments } from "./residency-tables.ts";

/** Every type token that the installed SDKs know, with its file. */
function sdkTypes(): Map<string, string> {
  const found = new Map<string, string>();
  for (const provider of ["aws", "gcp", "cloudflare"]) {
    const root = new URL(`../../node_modules/@pulumi/${provider}/`, import.meta.url).pathname;
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith(".js") || entry.parentPath.includes("/types")) continue;
      const file = join(entry.parentPath, entry.name);
      const token = /__pulumiType = '([^']+)'/.exec(readFileSync(file, "utf8"))?.[1];
      if (token) found.set(token, file);
    }
  }
  return found;
}

describe("the list of resource types", () => {
  const types = sdkTypes();

  it("names only types that the SDKs have", () => {
    expect(listedTypes.filter((type) => !types.has(type))).toEqual([]);
  });

  it("lists every type once", () => {
    expect(new Set(listedTypes).size).toBe(listedTypes.length);
  });

  it("lists every type in which a residency rule reads an argument", () => {
    expect([...new Set(residencyArguments.map(([type]) => type))].filter((type) => !listedTypes.includes(type))).toEqual([]);
  });
});

describe("the arguments that residency rules read", () => {
  const sdks = new Map(
    ["aws", "gcp", "cloudflare"].map((name) => [name, new Sdk(new URL(`../../node_modules/@pulumi/${name}`, import.meta.url).pathname)]),
  );
  type Shape = NonNullable<ReturnType<Sdk["resource"]>>["inputs"][string]["shape"];

  /** The shapes that a step leads to, within lists, maps and unions. */
  function descend(sdk: Sdk, shape: Shape, step: string): Shape[] {
    if (shape.kind === "union") return shape.of.flatMap((one) => descend(sdk, one, step));
    if (shape.kind === "list") return step === "*" ? [shape.of] : [];
    if (shape.kind === "map") return [shape.of];
    const found = shape.kind === "named" ? sdk.object(shape.name)[step] : undefined;
    return found ? [found.shape] : [];
  }

  it.each(residencyArguments)("%s has %s", (type, path) => {
    const sdk = sdks.get(type.split(":")[0] as string) as Sdk;
    const [first = "", ...steps] = path.replaceAll("[*]", ".*").split(".");
    const input = sdk.resource(type)?.inputs[first];
    const found = steps.reduce<Shape[]>((shapes, step) => shapes.flatMap((shape) => descend(sdk, shape, step)), input ? [input.shape] : []);
    expect(found).not.toEqual([]);
  });
});

describe("what a type holds", () => {
  it.each([
    ["gcp:storage/bucketIAMMember:BucketIAMMember", true, "none"],
    ["gcp:projects/iAMBinding:IAMBinding", true, "none"],
    ["gcp:cloudrunv2/serviceIamPolicy:ServiceIamPolicy", true, "none"],
    ["pulumi:providers:aws", false, "none"],
    ["tls:index/privateKey:PrivateKey", true, "none"],
    ["acme:shop:Basket", false, "none"],
    ["acme:shop:Basket", true, undefined],
    ["aws:s3/bucket:Bucket", true, "stores"],
    ["gcp:kms/cryptoKey:CryptoKey", true, "carries"],
  ])("%s (managed: %s) is %s", (type, managed, holding) => {
    expect(holdingOf(type, managed)).toBe(holding);
  });
});
