import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Artifact, Manifest } from "../../stacks/artifact-manifest.ts";
import { readManifest, releasesOf } from "../../stacks/artifacts.ts";
import { serviceReleases } from "../../stacks/releases.ts";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const built = (name: string, digit: string): Artifact => ({
  name,
  kind: "image",
  digest: digest(digit),
  size: 1,
  path: `images/${name}-${digit}`,
  sbom: `images/${name}-${digit}.cdx.json`,
  provenance: { commit: "c", dirty: false, lock: digest("0"), node: "v24" },
  availability: "anywhere",
});
const manifest: Manifest = { version: 1, artifacts: [built("site", "a"), built("other", "c"), built("site", "b")] };

describe("the releases that serve", () => {
  it("are the newest build, where the configuration names none", () => {
    expect(releasesOf(manifest, "site", undefined)).toEqual([{ artifact: manifest.artifacts[2], percentage: 100 }]);
  });

  it("are those that the configuration names, in its order", () => {
    const wanted = [
      { digest: digest("a"), percentage: 90 },
      { digest: digest("b"), percentage: 10 },
    ];
    expect(releasesOf(manifest, "site", wanted).map(({ artifact, percentage }) => [artifact.digest, percentage])).toEqual([
      [digest("a"), 90],
      [digest("b"), 10],
    ]);
  });

  it("are refused when a digest was never built, naming those that were", () => {
    const attempt = () => releasesOf(manifest, "site", [{ digest: digest("f"), percentage: 100 }]);
    expect(attempt).toThrow(`names ${digest("f")} for "site"`);
    expect(attempt).toThrow(`Built are:\n  ${digest("a")}\n  ${digest("b")}`);
    // Built, but of another name: not an answer.
    expect(() => releasesOf(manifest, "site", [{ digest: digest("c"), percentage: 100 }])).toThrow("not in the artifact manifest");
  });

  it("are refused when nothing of the name is built, saying what to run", () => {
    expect(() => releasesOf(manifest, "absent", undefined)).toThrow(/no artifact "absent" is built[\s\S]*\.\/bailiwick build/);
  });

  it("of a service name their image by digest in the region's own repository", () => {
    expect(serviceReleases(manifest, "site", "europe-west3-docker.pkg.dev/p/r")).toEqual([
      { image: `europe-west3-docker.pkg.dev/p/r/site@${digest("b")}`, tag: "b".repeat(12), percentage: 100 },
    ]);
  });
});

describe("the manifest", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "artifacts-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (text: string) => writeFileSync(join(folder, "manifest.json"), text);

  it("is read as it was written", () => {
    write(JSON.stringify(manifest));
    expect(readManifest(folder)).toEqual(manifest);
  });

  it("that is missing says what to run", () => {
    expect(() => readManifest(folder)).toThrow(/nothing is built yet[\s\S]*\.\/bailiwick build/);
  });

  it.each([
    ["cut off", JSON.stringify(manifest).slice(0, 100)],
    ["of another version", JSON.stringify({ ...manifest, version: 2 })],
    ["with a digest that is none", JSON.stringify({ ...manifest, artifacts: [{ ...built("site", "a"), digest: "latest" }] })],
  ])("%s is damaged, and says so with its path and what to do", (_what, text) => {
    write(text);
    expect(() => readManifest(folder)).toThrow(`the artifact manifest ${join(folder, "manifest.json")} is damaged`);
    expect(() => readManifest(folder)).toThrow("run ./bailiwick build again");
  });
});
