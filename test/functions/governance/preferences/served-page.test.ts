// The preference page as the service serves it: over the ledger, behind the edge.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { newSubjectId } from "../../../../functions/shared/subject-id.ts";
import { issueSubjectToken } from "../../../../functions/shared/tokens.ts";
import { ledgerOf } from "../ledger.ts";
import { type Region, startRegion } from "../region.ts";
import type { Person, Service } from "../service.ts";

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

const sameOrigin = { "sec-fetch-site": "same-origin" };
const cookieOf = (token = person.token) => ({ cookie: `subject_token=${token}` });
const read = (headers: Record<string, string> = {}, path = "/preferences") =>
  service.request(path, { headers: { ...cookieOf(), ...headers } });
const hiddenIn = (html: string): Record<string, string> =>
  Object.fromEntries(
    [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name, value]) => [
      name,
      (value as string).replaceAll("&quot;", '"'),
    ]),
  );
const form = async () => hiddenIn(await (await read()).text());
const send = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
  service.request("/preferences", {
    method: "POST",
    headers: { ...cookieOf(), ...sameOrigin, ...headers },
    body: new URLSearchParams(fields),
    redirect: "manual",
  });

test("is answered only through the edge", async () => {
  expect((await service.request("/preferences", { scope: "none" })).status).toBe(401);
  expect((await service.request("/preferences/assets/style.css", { scope: "none" })).status).toBe(401);
});

test("a person begins on it: the cookie names a subject that the service knows", async () => {
  const begun = await service.request("/preferences", {
    method: "POST",
    headers: sameOrigin,
    body: new URLSearchParams({ begin: "begin" }),
    redirect: "manual",
  });
  expect([begun.status, begun.headers.get("location")]).toEqual([303, "/preferences?lang=en"]);
  const cookie = begun.headers.get("set-cookie")?.split(";")[0] as string;
  const page = await service.request("/preferences", { headers: { cookie } });
  expect(page.status).toBe(200);
  expect(await page.text()).toContain("You have not decided anything yet.");
});

test("what is said on it is in the ledger as it was said, with the notice that was shown, and on the page", async () => {
  const hidden = await form();
  const before = new Date().toISOString();
  const answer = await send({ ...hidden, save: "analytics", analytics: "allow" });
  const html = await answer.text();
  expect(answer.status).toBe(200);
  expect(html).toContain("Saved. Analytics: allowed. It holds from now on.");
  expect(html.match(/\/preferences\/receipts\//g)).toHaveLength(1);
  const [event, ...others] = await ledgerOf(region, person.subject);
  expect(others).toEqual([]);
  expect(event).toMatchObject({
    purpose: "analytics",
    state: "granted",
    method: "form",
    surface: "preference-page",
    source: "edge",
    actor: "subject",
    gpc: false,
    notice: { id: "preferences-eu", version: "4", language: "en", sha256: hidden.notice },
    servedAt: hidden.served,
  });
  expect((event?.collectedAt as string) >= before).toBe(true);
});

test("is the same door as the API: what is said at one is seen at the other", async () => {
  await person.say({ personalisation: "granted" }, { "if-match": "*" });
  const hidden = await form();
  expect(hidden["personalisation.held"]).toBe("allow");
  await send({ ...hidden, all: "refuse" });
  expect(await (await person.read()).json()).toMatchObject({
    purposes: { personalisation: "withdrawn", analytics: "denied", "email-marketing": "denied", advertising: "denied" },
  });
});

test("what is chosen under a purpose is kept, and shown again", async () => {
  const hidden = await form();
  const answer = await send({
    ...hidden,
    save: "email-marketing",
    "email-marketing": "allow",
    "email-marketing.topics": "news",
    "email-marketing.tier": "essentials",
    "email-marketing.channels": "post",
  });
  expect(answer.status).toBe(200);
  expect(await (await person.read()).json()).toMatchObject({
    purposes: { "email-marketing": "granted" },
    preferences: { "email-marketing": { tier: ["essentials"], channels: ["post"], topics: ["news"] } },
  });
  expect(await (await read()).text()).toMatch(/name="email-marketing.topics" value="news" checked/);
});

test("under Global Privacy Control it records the signal once, says so, and believes an explicit yes all the same", async () => {
  await person.say({ advertising: "granted" }, { "if-match": "*" });
  const signal = { "sec-gpc": "1" };
  const page = await (await read(signal)).text();
  expect(page).toContain("Opt-out request honoured");
  expect(page).toContain("(by the signal of your browser)");
  const answer = await send({ ...hiddenIn(page), save: "advertising", advertising: "despite-signal" }, signal);
  expect(await answer.text()).toContain("You have allowed this all the same: Advertising.");
  const events = await ledgerOf(region, person.subject);
  expect(events.map(({ method, state, despiteSignal }) => [method, state, despiteSignal])).toEqual([
    ["api", "granted", undefined],
    ["gpc", "withdrawn", undefined],
    ["form", "granted", true],
  ]);
});

test("a stale form permits nothing; its refusals are taken", async () => {
  const hidden = await form();
  await person.say({ advertising: "granted" }, { "if-match": "*" });
  const answer = await send({ ...hidden, save: "all", personalisation: "allow", analytics: "refuse" });
  expect(answer.status).toBe(412);
  expect(await (await person.read()).json()).toMatchObject({ purposes: { personalisation: "none", analytics: "denied" } });
});

test("shows the newest changes first, and the earlier ones behind a link", async () => {
  for (let change = 0; change < 21; change++)
    await person.say({ analytics: change % 2 === 0 ? "granted" : "withdrawn" }, { "if-match": "*" });
  const newest = await (await read()).text();
  const ids = (html: string) => [...html.matchAll(/\/preferences\/receipts\/([\w-]+)/g)].map(([, id]) => id);
  const ledger = (await ledgerOf(region, person.subject)).map(({ id }) => id);
  expect(ids(newest)).toEqual(ledger.slice(1).reverse());
  const earlier = /href="([^"]*cursor=[^"#]*)/.exec(newest)?.[1]?.replaceAll("&amp;", "&") as string;
  expect(ids(await (await read({}, earlier)).text())).toEqual(ledger.slice(0, 1));
});

test("a receipt of one's own change is the very one that the API gives", async () => {
  await person.say({ analytics: "granted" }, { "if-match": "*" });
  const [event] = await ledgerOf(region, person.subject);
  const answer = await read({}, `/preferences/receipts/${event?.id}`);
  expect(answer.headers.get("content-disposition")).toBe(`attachment; filename="receipt-${event?.id}.json"`);
  const headers = { authorization: `Bearer ${person.token}` };
  expect(await answer.text()).toBe(await (await service.request(`/v1/consent-events/${event?.id}/receipt`, { headers })).text());
});

describe("nobody sees", () => {
  test("a receipt of somebody else's change, or of none", async () => {
    const other = await service.person();
    await other.say({ analytics: "granted" }, { "if-match": "*" });
    const [event] = await ledgerOf(region, other.subject);
    for (const id of [event?.id, "none", "00000000-0000-4000-8000-000000000000"])
      expect((await read({}, `/preferences/receipts/${id}`)).status).toBe(404);
  });

  test("the page of a subject that is not there: the cookie is taken back", async () => {
    const { token } = await issueSubjectToken(service.tokenKey.privatePem, newSubjectId("eu"), "eu");
    const answer = await service.request("/preferences", { headers: cookieOf(token) });
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([401, expect.stringContaining("Max-Age=0")]);
  });
});
