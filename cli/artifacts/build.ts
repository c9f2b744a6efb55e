// `./bailiwick build`: from sources to immutable artifacts, each under its digest, and the manifest that lists them.
// Nothing is built inside `pulumi up`.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { artifactsFile } from "../../policies/artifacts.ts";
import { holdState, StateHeld } from "../../sandbox/state-lock.ts";
import { type Artifact, artifactDir, type Manifest } from "../../stacks/artifact-manifest.ts";
import { filesBelow } from "../files-below.ts";
import { cacheDir, root } from "../paths.ts";
import { deployedReleases } from "../pulumi/deployed-releases.ts";
import { allStacks, committedConfig } from "../stacks.ts";
import { say } from "../terminal.ts";
import { provideTool } from "../tools.ts";
import { type BaseImage, BaseUnreachable, named, provideBaseImage } from "./base-image.ts";
import { type BaseReference, baseImageFile, readBaseReference } from "./base-reference.ts";
import type { Base } from "./make.ts";
import { readManifestFile, writeManifestFile } from "./manifest.ts";
import { policyPackDir } from "./paths.ts";

/** Releases of a name that are kept for a way back, besides those that a configuration names or that serve. */
const keptReleases = 10;

const stampFile = join(artifactDir, "stamp");

const sha256 = (...parts: (string | Uint8Array)[]) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

/** What decides the result: every source that is built, the packages, and this builder itself. */
function sourceStamp(): string {
  const files = ["functions", "policies", "cli/artifacts", "tools/collector"].flatMap((dir) => filesBelow(join(root, dir)));
  files.push(join(root, "package-lock.json"), join(root, "stacks", "residency.ts"), join(root, "stacks", "worker-digest.ts"));
  return sha256(...files.flatMap((file) => [relative(root, file), "\0", readFileSync(file)]), process.version);
}

function provenance(): Artifact["provenance"] {
  const git = (...args: string[]) => {
    try {
      return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      return undefined; // Not a clone: an unpacked archive, say.
    }
  };
  return {
    commit: git("rev-parse", "HEAD") ?? "unknown",
    dirty: git("status", "--porcelain", "functions", "policies", "cli", "tools/collector", "package-lock.json") !== "",
    lock: `sha256:${sha256(readFileSync(join(root, "package-lock.json")))}`,
    node: process.version,
  };
}

/** Bases whose registry did not answer this process: `up` builds more than once, and one wait is enough. */
const unreachable = new Set<string>();

/** The base image, unless it cannot be reached; then says so. */
async function reachableBase(reference: BaseReference, progress: (line: string) => void): Promise<BaseImage | undefined> {
  if (unreachable.has(reference.digest)) return undefined;
  const crane = async () => {
    const { path } = await provideTool("crane", progress);
    progress(`pulling the base image ${named(reference)}, once ...`);
    return path;
  };
  try {
    return await provideBaseImage(reference, join(cacheDir, "base-images"), crane);
  } catch (error) {
    if (!(error instanceof BaseUnreachable)) throw error;
    unreachable.add(reference.digest);
    say(
      `The base image ${named(reference)} cannot be reached (${error.message}), so images of this build are sandbox-only: run ./bailiwick build again once its registry answers.`,
    );
    return undefined;
  }
}

export interface BuildResult {
  readonly manifest: Manifest;
  /** Names of artifacts whose newest release is another than before. */
  readonly changed: readonly string[];
}

/**
 * Builds what changed. Does nothing, in a few milliseconds, when no source did; a base image that could not be reached is asked for again.
 * @throws PersonError when a source does not build, or the base image is named wrongly, unknown or damaged
 */
export async function buildArtifacts(progress: (line: string) => void): Promise<BuildResult> {
  const before = readManifestFile();
  const reference = readBaseReference();
  const sources = sourceStamp();
  const intact =
    existsSync(join(policyPackDir, artifactsFile)) && before.artifacts.every((artifact) => existsSync(join(artifactDir, artifact.path)));
  const stampOf = (base: string | undefined) => `${sources} on ${base ?? "no base"}`;
  const unchanged = (stamp: string) => intact && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
  if (unchanged(stampOf(reference?.digest))) return { manifest: before, changed: [] };
  const base = reference && (await reachableBase(reference, progress));
  const stamp = stampOf(base && reference.digest);
  if (unchanged(stamp)) return { manifest: before, changed: [] };
  if (!reference)
    say(`${baseImageFile} names no base image, so images of this build are sandbox-only: pin one there before you deploy to a cloud.`);

  const letGo = await ourTurn(progress);
  try {
    // Whoever was before us may have built the same.
    if (unchanged(stamp)) return { manifest: readManifestFile(), changed: [] };
    return await buildAll(readManifestFile(), stamp, base && { image: base, reference: reference as BaseReference }, progress);
  } finally {
    letGo();
  }
}

/** One build at a time. */
async function ourTurn(progress: (line: string) => void): Promise<() => void> {
  for (;;) {
    try {
      return holdState(artifactDir, "build.lock");
    } catch (error) {
      if (!(error instanceof StateHeld)) throw error;
      progress("waiting for another build ...");
      await delay(100);
    }
  }
}

/** Digests that must stay, however old: those that a configuration names, and those that serve. */
function neededDigests(): Set<string> {
  const stacks = allStacks();
  const named = stacks.flatMap((stack) => readFileSync(committedConfig(stack), "utf8").match(/sha256:[0-9a-f]{64}/g) ?? []);
  const serving = stacks.flatMap((stack) =>
    Object.values(deployedReleases(stack) ?? {}).flatMap((shares) => shares.map(({ digest }) => digest)),
  );
  return new Set([...named, ...serving]);
}

async function buildAll(before: Manifest, stamp: string, base: Base | undefined, progress: (line: string) => void): Promise<BuildResult> {
  progress("building Workers, services and the policy pack ...");
  // What a build that was killed left behind.
  for (const name of readdirSync(artifactDir).filter((each) => each.startsWith(".build-")))
    rmSync(join(artifactDir, name), { recursive: true, force: true });
  const needed = neededDigests();
  // Compilers are loaded when there is something to compile.
  const { makers, buildPolicyPack, billOfMaterials } = await import("./make.ts");
  let artifacts = before.artifacts.filter((artifact) => existsSync(join(artifactDir, artifact.path)));
  const changed: string[] = [];
  for (const { name, kind, build } of await makers(base, progress)) {
    const built = await build();
    const path = join(`${kind}s`, `${name}-${built.digest.slice(7, 23)}`);
    const dir = join(artifactDir, path);
    const sbom = `${path}.cdx.json`;
    if (!existsSync(dir)) {
      mkdirSync(join(artifactDir, `${kind}s`), { recursive: true });
      const work = mkdtempSync(join(artifactDir, ".build-"));
      built.write(work);
      const bill = billOfMaterials(name, built.digest, built.made, built.base);
      writeFileSync(join(artifactDir, sbom), JSON.stringify(bill, null, 2));
      renameSync(work, dir);
    }
    const releases = artifacts.filter((artifact) => artifact.name === name);
    if (releases.at(-1)?.digest !== built.digest) changed.push(name);
    const known = releases.find(({ digest }) => digest === built.digest);
    artifacts = artifacts.filter((artifact) => artifact !== known);
    artifacts.push(
      known ?? {
        name,
        kind,
        digest: built.digest,
        size: built.size,
        path,
        ...(built.policyRevision === undefined ? {} : { policyRevision: built.policyRevision }),
        sbom,
        provenance: provenance(),
        availability: built.availability,
      },
    );
    const old = artifacts
      .filter((artifact) => artifact.name === name)
      .slice(0, -keptReleases)
      .filter(({ digest }) => !needed.has(digest));
    for (const artifact of old) rmSync(join(artifactDir, artifact.path), { recursive: true, force: true });
    artifacts = artifacts.filter((artifact) => !old.includes(artifact));
  }
  await buildPolicyPack(policyPackDir);
  const manifest: Manifest = { version: 1, artifacts };
  writeManifestFile(manifest);
  // Beside the pack, which judges by it whether what runs was built here.
  writeFileSync(join(policyPackDir, artifactsFile), JSON.stringify(manifest));
  writeFileSync(stampFile, stamp);
  return { manifest, changed };
}
