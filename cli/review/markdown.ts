// The report as a comment on a pull request. What a plan says stands in code spans and fenced blocks only: nothing in it is markup, a link or
// a mention. Where a comment would be too long, detail goes; the verdict never does. Pure.
import type { Block, Cell, Document, Inline, Section } from "./document.ts";
import { visible } from "./escape.ts";
import type { Verdict } from "./verdict.ts";

/** GitHub refuses a longer comment: "Body is too long (maximum is 65536 characters)". */
export const commentLimit = 65_536;
/** The last line of the report: by it the workflow knows its own comment again. */
export const commentMark = "<!-- bailiwick preview -->";

/** @param limit in characters */
export function toMarkdown(document: Document, limit = commentLimit): string {
  const head = verdictLines(document.verdict).join("\n");
  const whole = document.sections.map((section) => pieces(section));
  const room = limit - head.length - commentMark.length - 500;
  const kept = fitting(whole, room);
  const cut = whole.some((its, i) => kept[i] !== its.body.length);
  return [
    head,
    ...whole.flatMap((its, i) => (kept[i] === 0 && its.body.length > 0 ? [] : [render(its, kept[i] as number)])),
    ...(cut ? ["*Shortened to fit into a comment. The whole report is among the files of this run.*"] : []),
    commentMark,
  ].join("\n\n");
}

export function verdictLines({ mayMerge, reasons, notes }: Verdict): string[] {
  return [
    `**May this merge? ${mayMerge ? "Yes." : `No: ${reasons.join("; ")}.`}**`,
    ...(notes.length === 0 ? [] : ["", `To know: ${notes.join("; ")}.`]),
  ];
}

/** A section as a head and pieces of which the last ones may go: rows of tables, messages. */
interface Pieces {
  readonly head: string;
  readonly body: readonly string[];
  readonly foot: string;
}

function pieces({ title, blocks, detail }: Section): Pieces {
  const body = blocks.flatMap(lines);
  return detail
    ? { head: `<details><summary>${title}</summary>\n`, body, foot: "\n</details>" }
    : { head: `### ${title}\n`, body, foot: "" };
}

const render = ({ head, body, foot }: Pieces, count: number): string =>
  [head, ...body.slice(0, count), ...(count < body.length ? ["", `... and more: ${body.length - count} lines.`] : []), foot]
    .join("\n")
    .trimEnd();

/** How many pieces of each section there is room for: the first sections first, none of them more than half of what is left. */
function fitting(all: readonly Pieces[], room: number): number[] {
  const sizeOf = (its: Pieces, count: number) => its.body.slice(0, count).reduce((sum, piece) => sum + piece.length + 1, 0);
  const fixed = all.map(({ head, foot }) => head.length + foot.length + 60);
  let left = room - fixed.reduce((sum, size) => sum + size, 0);
  return all.map((its, i) => {
    const allowed =
      i === all.length - 1
        ? left
        : Math.max(left / 2, left - all.slice(i + 1).reduce((sum, next) => sum + sizeOf(next, next.body.length), 0));
    let count = 0;
    let size = 0;
    while (count < its.body.length && size + (its.body[count] as string).length + 1 <= allowed) {
      size += (its.body[count] as string).length + 1;
      count++;
    }
    left -= size;
    return count;
  });
}

/** Lines that stand for themselves: a table may end after any of its rows. */
function lines(block: Block): string[] {
  switch (block.kind) {
    case "text":
      return ["", inline(block.text), ""];
    case "message":
      return [`\n${inline(block.about)}\n\n${fenced(block.text)}\n`];
    case "table":
      return [
        `\n| ${block.head.map(plain).join(" | ")} |\n|${" --- |".repeat(block.head.length)}`,
        ...block.rows.map((row) => `| ${row.map(cell).join(" | ")} |`),
        "",
      ];
  }
}

const cell = (its: Cell): string => its.map(inline).join("<br>");
const inline = (its: readonly Inline[]): string => its.map(one).join("");

function one(its: Inline): string {
  if (typeof its === "string") return plain(its);
  return "code" in its ? span(its.code) : `**${plain(its.text)}**`;
}

/** Our own words, and names that the schema bounds. */
const plain = (words: string): string => words.replace(/[\\`*_{}[\]<>#|@!~$]/g, (sign) => `&#${sign.charCodeAt(0)};`).replace(/\s+/g, " ");

/**
 * A code span (spec.commonmark.org/0.31.2/#code-spans) that nothing in it can end: its fence is longer than any run of backticks within.
 * A table's cell would end at a bar, even there (github.github.com/gfm/#tables-extension-).
 */
function span(words: string): string {
  const flat = visible(words).replace(/\s+/g, " ").trim();
  if (flat === "") return "";
  const fence = fenceFor(flat, 1);
  const pad = flat.includes("`") ? " " : "";
  return `${fence}${pad}${flat.replaceAll("|", "\\|")}${pad}${fence}`;
}

function fenced(words: string): string {
  const fence = fenceFor(words, 3);
  return `${fence}text\n${visible(words)}\n${fence}`;
}

function fenceFor(words: string, least: number): string {
  const longest = Math.max(0, ...[...words.matchAll(/`+/g)].map(([run]) => run.length));
  return "`".repeat(Math.max(least, longest + 1));
}
