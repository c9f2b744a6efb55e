// Releases enter the program through the artifact manifest only, by digest.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { RunError } from "@pulumi/pulumi";
import { type Artifact, artifactDir, type Manifest, parseManifest } from "./artifact-manifest.ts";
import type { ReleaseShare } from "./config.ts";

/**
 * @param folder in which the build left the manifest
 * @throws RunError when nothing was built yet, or the manifest is damaged
 */
export function readManifest(folder = artifactDir): Manifest {
  const file = resolve(folder, "manifest.json");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new RunError(`nothing is built yet (${file} is missing).\nRun ./bailiwick build first; ./bailiwick up does it by itself.`);
  }
  const { data, problem } = parseManifest(text);
  if (data) return data;
  throw new RunError(`the artifact manifest ${file} is damaged: ${problem}\nDelete ${folder} and run ./bailiwick build again.`);
}

export interface Release {
  readonly artifact: Artifact;
  /** Of the traffic, 0.01 to 100. */
  readonly percentage: number;
}

/**
 * The releases that should serve: those that the configuration names, else the newest build.
 * @throws RunError when a digest is not in the manifest, naming those that are
 */
export function releasesOf(manifest: Manifest, name: string, wanted: readonly ReleaseShare[] | undefined): Release[] {
  const built = manifest.artifacts.filter((each) => each.name === name);
  const newest = built.at(-1);
  if (!newest) throw new RunError(`no artifact "${name}" is built.\nRun ./bailiwick build first.`);
  if (!wanted) return [{ artifact: newest, percentage: 100 }];
  return wanted.map(({ digest, percentage }) => {
    const found = built.find((each) => each.digest === digest);
    if (found) return { artifact: found, percentage };
    const known = built.map((each) => `  ${each.digest}`).join("\n");
    throw new RunError(`bailiwick:releases names ${digest} for "${name}", which is not in the artifact manifest. Built are:\n${known}`);
  });
}
