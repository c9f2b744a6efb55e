// How the command line speaks: results on stdout, progress on stderr, colours on a terminal only, JSON when asked.
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Coloured where stdout is a terminal and `NO_COLOR` is not set. */
export const paint = (style: Style, text: string) => (process.stdout.isTTY && !process.env.NO_COLOR ? styleText(style, text) : text);

/** A line of progress. On a terminal the next one takes its place. */
let open = false;
export function progress(line: string): void {
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\u001b[2K${line}`);
    open = true;
  } else process.stderr.write(`${line}\n`);
}

/** Ends a line of progress that stands open. */
export function endProgress(): void {
  if (open) process.stderr.write("\r\u001b[2K");
  open = false;
}

/** Something the person should know, while work goes on. */
export function say(line: string): void {
  endProgress();
  process.stderr.write(`${line}\n`);
}

export function print(text: string): void {
  endProgress();
  process.stdout.write(`${text}\n`);
}

/** Columns as wide as their widest cell; numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => String(row[i]).length)));
  const line = (cells: readonly (string | number)[]) =>
    cells
      .map((cell, i) => (typeof cell === "number" ? String(cell).padStart(widths[i] as number) : String(cell).padEnd(widths[i] as number)))
      .join("  ")
      .trimEnd();
  // A head stands over its column as the first row's cell does.
  const titles = head.map((title, i) =>
    typeof rows[0]?.[i] === "number" ? title.padStart(widths[i] as number) : title.padEnd(widths[i] as number),
  );
  return [titles.join("  ").trimEnd(), ...rows.map(line)].join("\n");
}

export const megabytes = (bytes: number) => `${Math.round(bytes / 1_048_576)} MB`;
