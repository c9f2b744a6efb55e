// Preferences under a purpose: what may be chosen, which change of it restricts, and the same over the API, in the ledger and in the projection.
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { choicesOf } from "../../../../functions/governance/preferences/change.ts";
import {
  type Chosen,
  chosenPatches,
  chosenSchema,
  mergedChoices,
  patched,
  preferencesUnder,
  widens,
} from "../../../../functions/governance/preferences/preferences-under.ts";
import { ledgerOf } from "../ledger.ts";
import { type Region, startRegion } from "../region.ts";
import type { Person, Service } from "../service.ts";

const anyChosen: fc.Arbitrary<Chosen> = fc
  .record(
    {
      tier: fc.constantFrom("full", "essentials", "none").map((one) => [one]),
      channels: fc.subarray(["email", "sms", "push", "post"]),
      topics: fc.subarray(["news", "offers", "events"]),
      frequency: fc.constantFrom("each", "weekly", "monthly").map((one) => [one]),
    },
    { requiredKeys: [] },
  )
  .map((chosen) => chosen as Chosen);

describe("to choose", () => {
  test.each<[string, Chosen, Chosen, boolean]>([
    ["something where nothing was answered limits what was without a limit", { topics: ["news", "offers"] }, {}, false],
    ["nothing at all is the narrowest", { channels: [] }, { channels: ["email"] }, false],
    ["less is less", { channels: ["email"] }, { channels: ["email", "sms"] }, false],
    ["something else is more", { channels: ["sms"] }, { channels: ["email"] }, true],
    ["seldom instead of often is less", { frequency: ["monthly"] }, { frequency: ["weekly"] }, false],
    ["often instead of seldom is more", { frequency: ["each"] }, { frequency: ["weekly"] }, true],
    ["a smaller subscription is less", { tier: ["essentials"] }, { tier: ["full"] }, false],
    ["none of it is the least", { tier: ["none"] }, { tier: ["essentials"] }, false],
    ["a larger subscription is more", { tier: ["essentials"] }, { tier: ["none"] }, true],
    ["letters besides are more", { channels: ["email", "post"] }, { channels: ["email"] }, true],
    ["to take an answer back is more: there is no limit then", {}, { topics: ["news"] }, true],
    ["to take back an answer that set no limit is not", {}, { frequency: ["each"] }, false],
    ["less here and more there is more", { channels: [], frequency: ["each"] }, { channels: ["email"], frequency: ["weekly"] }, true],
  ])("%s", (_what, wanted, held, more) => expect(widens(wanted, held)).toBe(more));

  test("is an order: nothing widens itself, and what is within the narrower is within the wider", () => {
    fc.assert(
      fc.property(anyChosen, anyChosen, anyChosen, (one, two, three) => {
        expect(widens(one, one)).toBe(false);
        if (!widens(one, two) && !widens(two, three)) expect(widens(one, three)).toBe(false);
      }),
    );
  });

  test("as two people who turn out to be one is to choose what both let through, and no less", () => {
    const merge = (one: Chosen, other: Chosen) =>
      mergedChoices({ "email-marketing": one }, { "email-marketing": other })["email-marketing"] ?? {};
    expect(merge({ topics: ["news", "offers"], frequency: ["each"] }, { topics: ["offers", "events"], frequency: ["monthly"] })).toEqual({
      topics: ["offers"],
      frequency: ["monthly"],
    });
    fc.assert(
      fc.property(anyChosen, anyChosen, anyChosen, (one, other, third) => {
        const both = merge(one, other);
        expect([widens(both, one), widens(both, other)]).toEqual([false, false]);
        if (!widens(third, one) && !widens(third, other)) expect(widens(third, both)).toBe(false);
      }),
    );
  });

  test("what is chosen already changes nothing, however it is spelt", () => {
    const held = { "email-marketing": patched({}, { topics: ["events", "news", "events"] }) };
    expect(held["email-marketing"]).toEqual({ topics: ["news", "events"] });
    expect(choicesOf(held, { "email-marketing": { topics: ["events", "news"] } })).toEqual([]);
  });

  test("a merge patch leaves alone what it does not name, and takes back what it calls null", () =>
    expect(patched({ topics: ["news"], channels: ["sms"] }, { topics: null, frequency: ["weekly"] })).toEqual({
      channels: ["sms"],
      frequency: ["weekly"],
    }));

  test.each([
    [{ "email-marketing": { topics: ["horoscopes"] } }],
    [{ "email-marketing": { frequency: [] } }],
    [{ "email-marketing": { frequency: ["each", "weekly"] } }],
    [{ "email-marketing": { tier: ["gold"] } }],
    [{ "email-marketing": { tier: ["none", "full"] } }],
    [{ "email-marketing": { colours: ["red"] } }],
    [{ "email-marketing": null }],
    [{ analytics: { topics: ["news"] } }],
  ])("%j is refused", (patch) => expect(chosenPatches.safeParse(patch).success).toBe(false));

  test("the ledger keeps every group that there is", () => {
    fc.assert(
      fc.property(anyChosen, (chosen) => {
        expect(chosenSchema.parse(chosen)).toEqual(chosen);
      }),
    );
  });

  test("only purposes that have something to choose are spoken of", () =>
    expect(Object.entries(preferencesUnder).filter(([, groups]) => groups.length > 0)).toHaveLength(1));
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
  const patch = (body: object, headers: Record<string, string> = {}) =>
    service.request(person.path, {
      method: "PATCH",
      headers: { authorization: `Bearer ${person.token}`, "content-type": "application/merge-patch+json", ...headers },
      body: JSON.stringify(body),
    });
  const choose = (chosen: object, headers?: Record<string, string>) => patch({ preferences: { "email-marketing": chosen } }, headers);
  const held = async () =>
    (await (await person.read()).json()) as { preferences: Record<string, Chosen>; consentEpoch: number; purposes: Record<string, string> };

  test("a choice is kept, shown under another ETag, and written as what it is: no word on the purpose", async () => {
    const before = (await person.read()).headers.get("etag");
    const answer = await choose({ topics: ["offers", "news"], frequency: ["weekly"] });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("etag")).not.toBe(before);
    expect(await held()).toMatchObject({
      consentEpoch: 1,
      purposes: { "email-marketing": "none" },
      preferences: { "email-marketing": { topics: ["news", "offers"], frequency: ["weekly"] } },
    });
    const [event, ...others] = await ledgerOf(region, person.subject);
    expect(others).toEqual([]);
    expect(event).toMatchObject({ purpose: "email-marketing", preferences: { topics: ["news", "offers"], frequency: ["weekly"] } });
    expect(event).not.toHaveProperty("state");
  });

  test("less is taken at once; more needs the tag of what was seen", async () => {
    const stale = (await person.read()).headers.get("etag") as string;
    expect((await choose({ topics: ["news", "offers"] })).status).toBe(200);
    expect((await choose({ topics: ["news"] }, { "if-match": stale })).status).toBe(200);
    expect((await choose({ topics: ["news", "events"] })).status).toBe(428);
    expect((await choose({ topics: null }, { "if-match": stale })).status).toBe(412);
    const now = (await person.read()).headers.get("etag") as string;
    expect((await choose({ topics: ["news", "events"] }, { "if-match": now })).status).toBe(200);
    expect((await held()).preferences).toEqual({ "email-marketing": { topics: ["news", "events"] } });
  });

  test("a smaller subscription is taken though it is stale, a larger one is not", async () => {
    await choose({ tier: ["essentials"], channels: ["email", "post"] });
    const stale = (await person.read()).headers.get("etag") as string;
    await person.say({ analytics: "denied" });
    expect((await choose({ tier: ["full"] }, { "if-match": stale })).status).toBe(412);
    expect((await choose({ tier: ["none"] }, { "if-match": stale })).status).toBe(200);
    expect((await held()).preferences).toEqual({ "email-marketing": { tier: ["none"], channels: ["email", "post"] } });
  });

  test("a stale mixture changes nothing, and the part that restricts is named to be sent alone", async () => {
    const stale = (await person.read()).headers.get("etag") as string;
    await person.say({ analytics: "denied" });
    const mixed = await patch(
      { purposes: { personalisation: "granted" }, preferences: { "email-marketing": { frequency: ["monthly"] } } },
      { "if-match": stale },
    );
    expect(mixed.status).toBe(412);
    const { resend } = (await mixed.json()) as { resend: object };
    expect(resend).toEqual({ preferences: { "email-marketing": { frequency: ["monthly"] } } });
    expect((await held()).preferences).toEqual({});
    expect((await patch(resend)).status).toBe(200);
  });

  test("a word and a choice that come together are one event, and a later word leaves the choice as it is", async () => {
    await patch(
      { purposes: { "email-marketing": "granted" }, preferences: { "email-marketing": { channels: ["email"] } } },
      { "if-match": "*" },
    );
    await person.say({ "email-marketing": "withdrawn" });
    expect(await held()).toMatchObject({
      purposes: { "email-marketing": "withdrawn" },
      preferences: { "email-marketing": { channels: ["email"] } },
    });
    const events = await ledgerOf(region, person.subject);
    expect(events.map(({ state, preferences }) => [state, preferences])).toEqual([
      ["granted", { channels: ["email"] }],
      ["withdrawn", undefined],
    ]);
    expect(events[1]?.supersedes).toBe(events[0]?.id);
  });

  test("a choice takes no grant's place: its end stays, and it can be withdrawn", async () => {
    const granted = (await (await person.say({ "email-marketing": "granted" }, { "if-match": "*" })).json()) as object;
    await choose({ topics: ["news"] });
    expect(await held()).toMatchObject({
      purposes: { "email-marketing": "granted" },
      validUntil: (granted as { validUntil: object }).validUntil,
    });
    // Of two records the edge keeps the later word: a choice must not make an old grant look new.
    const words = await region.postgres.admin("SELECT epoch::int FROM preferences.consent_state WHERE subject = $1", "brand", [
      person.subject,
    ]);
    expect(words).toEqual([{ epoch: 1 }]);
  });

  test("is made again of the ledger with everything else, also where only a choice was ever made", async () => {
    await choose({ topics: ["news", "offers"] });
    const only = await held();
    const forget = () => region.postgres.admin("DELETE FROM preferences.consent_state WHERE subject = $1", "brand", [person.subject]);
    await forget();
    expect(await held()).toEqual(only);
    await person.say({ "email-marketing": "granted", analytics: "denied" }, { "if-match": "*" });
    await choose({ topics: ["news"] });
    const before = await held();
    await forget();
    expect(await held()).toEqual(before);
  });

  test("the first answer is repeated only for the same choice", async () => {
    const key = { "idempotency-key": "once" };
    expect((await choose({ topics: ["news"] }, key)).status).toBe(200);
    expect((await choose({ topics: ["news"] }, key)).status).toBe(200);
    expect((await choose({ topics: [] }, key)).status).toBe(422);
  });

  test("what is none names its mistake", async () => {
    const answer = await choose({ frequency: ["hourly"] });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ errors: [{ at: "preferences.email-marketing.frequency.0" }] });
  });
});
