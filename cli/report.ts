// What a person reads of one or more operations.
import type { StackResult } from "./pulumi/operations.ts";
import { paint, say, table } from "./terminal.ts";

const sum = (changes: Readonly<Record<string, number>>, ...names: string[]) =>
  names.reduce((total, name) => total + (changes[name] ?? 0), 0);

export function resultTable(results: readonly StackResult[]): string {
  return table(
    ["stack", "created", "changed", "deleted", "unchanged", "rules run", "findings", "seconds", ""],
    results.map(({ stack, changes, rules, findings, seconds, ok }) => [
      stack,
      sum(changes, "create", "create-replacement"),
      sum(changes, "update", "replace"),
      sum(changes, "delete", "delete-replaced", "discard"),
      sum(changes, "same"),
      rules,
      findings.length,
      Math.round(seconds * 10) / 10,
      ok ? "" : "failed",
    ]),
  );
}

/** What the pack says of a run that it lets pass: exemptions in use with the days that they have left, and advisory findings. */
export function sayNotes(results: readonly StackResult[]): void {
  for (const { stack, findings } of results.filter(({ ok }) => ok))
    for (const { rule, message } of findings) say(`\n${stack}: ${worded(rule, message)}`);
}

const worded = (rule: string, message: string): string => (message.includes(rule) ? message : `${rule}: ${message}`);

/** Findings first, since they say what to do; then the engine's errors; Pulumi's own words where there is neither. */
export function describeFailure(result: StackResult): string {
  const lines = [paint("red", `\nStack ${result.stack}:`)];
  for (const { message, rule } of result.findings) lines.push(`\n${worded(rule, message)}`);
  const errors = result.errors.filter((error) => !/violates (one or more|\d+) mandatory|^error: (preview|update) failed/i.test(error));
  for (const error of errors) lines.push(`\n${error}`);
  if (lines.length === 1) lines.push(result.output.trim());
  return lines.join("\n");
}
