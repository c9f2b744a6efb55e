// What the last successful update of a stack was made of. While all of it is as it was, and a preview finds nothing to change, an update
// has nothing to do and nothing to save: not even what changes no resource, such as a protection, for the same program says the same.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { artifactDir } from "../../stacks/artifact-manifest.ts";
import { filesBelow } from "../files-below.ts";
import { root, stateDir } from "../paths.ts";
import { stateFile } from "./backend.ts";
import { backendDir, refreshConfig } from "./environment.ts";

/** Everything that the program and the pack read and that no preview shows. */
const sources = ["stacks", "components", "functions", "policies"];
const files = ["Pulumi.yaml", "package-lock.json"];

const recordFile = (stack: string) => join(stateDir, "applied", stack);

/** Of program, configuration, artifacts, engine, and the states that the stack starts from. */
function fingerprint(stack: string, pulumi: string): string {
  const hash = createHash("sha256").update(`${pulumi}\0${process.version}\0`);
  const all = [
    ...sources.flatMap((dir) => filesBelow(join(root, dir))),
    ...files.map((file) => join(root, file)),
    join(artifactDir, "manifest.json"),
    refreshConfig(stack),
    // A region's program reads the global stack's outputs.
    ...[stack, "global"].map((name) => stateFile(name, backendDir)),
  ];
  // By names below the root: a copy of a deployed platform is as deployed as the original.
  for (const file of all) hash.update(`${relative(root, file)}\0`).update(existsSync(file) ? readFileSync(file) : "");
  return hash.digest("hex");
}

/** @param pulumi path of the engine: it names the version, in the cache as elsewhere */
export function isApplied(stack: string, pulumi: string): boolean {
  const file = recordFile(stack);
  return existsSync(file) && readFileSync(file, "utf8") === fingerprint(stack, pulumi);
}

/** To be called after an update that succeeded. */
export function recordApplied(stack: string, pulumi: string): void {
  const file = recordFile(stack);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, fingerprint(stack, pulumi));
}
