// What the last update of a stack put into service, from its state: no engine has to run for it.
import { existsSync, readFileSync } from "node:fs";
import type { ReleaseShare } from "../../stacks/config.ts";
import { stateFile } from "./backend.ts";
import { backendDir } from "./environment.ts";

interface Checkpoint {
  readonly checkpoint?: { readonly latest?: { readonly resources?: readonly { type: string; outputs?: Record<string, unknown> }[] } };
}

/** By artifact; undefined when the stack was never deployed from this machine, or its state cannot be read. */
export function deployedReleases(stack: string): Readonly<Record<string, readonly ReleaseShare[]>> | undefined {
  const file = stateFile(stack, backendDir);
  if (!existsSync(file)) return undefined;
  try {
    const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as Checkpoint;
    const outputs = checkpoint?.latest?.resources?.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs;
    return outputs?.releases as Readonly<Record<string, readonly ReleaseShare[]>> | undefined;
  } catch {
    return undefined;
  }
}
