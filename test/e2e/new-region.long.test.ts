// A region is added as the guide says: one entry in the residency map, one configuration file. Nothing else.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Platform } from "../platform.ts";
import { until } from "../until.ts";
import { Visitor } from "../visitor.ts";

/**
 * Cloudflare has no jurisdiction for the United Kingdom, so its edge keeps no state. It offers Regional Services there, by a key that its
 * documentation does not name: `uk` is not confirmed.
 */
const entry = `
  uk: {
    title: "United Kingdom",
    region: "uk",
    law: "UK GDPR Art. 44",
    gcp: { location: "europe-west2", locations: ["europe-west2"] },
    aws: { location: "eu-west-2", locations: ["eu-west-2"] },
    cloudflare: { jurisdiction: "none", regionKey: "uk" },
    edgeState: "none",
    edgeQueue: "none",
    auditRetention: { days: 366, why: "a test region" },
  },
`;

interface Deployed {
  readonly stacks: readonly { readonly stack: string; readonly findings: readonly unknown[]; readonly changes: Record<string, number> }[];
  readonly addresses: readonly string[];
}

async function up(platform: Platform, stack: string): Promise<Deployed> {
  return JSON.parse((await platform.succeed("up", stack, "--json")).stdout) as Deployed;
}

it("one entry in the map and one file make a new region, which serves its people and nobody else's", async () => {
  // A platform that has been there before the region was thought of.
  await using platform = await Platform.deployed();

  const map = join(platform.dir, "stacks", "residency.ts");
  const end = "\n} as const satisfies Record<string, Entry>;";
  const before = readFileSync(map, "utf8");
  expect(before.split(end)).toHaveLength(2);
  writeFileSync(map, before.replace(end, `${entry.trimEnd()}${end}`));
  const config = (region: string) => join(platform.dir, "stacks", `Pulumi.${region}.yaml`);
  expect(existsSync(config("uk"))).toBe(false);
  writeFileSync(config("uk"), readFileSync(config("eu"), "utf8").replace("jurisdiction: eu", "jurisdiction: uk").replace("-eu-", "-uk-"));

  const early = await platform.bailiwick(["up", "uk"]);
  expect(early.code).toBe(1);
  expect(early.stderr).toContain('the stack "global" has no image repository for the jurisdiction "uk"');
  const global = await up(platform, "global");
  expect(global.stacks[0]).toMatchObject({ findings: [], changes: { create: 3 } });
  const uk = await up(platform, "uk");
  expect(uk.stacks[0]?.findings).toEqual([]);
  expect(uk.addresses).toContain(platform.url("uk"));

  // Used: consent is given through the address that all regions share, and decides the next request.
  const person = await Visitor.create(platform, "uk");
  expect(person.subject).toMatch(/^uk_/);
  expect(await person.hero()).toMatchObject({ variation: "default" });
  expect(await person.change("granted")).toMatchObject({ purposes: { personalisation: "granted" } });
  await until(async () => (await person.hero()).variation !== "default", "a variation");
  await person.change("withdrawn");
  expect(await person.hero()).toMatchObject({ variation: "default" });

  // Its people are not known elsewhere, and the other regions go on as they were.
  expect((await person.tryChange("granted", "eu")).status).toBeGreaterThanOrEqual(400);
  const other = await Visitor.create(platform, "eu");
  await other.change("granted");
  await until(async () => (await other.hero()).variation !== "default", "a variation in eu");
});
