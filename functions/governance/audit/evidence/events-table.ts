// Events as a table for people: CSV (RFC 4180) that no spreadsheet takes for formulas. What is proven is events.jsonl; the verifier makes this table
// of it anew and compares.
import { canonicalJson } from "../../../shared/canonical-json.ts";

/** A line of events.jsonl, as far as a table shows it: without the salt. */
export interface Row {
  readonly index: number;
  /** Absent where the log's commitment is all that is shown. */
  readonly event?: object;
}

/** What a reader looks for first; the rest follows by name. */
const leading = ["id", "receivedAt", "subject", "purpose", "state"];

/** Every cell is quoted, lines end in CRLF (RFC 4180 section 2). Members of members have names with dots: `notice.sha256`. */
export function eventsTable(rows: readonly Row[]): string {
  const flat = rows.map(({ index, event }) => ({ index, shown: event !== undefined, cells: new Map(cellsOf(event ?? {}, "")) }));
  const names = [...new Set(flat.flatMap(({ cells }) => [...cells.keys()]))].sort();
  const columns = [...leading.filter((name) => names.includes(name)), ...names.filter((name) => !leading.includes(name))];
  const lines = [
    ["logIndex", "shown", ...columns],
    ...flat.map(({ index, shown, cells }) => [
      String(index),
      shown ? "yes" : "commitment only",
      ...columns.map((name) => cells.get(name) ?? ""),
    ]),
  ];
  return lines.map((line) => `${line.map((cell) => `"${defused(cell).replaceAll('"', '""')}"`).join(",")}\r\n`).join("");
}

function cellsOf(value: object, prefix: string): [string, string][] {
  return Object.entries(value).flatMap(([name, member]): [string, string][] => {
    if (typeof member === "object" && member !== null && !Array.isArray(member)) return cellsOf(member, `${prefix}${name}.`);
    return [[prefix + name, typeof member === "string" ? member : canonicalJson(member)]];
  });
}

/**
 * An apostrophe before what a spreadsheet would calculate: at the beginning of a cell, and wherever one that splits at other separators
 * would see a beginning (owasp.org/www-community/attacks/CSV_Injection).
 */
function defused(cell: string): string {
  if (/^-?\d+(\.\d+)?$/.test(cell)) return cell;
  return cell.replace(/(?<=^|[,;|\t\r\n])(?=[\s"']*[=+\-@\uff1d\uff0b\uff0d\uff20])/g, "'");
}
