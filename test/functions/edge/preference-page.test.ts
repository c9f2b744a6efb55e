// The preference page through the edge: what goes on to the service, what comes back, and what a person reads where nothing does.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { newSubjectId, type SubjectId } from "../../../functions/shared/subject-id.ts";
import { issueUnsubscribeToken, verifyEdgeToken } from "../../../functions/shared/tokens.ts";
import { type Edge, startEdge } from "./workers.ts";

const service = "preferences.brand.example";
const html = (text: string, init: ResponseInit = {}) =>
  new Response(text, {
    ...init,
    headers: { "content-type": "text/html; charset=UTF-8", "cache-control": "private, no-store", ...init.headers },
  });

let edge: Edge;
let seen: { url: string; method: string; headers: Headers; body: string }[] = [];
beforeAll(async () => {
  edge = await startEdge();
  edge.outside["www.brand.example"] = () => new Response("the brand's own page", { headers: { "set-cookie": "visitor=1" } });
});
afterAll(() => edge?.[Symbol.asyncDispose]());
afterEach(() => {
  seen = [];
});
const answers = (answer: () => Response | Promise<Response>) => {
  edge.outside[service] = async (request) => {
    seen.push({ url: request.url, method: request.method, headers: request.headers, body: await request.text() });
    return answer();
  };
};

test("a form goes on as it is, with what the service must know of its sender and no other cookie", async () => {
  answers(() => html("saved"));
  const response = await edge.site("/preferences?lang=de", {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      cookie: "id=7; subject_token=a.b.c",
      "accept-language": "fr",
      // Miniflare's own door takes no other from a test.
      origin: "http://localhost:1",
      "sec-fetch-site": "same-origin",
      "sec-gpc": "1",
      "user-agent": "somebody's",
      "x-edge-origin": "https://evil.example",
      "x-forwarded-for": "192.0.2.1",
    },
    body: "save=all",
  });
  expect([response.status, await response.text()]).toEqual([200, "saved"]);
  const [request] = seen;
  expect(request).toMatchObject({ url: `https://${service}/preferences?lang=de`, method: "POST", body: "save=all" });
  const get = (name: string) => request?.headers.get(name) ?? null;
  expect(
    Object.fromEntries(
      [
        "content-type",
        "cookie",
        "accept-language",
        "origin",
        "sec-fetch-site",
        "sec-gpc",
        "x-edge-origin",
        "user-agent",
        "x-forwarded-for",
      ].map((name) => [name, get(name)]),
    ),
  ).toEqual({
    "content-type": "application/x-www-form-urlencoded",
    cookie: "subject_token=a.b.c",
    "accept-language": "fr",
    origin: "http://localhost:1",
    "sec-fetch-site": "same-origin",
    "sec-gpc": "1",
    "x-edge-origin": "https://eu.brand.example",
    "user-agent": null,
    "x-forwarded-for": null,
  });
  const word = get("x-edge-authorization")?.replace("Bearer ", "") as string;
  expect(await verifyEdgeToken(edge.edgeKey.publicPem, word, "eu", `https://${service}`)).toBe("person");
});

test("the page's own cookie and its headers come back; the brand's cookies still do not", async () => {
  answers(() => html("", { status: 303, headers: { location: "/preferences?lang=en", "set-cookie": "subject_token=a.b.c; HttpOnly" } }));
  const begun = await edge.site("/preferences", { method: "POST", body: "begin=begin" });
  expect([begun.status, begun.headers.get("location"), begun.headers.get("set-cookie"), begun.headers.get("cache-control")]).toEqual([
    303,
    "/preferences?lang=en",
    "subject_token=a.b.c; HttpOnly",
    "private, no-store",
  ]);
  expect((await edge.site("/")).headers.get("set-cookie")).toBeNull();
});

test.each(["GET", "HEAD"])("%s reads its files and receipts as well", async (method) => {
  answers(() => new Response("body{}", { headers: { "content-type": "text/css", "cache-control": "public, immutable" } }));
  const response = await edge.site("/preferences/assets/style.0.css", { method });
  expect([response.status, await response.text()]).toEqual([200, method === "GET" ? "body{}" : ""]);
  expect(seen.map((request) => [request.method, request.url])).toEqual([[method, `https://${service}/preferences/assets/style.0.css`]]);
});

test("what only begins like it is the brand's own", async () => {
  answers(() => html("ours"));
  expect(await (await edge.site("/preferences-of-tea")).text()).toBe("the brand's own page");
  expect((await edge.site("/preferences", { method: "DELETE" })).status).toBe(405);
  expect(seen).toEqual([]);
});

describe("a person reads a page, in its language and kept by nobody,", () => {
  const problem = (status: number) =>
    Response.json({ title: "secret" }, { status, headers: { "content-type": "application/problem+json", "retry-after": "1" } });
  test.each<[string, () => Response]>([
    ["where the service has no database", () => problem(503)],
    ["where it fails", () => problem(500)],
    ["where it takes no more", () => problem(429)],
    ["where the balancer finds no service", () => new Response("no healthy upstream", { status: 502 })],
  ])("%s", async (_what, answer) => {
    answers(answer);
    const { status } = answer();
    for (const [language, path, headers] of [
      ["de", "/preferences", { "accept-language": "de-AT" }],
      ["ar", "/preferences?lang=ar", { "accept-language": "de" }],
    ] as const) {
      const response = await edge.site(path, { headers });
      expect([response.status, response.headers.get("content-type"), response.headers.get("cache-control")]).toEqual([
        status,
        "text/html; charset=utf-8",
        "no-store",
      ]);
      const text = await response.text();
      expect(text).toContain(`<html lang="${language}" dir="${language === "ar" ? "rtl" : "ltr"}">`);
      expect(text).not.toMatch(/secret|upstream|undefined/);
    }
  });

  test("where it cannot be reached at all, with when to come again", async () => {
    delete edge.outside[service];
    edge.outside[service] = () => Promise.reject(new Error("no route"));
    const response = await edge.site("/preferences");
    expect(response.status).toBeGreaterThanOrEqual(500);
    expect(await response.text()).toContain("The trouble is on our side.");
    const head = await edge.site("/preferences", { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([response.status, ""]);
  });

  test("but one that the service has made itself is left alone", async () => {
    answers(() => html("the service's own words", { status: 503 }));
    expect(await (await edge.site("/preferences")).text()).toBe("the service's own words");
  });
});

test("that Global Privacy Control is honoured can be looked up (w3.org/TR/gpc)", async () => {
  const response = await edge.site("/.well-known/gpc.json");
  expect(response.headers.get("content-type")).toContain("application/json");
  expect(await response.json()).toEqual({ gpc: true, lastUpdate: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/) });
});

describe("the link of a letter", () => {
  const letterTo = (subject: SubjectId) => issueUnsubscribeToken(edge.tokenKey.privatePem, { subject, purpose: "email-marketing" }, "eu");

  test("is pressed without any token, as it is", async () => {
    answers(() => html("done"));
    const letter = await letterTo(newSubjectId("eu"));
    const response = await edge.site(`/v1/unsubscribe/${letter}`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "List-Unsubscribe=One-Click",
    });
    expect([response.status, await response.text()]).toEqual([200, "done"]);
    expect(seen).toMatchObject([
      { url: `https://${service}/v1/unsubscribe/${letter}`, method: "POST", body: "List-Unsubscribe=One-Click" },
    ]);
  });

  test("is pressed for many people from one address; what is no link counts for the address", async () => {
    await using limited = await startEdge({ limit: 2 });
    limited.outside[service] = () => html("done");
    const press = async (letter: string) => (await limited.site(`/v1/unsubscribe/${letter}`, { method: "POST", body: "" })).status;
    const letters = await Promise.all(
      Array.from({ length: 4 }, () =>
        issueUnsubscribeToken(limited.tokenKey.privatePem, { subject: newSubjectId("eu"), purpose: "email-marketing" }, "eu"),
      ),
    );
    for (const letter of letters) expect(await press(letter)).toBe(200);
    expect([await press("a.b.c"), await press("a.b.d"), await press("a.b.e")]).toEqual([200, 200, 429]);
  });

  test("leads to a page while the service cannot be reached", async () => {
    answers(() => new Response(null, { status: 503 }));
    const response = await edge.site(`/v1/unsubscribe/${await letterTo(newSubjectId("eu"))}`, { headers: { "accept-language": "de" } });
    expect([response.status, await response.text()]).toEqual([503, expect.stringContaining("Der Fehler liegt bei uns.")]);
  });
});

test("a person who asks too often reads why, and how long to wait", async () => {
  await using limited = await startEdge({ limit: 1 });
  limited.outside[service] = () => html("page");
  expect((await limited.site("/preferences")).status).toBe(200);
  const response = await limited.site("/preferences", { headers: { "accept-language": "fr" } });
  expect([response.status, response.headers.get("retry-after")]).toEqual([429, "10"]);
  expect(await response.text()).toContain("Trop de requêtes");
});
