import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DeskDocument } from "../../../../../functions/governance/preferences/page/desk.ts";
import { readForm } from "../../../../../functions/governance/preferences/page/form.ts";
import { type ConsentState, consentStates, isRestricting, type Purpose, purposes } from "../../../../../functions/shared/consent.ts";

const holding = (states: Partial<Record<Purpose, ConsentState>>, topics: readonly string[] = []): DeskDocument => ({
  etag: '"now"',
  readOnly: false,
  purposes: Object.fromEntries(
    purposes.map((purpose) => [purpose, { state: states[purpose] ?? "none", chosen: purpose === "email-marketing" ? { topics } : {} }]),
  ) as DeskDocument["purposes"],
});
const read = (fields: Record<string, string> | string, document: DeskDocument) => readForm(new URLSearchParams(fields), document);
const nothing = holding({});

describe("a form to save one purpose", () => {
  test("wishes for that purpose", () =>
    expect(read({ save: "analytics", analytics: "allow" }, nothing).wishes).toEqual({ analytics: { state: "granted" } }));

  test("keeps what was chosen for the others", () => {
    const { wishes, kept } = read({ save: "analytics", analytics: "allow", advertising: "refuse" }, nothing);
    expect(wishes).toEqual({ analytics: { state: "granted" } });
    expect(kept).toEqual({ advertising: { state: "denied" } });
  });
});

describe("no", () => {
  test.each([
    ["none", "denied"],
    ["granted", "withdrawn"],
    ["expired", "withdrawn"],
  ] as const)("to what is %s means %s", (state, meant) =>
    expect(read({ save: "all", analytics: "refuse" }, holding({ analytics: state })).wishes).toEqual({ analytics: { state: meant } }));

  test.each(["denied", "withdrawn"] as const)("to what is %s already is no wish", (state) =>
    expect(read({ save: "all", analytics: "refuse" }, holding({ analytics: state })).wishes).toEqual({}));

  test("counts as it stands in the form, even if it was granted elsewhere meanwhile", () =>
    expect(read({ save: "analytics", analytics: "refuse", "analytics.held": "refuse" }, holding({ analytics: "granted" })).wishes).toEqual({
      analytics: { state: "withdrawn" },
    }));

  test("comes without preferences under it", () =>
    expect(read({ save: "all", "email-marketing": "refuse", "email-marketing.topics": "news" }, nothing).wishes).toEqual({
      "email-marketing": { state: "denied" },
    }));
});

describe("yes", () => {
  test("counts only if the person has just said it: a stale form's past is not a wish", () =>
    expect(read({ save: "all", analytics: "allow", "analytics.held": "allow" }, holding({ analytics: "withdrawn" })).wishes).toEqual({}));

  test("to what is granted already is no wish", () =>
    expect(read({ save: "all", analytics: "allow" }, holding({ analytics: "granted" })).wishes).toEqual({}));
});

describe("everything at once", () => {
  test("refused withdraws what was granted and denies the rest", () =>
    expect(read({ all: "refuse" }, holding({ analytics: "granted", advertising: "denied" })).wishes).toEqual({
      personalisation: { state: "denied" },
      analytics: { state: "withdrawn" },
      "email-marketing": { state: "denied" },
    }));

  test("allowed grants what is not granted", () =>
    expect(Object.keys(read({ all: "allow" }, holding({ analytics: "granted" })).wishes)).toEqual([
      "personalisation",
      "email-marketing",
      "advertising",
    ]));
});

describe("preferences under a purpose", () => {
  const form = "save=email-marketing&email-marketing=allow&email-marketing.held=allow&email-marketing.topics.held=news";

  test("are wished where they were changed, in their own order", () =>
    expect(
      read(`${form}&email-marketing.topics=events&email-marketing.topics=news`, holding({ "email-marketing": "granted" }, ["news"])).wishes,
    ).toEqual({ "email-marketing": { chosen: { topics: ["news", "events"] } } }));

  test("may all be unticked", () =>
    expect(read(form, holding({ "email-marketing": "granted" }, ["news"])).wishes).toEqual({
      "email-marketing": { chosen: { topics: [] } },
    }));

  test("are no wish where they are already so", () =>
    expect(read(`${form}&email-marketing.topics=events`, holding({ "email-marketing": "granted" }, ["events"])).wishes).toEqual({}));

  test("are of those that there are, and one where one is to be chosen", () =>
    expect(read({ save: "all", "email-marketing.frequency": "hourly" }, nothing).wishes).toEqual({}));
});

test("nothing that a form can hold makes a wish of what is so already, or permits by 'refuse'", () => {
  const word = fc.constantFrom("allow", "refuse", "", "granted", "all", ...purposes);
  const name = fc.constantFrom("save", "all", "etag", ...purposes, ...purposes.map((each) => `${each}.held`), "__proto__", "constructor");
  fc.assert(
    fc.property(fc.dictionary(name, word), fc.constantFrom(...consentStates), (fields, state) => {
      const document = holding(Object.fromEntries(purposes.map((each) => [each, state])));
      const { wishes, kept } = read(fields, document);
      for (const [purpose, wish] of Object.entries({ ...wishes, ...kept }) as [Purpose, { state?: "granted" | "denied" | "withdrawn" }][]) {
        expect(purposes).toContain(purpose);
        expect(wish.state).not.toBe(state);
        const word = fields.all || fields[purpose];
        expect(isRestricting(wish.state ?? "denied")).toBe(word === "refuse");
      }
    }),
  );
});
