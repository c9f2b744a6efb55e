// A subject as a whole, and the services that may act for it: reporting, handing out, erasing, linking.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { identityHash } from "../../../../functions/governance/preferences/ledger/identity.ts";
import { issueServiceToken, type ServiceScope, serviceScopes } from "../../../../functions/shared/service-token.ts";
import { newKeyPair } from "../../keys.ts";
import { ledgerOf } from "../ledger.ts";
import { type Region, startRegion } from "../region.ts";
import type { Person, Service } from "../service.ts";

const shop = newKeyPair();
const newsletter = newKeyPair();
const till = newKeyPair();
const clients = JSON.stringify([
  { name: "shop", key: shop.publicPem, scopes: serviceScopes },
  { name: "till", key: till.publicPem, scopes: serviceScopes },
  { name: "preferences", key: till.publicPem, scopes: serviceScopes },
  { name: "newsletter", key: newsletter.publicPem, scopes: ["check"] },
]);

let region: Region;
let service: Service;
beforeAll(async () => {
  region = await startRegion();
  service = await region.serve({ SERVICE_CLIENTS: clients });
});
afterAll(() => region?.[Symbol.asyncDispose]());

const asService = async (
  path: string,
  { method = "GET", body, scopes = serviceScopes, name = "shop", key = shop, headers = {}, now }: Partial<Asked> = {},
) => {
  const token = await issueServiceToken(key.privatePem, { name, scopes }, "eu", now);
  return service.request(path, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
};
interface Asked {
  readonly method: string;
  readonly body: unknown;
  readonly scopes: readonly ServiceScope[];
  readonly name: string;
  readonly key: typeof shop;
  readonly headers: Record<string, string>;
  readonly now: Date;
}
const asPerson = (person: Person, path: string, method = "GET") =>
  service.request(path, { method, headers: { authorization: `Bearer ${person.token}` } });
const states = async (person: Person) => ((await (await person.read()).json()) as { purposes: Record<string, string> }).purposes;

describe("a service of the brand", () => {
  test("does what its scopes allow, and its name stands in the event", async () => {
    const person = await service.person();
    const path = `/v1/subjects/${person.subject}/preferences`;
    expect((await asService(path)).status).toBe(200);
    const changed = await asService(path, { method: "PATCH", body: { purposes: { analytics: "granted" } }, headers: { "if-match": "*" } });
    expect(changed.status).toBe(200);
    expect(await ledgerOf(region, person.subject)).toMatchObject([{ actor: "shop", source: "shop", method: "api" }]);
  });

  test("is refused what it did not ask for, or may not have", async () => {
    const { subject } = await service.person();
    for (const asked of [{ scopes: ["check"] as const }, { name: "newsletter", key: newsletter }]) {
      const refused = await asService(`/v1/subjects/${subject}`, { method: "DELETE", ...asked });
      expect(refused.status).toBe(403);
      expect(refused.headers.get("www-authenticate")).toContain('scope="erase"');
      expect(await refused.json()).toMatchObject({ type: "urn:bailiwick:problem:insufficient-scope" });
    }
    expect((await asService(`/v1/check?subject=${subject}&purpose=analytics`, { name: "newsletter", key: newsletter })).status).toBe(200);
  });

  test.each([
    ["of nobody that is configured", { name: "stranger" }],
    ["signed by another's key", { key: newsletter }],
    ["made six minutes ago", { now: new Date(Date.now() - 360_000) }],
  ])("that is %s is not let in", async (_what, asked) => {
    const { subject } = await service.person();
    const refused = await asService(`/v1/subjects/${subject}/preferences`, asked);
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ type: "urn:bailiwick:problem:unknown-service" });
  });

  test("gets evidence of anybody with the scope for it, and with no other", async () => {
    const { subject } = await service.person();
    const ask = (scopes: readonly ServiceScope[]) => asService("/v1/exports", { method: "POST", body: { subject }, scopes });
    expect((await ask(["export"])).status).toBe(403);
    // Nothing is published here, but it was asked by somebody who may.
    expect(await (await ask(["evidence"])).json()).toMatchObject({ type: "urn:bailiwick:problem:not-yet-in-the-log" });
  });

  test("is told how much it may still ask", async () => {
    const { subject } = await service.person();
    const answer = await asService(`/v1/subjects/${subject}/preferences`);
    expect(answer.headers.get("ratelimit-policy")).toBe("6000;w=60");
    expect(answer.headers.get("ratelimit")).toMatch(/^limit=6000, remaining=\d+, reset=\d+$/);
  });
});

test("who asks too often is told to wait, and nobody else", async () => {
  const [busy, other] = [await service.person(), await service.person()];
  const statuses = new Set<number>();
  let last: Response | undefined;
  for (let i = 0; i < 121; i++) {
    last = await busy.read();
    statuses.add(last.status);
  }
  expect([...statuses]).toEqual([200, 429]);
  expect(last?.headers.get("retry-after")).toBe("60");
  expect(await last?.json()).toMatchObject({ type: "urn:bailiwick:problem:too-many-requests" });
  expect((await other.read()).status).toBe(200);
  const forged = await service.request(other.path, { headers: { authorization: "Bearer forged" } });
  expect(forged.status).toBe(401);
});

describe("what was said elsewhere", () => {
  const report = (body: object, headers: Record<string, string> = {}, name: "shop" | "till" = "shop") =>
    asService("/v1/consent-events", { method: "POST", body, headers, name, key: name === "shop" ? shop : till });

  test("is recorded with who reported it, where and when it was said", async () => {
    const person = await service.person();
    const collectedAt = "2026-11-20T09:00:00Z";
    const tcf = "CQuFeUAQuFeUAAAAAAENAAFgAIGAAAAAAAAAAAAAAAAA";
    const answer = await report(
      // TCF purposes 1, 8 and 9.
      { subject: person.subject, purpose: "analytics", state: "granted", surface: "shop-app", collectedAt, tcf },
      { "if-match": "*" },
    );
    expect(answer.status).toBe(201);
    const { id, receipt } = (await answer.json()) as { id: string; receipt: string };
    expect(answer.headers.get("location")).toBe(receipt);
    expect(await ledgerOf(region, person.subject)).toMatchObject([{ id, surface: "shop-app", collectedAt, actor: "shop", tcf }]);
    expect((await asPerson(person, receipt)).status).toBe(200);
  });

  test("has a receipt and a proof for whoever reported it, and for no other service", async () => {
    const person = await service.person();
    const other = await service.person();
    const said = { purpose: "analytics", state: "denied", surface: "shop-app" };
    const answer = await report({ subject: person.subject, ...said });
    const { id, receipt, proof } = (await answer.json()) as { id: string; receipt: string; proof: string };
    const scopes = ["consent-events:write"] as const;
    const own = await asService(receipt, { scopes });
    expect([own.status, own.headers.get("content-type")]).toEqual([200, "application/ld+json"]);
    expect(await own.text()).toBe(await (await asPerson(person, receipt)).text());
    expect([200, 202]).toContain((await asService(proof, { scopes })).status);

    await other.say({ analytics: "denied" });
    const [byPerson] = await ledgerOf(region, other.subject);
    await report({ subject: other.subject, ...said, purpose: "advertising" }, {}, "till");
    const byTill = (await ledgerOf(region, other.subject)).at(-1);
    expect(byTill).toMatchObject({ source: "till", actor: "till" });
    // The address of what was so already, and the person's own word.
    const repeated = await (await report({ subject: other.subject, ...said })).json();
    expect(repeated).toMatchObject({ id: byPerson?.id });
    const nowhere = await asService(`/v1/consent-events/${crypto.randomUUID()}/receipt`, { scopes });
    const unknown = await nowhere.text();
    expect(nowhere.status).toBe(404);
    for (const what of ["receipt", "proof"]) {
      for (const event of [byPerson?.id, byTill?.id]) {
        const refused = await asService(`/v1/consent-events/${event}/${what}`, { scopes });
        expect([refused.status, await refused.text()]).toEqual([404, unknown]);
      }
      expect((await asService(`/v1/consent-events/${id}/${what}`, { scopes, name: "till", key: till })).status).toBe(404);
      for (const of of [id, byTill?.id, crypto.randomUUID()])
        expect((await asService(`/v1/consent-events/${of}/${what}`, { scopes: ["check"] })).status).toBe(403);
    }

    await asPerson(person, `/v1/subjects/${person.subject}`, "DELETE");
    const erased = await asService(receipt, { scopes });
    expect([erased.status, await erased.text()]).toEqual([404, unknown]);
  });

  test("of what was found out here, and nobody reported, nothing is shown to a service that bears this one's name", async () => {
    const [known, twin] = [await service.person(), await service.person()];
    await known.say({ analytics: "granted" }, { "if-match": "*" });
    await twin.say({ analytics: "denied" });
    const identity = { value: `twin-${known.subject}@brand.example` };
    for (const { subject } of [known, twin])
      expect((await asService(`/v1/subjects/${subject}/identities/email`, { method: "PUT", body: identity })).status).toBe(200);
    const merge = (await ledgerOf(region, known.subject)).at(-1);
    expect(merge).toMatchObject({ method: "merge", source: "preferences", actor: "preferences" });
    expect((await asService(`/v1/consent-events/${merge?.id}/receipt`, { name: "preferences", key: till })).status).toBe(404);
  });

  test("never undoes what the person refused in the meantime", async () => {
    const person = await service.person();
    const seen = (await person.read()).headers.get("etag") as string;
    await person.say({ analytics: "denied" });
    const late = { subject: person.subject, purpose: "analytics", state: "granted", surface: "shop-app" };
    expect((await report(late)).status).toBe(428);
    expect((await report(late, { "if-match": seen })).status).toBe(412);
    expect((await states(person)).analytics).toBe("denied");
    expect((await report({ ...late, state: "withdrawn" }, { "if-match": seen })).status).toBe(201);
  });

  test("is answered as at first when it is reported again, whatever was said since, and as another where one word differs", async () => {
    const person = await service.person();
    const said = { subject: person.subject, purpose: "analytics", state: "granted", surface: "shop-app" };
    const headers = { "if-match": "*", "idempotency-key": "report-1" };
    const first = (await (await report(said, headers)).json()) as object;
    await person.say({ analytics: "withdrawn" });
    expect(await (await report(said, headers)).json()).toEqual(first);
    for (const other of [{ surface: "shop" }, { collectedAt: "2026-11-20T09:00:00Z" }])
      expect((await report({ ...said, ...other }, headers)).status).toBe(422);
    expect(await ledgerOf(region, person.subject)).toHaveLength(2);
  });

  test.each([
    ["nothing at all", {}, "must say a state, preferences, or both"],
    ["no preference", { purpose: "email-marketing", preferences: {} }, "must choose something"],
    ["what there is not to choose", { preferences: { channels: ["email"] } }, "what there is to choose under the purpose"],
    ["what cannot be written down", { state: "denied", surface: "half \ud800" }, "well-formed"],
  ])("that says %s is refused", async (_what, said, why) => {
    const { subject } = await service.person();
    const refused = await report({ subject, purpose: "analytics", surface: "shop-app", ...said });
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining(why) });
  });
});

describe("everything that is held", () => {
  test("is handed to its subject, in words that a machine reads and without what joins leaks", async () => {
    const person = await service.person();
    await person.say({ analytics: "granted" }, { "if-match": "*" });
    await asService(`/v1/subjects/${person.subject}/identities/email`, { method: "PUT", body: { value: "Ada@brand.example" } });
    const answer = await asPerson(person, `/v1/subjects/${person.subject}/export`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-disposition")).toContain("attachment");
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({
      subject: person.subject,
      preferences: { purposes: { analytics: "granted" } },
      events: [{ purpose: "analytics", state: "granted", regulation: expect.stringContaining("GDPR") }],
      identities: [{ kind: "email" }],
      recipients: expect.arrayContaining([{ purpose: "analytics", recipients: expect.any(Array) }]),
    });
    const [row] = await region.postgres.admin<{ reference: string }>("SELECT reference FROM preferences.subject WHERE id = $1", "brand", [
      person.subject,
    ]);
    expect(text).not.toContain(row?.reference);
    expect(text.toLowerCase()).not.toContain("ada@");
  });

  test("is nobody else's", async () => {
    const [person, other] = [await service.person(), await service.person()];
    for (const [path, method] of [
      [`/v1/subjects/${person.subject}/export`, "GET"],
      [`/v1/subjects/${person.subject}`, "DELETE"],
    ] as const) {
      expect((await asPerson(other, path, method)).status).toBe(403);
      expect((await service.request(path, { method })).status).toBe(401);
    }
    expect((await person.read()).status).toBe(200);
  });
});

describe("a subject that is erased", () => {
  test("is gone, with the key that its words were sealed under; the ledger keeps its length and its commitments", async () => {
    const person = await service.person();
    await person.say({ analytics: "granted", personalisation: "granted" }, { "if-match": "*", "idempotency-key": "once" });
    const count = "SELECT count(*)::int AS events, count(DISTINCT commitment)::int AS commitments FROM preferences.consent_ledger";
    const before = await region.postgres.admin(count);
    const erased = await asPerson(person, `/v1/subjects/${person.subject}`, "DELETE");
    expect(erased.status).toBe(200);
    expect(await erased.json()).toEqual({ subject: person.subject, erased: true, enforcement: "applied" });
    expect(await region.postgres.admin(count)).toEqual(before);
    const tables = ["subject WHERE id", "consent_state WHERE subject", "idempotency WHERE subject", "identity WHERE subject"];
    for (const table of tables)
      expect(await region.postgres.admin(`SELECT FROM preferences.${table} = $1`, "brand", [person.subject]), table).toEqual([]);
    await expect(ledgerOf(region, person.subject)).rejects.toThrow("there is no subject");
    expect((await person.read()).status).toBe(404);
  });

  test("is allowed nothing from then on, gets no new token, and to erase it again is no news", async () => {
    const person = await service.person();
    const remove = () => asPerson(person, `/v1/subjects/${person.subject}`, "DELETE");
    expect((await remove()).status).toBe(200);
    expect((await remove()).status).toBe(200);
    expect((await asPerson(person, `/v1/subjects/${person.subject}/tokens`, "POST")).status).toBe(404);
    const check = await service.request(`/v1/check?subject=${person.subject}&purpose=advertising`, { scope: "edge" });
    expect(await check.json()).toMatchObject({ allow: false });
  });
});

describe("one person, two subjects", () => {
  const link = async (person: Person, value: string, kind = "email") => {
    const answer = await asService(`/v1/subjects/${person.subject}/identities/${kind}`, { method: "PUT", body: { value } });
    return { status: answer.status, ...((await answer.json()) as { subject: string; merged: boolean; token: string }) };
  };

  test("become the one that was known, with whatever permits less", async () => {
    const [known, fresh] = [await service.person(), await service.person()];
    expect(await link(known, "grace@brand.example")).toMatchObject({ status: 200, subject: known.subject, merged: false });
    await known.say({ analytics: "granted", "email-marketing": "granted" }, { "if-match": "*" });
    await fresh.say({ analytics: "denied", personalisation: "granted" }, { "if-match": "*" });
    expect(await link(fresh, " Grace@Brand.example ")).toMatchObject({ status: 200, subject: known.subject, merged: true });
    // A refusal is taken over; a grant of somebody who was not known is not; what the other never spoke of stays.
    expect(await states(known)).toMatchObject({ analytics: "denied", personalisation: "none", "email-marketing": "granted" });
    expect((await ledgerOf(region, known.subject)).at(-1)).toMatchObject({ method: "merge", purpose: "analytics", actor: "preferences" });
    expect((await fresh.read()).status).toBe(404);
  });

  test("takes less of what was chosen under a purpose, too", async () => {
    const [known, fresh] = [await service.person(), await service.person()];
    const choose = (person: Person, topics: string[]) =>
      service.request(person.path, {
        method: "PATCH",
        headers: { authorization: `Bearer ${person.token}`, "content-type": "application/json" },
        body: JSON.stringify({ preferences: { "email-marketing": { topics } } }),
      });
    await choose(known, ["news", "offers"]);
    await choose(fresh, ["offers", "events"]);
    await link(known, "hedy@brand.example");
    await link(fresh, "hedy@brand.example");
    expect(await (await known.read()).json()).toMatchObject({ preferences: { "email-marketing": { topics: ["offers"] } } });
    expect((await ledgerOf(region, known.subject)).at(-1)).toMatchObject({ method: "merge", preferences: { topics: ["offers"] } });
  });

  test("are found by whatever either was known by", async () => {
    const [known, fresh, later] = [await service.person(), await service.person(), await service.person()];
    await link(known, "mary@brand.example");
    await link(fresh, "+49 30 5550100", "phone");
    await fresh.say({ "email-marketing": "denied" });
    await link(fresh, "mary@brand.example");
    expect(await link(later, "+49 30 5550100", "phone")).toMatchObject({ subject: known.subject, merged: true });
    expect(await states(known)).toMatchObject({ "email-marketing": "denied" });
  });

  test("of two customers are two people, and neither ends what the other has said", async () => {
    const [first, second, fresh] = [await service.person(), await service.person(), await service.person()];
    expect((await link(first, "customer-1", "customer")).status).toBe(200);
    expect((await link(first, "customer-1", "customer")).status).toBe(200);
    expect((await link(second, "customer-2", "customer")).status).toBe(200);
    await first.say({ "email-marketing": "denied" });
    for (const other of ["customer-2", "customer-3"]) expect((await link(first, other, "customer")).status).toBe(409);
    expect(await states(first)).toMatchObject({ "email-marketing": "denied" });
    expect(await link(fresh, "customer-2", "customer")).toMatchObject({ subject: second.subject, merged: true });
  });

  test("linked at once in both directions end as one, and nobody waits for ever", async () => {
    const people = await Promise.all([1, 2, 3, 4].map(() => service.person()));
    const linked = await Promise.all(people.map((person) => link(person, "many@brand.example")));
    expect(linked.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(linked.map(({ subject }) => subject)).size).toBe(1);
  });

  test("a person cannot say who it is", async () => {
    const person = await service.person();
    const answer = await service.request(`/v1/subjects/${person.subject}/identities/email`, {
      method: "PUT",
      headers: { authorization: `Bearer ${person.token}`, "content-type": "application/json" },
      body: JSON.stringify({ value: "somebody@brand.example" }),
    });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ type: "urn:bailiwick:problem:for-services" });
  });

  test.each([
    ["email", "nobody", "an address"],
    ["phone", "030 1234", "a number in E.164"],
    ["customer", "two words", "an id without spaces"],
  ])("%s %j is none", async (kind, value, allowed) => {
    const { subject } = await service.person();
    const refused = await asService(`/v1/subjects/${subject}/identities/${kind}`, { method: "PUT", body: { value } });
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining(allowed) });
  });

  test("the same identity has the same hash however it is spelt, and another one by another key", () => {
    const [key, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    expect(identityHash(key, "phone", "+49 (30) 123-456")).toEqual(identityHash(key, "phone", "+4930123456"));
    expect(identityHash(key, "email", "a@b.example")).not.toEqual(identityHash(other, "email", "a@b.example"));
    expect(identityHash(key, "customer", "a@b.example")).not.toEqual(identityHash(key, "email", "a@b.example"));
  });
});

describe("phase 1 of a rollout", () => {
  test("refuses what permits and names the phase; refusing, withdrawing and unsubscribing are always possible", async () => {
    const reading = await region.serve({ PHASE: "1" }, service);
    const person = (await service.person()).at(reading);
    await person.at(service).say({ "email-marketing": "granted" }, { "if-match": "*" });
    const refused = await person.say({ analytics: "granted" }, { "if-match": "*" });
    expect(refused.status).toBe(403);
    const problem = await refused.json();
    expect(problem).toMatchObject({ type: "urn:bailiwick:problem:read-only", phase: "1" });
    expect(problem).not.toHaveProperty("resend");
    const mixed = await person.say({ analytics: "granted", "email-marketing": "withdrawn", advertising: "denied" }, { "if-match": "*" });
    expect(mixed.status).toBe(403);
    const { resend } = (await mixed.json()) as { resend: { purposes: Record<string, string> } };
    expect(resend).toEqual({ purposes: { "email-marketing": "withdrawn", advertising: "denied" } });
    expect(await states(person)).toMatchObject({ "email-marketing": "granted", advertising: "none" });
    expect((await person.say(resend.purposes)).status).toBe(200);
    expect(await states(person)).toMatchObject({ "email-marketing": "withdrawn", advertising: "denied", analytics: "none" });
    expect((await person.say({ analytics: "denied" })).status).toBe(200);
    await person.at(service).say({ "email-marketing": "granted" }, { "if-match": "*" });
    expect((await person.say({ "email-marketing": "withdrawn" })).status).toBe(200);
  });
});
