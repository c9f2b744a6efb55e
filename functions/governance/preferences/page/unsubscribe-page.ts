// What whoever follows the link of a letter reads: one button, or that it was done. Pure.
import type { Purpose } from "../../../shared/consent.ts";
import { html } from "./html.ts";
import type { Frame } from "./model.ts";
import { framed } from "./page.ts";
import { actionOf } from "./parts.ts";
import { texts } from "./texts/index.ts";

/** RFC 8058 section 3.1: what a form, or a mail client, must say so that something is stopped. */
export const oneClick = { field: "List-Unsubscribe", value: "One-Click" } as const;

export type UnsubscribeStep =
  /** Nothing was done: mail clients and scanners follow links by themselves. */
  | { readonly step: "ask"; readonly purpose: Purpose }
  | { readonly step: "done"; readonly purpose: Purpose }
  /** The link names nothing. */
  | { readonly step: "unknown" };

/** @param frame its page is this page itself @param choices path of the preference page */
export function unsubscribePage(frame: Frame, what: UnsubscribeStep, choices: string): string {
  const { unsubscribe: words, purposes } = texts[frame.language];
  const rest = html`<p><a href="${choices}?lang=${frame.language}">${words.choices}</a></p>`;
  const page = (title: string, plain: string, form = html``) =>
    framed(frame, title, html`<main id="main"><h1>${title}</h1><p class="lead">${plain}</p>${form}${rest}</main>`);
  if (what.step === "unknown") return page(words.unknown.title, words.unknown.plain);
  const { name } = purposes[what.purpose];
  if (what.step === "done") return page(words.done.title, words.done.plain(name));
  const form = html`<form method="post" action="${actionOf(frame)}"><button id="unsubscribe" name="${oneClick.field}" value="${oneClick.value}">${words.button}</button></form>`;
  return page(words.title(name), words.plain, form);
}
