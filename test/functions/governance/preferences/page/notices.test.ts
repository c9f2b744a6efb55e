import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { compileDecisionTable } from "../../../../../functions/governance/policy/compile.ts";
import { legalBasis } from "../../../../../functions/governance/policy/legal-basis.ts";
import { provisionsOf, wordsFor } from "../../../../../functions/governance/preferences/page/law.ts";
import { noticeIn, noticesOf, noticeVersion } from "../../../../../functions/governance/preferences/page/notice-text.ts";
import { type Notice, noticeDigest } from "../../../../../functions/governance/preferences/page/notices.ts";
import { texts } from "../../../../../functions/governance/preferences/page/texts/index.ts";
import { parseVendors, vendors } from "../../../../../functions/governance/preferences/page/vendors.ts";
import { languages } from "../../../../../functions/shared/languages.ts";

const table = await compileDecisionTable();
const notice: Notice = { id: "preferences-eu", version: 1, language: "en", text: "We ask." };

describe("a notice is named by its content", () => {
  test("as SHA-256 of its canonical JSON, which anybody can compute", async () => {
    const canonical = '{"id":"preferences-eu","language":"en","text":"We ask.","version":1}';
    expect(await noticeDigest(notice)).toBe(`sha256:${createHash("sha256").update(canonical).digest("hex")}`);
  });

  test.each([
    { id: "other" },
    { version: 2 },
    { language: "de" as const },
    { text: "We ask!" },
  ])("so another %o is another notice", async (other) =>
    expect(await noticeDigest({ ...notice, ...other })).not.toBe(await noticeDigest(notice)));

  test("and is found by it, and by its language", async () => {
    const notices = await noticesOf({ jurisdiction: "eu", table, vendors });
    const { notice, reference } = notices.in("fr");
    expect(notices.get(reference.sha256)).toEqual(notice);
    expect(notices.reference(reference.sha256)).toEqual(reference);
    expect(notices.reference("sha256:00")).toBeUndefined();
  });
});

describe("the notice of a jurisdiction", () => {
  test.each(languages)("says in %s what is done, on what it rests and who receives data", (language) => {
    const { text } = noticeIn(language, { jurisdiction: "eu", table, vendors });
    for (const { name } of vendors) expect(text).toContain(name);
    expect(text).toContain("GDPR Art. 6(1)(a)");
  });

  test("says what a yes covers where nothing under it is chosen", () =>
    expect(noticeIn("en", { jurisdiction: "eu", table, vendors }).text).toContain(
      `How we may reach you: E-mail, Text message, Notification on your device and Letter. ${texts.en.unticked.open}`,
    ));

  test("says to what Global Privacy Control says no, and that one may allow it all the same", () =>
    expect(noticeIn("en", { jurisdiction: "us", table, vendors }).text.split(texts.en.gpc.notice)).toHaveLength(2));

  test("is another one when a vendor is another", async () => {
    const told = { jurisdiction: "eu", table, vendors };
    const fewer = { ...told, vendors: vendors.slice(1) };
    expect(await noticeDigest(noticeIn("en", fewer))).not.toBe(await noticeDigest(noticeIn("en", told)));
  });

  test("has a higher version when its text has changed: raise noticeVersion, then write the new digests here", async () => {
    const digests = await Promise.all(
      Object.keys(legalBasis).map(async (jurisdiction) => {
        const all = await Promise.all(languages.map((language) => noticeDigest(noticeIn(language, { jurisdiction, table, vendors }))));
        return [jurisdiction, createHash("sha256").update(all.join()).digest("hex").slice(0, 16)] as const;
      }),
    );
    expect({ version: noticeVersion, ...Object.fromEntries(digests) }).toEqual({
      version: 4,
      "*": "d90787770455c3a3",
      eu: "01bd66e6f8aab406",
      us: "088b4be5bf27e01f",
      sg: "f4946fbace37c755",
      uk: "23715fee5cd84f2f",
    });
  });
});

describe("every legal basis", () => {
  const laws = [...new Set(Object.values(legalBasis).flatMap((bases) => Object.values(bases).map(({ law }) => law)))];

  test.each(laws)("has the words of the law behind it: %s", (law) => expect(provisionsOf(law)).toBeDefined());

  test("is quoted in the reader's language where that text is law, else in English, which says so", () => {
    const [consent] = provisionsOf("GDPR Art. 6(1)(a), ePrivacy Directive Art. 5(3)") ?? [];
    if (!consent) throw new Error("no provision");
    expect(wordsFor(consent, "de").language).toBe("de");
    expect(wordsFor(consent, "ja")).toEqual({ language: "en", text: consent.words.en });
  });
});

describe("vendors", () => {
  const good = { name: "Pigeon Post", role: "processor", country: "NL", purposes: ["analytics"] };

  test.each([
    [{ ...good, country: "Netherlands" }, "country"],
    [{ ...good, purposes: ["tracking"] }, "purposes"],
    [{ ...good, purposes: [] }, "purposes"],
    [{ ...good, role: "partner" }, "role"],
    [{ ...good, extra: 1 }, "extra"],
  ])("are refused with the name of what is wrong: %o", (vendor, named) => expect(() => parseVendors([vendor])).toThrow(named));

  test("are read where they are right", () => expect(parseVendors([good])).toEqual([good]));
});
