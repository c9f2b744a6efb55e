// A consent string that comes with an event decides: a yes that it contradicts is not taken, a no always is.
import { GppModel, TcfEuV2 } from "@iabgpp/cmpapi";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { compileDecisionTable } from "../../../../functions/governance/policy/compile.ts";
import { type Claim, checkStrings } from "../../../../functions/governance/preferences/judged-string.ts";
import type { ProblemError } from "../../../../functions/shared/problem.ts";
import { ledgerOf } from "../ledger.ts";
import { type Region, startRegion } from "../region.ts";
import type { Person, Service } from "../service.ts";

const table = await compileDecisionTable();
const bits = (set: readonly number[]) => Array.from({ length: 24 }, (_, i) => set.includes(i + 1));
const tcf = (consents: readonly number[], interests: readonly number[] = []) => {
  const section = new TcfEuV2();
  section.setFieldValue("PurposeConsents", bits(consents));
  section.setFieldValue("PurposeLegitimateInterests", bits(interests));
  return section.encode();
};
const gpp = (sections: Record<string, Record<string, unknown>>) => {
  const model = new GppModel();
  for (const [section, fields] of Object.entries(sections))
    for (const [field, value] of Object.entries(fields)) model.setFieldValue(section, field, value);
  return model.encode();
};

describe("a grant", () => {
  const judged = (claim: Partial<Claim>, jurisdiction = "eu") => {
    try {
      checkStrings({ purpose: "analytics", state: "granted", despiteSignal: false, ...claim }, { table, jurisdiction });
      return "taken";
    } catch (error) {
      const { status, kind, extensions } = (error as ProblemError).problem;
      const found = (extensions?.contradictions ?? []) as { section: string; field: string }[];
      return [status, kind, ...found.map(({ section, field }) => `${section}: ${field}`)].join(" ");
    }
  };
  const no = (...fields: string[]) => ["422 string-contradicts", ...fields].join(" ");

  test.each<[string, Partial<Claim>, string]>([
    ["without a string", {}, "taken"],
    ["that the TC string bears out", { tcf: tcf([1, 8, 9]) }, "taken"],
    ["of which one purpose is missing", { tcf: tcf([1, 9]) }, no("tcf: PurposesConsent 8")],
    [
      "that rests on consent, of which only a legitimate interest was told",
      { tcf: tcf([1], [8, 9]) },
      no("tcf: PurposesConsent 8", "tcf: PurposesConsent 9"),
    ],
    ["of personalisation", { purpose: "personalisation", tcf: tcf([1, 5, 6]) }, "taken"],
    [
      "of advertising, with profiles refused",
      { purpose: "advertising", tcf: tcf([1, 2, 7]) },
      no("tcf: PurposesConsent 3", "tcf: PurposesConsent 4"),
    ],
    ["of letters, of which TCF says nothing", { purpose: "email-marketing", tcf: tcf([]) }, "taken"],
    [
      "that the TC string in a GPP string contradicts",
      { gpp: gpp({ tcfeuv2: { PurposeConsents: bits([1, 8]) } }) },
      no("gpp tcfeuv2: PurposesConsent 9"),
    ],
    [
      "with two strings of which one contradicts it",
      { tcf: tcf([1, 8, 9]), gpp: gpp({ tcfeuv2: { PurposeConsents: bits([]) }, usca: {} }) },
      no("gpp tcfeuv2: PurposesConsent 1", "gpp tcfeuv2: PurposesConsent 8", "gpp tcfeuv2: PurposesConsent 9"),
    ],
    ["of what the US opt-outs do not speak about", { gpp: gpp({ usca: { SaleOptOut: 1 } }) }, "taken"],
    ["with a string that cannot be read", { tcf: "CPXxRfAPXxRfAAfKABENB" }, "422 string-unreadable"],
    ["with a GPP string that cannot be read", { gpp: "DBAB4AAAAAAAAAY" }, "422 string-unreadable"],
  ])("%s", (_what, claim, answer) => expect(judged(claim)).toBe(answer));

  test.each<[string, Partial<Claim>, string]>([
    ["of which nobody has opted out", { gpp: gpp({ usca: { SaleOptOut: 2, SharingOptOut: 2 } }) }, "taken"],
    ["where the field does not apply", { gpp: gpp({ usca: { SaleOptOut: 0 } }) }, "taken"],
    ["against a sale opt-out in California", { gpp: gpp({ usca: { SaleOptOut: 1 } }) }, no("gpp usca: SaleOptOut")],
    [
      "against all that the national section has",
      { gpp: gpp({ usnat: { SaleOptOut: 1, SharingOptOut: 1, TargetedAdvertisingOptOut: 1 } }) },
      no("gpp usnat: SaleOptOut", "gpp usnat: SharingOptOut", "gpp usnat: TargetedAdvertisingOptOut"),
    ],
    [
      "against an opt-out in one state of two",
      { gpp: gpp({ usca: { SaleOptOut: 2 }, usco: { TargetedAdvertisingOptOut: 1 } }) },
      no("gpp usco: TargetedAdvertisingOptOut"),
    ],
    ["against the signal", { gpp: gpp({ usca: { SaleOptOut: 2, Gpc: true } }) }, no("gpp usca: Gpc")],
    [
      "despite the signal, of which the person was told",
      { gpp: gpp({ usca: { SaleOptOut: 2, Gpc: true } }), despiteSignal: true },
      "taken",
    ],
    [
      "despite the signal, but against an opt-out as well",
      { gpp: gpp({ usca: { SaleOptOut: 1, Gpc: true } }), despiteSignal: true },
      no("gpp usca: SaleOptOut"),
    ],
  ])("of advertising in the US %s", (_what, claim, answer) => expect(judged({ purpose: "advertising", ...claim }, "us")).toBe(answer));

  test("of what is on until somebody objects needs no more of TCF than that nobody has", () => {
    expect(judged({ tcf: tcf([1], [8, 9]) }, "us")).toBe("taken");
    // Storage on a device rests on consent alone, whatever the law of the place.
    expect(judged({ tcf: tcf([], [1, 8, 9]) }, "us")).toBe(no("tcf: PurposesConsent 1"));
  });

  test("is the only thing that is judged: no refusal is, nor a choice without a word", () => {
    for (const state of ["denied", "withdrawn", undefined] as const) {
      expect(judged({ state, tcf: tcf([1, 8, 9]) })).toBe("taken");
      expect(judged({ state, tcf: "?", gpp: "?" })).toBe("taken");
    }
  });

  test("comes with whatever string, and is taken or refused, and nothing else", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), fc.constantFrom("tcf", "gpp"), (text, member) => {
        expect(["taken", "422"]).toContain(judged({ purpose: "advertising", [member]: text }).split(" ")[0]);
      }),
    );
  });
});

describe("over the API", () => {
  let region: Region;
  let service: Service;
  let person: Person;
  beforeAll(async () => {
    region = await startRegion();
    service = await region.serve();
  });
  afterAll(() => region?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    person = await service.person();
  });
  const report = (body: object) =>
    service.request("/v1/consent-events", {
      method: "POST",
      headers: { authorization: `Bearer ${person.token}`, "content-type": "application/json", "if-match": "*" },
      body: JSON.stringify({ subject: person.subject, purpose: "analytics", surface: "shop-app", ...body }),
    });

  test("a grant that the string contradicts is refused, with purpose, section and bit, and nothing is written", async () => {
    const answer = await report({ state: "granted", tcf: tcf([1, 8]) });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({
      type: "urn:bailiwick:problem:string-contradicts",
      purpose: "analytics",
      contradictions: [{ section: "tcf", field: "PurposesConsent 9" }],
    });
    expect(await ledgerOf(region, person.subject)).toEqual([]);
  });

  test("a grant that it bears out is taken, and keeps it as it came", async () => {
    const string = tcf([1, 8, 9]);
    expect((await report({ state: "granted", tcf: string })).status).toBe(201);
    expect(await ledgerOf(region, person.subject)).toEqual([expect.objectContaining({ state: "granted", tcf: string })]);
  });

  test("a refusal is taken with a string that nobody can read", async () => {
    expect((await report({ state: "granted", gpp: "what is that" })).status).toBe(422);
    expect((await report({ state: "denied", gpp: "what is that" })).status).toBe(201);
    expect(await ledgerOf(region, person.subject)).toEqual([expect.objectContaining({ state: "denied", gpp: "what is that" })]);
  });
});
