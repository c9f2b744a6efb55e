// How a language writes instants, lists and countries.
import type { Language } from "../../../shared/languages.ts";

/** The kind of a language in which its texts are written. */
export const localeOf = (language: Language): string => (language === "en" ? "en-GB" : language);

/** An instant in words, in UTC: the server does not know where the person is. */
export function inWords(instant: string, language: Language): string {
  return new Intl.DateTimeFormat(localeOf(language), {
    year: "numeric",
    month: "long",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: "UTC",
    timeZoneName: "short",
  }).format(new Date(instant));
}

const listFormat = (language: Language) => new Intl.ListFormat(localeOf(language), { type: "conjunction" });

/** A list as the language writes it: "a, b and c". */
export const listed = (items: readonly string[], language: Language): string => listFormat(language).format(items);

/** The same in parts, to mark up the items. */
export const listParts = (items: readonly string[], language: Language) => listFormat(language).formatToParts(items);

export const countryName = (code: string, language: Language): string =>
  new Intl.DisplayNames(language, { type: "region" }).of(code) ?? code;
