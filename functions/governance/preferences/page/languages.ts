// In which languages the page speaks, and which of them a request asks for.
import { parseAccept } from "hono/utils/accept";

export const languages = ["en", "de", "fr", "ja", "ar"] as const;
export type Language = (typeof languages)[number];

export const isLanguage = (value: unknown): value is Language => languages.includes(value as Language);

export const directionOf = (language: Language): "ltr" | "rtl" => (language === "ar" ? "rtl" : "ltr");

/** What the person chose, else the best of what the browser accepts (RFC 9110 section 12.5.4; `de-AT` is served by `de`), else English. */
export function languageFor(chosen: string | undefined, acceptLanguage: string | undefined): Language {
  if (isLanguage(chosen)) return chosen;
  const wanted = parseAccept(acceptLanguage ?? "")
    .filter(({ q }) => q > 0)
    .map(({ type }) => type.toLowerCase().split("-")[0]);
  return wanted.find(isLanguage) ?? "en";
}

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
