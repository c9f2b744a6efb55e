// Builds beside each other, and builds that are old.
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Platform } from "../platform.ts";

interface Manifest {
  readonly artifacts: readonly { readonly name: string; readonly digest: string; readonly path: string }[];
}

it("builds at once are made one after the other", async () => {
  await using platform = await Platform.create();
  const both = await Promise.all([platform.bailiwick(["build", "--json"]), platform.bailiwick(["build", "--json"])]);
  for (const { code, stderr } of both) expect(code, stderr).toBe(0);
  const [one, other] = both.map(({ stdout }) => JSON.parse(stdout) as Manifest & { changed: string[] });
  expect(one?.artifacts).toEqual(other?.artifacts);
  expect([one, other].filter((each) => (each?.changed.length ?? 0) > 0)).toHaveLength(1);
});

it("old builds go, but for one that a configuration names", async () => {
  await using platform = await Platform.built();
  const built = (path: string) => join(platform.dir, ".bailiwick", path);
  const manifest = JSON.parse(readFileSync(built("manifest.json"), "utf8")) as Manifest;
  const site = manifest.artifacts.find(({ name }) => name === "site") as Manifest["artifacts"][number];
  const old = Array.from({ length: 12 }, (_, i) => ({
    ...site,
    digest: `sha256:${String(i).padStart(64, "0")}`,
    path: `workers/site-old-${i}`,
  }));
  for (const { path } of old) cpSync(built(site.path), built(path), { recursive: true });
  writeFileSync(built("manifest.json"), JSON.stringify({ ...manifest, artifacts: [...old, ...manifest.artifacts] }));
  const config = join(platform.dir, "stacks", "Pulumi.us.yaml");
  const pin = `  bailiwick:releases: { site: [{ digest: "${old[0]?.digest}", percentage: 100 }] }\n`;
  writeFileSync(config, `${readFileSync(config, "utf8").trimEnd()}\n${pin}`);
  const source = join(platform.dir, "functions/edge/site/index.ts");
  writeFileSync(source, `${readFileSync(source, "utf8")}\nconsole.log("newer");\n`);
  await platform.succeed("build");

  const kept = (JSON.parse(readFileSync(built("manifest.json"), "utf8")) as Manifest).artifacts.flatMap(({ name, digest }) =>
    name === "site" ? [digest] : [],
  );
  expect(kept).toHaveLength(11);
  expect(kept[0]).toBe(old[0]?.digest);
  expect(kept).not.toContain(old[1]?.digest);
  expect(existsSync(built("workers/site-old-0"))).toBe(true);
  expect(existsSync(built("workers/site-old-1"))).toBe(false);
});
