// The fidelity table of docs/sandbox.md: how close each resource type of the embedded clouds comes to the real one.
import type { Fidelity, ResourceDefinition } from "../sandbox/engine/definition.ts";

export interface CloudDefinitions {
  /** `gcp`; heads the cloud's part of the table. */
  readonly name: string;
  readonly resources: readonly ResourceDefinition[];
}

const levels = ["runs", "enforces", "records"] as const satisfies readonly Fidelity["level"][];

/** Markdown: for each cloud a line that counts and a table, the closest types first. The same definitions give the same text. */
export function fidelityTable(clouds: readonly CloudDefinitions[]): string {
  return clouds.map(({ name, resources }) => section(name, [...resources].sort(byLevelThenToken))).join("\n");
}

/** How many of the types are state only, 0 to 1. */
export function recordedShare(resources: readonly ResourceDefinition[]): number {
  return resources.length === 0 ? 0 : count(resources, "records") / resources.length;
}

function section(name: string, resources: readonly ResourceDefinition[]): string {
  const counts = levels.map((level) => `${count(resources, level)} ${level}`).join(", ");
  const rows = resources.map(({ token, fidelity }) => {
    const [how, test] = fidelity.level === "records" ? [fidelity.why, ""] : [fidelity.how, `\`${fidelity.test}\``];
    return `| \`${token}\` | ${fidelity.level} | ${cell(how)} | ${test} |`;
  });
  return [
    `## ${name}`,
    "",
    `${resources.length} types: ${counts}.`,
    "",
    "| type | level | how, or why not | test |",
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function count(resources: readonly ResourceDefinition[], level: Fidelity["level"]): number {
  return resources.filter(({ fidelity }) => fidelity.level === level).length;
}

function byLevelThenToken(a: ResourceDefinition, b: ResourceDefinition): number {
  const difference = levels.indexOf(a.fidelity.level) - levels.indexOf(b.fidelity.level);
  return difference !== 0 ? difference : a.token < b.token ? -1 : 1;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replace(/\s+/g, " ");
}
