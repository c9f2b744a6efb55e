// The way back after an opt-out of sale or sharing: 11 CCR 7028(a), at every door.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { compileDecisionTable } from "../../../../functions/governance/policy/compile.ts";
import { optingBackIn } from "../../../../functions/governance/preferences/two-step-opt-in.ts";
import type { ConsentEntry, Purpose, RecordedState } from "../../../../functions/shared/consent.ts";
import { issueServiceToken } from "../../../../functions/shared/service-token.ts";
import type { SubjectId } from "../../../../functions/shared/subject-id.ts";
import { confirmationSeconds, issueConfirmation, issueSubjectToken } from "../../../../functions/shared/tokens.ts";
import { newKeyPair } from "../../keys.ts";
import { ledgerOf } from "../ledger.ts";
import { type Region, startRegion } from "../region.ts";
import type { Person, Service } from "../service.ts";

const table = await compileDecisionTable();
const now = new Date("2026-11-22T12:00:00Z");

describe("a way back takes two steps", () => {
  const back = (
    jurisdiction: string,
    said: Partial<ConsentEntry> | undefined,
    wish: [Purpose, RecordedState] = ["advertising", "granted"],
  ) =>
    optingBackIn(
      [wish],
      { epoch: 1, purposes: said ? { [wish[0]]: { state: "granted", epoch: 1, ...said } } : {} },
      { table, jurisdiction },
      now,
    );

  test.each<[string, string, Partial<ConsentEntry> | undefined, boolean]>([
    ["after a refusal", "us", { state: "denied" }, true],
    ["after a withdrawal", "us", { state: "withdrawn" }, true],
    ["not where nobody has opted out", "us", undefined, false],
    ["not where a permission has merely ended", "us", { validUntil: "2026-01-01T00:00:00Z" }, false],
    ["not where nothing is shared without a yes", "eu", { state: "withdrawn" }, false],
    ["not where nobody has read the law yet: nothing is shared there without a yes", "atlantis", { state: "denied" }, false],
  ])("%s (%s)", (_what, jurisdiction, said, asked) => expect(back(jurisdiction, said)).toEqual(asked ? ["advertising"] : []));

  test("for what is sold or shared alone", () => expect(back("us", { state: "denied" }, ["analytics", "granted"])).toEqual([]));
  test("never to refuse", () => expect(back("us", { state: "denied" }, ["advertising", "withdrawn"])).toEqual([]));
});

describe("at the service", () => {
  let region: Region;
  let service: Service;
  let person: Person;
  const clientKey = newKeyPair();
  beforeAll(async () => {
    region = await startRegion();
    service = await region.serve({
      JURISDICTION: "us",
      SERVICE_CLIENTS: JSON.stringify([{ name: "shop", key: clientKey.publicPem, scopes: ["consent-events:write"] }]),
    });
  });
  afterAll(() => region?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    person = await service.person();
    await person.say({ advertising: "denied" });
  });

  interface Asked {
    readonly type: string;
    readonly purposes: string[];
    readonly confirmation: string;
    readonly expiresAt: string;
    readonly resend?: object;
  }
  const patch = (body: object, headers: Record<string, string> = {}, whose = person) =>
    service.request(whose.path, {
      method: "PATCH",
      headers: { authorization: `Bearer ${whose.token}`, "content-type": "application/json", "if-match": "*", ...headers },
      body: JSON.stringify(body),
    });
  const wish = { purposes: { advertising: "granted" } };
  const firstStep = async (whose = person) => (await (await patch(wish, {}, whose)).json()) as Asked;
  const etag = async () => (await person.read()).headers.get("etag") as string;
  const stateOf = async (purpose = "advertising") =>
    ((await (await person.read()).json()) as { purposes: Record<string, string> }).purposes[purpose];
  const events = async () => (await ledgerOf(region, person.subject)).map(({ purpose, state }) => `${purpose} ${state}`);

  test("the first writes nothing, and is answered with what to confirm", async () => {
    const before = await etag();
    const answer = await patch(wish);
    expect(answer.status).toBe(409);
    const asked = (await answer.json()) as Asked;
    expect(asked).toMatchObject({ type: "urn:bailiwick:problem:confirmation-required", purposes: ["advertising"] });
    expect(asked).not.toHaveProperty("resend");
    expect(Date.parse(asked.expiresAt) - Date.now()).toBeLessThanOrEqual(confirmationSeconds * 1000);
    expect([await etag(), await events()]).toEqual([before, ["advertising denied"]]);
  });

  test("the second does it, and the ledger and the receipt say when it was first asked for", async () => {
    const { confirmation } = await firstStep();
    const answer = await patch({ ...wish, confirmation });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ purposes: { advertising: "granted" } });
    const [, event] = await ledgerOf(region, person.subject);
    expect(event).toMatchObject({ state: "granted", requestedAt: expect.stringMatching(/Z$/) });
    expect((event?.requestedAt as string) <= (event?.receivedAt as string)).toBe(true);
    const headers = { authorization: `Bearer ${person.token}` };
    const receipt = await service.request(`/v1/consent-events/${event?.id}/receipt`, { headers });
    expect(await receipt.text()).toContain(`"bailiwick:requestedAt":"${event?.requestedAt}"`);
  });

  test("once confirmed it is spent, for whatever is said later", async () => {
    const { confirmation } = await firstStep();
    await patch({ ...wish, confirmation });
    await person.say({ advertising: "withdrawn" });
    expect((await patch({ ...wish, confirmation })).status).toBe(409);
    expect(await stateOf()).toBe("withdrawn");
  });

  test("no confirmation but one's own, of this moment and for this, is any", async () => {
    const subject = person.subject as SubjectId;
    const other = await service.person();
    await other.say({ advertising: "denied" });
    const held = await etag();
    const { privatePem } = service.tokenKey;
    const made = async (its: object, key = privatePem, at = new Date()) =>
      (await issueConfirmation(key, { subject, purposes: ["advertising"], etag: held, ...its }, "eu", at)).confirmation;
    const none = {
      "a word": "yes",
      "another person's": (await firstStep(other)).confirmation,
      "of another subject": await made({ subject: other.subject }),
      "of another purpose": await made({ purposes: ["analytics"] }),
      "of another moment": await made({ etag: '"another"' }),
      over: await made({}, privatePem, new Date(Date.now() - (confirmationSeconds + 1) * 1000)),
      "signed by another key": await made({}, newKeyPair().privatePem),
      "of another kind": (await issueSubjectToken(privatePem, subject, "eu")).token,
    };
    for (const [what, confirmation] of Object.entries(none)) {
      const answer = await patch({ ...wish, confirmation });
      expect([what, answer.status]).toEqual([what, 409]);
      expect(((await answer.json()) as Asked).confirmation).not.toBe(confirmation);
    }
    expect(await stateOf()).toBe("denied");
    expect((await patch({ ...wish, confirmation: await made({}) })).status).toBe(200);
  });

  test("a confirmation is no token of its subject", async () => {
    const { confirmation } = await firstStep();
    expect((await person.read({ authorization: `Bearer ${confirmation}` })).status).toBe(401);
  });

  test("whatever was said meanwhile, the question is asked anew", async () => {
    const { confirmation } = await firstStep();
    await person.say({ analytics: "denied" });
    const answer = await patch({ ...wish, confirmation });
    expect(answer.status).toBe(409);
    expect((await patch({ ...wish, confirmation: ((await answer.json()) as Asked).confirmation })).status).toBe(200);
  });

  test("of a mixture nothing is done, and the part that restricts is named to be sent alone", async () => {
    const answer = await patch({ purposes: { advertising: "granted", analytics: "denied", personalisation: "granted" } });
    expect(await answer.json()).toMatchObject({ resend: { purposes: { analytics: "denied" } } });
    expect(await events()).toEqual(["advertising denied"]);
  });

  test("what is said with it needs no confirmation, and is not said to have had one", async () => {
    const { confirmation } = await firstStep();
    await patch({ purposes: { advertising: "granted", personalisation: "granted" }, confirmation });
    const said = (await ledgerOf(region, person.subject)).slice(1);
    expect(Object.fromEntries(said.map(({ purpose, requestedAt }) => [purpose, requestedAt !== undefined]))).toEqual({
      advertising: true,
      personalisation: false,
    });
  });

  test("a stale view is not asked to confirm, but to look again", async () => {
    const stale = await etag();
    await person.say({ analytics: "denied" });
    expect((await patch(wish, { "if-match": stale })).status).toBe(412);
  });

  test("the same key serves both steps, and repeats the second only", async () => {
    const key = { "idempotency-key": "back" };
    const first = await patch(wish, key);
    const { confirmation } = (await first.json()) as Asked;
    expect([first.status, (await patch({ ...wish, confirmation }, key)).status]).toEqual([409, 200]);
    await person.say({ advertising: "withdrawn" });
    expect(await (await patch({ ...wish, confirmation }, key)).json()).toMatchObject({ purposes: { advertising: "granted" } });
    expect(await stateOf()).toBe("withdrawn");
  });

  test("a report of what was said elsewhere takes them as well, also from a service", async () => {
    const bearer = await issueServiceToken(clientKey.privatePem, { name: "shop", scopes: ["consent-events:write"] }, "eu");
    const report = (more: object) =>
      service.request("/v1/consent-events", {
        method: "POST",
        headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json", "if-match": "*" },
        body: JSON.stringify({ subject: person.subject, purpose: "advertising", state: "granted", surface: "shop-app", ...more }),
      });
    const asked = await report({});
    expect(asked.status).toBe(409);
    expect(await stateOf()).toBe("denied");
    expect((await report({ confirmation: ((await asked.json()) as Asked).confirmation })).status).toBe(201);
    const [, event] = await ledgerOf(region, person.subject);
    expect(event).toMatchObject({ actor: "shop", requestedAt: expect.any(String) });
  });

  describe("on the page", () => {
    const page = (init: RequestInit = {}) =>
      service.request("/preferences", {
        ...init,
        headers: { cookie: `subject_token=${person.token}`, "sec-fetch-site": "same-origin" },
      });
    /** The hidden fields of a page, or of the form in it that asks to confirm. */
    const hiddenIn = (html: string): Record<string, string> =>
      Object.fromEntries(
        [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name, value]) => [
          name,
          (value as string).replaceAll("&quot;", '"'),
        ]),
      );
    const confirmForm = (html: string) => hiddenIn(/<form class="card said".*?<\/form>/s.exec(html)?.[0] ?? "");
    const send = async (fields: Record<string, string>) => {
      const answer = await page({ method: "POST", body: new URLSearchParams(fields) });
      return { status: answer.status, html: await answer.text() };
    };
    const start = async () => hiddenIn(await (await page()).text());

    test("the first form is answered with a question, the second does it", async () => {
      const asked = await send({ ...(await start()), save: "advertising", advertising: "allow" });
      expect(asked.status).toBe(200);
      expect(asked.html).toContain("Not allowed yet: Advertising. Please confirm it below.");
      expect(await stateOf()).toBe("denied");
      const done = await send({ ...confirmForm(asked.html), save: "all" });
      expect(done.html).toContain("Saved. Advertising: allowed.");
      const [, event] = await ledgerOf(region, person.subject);
      expect(event).toMatchObject({ state: "granted", method: "form", requestedAt: expect.any(String) });
    });

    test("who says no to the question has changed nothing", async () => {
      const asked = await send({ ...(await start()), save: "advertising", advertising: "allow" });
      const answer = await send({ ...confirmForm(asked.html), all: "keep" });
      expect(answer.html).toContain("Nothing had to be changed.");
      expect(answer.html).not.toContain('id="confirm"');
      expect(await events()).toEqual(["advertising denied"]);
    });

    test("everything at once is allowed but for what is to be confirmed", async () => {
      const asked = await send({ ...(await start()), all: "allow" });
      expect(asked.html).toContain("Not allowed yet: Advertising.");
      expect([await stateOf("analytics"), await stateOf()]).toEqual(["granted", "denied"]);
      const done = await send({ ...confirmForm(asked.html), save: "all" });
      expect(done.html).toContain("Saved. Advertising: allowed.");
    });
  });
});
