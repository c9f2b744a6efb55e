// One-click unsubscribe: the link of a letter, pressed by a person or by a mail client (RFC 8058).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { texts } from "../../../../functions/governance/preferences/page/texts/index.ts";
import { newSubjectId, type SubjectId } from "../../../../functions/shared/subject-id.ts";
import {
  issueSubjectToken,
  issueUnsubscribeToken,
  verifySubjectToken,
  verifyUnsubscribeToken,
} from "../../../../functions/shared/tokens.ts";
import { newKeyPair } from "../../keys.ts";
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

const purpose = "email-marketing";
const words = texts.en.unsubscribe;
const letterTo = (subject = person.subject, key = service.tokenKey.privatePem, issuer = "eu") =>
  issueUnsubscribeToken(key, { subject: subject as SubjectId, purpose }, issuer);
const oneClick = () => new URLSearchParams({ "List-Unsubscribe": "One-Click" });
/** As a mail provider does: without any word about who it is. */
const press = async (letter: string, body: string | URLSearchParams | FormData = oneClick()) =>
  service.request(`/v1/unsubscribe/${letter}`, { method: "POST", body, redirect: "manual" });
const events = async () => ledgerOf(region, person.subject);
const stateNow = async () => ((await (await person.read()).json()) as { purposes: Record<string, string> }).purposes[purpose];

describe("the link", () => {
  const linksFor = (subject: string, headers: Record<string, string> = {}, scope: "edge" | "person" = "person") =>
    service.request(`/v1/subjects/${subject}/unsubscribe-links?purpose=${purpose}`, {
      scope,
      headers: { "x-edge-origin": "https://eu.brand.example", ...headers },
    });

  test("is made for whoever sends letters, as the two header fields that they must carry", async () => {
    for (const answer of [
      await linksFor(person.subject, {}, "edge"),
      await linksFor(person.subject, { authorization: `Bearer ${person.token}` }),
    ]) {
      expect(answer.status).toBe(200);
      const fields = (await answer.json()) as Record<string, string>;
      expect(fields["List-Unsubscribe-Post"]).toBe("List-Unsubscribe=One-Click");
      const [, letter] = /^<https:\/\/eu\.brand\.example\/v1\/unsubscribe\/([\w.-]+)>$/.exec(fields["List-Unsubscribe"] as string) ?? [];
      expect(await verifyUnsubscribeToken(service.tokenKey.publicPem, letter as string, "eu")).toEqual({
        subject: person.subject,
        purpose,
      });
    }
  });

  test("is nobody else's to ask for", async () => {
    expect((await linksFor(person.subject)).status).toBe(401);
    expect((await linksFor((await service.person()).subject, { authorization: `Bearer ${person.token}` })).status).toBe(403);
  });

  test("opens nothing but this: it is no subject token, nor is a subject token a link", async () => {
    const letter = await letterTo();
    await expect(verifySubjectToken(service.tokenKey.publicPem, letter, "eu")).rejects.toThrow();
    expect((await service.request(person.path, { headers: { authorization: `Bearer ${letter}` } })).status).toBe(401);
    expect((await press(person.token)).status).toBe(404);
  });
});

describe("reading the link", () => {
  test("shows one button and stops nothing, however often scanners follow it", async () => {
    await person.say({ [purpose]: "granted" }, { "if-match": "*" });
    const letter = await letterTo();
    for (const method of ["GET", "HEAD", "GET"]) {
      const answer = await service.request(`/v1/unsubscribe/${letter}?List-Unsubscribe=One-Click`, { method });
      expect(answer.status).toBe(200);
      const html = await answer.text();
      if (method === "GET") {
        expect(html.match(/<button/g)).toHaveLength(1);
        expect(html).toContain(words.title(texts.en.purposes[purpose].name));
      }
    }
    expect(await stateNow()).toBe("granted");
  });

  test("is in the reader's language, and kept by nobody", async () => {
    const answer = await service.request(`/v1/unsubscribe/${await letterTo()}`, { headers: { "accept-language": "ja" } });
    expect(await answer.text()).toContain(texts.ja.unsubscribe.button);
    expect(answer.headers.get("cache-control")).toBe("private, no-store");
    expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  });
});

describe("pressing it", () => {
  test("withdraws what was granted, without a cookie or a redirect, and is told", async () => {
    await person.say({ [purpose]: "granted" }, { "if-match": "*" });
    const answer = await press(await letterTo());
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([200, null]);
    expect(await answer.text()).toContain(words.done.title);
    expect(await stateNow()).toBe("withdrawn");
    expect((await events()).at(-1)).toMatchObject({
      ...{ purpose, state: "withdrawn", method: "one-click", surface: "list-unsubscribe", actor: "subject" },
    });
  });

  test("refuses what was never answered, and touches no other purpose", async () => {
    await person.say({ analytics: "granted" }, { "if-match": "*" });
    await press(await letterTo());
    expect(await (await person.read()).json()).toMatchObject({ purposes: { analytics: "granted", [purpose]: "denied" } });
  });

  test("does as much when sent as multipart/form-data, as mail providers send it", async () => {
    const form = new FormData();
    form.set("List-Unsubscribe", "One-Click");
    expect((await press(await letterTo(), form)).status).toBe(200);
    expect(await stateNow()).toBe("denied");
  });

  test("again, or by many at once, says the same and writes once", async () => {
    const letter = await letterTo();
    await press(letter);
    const answers = await Promise.all(Array.from({ length: 6 }, () => press(letter)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await events()).toHaveLength(1);
  });

  test("says what it must, or stops nothing", async () => {
    const letter = await letterTo();
    for (const body of [new URLSearchParams(), new URLSearchParams({ "List-Unsubscribe": "Two-Clicks" }), ""]) {
      const answer = await press(letter, body);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    }
    expect(await stateNow()).toBe("none");
  });

  test("is answered alike where the subject is not there any more", async () => {
    const answer = await press(await letterTo(newSubjectId("eu")));
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain(words.done.title);
  });
});

describe("a link that is not ours", () => {
  test.each<[string, () => Promise<string>]>([
    ["forged", () => letterTo(person.subject, newKeyPair().privatePem)],
    ["of another region", () => letterTo(person.subject, service.tokenKey.privatePem, "us")],
    ["cut off", async () => (await letterTo()).slice(0, -5)],
    ["a subject token", async () => (await issueSubjectToken(service.tokenKey.privatePem, person.subject as SubjectId, "eu")).token],
    [
      "of no purpose",
      () =>
        issueUnsubscribeToken(service.tokenKey.privatePem, { subject: person.subject as SubjectId, purpose: "horoscopes" as never }, "eu"),
    ],
  ])("stops nothing, and says so to a person: %s", async (_what, letter) => {
    for (const answer of [await press(await letter()), await service.request(`/v1/unsubscribe/${await letter()}`)]) {
      expect(answer.status).toBe(404);
      expect(await answer.text()).toContain(words.unknown.title);
    }
    expect(await stateNow()).toBe("none");
  });
});
