// What the rules last found in each stack, as a file a stack in results/. Written by `./bailiwick policy check --record`, read by
// docs/controls.md: the page shows what was recorded and when, and says of everything else that nobody looked.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { StackAudit } from "./audit.ts";

const count = z.int().min(0);
const tally = z.strictObject({ judged: count, violations: count, undecided: count, exempted: count });
const result = z.strictObject({
  stack: z.string(),
  /** Day of the check, YYYY-MM-DD in UTC. */
  date: z.iso.date(),
  /** Resources in the state. */
  resources: count,
  /** By every rule that the pack had then. */
  rules: z.record(z.string(), tally),
});

export type StackResult = z.infer<typeof result>;

export const resultsDir = join(import.meta.dirname, "results");

export function recordResult({ stack, resources, tally }: StackAudit, ruleIds: readonly string[], date: string, dir = resultsDir): void {
  const nothing = { judged: 0, violations: 0, undecided: 0, exempted: 0 };
  const rules = Object.fromEntries(ruleIds.map((id) => [id, tally.get(id) ?? nothing]));
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, `${stack}.json`), `${JSON.stringify({ stack, date, resources, rules } satisfies StackResult, null, 2)}\n`);
}

/** By the stack's name. @throws Error naming the file that is not what `policy check --record` writes */
export function loadResults(dir = resultsDir): StackResult[] {
  if (!existsSync(dir)) return [];
  const files = readdirSync(dir).filter((name) => name.endsWith(".json"));
  return files.sort().map((name) => {
    const read = result.safeParse(JSON.parse(readFileSync(join(dir, name), "utf8")));
    if (read.success) return read.data;
    throw new Error(`policies/results/${name} is not what policy check --record writes: ${z.prettifyError(read.error)}`);
  });
}
