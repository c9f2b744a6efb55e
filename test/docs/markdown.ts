// What a Markdown page holds that can be tested: its examples and its links.

/** A command that a page tells its reader to run, and what the page says comes of it. */
export interface Example {
  /** Of the opening fence, from 1. */
  readonly line: number;
  readonly code: string;
  /** The `text` block that follows, if one does. */
  readonly expected?: string;
}

interface Fence {
  readonly line: number;
  /** What stands after the backticks: `sh`, `sh illustration`, `text`. */
  readonly info: string;
  readonly content: string;
}

function fences(markdown: string): Fence[] {
  const found: Fence[] = [];
  let open: { line: number; info: string; lines: string[] } | undefined;
  markdown.split("\n").forEach((text, index) => {
    if (open && text === "```") {
      found.push({ line: open.line, info: open.info, content: open.lines.join("\n") });
      open = undefined;
    } else if (open) open.lines.push(text);
    else if (text.startsWith("```")) open = { line: index + 1, info: text.slice(3).trim(), lines: [] };
  });
  if (open) throw new Error(`The block that begins in line ${open.line} has no end.`);
  return found;
}

/** The `sh` blocks of a page in their order, without those marked `sh illustration`. @throws Error for a block without an end */
export function examplesOf(markdown: string): Example[] {
  const all = fences(markdown);
  return all.flatMap(({ line, info, content }, i) => {
    if (info !== "sh") return [];
    const next = all[i + 1];
    return [{ line, code: content, ...(next?.info === "text" ? { expected: next.content } : {}) }];
  });
}

/** Targets of the links that lead to files of the work tree, with their lines. Code is no link. */
export function relativeLinksOf(markdown: string): { readonly line: number; readonly target: string }[] {
  let inFence = false;
  return markdown.split("\n").flatMap((text, index) => {
    if (text.startsWith("```")) inFence = !inFence;
    if (inFence) return [];
    const prose = text.replaceAll(/`[^`]*`/g, "");
    return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target as string)
      .filter((target) => !/^[a-z]+:/.test(target))
      .map((target) => ({ line: index + 1, target }));
  });
}

/** Anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(markdown: string): string[] {
  let inFence = false;
  return markdown.split("\n").flatMap((text) => {
    if (text.startsWith("```")) inFence = !inFence;
    const title = inFence ? undefined : /^#{1,6} (.*)$/.exec(text)?.[1];
    if (title === undefined) return [];
    return [
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ];
  });
}

const literally = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * Whether an output is what a page says. In the page, `…` stands for whatever differs from run to run: alone in a line for any number of
 * lines, none included; inside a line for at least one character.
 */
export function matches(output: string, expected: string): boolean {
  const pattern = tidy(expected)
    .split("\n")
    .map((line) => (line.trim() === "…" ? "(?:.*\\n)*?" : `${line.split("…").map(literally).join(".+?")}\\n`))
    .join("");
  return new RegExp(`^${pattern}$`).test(`${tidy(output)}\n`);
}

/** Without empty lines at the end; how much space stands between words does not count. */
export const tidy = (text: string) =>
  text
    .split("\n")
    .map((line) => line.replaceAll(/\s+/g, " ").trimEnd())
    .join("\n")
    .trimEnd();
