// The report as one file: no script, nothing from elsewhere, and a policy of its own that would refuse both. Pure.
import { createHash } from "node:crypto";
import type { Block, Cell, Document, Inline, Section } from "./document.ts";
import { escaped } from "./escape.ts";
import { toSvg } from "./picture.ts";
import { style } from "./style.ts";

/** Boxes beside each other on a desktop, and on a phone. */
const perRow = { wide: 5, narrow: 2 } as const;

export function toHtml({ verdict, sections, review }: Document): string {
  const hash = createHash("sha256").update(style).digest("base64");
  const answer = verdict.mayMerge ? "Yes" : "No";
  const shown = sections.map((section, i) => ({ id: `s${i}`, section }));
  const pictures = review.stacks.filter(({ picture }) => picture.nodes.length > 0);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<title>May this merge? ${answer}</title>
<style>${style}</style>
</head>
<body>
<header class="${verdict.mayMerge ? "yes" : "no"}">
<h1>May this merge? ${answer}${verdict.mayMerge ? "" : `: ${escaped(verdict.reasons.join("; "))}`}.</h1>
${verdict.notes.length === 0 ? "" : `<p>To know: ${escaped(verdict.notes.join("; "))}.</p>`}
</header>
<nav aria-label="Sections">
${[...shown.map(({ id, section }) => `<a href="#${id}">${escaped(section.title)}</a>`), ...(pictures.length > 0 ? ['<a href="#picture">Picture</a>'] : [])].join("\n")}
</nav>
<main>
${shown.map(({ id, section }) => sectionOf(section, id)).join("\n")}
${
  pictures.length === 0
    ? ""
    : `<section id="picture">
<h2>Picture</h2>
<p class="legend">Above stands what uses, below what is used: a full line calls, a broken one needs a value. Drums keep data. What changes is coloured, and says how.</p>
${pictures.map(({ stack, picture }) => figure(stack, picture)).join("\n")}
</section>`
}
</main>
<footer>Values that the engine marks as secret are in no part of this page.</footer>
</body>
</html>
`;
}

function figure(stack: string, picture: Document["review"]["stacks"][number]["picture"]): string {
  const title = `Resource graph of ${stack}`;
  return `<figure><figcaption>${escaped(stack)}</figcaption>
<div class="wide">${toSvg(picture, perRow.wide, title)}</div>
<div class="narrow">${toSvg(picture, perRow.narrow, title)}</div>
</figure>`;
}

function sectionOf({ title, blocks, detail }: Section, id: string): string {
  const body = blocks.map(block).join("\n");
  return detail
    ? `<details id="${id}"><summary>${escaped(title)}</summary>\n${body}\n</details>`
    : `<section id="${id}">\n<h2>${escaped(title)}</h2>\n${body}\n</section>`;
}

function block(its: Block): string {
  switch (its.kind) {
    case "text":
      return `<p>${inline(its.text)}</p>`;
    case "message":
      return `<p>${inline(its.about)}</p>\n<pre>${escaped(its.text)}</pre>`;
    case "table":
      return `<table${its.rows.every((row) => row.every(isShort)) ? ' class="compact"' : ""}>
<thead><tr>${its.head.map((head) => `<th scope="col">${escaped(head)}</th>`).join("")}</tr></thead>
<tbody>
${its.rows.map((row) => `<tr>${row.map((cell, i) => `<td data-head="${escaped(its.head[i] ?? "")}">${cellOf(cell)}</td>`).join("")}</tr>`).join("\n")}
</tbody>
</table>`;
  }
}

/** Fits beside its head on a phone. */
const isShort = (cell: Cell): boolean => cell.length <= 1 && cell.flat().every((its) => typeof its === "string" || "tone" in its);

function cellOf(cell: Cell): string {
  const lines = cell.filter((line) => line.some((each) => each !== ""));
  return lines.length === 0 ? "" : `<div>${lines.map((line) => `<div>${inline(line)}</div>`).join("")}</div>`;
}

const inline = (its: readonly Inline[]): string => its.map(one).join("");

function one(its: Inline): string {
  if (typeof its === "string") return escaped(its);
  return "code" in its ? `<code>${escaped(its.code)}</code>` : `<span class="${its.tone}">${escaped(its.text)}</span>`;
}
