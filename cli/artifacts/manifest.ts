// The manifest file of what was built on this machine.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { artifactDir, type Manifest, parseManifest } from "../../stacks/artifact-manifest.ts";
import { PersonError } from "../errors.ts";

const manifestFile = join(artifactDir, "manifest.json");

/** @throws PersonError when the manifest is there and damaged */
export function readManifestFile(): Manifest {
  if (!existsSync(manifestFile)) return { version: 1, artifacts: [] };
  const { data, problem } = parseManifest(readFileSync(manifestFile, "utf8"));
  if (data) return data;
  throw new PersonError(`The artifact manifest ${manifestFile} is damaged: ${problem}`, `Delete ${artifactDir} and build again.`);
}

/** Whole or not at all. */
export function writeManifestFile(manifest: Manifest): void {
  const fresh = `${manifestFile}.new`;
  writeFileSync(fresh, `${JSON.stringify(manifest, null, 2)}\n`);
  renameSync(fresh, manifestFile);
}
