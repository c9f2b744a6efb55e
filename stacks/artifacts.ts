// What was built: the artifact manifest that `./bailiwick build` and `publish` write. Releases enter the program through it only, by digest.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { RunError } from "@pulumi/pulumi";
import { z } from "zod";
import type { ReleaseShare } from "./config.ts";

export const artifactDir = resolve(import.meta.dirname, "..", ".bailiwick");

const artifact = z.strictObject({
  name: z.string(),
  kind: z.enum(["worker", "image"]),
  /** Of what was built. The same sources, packages and Node version give the same digest; an image's bytes also depend on Node's zlib. */
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  /** Bytes. */
  size: z.int(),
  /** Folder below `artifactDir`: a Worker's modules, or an OCI layout. */
  path: z.string(),
  /** Policy revision that a Worker's decision table carries. */
  policyRevision: z.string().optional(),
  /** CycloneDX bill of materials, below `artifactDir`. */
  sbom: z.string(),
  /** From which sources it was built. */
  provenance: z.strictObject({ commit: z.string(), dirty: z.boolean(), lock: z.string(), node: z.string() }),
  /** `sandbox-only`: the image has no base layer, since none could be reached when it was built. */
  availability: z.enum(["anywhere", "sandbox-only"]),
});
export type Artifact = z.infer<typeof artifact>;

/** Oldest first, so the last of a name is its newest. */
export const manifestSchema = z.strictObject({ version: z.literal(1), artifacts: z.array(artifact) });
export type Manifest = z.infer<typeof manifestSchema>;

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

/** A manifest's text, or what is wrong with it: it was cut off, or says what no manifest says. */
export function parseManifest(
  text: string,
): { readonly data: Manifest; readonly problem?: never } | { readonly data?: never; readonly problem: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { problem: (error as SyntaxError).message };
  }
  const parsed = manifestSchema.safeParse(json);
  return parsed.success ? { data: parsed.data } : { problem: z.prettifyError(parsed.error) };
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
