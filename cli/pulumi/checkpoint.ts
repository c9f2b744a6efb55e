// What the engine has recorded of a stack, read from its state file: no engine has to run for it.
import { existsSync, readFileSync } from "node:fs";
import type { ResourceState } from "../../policies/state.ts";
import { stateFile } from "./backend.ts";
import { backendDir } from "./environment.ts";

/**
 * @returns undefined when the stack was never deployed from this machine
 * @throws SyntaxError when the file was cut off
 */
export function stateResources(stack: string): readonly ResourceState[] | undefined {
  const file = stateFile(stack, backendDir);
  if (!existsSync(file)) return undefined;
  const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as { checkpoint?: { latest?: { resources?: ResourceState[] } } };
  return checkpoint?.latest?.resources ?? [];
}

/** A stack's outputs as its state holds them, secrets still encrypted; undefined when it was never deployed. */
export function stateOutputs(stack: string): Readonly<Record<string, unknown>> | undefined {
  return stateResources(stack)?.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs;
}
