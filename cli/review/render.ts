// The forms that a report has.
import { writeFileSync } from "node:fs";
import { print, say } from "../terminal.ts";
import { documentOf } from "./document.ts";
import { toHtml } from "./html.ts";
import { toMarkdown } from "./markdown.ts";
import type { Review } from "./model.ts";

export const forms = ["md", "html", "json"] as const;
export type Form = (typeof forms)[number];

/** @param expected stacks that must have been previewed */
export function rendered(review: Review, form: Form, expected: readonly string[]): string {
  if (form === "json") return JSON.stringify(review);
  const document = documentOf(review, expected);
  return form === "md" ? toMarkdown(document) : toHtml(document);
}

/** To the file that was named, or to stdout. */
export function deliver(text: string, out: string | undefined): void {
  if (out === undefined) {
    print(text);
    return;
  }
  writeFileSync(out, text);
  say(`Written: ${out}`);
}
