// Builds and releases, in copies of the work tree.
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Artifact } from "../../stacks/artifact-manifest.ts";
import { Platform } from "../platform.ts";

interface Built {
  readonly artifacts: readonly Artifact[];
  readonly changed: readonly string[];
}

let platform: Platform;
/** The first build, and one after a change of the site. */
let first: Built;
let second: Built;

const built = async () => JSON.parse((await platform.succeed("build", "--json")).stdout) as Built;
const newest = ({ artifacts }: Built, name: string) => artifacts.findLast((artifact) => artifact.name === name) as Artifact;
const append = (file: string, text: string) =>
  writeFileSync(join(platform.dir, file), readFileSync(join(platform.dir, file), "utf8") + text);

beforeAll(async () => {
  platform = await Platform.create();
  first = await built();
  append("functions/edge/site/index.ts", "\nexport const changed = true;\n");
  second = await built();
});
afterAll(() => platform[Symbol.asyncDispose]());

describe("a build", () => {
  it("makes every artifact by digest, with its bill of materials beside it", () => {
    expect(first.artifacts.map(({ name }) => name)).toEqual([
      "site",
      "subjects",
      "telemetry",
      "home",
      "storefront",
      "preferences",
      "spool",
      "collector",
    ]);
    for (const { digest, path, sbom, name } of first.artifacts) {
      expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(existsSync(join(platform.dir, ".bailiwick", path)), name).toBe(true);
      const { components } = JSON.parse(readFileSync(join(platform.dir, ".bailiwick", sbom), "utf8")) as { components: { name: string }[] };
      if (name === "preferences") expect(components.map((each) => each.name)).toEqual(expect.arrayContaining(["hono", "pg", "zod"]));
    }
  });

  it("of the same sources in another folder gives the same digests", async () => {
    const elsewhere = join(platform.dir, "..", "elsewhere", "and", "deeper");
    cpSync(platform.dir, elsewhere, { recursive: true, verbatimSymlinks: true });
    rmSync(join(elsewhere, ".bailiwick"), { recursive: true });
    const { code, stdout } = await platform.start(join(elsewhere, "bailiwick"), ["build", "--json"]).ended;
    expect(code).toBe(0);
    const again = JSON.parse(stdout) as Built;
    expect(again.changed).toHaveLength(first.artifacts.length);
    for (const artifact of again.artifacts) expect(artifact).toEqual(newest(second, artifact.name));
  });

  it("of unchanged sources does nothing", async () => {
    expect((await built()).changed).toEqual([]);
  });

  it("of a changed source changes what it goes into, and keeps the release before", () => {
    expect(second.changed).toEqual(["site"]);
    expect(second.artifacts.filter(({ name }) => name === "site").map(({ digest }) => digest)).toEqual([
      newest(first, "site").digest,
      newest(second, "site").digest,
    ]);
    // The decision table did not change with it.
    expect(newest(second, "site").policyRevision).toBe(newest(first, "site").policyRevision);
  });

  it("that fails names the source, and leaves the manifest as it was", async () => {
    const source = join(platform.dir, "functions/edge/home/index.ts");
    const before = readFileSync(source, "utf8");
    const manifest = () => readFileSync(join(platform.dir, ".bailiwick", "manifest.json"), "utf8");
    const kept = manifest();
    writeFileSync(source, `${before}\nconst broken = ;\n`);
    try {
      const { code, stderr } = await platform.bailiwick(["build"]);
      expect(code).toBe(1);
      expect(stderr).toContain('"home" does not build');
      expect(stderr).toContain("edge/home/index.ts");
      expect(manifest()).toBe(kept);
    } finally {
      writeFileSync(source, before);
    }
  });
});

describe("a release", () => {
  const file = () => join(platform.dir, "stacks", "Pulumi.eu.yaml");
  const releases = () =>
    (parse(readFileSync(file(), "utf8")) as { config: Record<string, Record<string, unknown>> }).config["bailiwick:releases"];

  beforeAll(() => {
    writeFileSync(file(), readFileSync(file(), "utf8").replace("bailiwick:domain:", "# Agreed with the brand.\n  bailiwick:domain:"));
  });

  it("gives the newest build its share and the rest to the one before, oldest first, and leaves comments alone", async () => {
    const before = readFileSync(file(), "utf8");
    const { stdout } = await platform.succeed(
      "release",
      "eu",
      "site",
      "--newest",
      "10",
      "--rest",
      newest(first, "site").digest.slice(7, 15),
    );
    expect(stdout).toContain("./bailiwick up eu");
    expect(releases()).toEqual({
      site: [
        { digest: newest(first, "site").digest, percentage: 90 },
        { digest: newest(second, "site").digest, percentage: 10 },
      ],
    });
    // What was there is there as it was; what is new stands after it.
    expect(before).toContain("# Agreed with the brand.");
    expect(readFileSync(file(), "utf8").startsWith(before.trimEnd())).toBe(true);
  });

  it("goes back to the one before, and forward to all, without leaving a share behind", async () => {
    const { shares } = JSON.parse((await platform.succeed("release", "eu", "site", "--back", "--json")).stdout) as { shares: unknown };
    expect(shares).toEqual([{ digest: newest(first, "site").digest, percentage: 100 }]);
    expect(releases()).toEqual({ site: shares });
    await platform.succeed("release", "eu", "site", "--newest", "100");
    expect(releases()).toEqual({ site: [{ digest: newest(second, "site").digest, percentage: 100 }] });
  });

  it("of a share that does not divide evenly still adds up to 100", async () => {
    await platform.succeed("release", "eu", "site", "--newest", "0.07", "--rest", newest(first, "site").digest);
    expect((releases()?.site as { percentage: number }[]).map(({ percentage }) => percentage)).toEqual([99.93, 0.07]);
  });

  it("is refused where nothing says what serves", async () => {
    const { code, stderr } = await platform.bailiwick(["release", "eu", "preferences", "--newest", "50"]);
    expect(code).toBe(1);
    expect(stderr).toContain("It is not known here what serves now");
  });
});
