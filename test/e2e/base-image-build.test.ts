// `./bailiwick build` with a base image, without one, and with one out of reach: in a copy of the work tree with a cache of its own.
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findTool } from "../../cli/tools.ts";
import type { Artifact } from "../../stacks/artifact-manifest.ts";
import { base, Registry } from "../cli/base-image-fixture.ts";
import { Platform } from "../platform.ts";

const dataFile = "functions/base-image.yaml";

let platform: Platform;
let registry: Registry;
let cache: string;

beforeAll(async () => {
  [platform, registry] = await Promise.all([Platform.create(), Registry.start()]);
  cache = join(dirname(platform.dir), "cache");
  mkdirSync(cache);
  // What a build takes from the cache but base images: building a tool anew would take minutes.
  for (const name of ["crane", "collector"] as const) {
    const folder = dirname((await findTool(name))?.path as string);
    symlinkSync(folder, join(cache, basename(folder)));
  }
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await platform[Symbol.asyncDispose]();
});

const name = (image: string) => writeFileSync(join(platform.dir, dataFile), `image: ${image}\n`);

async function build() {
  const { code, stdout, stderr } = await platform.bailiwick(["build", "--json"], { BAILIWICK_CACHE: cache });
  expect(code, stderr).toBe(0);
  const { artifacts, changed } = JSON.parse(stdout) as { artifacts: Artifact[]; changed: string[] };
  return { preferences: artifacts.findLast((each) => each.name === "preferences") as Artifact, artifacts, changed, stderr };
}

async function refused() {
  const { code, stderr } = await platform.bailiwick(["build"], { BAILIWICK_CACHE: cache });
  expect(code).toBe(1);
  return stderr;
}

const lines = (text: string, about: RegExp) => text.split("\n").filter((line) => about.test(line));
const inBuild = (path: string) => join(platform.dir, ".bailiwick", path);

describe("a build", () => {
  let pinned: string;
  let alone: Artifact;
  let onBase: Artifact;

  it("without a base says once that its images are for the sandbox only, and where to name a base", async () => {
    const { preferences, artifacts, stderr } = await build();
    alone = preferences;
    expect(alone.availability).toBe("sandbox-only");
    for (const { kind, availability } of artifacts) if (kind === "worker") expect(availability).toBe("anywhere");
    expect(lines(stderr, /sandbox-only/)).toEqual([expect.stringContaining(`${dataFile} names no base image`)]);
    expect(lines((await build()).stderr, /sandbox-only/)).toEqual([]);
  });

  it("with a base pulls it, and makes an image that may go anywhere", async () => {
    const { repository, digest } = await registry.push("runtime/node", await base());
    pinned = `${repository}@${digest}`;
    name(pinned);
    const { preferences, changed, stderr } = await build();
    onBase = preferences;
    expect(changed).toEqual(["preferences", "spool"]);
    expect(onBase.availability).toBe("anywhere");
    expect(onBase.digest).not.toBe(alone.digest);
    expect(lines(stderr, /sandbox-only/)).toEqual([]);
    expect(readdirSync(join(cache, "base-images"))).toEqual([digest.replace(":", "-")]);
    const { components } = JSON.parse(readFileSync(inBuild(onBase.sbom), "utf8")) as { components: { name: string; version: string }[] };
    expect(components[0]).toMatchObject({ type: "container", name: repository, version: digest });
    const layers = JSON.parse(readFileSync(join(inBuild(onBase.path), "blobs", onBase.digest.replace(":", "/")), "utf8")).layers;
    for (const layer of layers) expect(existsSync(join(inBuild(onBase.path), "blobs", layer.digest.replace(":", "/")))).toBe(true);
    expect(layers).toHaveLength(3);
  });

  it("with the same base does nothing, and with another builds the images anew", async () => {
    expect((await build()).changed).toEqual([]);
    const { repository, digest } = await registry.push("runtime/node", await base({ config: { Labels: { newer: "yes" } } }));
    name(`${repository}@${digest}`);
    const { preferences, changed } = await build();
    expect(changed).toEqual(["preferences", "spool"]);
    expect([alone.digest, onBase.digest]).not.toContain(preferences.digest);
  });

  it("is refused where the base is a tag, or a digest that the registry does not know, and what was built stays", async () => {
    const kept = readFileSync(inBuild("manifest.json"), "utf8");
    const [repository] = pinned.split("@");
    name(`${repository}:newest`);
    const tagged = await refused();
    expect(tagged).toContain(`${dataFile} names "${repository}:newest" by tag`);
    expect(tagged).toContain(`what to do: Ask for its digest (crane digest ${repository}:newest)`);
    name(`${repository}@sha256:${"0".repeat(64)}`);
    expect(await refused()).toContain("There is no base image");
    expect(readFileSync(inBuild("manifest.json"), "utf8")).toBe(kept);
  });

  it("whose base cannot be reached says so, uses none, asks again, and takes it from the cache where it is there", async () => {
    const own = await Registry.start();
    const { repository, digest } = await own.push("runtime/node", await base({ config: { Labels: { out: "of reach" } } }));
    await own[Symbol.asyncDispose]();
    name(`${repository}@${digest}`);
    for (const expected of [["preferences", "spool"], []]) {
      const { preferences, changed, stderr } = await build();
      expect(changed).toEqual(expected);
      expect(preferences).toEqual(alone);
      expect(lines(stderr, /^building /)).toHaveLength(expected.length > 0 ? 1 : 0);
      expect(lines(stderr, /sandbox-only/)).toEqual([
        expect.stringMatching(/The base image .+ cannot be reached \(.*connection refused.*\), so .+: run \.\/bailiwick build again/),
      ]);
    }
    await registry.stop();
    name(pinned);
    expect((await build()).preferences).toEqual(onBase);
  });
});
