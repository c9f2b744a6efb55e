// In which languages people are spoken to, and which of them a request asks for.
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
