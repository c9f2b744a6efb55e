// Global Privacy Control, subsection by subsection of 11 CCR 7025(c).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { compileDecisionTable } from "../../../../functions/governance/policy/compile.ts";
import { checkSignal, contradicted, optedOut } from "../../../../functions/governance/preferences/gpc.ts";
import type { ConsentEntry, ConsentRecord, Purpose, RecordedState } from "../../../../functions/shared/consent.ts";
import type { ProblemError } from "../../../../functions/shared/problem.ts";
import { issueServiceToken, serviceScopes } from "../../../../functions/shared/service-token.ts";
import { newKeyPair } from "../../keys.ts";
import { ledgerOf } from "../ledger.ts";
import { type Region, startRegion } from "../region.ts";
import type { Person, Service } from "../service.ts";

const table = await compileDecisionTable();
const now = new Date("2026-11-22T12:00:00Z");
const law = (jurisdiction: string) => ({ table, jurisdiction });
const record = (advertising?: Partial<ConsentEntry>): ConsentRecord => ({
  epoch: 1,
  purposes: advertising ? { advertising: { state: "granted", epoch: 1, ...advertising } } : {},
});

describe("(c)(1) the signal opts a known person out", () => {
  test.each<[string, string, ConsentRecord, Purpose[]]>([
    ["of what is shared until somebody objects", "us", record(), ["advertising"]],
    ["of what was allowed", "us", record({}), ["advertising"]],
    ["of nothing where the person has refused", "us", record({ state: "denied" }), []],
    ["of nothing where the person has withdrawn", "us", record({ state: "withdrawn" }), []],
    ["of nothing where the permission is over", "us", record({ validUntil: "2020-01-01T00:00:00Z" }), []],
    ["of nothing that is off without a yes", "eu", record(), []],
    ["of what was allowed, where it is not the law as well", "eu", record({}), ["advertising"]],
    ["of what was allowed, where nobody has read the law yet", "atlantis", record({}), ["advertising"]],
    ["of nothing that was allowed despite it (c)(3)", "us", record({ despiteSignal: true }), []],
    ["of what was allowed despite it until then", "us", record({ state: "withdrawn", despiteSignal: true }), []],
  ])("%s (%s)", (_what, jurisdiction, said, purposes) => expect(optedOut(law(jurisdiction), said, now)).toEqual(purposes));
});

describe("(c)(3) a grant that the signal contradicts", () => {
  const check = (
    state: RecordedState,
    how: { gpc?: boolean; despiteSignal?: Purpose[]; noticed?: boolean },
    purpose: Purpose = "advertising",
  ) => {
    try {
      checkSignal([[purpose, state]], { gpc: false, despiteSignal: [], noticed: false, ...how }, law("us"));
      return "taken";
    } catch (error) {
      return (error as ProblemError).problem.status;
    }
  };

  test.each([
    ["without the signal", "granted", {}, "taken"],
    ["under the signal", "granted", { gpc: true, noticed: true }, 409],
    [
      "as an explicit consent, with notice of the conflict",
      "granted",
      { gpc: true, despiteSignal: ["advertising"], noticed: true },
      "taken",
    ],
    ["as an explicit consent without a notice", "granted", { gpc: true, despiteSignal: ["advertising"] }, 409],
    ["as an explicit consent to something else", "granted", { gpc: true, despiteSignal: ["analytics"], noticed: true }, 409],
  ] as const)("%s", (_what, state, how, answer) =>
    expect(check(state, { ...how, despiteSignal: [...((how as { despiteSignal?: Purpose[] }).despiteSignal ?? [])] })).toBe(answer));

  test("is no refusal: that is always taken", () => expect(check("withdrawn", { gpc: true })).toBe("taken"));
  test("is of what is sold or shared alone", () => {
    expect(check("granted", { gpc: true }, "personalisation")).toBe("taken");
    expect(contradicted(law("us"))).toEqual(["advertising"]);
  });
});

describe("over the API", () => {
  let region: Region;
  let service: Service;
  let person: Person;
  beforeAll(async () => {
    region = await startRegion();
    service = await region.serve({
      JURISDICTION: "us",
      SERVICE_CLIENTS: JSON.stringify([{ name: "shop", key: shop.publicPem, scopes: serviceScopes }]),
    });
  });
  afterAll(() => region?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    person = await service.person();
  });
  const shop = newKeyPair();
  const signal = { "sec-gpc": "1" };
  const notice = { id: "preferences-us", version: "2", sha256: `sha256:${"a".repeat(64)}`, language: "en" };
  const events = async () => (await ledgerOf(region, person.subject)).map(({ purpose, state, method }) => `${method}: ${purpose} ${state}`);
  const stateOf = async (headers = {}) =>
    ((await (await person.read(headers)).json()) as { purposes: Record<string, string> }).purposes.advertising;
  const patch = (body: object, headers: Record<string, string> = {}) =>
    service.request(person.path, {
      method: "PATCH",
      headers: { authorization: `Bearer ${person.token}`, "content-type": "application/json", "if-match": "*", ...headers },
      body: JSON.stringify(body),
    });
  /** In both steps, for the signal is an opt-out (11 CCR 7028(a)). */
  const confirmed = async (body: object, headers: Record<string, string> = signal) => {
    const { confirmation } = (await (await patch(body, headers)).json()) as { confirmation: string };
    return patch({ ...body, confirmation }, headers);
  };
  const check = async (headers = {}) =>
    (await (await service.request(`/v1/check?subject=${person.subject}&purpose=advertising`, { scope: "edge", headers })).json()) as {
      allow: boolean;
    };

  test("it is recorded once, as the person's own word, whatever the request was about", async () => {
    expect(await stateOf()).toBe("none");
    expect(await stateOf(signal)).toBe("denied");
    await stateOf(signal);
    await patch({ purposes: { analytics: "denied" } }, signal);
    await check(signal);
    expect(await events()).toEqual(["gpc: advertising denied", "api: analytics denied"]);
    const [event] = await ledgerOf(region, person.subject);
    expect(event).toMatchObject({ actor: "subject", gpc: true, regulation: "Cal. Civ. Code 1798.120, 11 CCR 7025" });
  });

  test("it names who has sent it: the person through the edge, or the service that did", async () => {
    const token = await issueServiceToken(shop.privatePem, { name: "shop", scopes: serviceScopes }, "eu");
    const asShop = { ...signal, authorization: `Bearer ${token}`, "content-type": "application/json" };
    const spoken = async (path: string, init: object) => {
      person = await service.person();
      const answer = await service.request(path.replaceAll("{sid}", person.subject), init);
      expect(answer.ok, await answer.clone().text()).toBe(true);
      const told = (await ledgerOf(region, person.subject)).filter(({ method }) => method === "gpc");
      return told.map(({ surface, source, actor }) => ({ surface, source, actor }));
    };
    const byShop = (surface: string) => [{ surface, source: "shop", actor: "shop" }];
    const preferences = "/v1/subjects/{sid}/preferences";
    const check = "/v1/check?subject={sid}&purpose=advertising";
    expect(await spoken(preferences, { headers: asShop })).toEqual(byShop("api"));
    const body = JSON.stringify({ purposes: { analytics: "denied" } });
    expect(await spoken(preferences, { method: "PATCH", headers: asShop, body })).toEqual(byShop("api"));
    expect(await spoken(check, { headers: asShop })).toEqual(byShop("check"));
    expect(await spoken(check, { scope: "edge", headers: signal })).toEqual([{ surface: "check", source: "edge", actor: "subject" }]);
    expect(await stateOf()).toBe("denied");
    person = await service.person();
    const said = { subject: person.subject, purpose: "analytics", state: "denied", surface: "shop-app", gpc: true };
    await service.request("/v1/consent-events", { method: "POST", headers: asShop, body: JSON.stringify(said) });
    expect(await ledgerOf(region, person.subject)).toMatchObject([
      { method: "gpc", surface: "shop-app", source: "shop", actor: "shop" },
      {},
    ]);
  });

  test("it reaches the service with the question of an edge that keeps nothing", async () => {
    expect(await check()).toMatchObject({ allow: true });
    expect(await check(signal)).toMatchObject({ allow: false });
    expect(await events()).toEqual(["gpc: advertising denied"]);
  });

  test("it counts as much with a report of something said elsewhere, sent with it or telling of it", async () => {
    const report = (body: object, headers = {}) =>
      service.request("/v1/consent-events", {
        method: "POST",
        headers: { authorization: `Bearer ${person.token}`, "content-type": "application/json", "if-match": "*", ...headers },
        body: JSON.stringify({ subject: person.subject, surface: "shop-app", ...body }),
      });
    const grant = { purpose: "advertising", state: "granted" };
    expect((await report(grant, signal)).status).toBe(409);
    expect((await report({ ...grant, gpc: true })).status).toBe(409);
    expect((await report({ purpose: "analytics", state: "denied", gpc: true })).status).toBe(201);
    expect(await events()).toEqual(["gpc: advertising denied", "api: analytics denied"]);
  });

  test("(c)(5) its absence afterwards permits nothing", async () => {
    await stateOf(signal);
    expect(await stateOf()).toBe("denied");
    expect(await check()).toMatchObject({ allow: false });
  });

  test("at once from many requests it is recorded once", async () => {
    await Promise.all(Array.from({ length: 8 }, () => stateOf(signal)));
    expect(await events()).toEqual(["gpc: advertising denied"]);
    expect(await (await person.read()).json()).toMatchObject({ consentEpoch: 1 });
  });

  test("(c)(3) a grant under it is refused with what is missing, and believed when the person was told", async () => {
    const refused = await patch({ purposes: { advertising: "granted" }, notice }, signal);
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ type: "urn:bailiwick:problem:signal-conflict", purposes: ["advertising"] });
    const taken = await confirmed({ purposes: { advertising: "granted" }, despiteSignal: ["advertising"], notice });
    expect(taken.status).toBe(200);
    expect(await taken.json()).toMatchObject({ purposes: { advertising: "granted" }, despiteSignal: ["advertising"] });
    // Then it counts no more for as long as the person is known, and is not recorded again.
    expect(await check(signal)).toMatchObject({ allow: true });
    expect(await events()).toEqual(["gpc: advertising denied", "api: advertising granted"]);
    const [, event] = await ledgerOf(region, person.subject);
    expect(event).toMatchObject({ gpc: true, despiteSignal: true, notice });
  });

  test("such a consent ends with a withdrawal; a later yes without the signal is none to it", async () => {
    await confirmed({ purposes: { advertising: "granted" }, despiteSignal: ["advertising"], notice });
    await person.say({ advertising: "withdrawn" });
    await confirmed({ purposes: { advertising: "granted" } }, {});
    expect(await stateOf(signal)).toBe("withdrawn");
    expect((await events()).at(-1)).toBe("gpc: advertising withdrawn");
  });

  test("it survives when the projection is made again", async () => {
    await confirmed({ purposes: { advertising: "granted" }, despiteSignal: ["advertising"], notice });
    const before = await (await person.read()).json();
    await region.postgres.admin("DELETE FROM preferences.consent_state WHERE subject = $1", "brand", [person.subject]);
    expect(await (await person.read()).json()).toEqual(before);
  });

  test("it does nothing for a subject that is not there", async () => {
    const unknown = person.subject.replace(/.{4}$/, "0000");
    const answer = await service.request(`/v1/check?subject=${unknown}&purpose=advertising`, { scope: "edge", headers: signal });
    expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ allow: false })]);
  });
});
