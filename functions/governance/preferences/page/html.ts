// HTML in which every text is escaped: Hono's tag, for values that are there already.
import { html as tagged } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

export type Html = HtmlEscapedString;

/** Without a promise among the values, Hono's tag never answers with one. */
export const html = (strings: TemplateStringsArray, ...values: (Html | string | number | false | undefined | readonly Html[])[]): Html =>
  tagged(strings, ...values) as Html;
