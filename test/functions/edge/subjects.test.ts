import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newSubjectId } from "../../../functions/shared/subject-id.ts";
import { type Google, newGoogle } from "./google.ts";
import { caller, type Edge, startEdge, subjectsOrigin } from "./workers.ts";

const granted = (epoch: number) => ({
  epoch,
  purposes: { personalisation: { state: "granted", epoch, validUntil: "2999-01-01T00:00:00Z" } },
});
const withdrawn = (epoch: number) => ({ epoch, purposes: { personalisation: { state: "withdrawn", epoch } } });

describe("the Worker that owns the subjects", () => {
  let edge: Edge;
  let google: Google;
  beforeAll(async () => {
    edge = await startEdge();
    google = await newGoogle();
    edge.outside["www.googleapis.com"] = google.certs;
  });
  afterAll(() => edge[Symbol.asyncDispose]());

  const put = async (subject: string, record: unknown, token?: string) =>
    edge.subjects(`/v1/subjects/${subject}/consent`, {
      method: "PUT",
      headers: {
        authorization: `Bearer ${token ?? (await google.idToken({ aud: subjectsOrigin, email: caller }))}`,
        "content-type": "application/json",
      },
      body: typeof record === "string" ? record : JSON.stringify(record),
    });

  test("keeps a newer record", async () => {
    const subject = newSubjectId("eu");
    expect(await (await put(subject, granted(1))).json()).toEqual({ outcome: "applied", epoch: 1 });
    expect(await (await put(subject, withdrawn(2))).json()).toEqual({ outcome: "applied", epoch: 2 });
  });

  test("answers a repeated record as the first time, changing nothing", async () => {
    const subject = newSubjectId("eu");
    await put(subject, granted(1));
    const again = await put(subject, granted(1));
    expect(again.status).toBe(200);
    expect(await again.json()).toEqual({ outcome: "repeated", epoch: 1 });
  });

  test("never lets an older record replace a newer one", async () => {
    const subject = newSubjectId("eu");
    await put(subject, withdrawn(5));
    const late = await put(subject, granted(4));
    expect(late.status).toBe(409);
    expect(await late.json()).toMatchObject({ type: "urn:bailiwick:problem:stale-record", held: withdrawn(5) });
    expect(await (await put(subject, withdrawn(5))).json()).toEqual({ outcome: "repeated", epoch: 5 });
  });

  test("never lets another record of the same epoch replace the first", async () => {
    const subject = newSubjectId("eu");
    await put(subject, withdrawn(1));
    expect((await put(subject, granted(1))).status).toBe(409);
  });

  test("never lets a later record bring back a grant that was withdrawn after it was said", async () => {
    const subject = newSubjectId("eu");
    await put(subject, withdrawn(2));
    // A ledger that was restored to epoch 1, and has since counted on with other purposes.
    const restored = { epoch: 4, purposes: { ...granted(1).purposes, analytics: { state: "denied", epoch: 4 } } };
    const refused = await put(subject, restored);
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ held: withdrawn(2) });
    expect(await (await put(subject, withdrawn(2))).json()).toEqual({ outcome: "repeated", epoch: 2 });
  });

  test("ends with the newest, in whatever order they come", async () => {
    const subject = newSubjectId("eu");
    await Promise.all([3, 7, 1, 5, 2, 6, 4].map((epoch) => put(subject, epoch === 7 ? withdrawn(7) : granted(epoch))));
    expect(await (await put(subject, withdrawn(7))).json()).toEqual({ outcome: "repeated", epoch: 7 });
  });

  describe("writes nothing for", () => {
    const subject = newSubjectId("eu");
    const claims = { aud: subjectsOrigin, email: caller };
    const inTheEnd = async () =>
      expect(await (await put(subject, { epoch: 0, purposes: {} })).json()).toEqual({ outcome: "repeated", epoch: 0 });

    test("nobody", async () => {
      const response = await edge.subjects(`/v1/subjects/${subject}/consent`, { method: "PUT", body: JSON.stringify(granted(1)) });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      await inTheEnd();
    });

    test.each([
      ["another service account", 403, { email: "somebody@brand-eu.iam.gserviceaccount.com" }],
      ["an unverified address", 403, { email_verified: false }],
      ["a token for another audience", 401, { aud: "https://subjects-us.brand.example" }],
      ["a token of another issuer", 401, { iss: "https://accounts.example" }],
      ["a token that is over", 401, { exp: Math.floor(Date.now() / 1000) - 60 }],
    ])("%s", async (_, status, change) => {
      expect((await put(subject, granted(1), await google.idToken({ ...claims, ...change }))).status).toBe(status);
      await inTheEnd();
    });

    test("a token that somebody else signed", async () => {
      const stranger = await newGoogle();
      expect((await put(subject, granted(1), await stranger.idToken(claims))).status).toBe(401);
      await inTheEnd();
    });

    test("a token signed with a public value as shared secret", async () => {
      const forged = await new SignJWT({ ...claims, iss: "https://accounts.google.com", email_verified: true })
        .setProtectedHeader({ alg: "HS256", kid: "google-1" })
        .setExpirationTime("1h")
        .sign(new TextEncoder().encode(JSON.stringify(await google.certs().json())));
      expect((await put(subject, granted(1), forged)).status).toBe(401);
      await inTheEnd();
    });

    test.each([
      ["a record that is none", { epoch: "one" }],
      ["a state nobody can say", { epoch: 1, purposes: { personalisation: { state: "expired", epoch: 1 } } }],
      ["a body that is no JSON", "{"],
    ])("%s", async (_, record) => {
      const response = await put(subject, record);
      expect(response.status).toBe(422);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      await inTheEnd();
    });

    test("a path that names no subject", async () => expect((await put("somebody", granted(1))).status).toBe(404));
  });

  test("has no other door", async () => {
    expect((await edge.subjects(`/v1/subjects/${newSubjectId("eu")}/consent`)).status).toBe(404);
  });
});

test("Without Google's keys nobody is let in, and the caller is told to come again", async () => {
  await using edge = await startEdge();
  const google = await newGoogle();
  edge.outside["www.googleapis.com"] = () => new Response("down", { status: 500 });
  const send = async () =>
    edge.subjects(`/v1/subjects/${newSubjectId("eu")}/consent`, {
      method: "PUT",
      headers: { authorization: `Bearer ${await google.idToken({ aud: subjectsOrigin, email: caller })}` },
      body: JSON.stringify(granted(1)),
    });
  const refused = await send();
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("1");
  edge.outside["www.googleapis.com"] = google.certs;
  expect((await send()).status).toBe(200);
});
