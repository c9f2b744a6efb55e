import { createPrivateKey } from "node:crypto";
import { decodeJwt, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { newSubjectId } from "../../../functions/shared/subject-id.ts";
import {
  bearer,
  clockToleranceSeconds,
  isHalfOver,
  issueConfirmation,
  issueEdgeToken,
  issueSubjectToken,
  issueUnsubscribeToken,
  subjectTokenOf,
  verifyConfirmation,
  verifyEdgeToken,
  verifySubjectToken,
  verifyUnsubscribeToken,
} from "../../../functions/shared/tokens.ts";
import { newKeyPair } from "../keys.ts";

const key = newKeyPair();
const subject = newSubjectId("eu");
const audience = "https://preferences.brand.example";
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

describe("a subject token", () => {
  test("names its subject for an hour", async () => {
    const { token, expiresAt } = await issueSubjectToken(key.privatePem, subject, "eu");
    expect(await verifySubjectToken(key.publicPem, token, "eu")).toBe(subject);
    const minutesLeft = (Date.parse(expiresAt) - Date.now()) / 60_000;
    expect(minutesLeft).toBeGreaterThan(59);
    expect(minutesLeft).toBeLessThanOrEqual(60);
  });

  test("is over after its hour", async () => {
    const { token } = await issueSubjectToken(key.privatePem, subject, "eu", minutesAgo(61));
    await expect(verifySubjectToken(key.publicPem, token, "eu")).rejects.toThrow("exp");
  });

  test("is worth nothing in another region", async () => {
    const { token } = await issueSubjectToken(key.privatePem, subject, "eu");
    await expect(verifySubjectToken(key.publicPem, token, "us")).rejects.toThrow();
  });

  test("is worth nothing when somebody else signed it", async () => {
    const { token } = await issueSubjectToken(newKeyPair().privatePem, subject, "eu");
    await expect(verifySubjectToken(key.publicPem, token, "eu")).rejects.toThrow("signature");
  });

  test("is worth nothing unsigned", async () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const token = `${part({ alg: "none", typ: "subject+jwt" })}.${part({ iss: "eu", aud: "eu", sub: subject, exp: Date.now() })}.`;
    await expect(verifySubjectToken(key.publicPem, token, "eu")).rejects.toThrow();
  });

  test("cannot be an edge token of the same key", async () => {
    const token = await issueEdgeToken(key.privatePem, "eu", "eu", "edge");
    await expect(verifySubjectToken(key.publicPem, token, "eu")).rejects.toThrow("typ");
  });
});

test("half of a subject token's life is over after half an hour", async () => {
  const after = async (minutes: number) => isHalfOver((await issueSubjectToken(key.privatePem, subject, "eu", minutesAgo(minutes))).token);
  expect([await after(0), await after(29), await after(31), await after(90)]).toEqual([false, false, true, true]);
});

describe("an unsubscribe token", () => {
  const wish = { subject, purpose: "email-marketing" } as const;

  test("names one purpose of one subject, and never ends", async () => {
    const token = await issueUnsubscribeToken(key.privatePem, wish, "eu");
    expect(await verifyUnsubscribeToken(key.publicPem, token, "eu")).toEqual(wish);
    expect(decodeJwt(token)).not.toHaveProperty("exp");
  });

  test("is worth nothing in another region, nor when somebody else signed it", async () => {
    await expect(verifyUnsubscribeToken(key.publicPem, await issueUnsubscribeToken(key.privatePem, wish, "eu"), "us")).rejects.toThrow();
    const forged = await issueUnsubscribeToken(newKeyPair().privatePem, wish, "eu");
    await expect(verifyUnsubscribeToken(key.publicPem, forged, "eu")).rejects.toThrow("signature");
  });

  test("cannot be any other token of the same key, even one with the same words", async () => {
    const other = await new SignJWT({ purpose: wish.purpose })
      .setProtectedHeader({ alg: "EdDSA", typ: "subject+jwt" })
      .setIssuer("eu")
      .setAudience("eu")
      .setSubject(subject)
      .sign(createPrivateKey(key.privatePem));
    await expect(verifyUnsubscribeToken(key.publicPem, other, "eu")).rejects.toThrow("typ");
    const token = await issueUnsubscribeToken(key.privatePem, wish, "eu");
    await expect(verifySubjectToken(key.publicPem, token, "eu")).rejects.toThrow();
  });
});

describe("a confirmation", () => {
  const request = { subject, purposes: ["advertising"], etag: '"seen"' } as const;

  test("names what was asked for, on what, and when", async () => {
    const asked = new Date(Date.now() - 60_000);
    const { confirmation, expiresAt } = await issueConfirmation(key.privatePem, request, "eu", asked);
    const requestedAt = new Date(Math.floor(asked.getTime() / 1000) * 1000);
    expect(await verifyConfirmation(key.publicPem, confirmation, "eu")).toEqual({ ...request, requestedAt: requestedAt.toISOString() });
    expect(Date.parse(expiresAt) - requestedAt.getTime()).toBe(600_000);
  });

  test("is over after ten minutes, and worth nothing in another region or when somebody else signed it", async () => {
    const { confirmation } = await issueConfirmation(key.privatePem, request, "eu", minutesAgo(10.1));
    await expect(verifyConfirmation(key.publicPem, confirmation, "eu")).rejects.toThrow("exp");
    const abroad = await issueConfirmation(key.privatePem, request, "us");
    await expect(verifyConfirmation(key.publicPem, abroad.confirmation, "eu")).rejects.toThrow();
    const forged = await issueConfirmation(newKeyPair().privatePem, request, "eu");
    await expect(verifyConfirmation(key.publicPem, forged.confirmation, "eu")).rejects.toThrow("signature");
  });

  test("is no subject token, nor is a subject token one", async () => {
    const { confirmation } = await issueConfirmation(key.privatePem, request, "eu");
    await expect(verifySubjectToken(key.publicPem, confirmation, "eu")).rejects.toThrow("typ");
    const { token } = await issueSubjectToken(key.privatePem, subject, "eu");
    await expect(verifyConfirmation(key.publicPem, token, "eu")).rejects.toThrow();
  });
});

describe("an edge token", () => {
  test.each(["edge", "person"] as const)("says that the edge speaks for the %s", async (scope) => {
    const token = await issueEdgeToken(key.privatePem, "eu", audience, scope);
    expect(await verifyEdgeToken(key.publicPem, token, "eu", audience)).toBe(scope);
  });

  test("is over after a minute", async () => {
    const token = await issueEdgeToken(key.privatePem, "eu", audience, "edge", minutesAgo(1.2));
    await expect(verifyEdgeToken(key.publicPem, token, "eu", audience)).rejects.toThrow("exp");
  });

  test("may not be made to last longer than a minute", async () => {
    const iat = Math.floor(Date.now() / 1000) - 120;
    const token = await new SignJWT({ scope: "edge", iat, exp: iat + 3600, iss: "edge.eu", aud: audience })
      .setProtectedHeader({ alg: "EdDSA", typ: "edge+jwt" })
      .sign(createPrivateKey(key.privatePem));
    await expect(verifyEdgeToken(key.publicPem, token, "eu", audience)).rejects.toThrow("iat");
  });

  test.each([
    ["service", "eu", "https://other.brand.example"],
    ["region", "us", audience],
  ])("is worth nothing for another %s", async (_, region, heard) => {
    const token = await issueEdgeToken(key.privatePem, "eu", audience, "edge");
    await expect(verifyEdgeToken(key.publicPem, token, region, heard)).rejects.toThrow();
  });
});

describe("of clocks that differ", () => {
  const from = (seconds: number) => new Date(Date.now() + seconds * 1000);
  const asSubject = async (seconds: number) =>
    verifySubjectToken(key.publicPem, (await issueSubjectToken(key.privatePem, subject, "eu", from(seconds))).token, "eu");
  const asEdge = async (seconds: number) =>
    verifyEdgeToken(key.publicPem, await issueEdgeToken(key.privatePem, "eu", audience, "edge", from(seconds)), "eu", audience);

  test.each([
    ["a subject token", asSubject, 3600],
    ["an edge token", asEdge, 60],
  ])("%s bears five seconds, and no more", async (_kind, judged, life) => {
    for (const seconds of [clockToleranceSeconds - 2, -(life + clockToleranceSeconds - 2)]) await judged(seconds);
    for (const seconds of [clockToleranceSeconds + 2, 3600 + 2, -(life + clockToleranceSeconds + 2)])
      await expect(judged(seconds), `${seconds} s`).rejects.toThrow(/"(iat|exp)" claim timestamp check failed/);
  });
});

describe("a request's subject token", () => {
  const of = (headers: Record<string, string>) => subjectTokenOf(new Headers(headers));
  test("is the bearer token", () => expect(of({ authorization: "Bearer a.b.c", cookie: "subject_token=d.e.f" })).toBe("a.b.c"));
  test("is the cookie where there is no bearer token", () => expect(of({ cookie: "theme=dark; subject_token=d.e.f; x=1" })).toBe("d.e.f"));
  test("is not the cookie of a similar name", () => expect(of({ cookie: "other_subject_token=d.e.f" })).toBeUndefined());
  test("is missing where there is neither", () => expect(of({ authorization: "Basic abc" })).toBeUndefined());
  test("is read whatever the scheme's case", () => expect(bearer("bearer a.b.c")).toBe("a.b.c"));
});
