// What the last update of a stack put into service, from its state.
import type { ReleaseShare } from "../../stacks/config.ts";
import { stateResources } from "./checkpoint.ts";

/** By artifact; undefined when the stack was never deployed from this machine, or its state cannot be read. */
export function deployedReleases(stack: string): Readonly<Record<string, readonly ReleaseShare[]>> | undefined {
  try {
    const outputs = stateResources(stack)?.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs;
    return outputs?.releases as Readonly<Record<string, readonly ReleaseShare[]>> | undefined;
  } catch {
    return undefined;
  }
}
