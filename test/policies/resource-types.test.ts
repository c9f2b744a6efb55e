import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { holdingOf, listedTypes } from "../../policies/resource-types.ts";
import { locationArguments, spanning } from "../../policies/rules/residency/location-arguments.ts";

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

  it("lists every type whose location arguments are known, and names arguments that the type has", () => {
    for (const [type, all] of Object.entries(locationArguments)) {
      expect(listedTypes, type).toContain(type);
      const declaration = readFileSync((types.get(type) as string).replace(/\.js$/, ".d.ts"), "utf8");
      for (const { path } of all) expect(declaration, `${type} ${path}`).toMatch(new RegExp(`\\n {4}${path.split(/[.[]/)[0]}\\??:`));
    }
    expect(Object.keys(spanning).filter((type) => holdingOf(type, true) !== "stores")).toEqual([]);
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
