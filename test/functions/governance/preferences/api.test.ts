import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isSubjectId, newSubjectId } from "../../../../functions/shared/subject-id.ts";
import { issueEdgeToken, issueSubjectToken, verifySubjectToken } from "../../../../functions/shared/tokens.ts";
import { newKeyPair } from "../../keys.ts";
import { ledgerOf } from "../ledger.ts";
import { type Region, startRegion } from "../region.ts";
import { audience, Person, type Service } from "../service.ts";

describe("the preferences API", () => {
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

  const body = async (response: Response | Promise<Response>) => (await (await response).json()) as Record<string, unknown>;
  const etagOf = async () => (await person.read()).headers.get("etag") as string;
  const rows = (subject = person.subject) => ledgerOf(region, subject);

  test("makes a new subject with a token of its own", async () => {
    const response = await service.request("/v1/subjects", { method: "POST" });
    const { subject, token, expiresAt } = (await response.json()) as Record<string, string>;
    expect(response.status).toBe(201);
    expect(isSubjectId(subject)).toBe(true);
    expect(await verifySubjectToken(service.tokenKey.publicPem, token as string, "eu")).toBe(subject);
    expect(Date.parse(expiresAt as string)).toBeGreaterThan(Date.now());
  });

  test("renews a token for whoever still has one", async () => {
    const path = `/v1/subjects/${person.subject}/tokens`;
    const { token } = await body(service.request(path, { method: "POST", headers: { authorization: `Bearer ${person.token}` } }));
    expect((await new Person(service, person.subject, token as string).read()).status).toBe(200);
    expect((await service.request(path, { method: "POST" })).status).toBe(401);
  });

  test("shows a new subject that nothing was said, with an ETag", async () => {
    const response = await person.read();
    expect(response.headers.get("etag")).toMatch(/^"[\w-]{22}"$/);
    expect(await response.json()).toEqual({
      subject: person.subject,
      jurisdiction: "eu",
      consentEpoch: 0,
      purposes: { personalisation: "none", analytics: "none", "email-marketing": "none", advertising: "none" },
      validUntil: {},
      preferences: {},
      despiteSignal: [],
    });
  });

  test("does not send again what the client has, also where it knows the ETag as a weak one", async () => {
    const etag = await etagOf();
    for (const known of [etag, `W/${etag}`]) expect((await person.read({ "if-none-match": known })).status).toBe(304);
  });
  test("lets nobody on the way compress what has an ETag, and so make it one that matches nothing", async () => {
    const said = await person.say({ analytics: "denied" });
    for (const answer of [await person.read(), said]) expect(answer.headers.get("cache-control")).toBe("no-store, no-transform");
  });
  test("takes the token from the cookie as well", async () =>
    expect((await service.request(person.path, { headers: { cookie: `subject_token=${person.token}` } })).status).toBe(200));

  test("writes a grant with its end and its reason, and shows it under a new ETag", async () => {
    const before = await etagOf();
    const response = await person.say({ personalisation: "granted" }, { "if-match": before });
    expect(response.status).toBe(200);
    const answer = await body(response);
    expect(answer).toMatchObject({
      consentEpoch: 1,
      enforcement: "applied",
      policyRevision: expect.stringMatching(/^sha256:/),
      purposes: { personalisation: "granted", analytics: "none" },
    });
    const days = (Date.parse((answer.validUntil as { personalisation: string }).personalisation) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(181);
    expect(days).toBeLessThanOrEqual(182);
    expect(response.headers.get("etag")).not.toBe(before);
    expect(await etagOf()).toBe(response.headers.get("etag"));
    expect(await rows()).toEqual([
      expect.objectContaining({ purpose: "personalisation", state: "granted", epoch: 1, policyRevision: answer.policyRevision }),
    ]);
  });

  test("grants whatever holds for If-Match: *", async () =>
    expect((await person.say({ analytics: "granted" }, { "if-match": "*" })).status).toBe(200));

  test("asks a grant what it was decided on", async () => {
    const response = await person.say({ personalisation: "granted" });
    expect([response.status, response.headers.get("etag"), response.headers.get("content-type")]).toEqual([
      428,
      await etagOf(),
      "application/problem+json",
    ]);
    expect(await rows()).toEqual([]);
  });

  test("refuses a grant decided on something stale, and withdraws on anything", async () => {
    const stale = await etagOf();
    await person.say({ analytics: "denied" });
    expect((await person.say({ personalisation: "granted" }, { "if-match": stale })).status).toBe(412);
    const mixed = await person.say({ personalisation: "granted", advertising: "denied" }, { "if-match": stale });
    expect(mixed.status).toBe(412);
    expect(await mixed.json()).toMatchObject({ resend: { purposes: { advertising: "denied" } } });
    expect((await person.say({ advertising: "denied" }, { "if-match": stale })).status).toBe(200);
    expect((await rows()).map(({ purpose }) => purpose)).toEqual(["analytics", "advertising"]);
  });

  test("lets one of two grants on the same ETag win", async () => {
    const etag = await etagOf();
    const answers = await Promise.all([
      person.say({ personalisation: "granted" }, { "if-match": etag }),
      person.say({ analytics: "granted" }, { "if-match": etag }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect(await rows()).toHaveLength(1);
  });

  test("writes nothing when nothing changes", async () => {
    await person.say({ personalisation: "denied" });
    const etag = await etagOf();
    const again = await person.say({ personalisation: "denied" });
    expect([again.status, again.headers.get("etag")]).toEqual([200, etag]);
    expect(await rows()).toHaveLength(1);
  });

  test("keeps the notice that was shown", async () => {
    const notice = { id: "privacy", version: "2026-05", sha256: `sha256:${"a".repeat(64)}`, language: "de" };
    await service.request(person.path, {
      method: "PATCH",
      headers: { authorization: `Bearer ${person.token}`, "content-type": "application/json", "if-match": "*" },
      body: JSON.stringify({ purposes: { analytics: "granted" }, notice }),
    });
    expect(await rows()).toEqual([expect.objectContaining({ notice })]);
  });

  describe("with an Idempotency-Key", () => {
    const key = { "if-match": "*", "idempotency-key": "once" };
    test("gives the first answer again for the same body, and writes once", async () => {
      const first = await person.say({ personalisation: "granted" }, key);
      await person.say({ analytics: "denied" });
      const again = await person.say({ personalisation: "granted" }, key);
      expect([again.status, again.headers.get("etag"), await again.text()]).toEqual([200, first.headers.get("etag"), await first.text()]);
      expect((await rows()).map(({ purpose }) => purpose)).toEqual(["personalisation", "analytics"]);
    });

    test("refuses another body", async () => {
      await person.say({ personalisation: "granted" }, key);
      const other = await person.say({ personalisation: "withdrawn" }, key);
      expect(other.status).toBe(422);
      expect(await other.json()).toMatchObject({ type: "urn:bailiwick:problem:idempotency-key-reused" });
    });

    test("writes once under concurrency", async () => {
      const answers = await Promise.all(Array.from({ length: 12 }, () => person.say({ personalisation: "granted" }, key)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(await Promise.all(answers.map((answer) => answer.text()))).size).toBe(1);
      expect(await rows()).toHaveLength(1);
    });

    test("may be tried again after it was refused", async () => {
      expect((await person.say({ personalisation: "granted" }, { "idempotency-key": "once" })).status).toBe(428);
      expect((await person.say({ personalisation: "granted" }, key)).status).toBe(200);
    });

    test("is another's for another subject", async () => {
      await person.say({ personalisation: "granted" }, key);
      expect((await (await service.person()).say({ analytics: "granted" }, key)).status).toBe(200);
    });
  });

  describe("refuses", () => {
    test.each([
      ["nobody's", { scope: "none" }],
      [
        "one signed by another edge",
        {
          scope: "none",
          headers: async () => ({
            "x-edge-authorization": `Bearer ${await issueEdgeToken(newKeyPair().privatePem, "eu", audience, "edge")}`,
          }),
        },
      ],
      [
        "one meant for another service",
        {
          scope: "none",
          headers: async () => ({
            "x-edge-authorization": `Bearer ${await issueEdgeToken(service.edgeKey.privatePem, "eu", "https://other.example", "edge")}`,
          }),
        },
      ],
    ] as const)("a request that did not come through the edge: %s", async (_, options) => {
      const headers = "headers" in options ? await options.headers() : {};
      const response = await service.request("/v1/subjects", { method: "POST", scope: "none", headers });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ type: "urn:bailiwick:problem:not-through-the-edge" });
    });

    test("a person without a token, and a token that is none", async () => {
      expect((await service.request(person.path)).status).toBe(401);
      expect((await service.request(person.path, { headers: { authorization: "Bearer a.b.c" } })).status).toBe(401);
    });

    test("somebody else's subject, whether it exists or not", async () => {
      const other = await service.person();
      const stranger = new Person(service, newSubjectId("eu"), person.token);
      for (const { path } of [other, stranger]) {
        const response = await service.request(path, { headers: { authorization: `Bearer ${person.token}` } });
        expect([response.status, (await body(response)).type]).toEqual([403, "urn:bailiwick:problem:not-your-subject"]);
      }
    });

    test("a subject that does not exist, for a token that says it does", async () => {
      const subject = newSubjectId("eu");
      const { token } = await issueSubjectToken(service.tokenKey.privatePem, subject, "eu");
      const ghost = new Person(service, subject, token);
      expect((await ghost.read()).status).toBe(404);
      expect((await ghost.say({ analytics: "denied" })).status).toBe(404);
    });

    test("what is no preference, naming every mistake", async () => {
      const response = await person.say({ personalisation: "maybe", horoscopes: "granted", analytics: null });
      expect(response.status).toBe(422);
      const { errors, detail } = (await response.json()) as { errors: { at: string }[]; detail: string };
      expect(errors.map(({ at }) => at)).toEqual(["purposes.personalisation", "purposes.analytics", "purposes"]);
      expect(detail).toContain('"horoscopes"');
      expect(detail).toContain('must be one of "granted", "denied", "withdrawn"');
    });

    test.each([
      ["no JSON", "{", 400],
      ["a body that is too large", JSON.stringify({ purposes: {}, servedAt: "x".repeat(20_000) }), 413],
    ])("%s", async (_, text, status) => {
      const response = await service.request(person.path, {
        method: "PATCH",
        headers: { authorization: `Bearer ${person.token}`, "content-type": "application/json" },
        body: text,
      });
      expect([response.status, response.headers.get("content-type")]).toEqual([status, "application/problem+json"]);
    });

    test("a path that names no subject", async () => expect((await service.request("/v1/subjects/me/preferences")).status).toBe(422));
    test("what it does not have", async () => expect((await service.request("/v2")).status).toBe(404));
  });

  describe("answers whether a purpose is allowed", () => {
    const check = (purpose: string, headers = {}) =>
      body(service.request(`/v1/check?subject=${person.subject}&purpose=${purpose}`, { scope: "edge", headers }));

    test("by what was said, at once", async () => {
      expect(await check("personalisation")).toMatchObject({ allow: false, reason: "not-granted", epoch: 0 });
      await person.say({ personalisation: "granted" }, { "if-match": "*" });
      expect(await check("personalisation")).toMatchObject({ allow: true, reason: "granted", epoch: 1 });
      await person.say({ personalisation: "withdrawn" });
      expect(await check("personalisation")).toMatchObject({
        allow: false,
        reason: "withdrawn",
        epoch: 2,
        policyRevision: expect.stringMatching(/^sha256:/),
      });
    });

    test("heeding Global Privacy Control, also for the subject itself, which is known", async () => {
      await person.say({ advertising: "granted" }, { "if-match": "*" });
      expect(await check("advertising")).toMatchObject({ allow: true });
      expect(await check("advertising", { "sec-gpc": "1" })).toMatchObject({ allow: false });
      expect(await check("advertising")).toMatchObject({ allow: false, reason: "withdrawn" });
    });

    test("and no for a purpose it does not know", async () =>
      expect(await check("horoscopes")).toMatchObject({ allow: false, reason: "unknown-purpose" }));

    test("to a person about itself only", async () => {
      const path = `/v1/check?subject=${person.subject}&purpose=analytics`;
      expect((await service.request(path)).status).toBe(401);
      expect((await service.request(path, { headers: { authorization: `Bearer ${(await service.person()).token}` } })).status).toBe(403);
      expect((await service.request(path, { headers: { authorization: `Bearer ${person.token}` } })).status).toBe(200);
    });
  });

  test("says a grant has expired once its end is past, and takes a new one", async () => {
    await person.say({ analytics: "granted" }, { "if-match": "*" });
    await region.postgres.admin(
      `UPDATE preferences.consent_state SET valid_until = now() - interval '1 day' WHERE subject = '${person.subject}'`,
    );
    expect(await body(person.read())).toMatchObject({ purposes: { analytics: "expired" }, validUntil: {} });
    expect(await body(person.say({ analytics: "granted" }, { "if-match": "*" }))).toMatchObject({
      consentEpoch: 2,
      purposes: { analytics: "granted" },
    });
  });

  test("writes nothing for an edge that does not exist", async () => {
    await person.say({ analytics: "denied" });
    expect(await region.postgres.admin(`SELECT FROM preferences.consent_outbox WHERE subject = '${person.subject}'`)).toEqual([]);
  });

  test("says which release and revision answered", async () =>
    expect((await person.read()).headers.get("server-version")).toBe("1.2.3; revision=preferences-00001"));

  test("describes itself in OpenAPI 3.1, with an example id that is one", async () => {
    const document = (await body(service.request("/v1/openapi.json"))) as {
      openapi: string;
      paths: object;
      components: { schemas: { Preferences: { properties: { subject: { example: string } } } } };
    };
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths).sort()).toEqual([
      "/v1/check",
      "/v1/consent-events",
      "/v1/consent-events/{id}/proof",
      "/v1/consent-events/{id}/receipt",
      "/v1/exports",
      "/v1/log/checkpoint",
      "/v1/log/consistency",
      "/v1/log/key",
      "/v1/log/watched",
      "/v1/notices/{id}/versions/{n}",
      "/v1/subjects",
      "/v1/subjects/{sid}",
      "/v1/subjects/{sid}/consent-events",
      "/v1/subjects/{sid}/export",
      "/v1/subjects/{sid}/identities/{kind}",
      "/v1/subjects/{sid}/preferences",
      "/v1/subjects/{sid}/tokens",
      "/v1/subjects/{sid}/unsubscribe-links",
      "/v1/unsubscribe/{token}",
    ]);
    expect(isSubjectId(document.components.schemas.Preferences.properties.subject.example)).toBe(true);
  });

  test("logs no subject, no token and no error", async () => {
    await person.say({ analytics: "granted" }, { "if-match": "*" });
    expect(service.output).not.toContain(person.subject);
    expect(service.output).not.toContain(person.token);
    expect(service.output).not.toContain('"ERROR"');
  });
});
