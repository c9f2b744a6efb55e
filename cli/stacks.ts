// The stacks of the project, as their committed configuration files say.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { exitCodes, PersonError } from "./errors.ts";
import { root } from "./paths.ts";

export const projectName = "bailiwick";
const stacksDir = join(root, "stacks");

export const committedConfig = (stack: string) => join(stacksDir, `Pulumi.${stack}.yaml`);

/** All stacks, `global` first: the regions build on it. */
export function allStacks(): string[] {
  const names = readdirSync(stacksDir).flatMap((file) => /^Pulumi\.([a-z][a-z0-9-]*)\.yaml$/.exec(file)?.[1] ?? []);
  return names.sort((a, b) => Number(b === "global") - Number(a === "global") || a.localeCompare(b));
}

/** @throws PersonError for a stack that has no configuration file */
export function chosenStacks(names: readonly string[]): string[] {
  const known = allStacks();
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new PersonError(
      `There is no stack "${unknown.join('", "')}". There are: ${known.join(", ")}.`,
      "To add a region: an entry in stacks/residency.ts and a stacks/Pulumi.<region>.yaml.",
      exitCodes.usage,
    );
  return names.length === 0 ? known : known.filter((name) => names.includes(name));
}

/** What can be deployed at the same time: first `global`, then all regions. */
export const waves = (stacks: readonly string[]): string[][] =>
  [stacks.filter((stack) => stack === "global"), stacks.filter((stack) => stack !== "global")].filter((wave) => wave.length > 0);
