import { describe, expect, test } from "vitest";
import { texts } from "../../../../../functions/governance/preferences/page/texts/index.ts";
import { type Language, languageFor, languages } from "../../../../../functions/shared/languages.ts";

describe("the language of the page", () => {
  test.each([
    ["ja", "de", "ja"],
    [undefined, "de-AT, en;q=0.5", "de"],
    [undefined, "en;q=0.5, fr;q=0.9", "fr"],
    [undefined, "nl, ar-EG;q=0.8", "ar"],
    [undefined, "fr;q=0, de;q=0.1", "de"],
    ["xx", "fr", "fr"],
    [undefined, "nl", "en"],
    [undefined, "*", "en"],
    [undefined, "", "en"],
    [undefined, undefined, "en"],
  ] as const)("chosen %s, accepted %s: %s", (chosen, accepted, language) => expect(languageFor(chosen, accepted)).toBe(language));
});

/** Every text of a catalogue with its place; functions are called with their places. */
function said(value: unknown, at = ""): [string, string][] {
  if (typeof value === "string") return [[at, value]];
  if (typeof value === "function") return [[at, value("<a>", "<b>")]];
  return Object.entries(value as object).flatMap(([key, each]) => said(each, `${at}.${key}`));
}

describe.each(languages)("the catalogue of %s", (language: Language) => {
  const all = said(texts[language]);

  test("says something everywhere, and nothing twice around what is put in", () => {
    expect(all.filter(([, text]) => text.trim() === "")).toEqual([]);
    const functions = said(texts.en).filter(([, text]) => text.includes("<a>"));
    for (const [at] of functions) expect(all.find(([each]) => each === at)?.[1]).toContain("<a>");
  });

  test.skipIf(language === "en")("repeats no English but names", () => {
    const english = new Map(said(texts.en));
    const same = all.filter(([at, text]) => english.get(at) === text && /[a-z]{4}/i.test(text)).map(([, text]) => text);
    // Words that are the same in French.
    expect(same.filter((text) => !["E-mail", "Notice <a>, version <b>"].includes(text))).toEqual([]);
  });

  test("yes and no are about as long: neither is hidden in small print", () => {
    const { allow, refuse, all: everything } = texts[language];
    for (const [yes, no] of [
      [allow, refuse],
      [everything.allow, everything.withdraw],
      [everything.allow, everything.refuse],
    ] as const)
      expect(Math.abs(yes.length - no.length)).toBeLessThanOrEqual(6);
  });
});
