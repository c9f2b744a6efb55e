// How figures are written down.
import { megabytes } from "../terminal.ts";
import { median, quantile } from "./statistics.ts";

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** `1.52 (1.48 to 1.71)`, or the one value. */
export function spread(values: readonly number[], digits = 2): string {
  const middle = median(values).toFixed(digits);
  return values.length === 1 ? middle : `${middle} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;
}

/** The middle one, the 99th of a hundred, and the largest. */
export const percentiles = (milliseconds: readonly number[]): string[] => [
  quantile(milliseconds, 0.5).toFixed(1),
  quantile(milliseconds, 0.99).toFixed(1),
  milliseconds.reduce((most, each) => Math.max(most, each), 0).toFixed(1),
];

export const rounds = (count: number): string => (count === 1 ? "1 round" : `${count} rounds`);
export const verdict = (kept: boolean): string => (kept ? "kept" : "**missed**");
export const bytesOrUnknown = (bytes: number | undefined): string => (bytes === undefined ? "not told by this system" : megabytes(bytes));
export const quoted = (text: string): string =>
  text
    .trim()
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
