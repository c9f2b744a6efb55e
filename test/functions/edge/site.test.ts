import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { builtIn } from "../../../functions/edge/site/experiments.ts";
import { newSubjectId, type SubjectId } from "../../../functions/shared/subject-id.ts";
import { issueSubjectToken, verifyEdgeToken } from "../../../functions/shared/tokens.ts";
import { until } from "../../until.ts";
import { newKeyPair } from "../keys.ts";
import { type Google, newGoogle } from "./google.ts";
import { caller, type Edge, type EdgeOptions, startEdge, subjectsOrigin } from "./workers.ts";

const page = `<!doctype html><html><body><section data-slot="hero"><h1 data-part="title">Tea</h1><p data-part="text">Leaves</p><a data-part="action" href="/teas">Go</a></section>
<section data-slot="footer"><h1 data-part="title">Bye</h1></section></body></html>`;
const html = (headers: Record<string, string> = {}) =>
  new Response(page, { headers: { "content-type": "text/html", etag: '"1"', "cache-control": "public, max-age=60", ...headers } });

const tokenOf = async (edge: Edge, subject: SubjectId) => (await issueSubjectToken(edge.tokenKey.privatePem, subject, "eu")).token;
const experience = async (edge: Edge, headers: Record<string, string> = {}, slot = "hero") => {
  const response = await edge.site(`/v1/experience/${slot}`, { headers });
  return {
    status: response.status,
    headers: response.headers,
    ...((await response.json()) as { variation: string; reason: string; policyRevision: string | null; consentEpoch: number | null }),
  };
};

describe("the site, where the edge may keep state,", () => {
  let edge: Edge;
  let google: Google;
  let subject: SubjectId;
  let own: { authorization: string };
  beforeAll(async () => {
    edge = await startEdge();
    google = await newGoogle();
    edge.outside["www.googleapis.com"] = google.certs;
    edge.outside["www.brand.example"] = () => html();
  });
  afterAll(() => edge[Symbol.asyncDispose]());
  beforeEach(async () => {
    subject = newSubjectId("eu");
    own = { authorization: `Bearer ${await tokenOf(edge, subject)}` };
  });
  const say = async (epoch: number, state: string, validUntil?: string) => {
    const response = await edge.subjects(`/v1/subjects/${subject}/consent`, {
      method: "PUT",
      headers: { authorization: `Bearer ${await google.idToken({ aud: subjectsOrigin, email: caller })}` },
      body: JSON.stringify({ epoch, purposes: { personalisation: { state, epoch, validUntil } } }),
    });
    expect(response.status).toBe(200);
  };

  test("shows the default to whoever shows no token, and says why", async () => {
    const { status, headers, ...answer } = await experience(edge);
    expect(status).toBe(200);
    expect(answer).toEqual({
      slot: "hero",
      variation: "default",
      reason: "no-token",
      policyRevision: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      consentEpoch: null,
    });
    expect(headers.get("set-cookie")).toBeNull();
    expect(headers.get("cache-control")).toBe("private, no-store");
  });

  test("shows the default to a subject that has said nothing", async () =>
    expect(await experience(edge, own)).toMatchObject({ variation: "default", reason: "not-granted", consentEpoch: 0 }));

  test("shows a variation after a grant, and the default again on the very next request after a withdrawal", async () => {
    await say(1, "granted", "2999-01-01T00:00:00Z");
    const personal = await experience(edge, own);
    expect(personal).toMatchObject({ reason: "granted", consentEpoch: 1 });
    expect(builtIn[0]?.variations.map(({ name }) => name)).toContain(personal.variation);
    await say(2, "withdrawn");
    expect(await experience(edge, own)).toMatchObject({ variation: "default", reason: "withdrawn", consentEpoch: 2 });
  });

  test("knows a subject by its cookie as well", async () => {
    await say(1, "granted");
    expect(await experience(edge, { cookie: `a=b; subject_token=${await tokenOf(edge, subject)}` })).toMatchObject({ reason: "granted" });
  });

  test("shows the default once a grant has expired", async () => {
    await say(1, "granted", "2020-01-01T00:00:00Z");
    expect(await experience(edge, own)).toMatchObject({ variation: "default", reason: "expired" });
  });

  test("shows the default in a slot where no experiment runs", async () => {
    await say(1, "granted");
    expect(await experience(edge, own, "footer")).toMatchObject({ variation: "default", reason: "no-experiment" });
  });

  test.each([
    ["forged", async () => (await issueSubjectToken(newKeyPair().privatePem, subject, "eu")).token],
    ["of another region", async () => (await issueSubjectToken(edge.tokenKey.privatePem, subject, "us")).token],
    ["over", async () => (await issueSubjectToken(edge.tokenKey.privatePem, subject, "eu", new Date(Date.now() - 2 * 3600_000))).token],
    ["garbage", async () => "a.b.c"],
  ])("shows the default for a token that is %s", async (_, token) => {
    await say(1, "granted");
    expect(await experience(edge, { authorization: `Bearer ${await token()}` })).toMatchObject({
      variation: "default",
      reason: "invalid-token",
      consentEpoch: null,
    });
  });

  test("rewrites the brand's page for a subject that granted it, as text and never as markup", async () => {
    await say(1, "granted");
    const kv = await edge.miniflare.getKVNamespace("EXPERIMENTS", "site");
    const content = { title: "<script>alert(1)</script> & you", text: "For you", action: { label: "Yours", href: "/yours" } };
    await kv.put(
      "experiments",
      JSON.stringify({ experiments: [{ key: "k", slot: "hero", variations: [{ name: "mine", weight: 1, content }] }] }),
    );
    try {
      const response = await edge.site("/", { headers: own });
      const text = await response.text();
      expect(text).toContain('<section data-slot="hero" data-variation="mine" data-reason="granted">');
      expect(text).toContain('<h1 data-part="title">&lt;script&gt;alert(1)&lt;/script&gt; &amp; you</h1>');
      expect(text).toContain('<a data-part="action" href="/yours">Yours</a>');
      expect(text).toContain('<h1 data-part="title">Bye</h1>');
      expect(response.headers.get("etag")).toBeNull();
      expect(response.headers.get("cache-control")).toBe("private, no-store");
    } finally {
      await kv.delete("experiments");
    }
  });

  test("leaves the page's words alone for everybody else, and sets no cookie even where the origin does", async () => {
    edge.outside["www.brand.example"] = () => html({ "set-cookie": "visitor=1" });
    const response = await edge.site("/");
    expect(await response.text()).toContain(
      '<section data-slot="hero" data-variation="default" data-reason="no-token"><h1 data-part="title">Tea</h1>',
    );
    expect(response.headers.get("set-cookie")).toBeNull();
  });

  test("tells the origin nothing that identifies a visitor", async () => {
    let seen: Request | undefined;
    edge.outside["www.brand.example"] = (request) => {
      seen = request;
      return html();
    };
    await edge.site("/teas?page=2", {
      headers: {
        ...own,
        cookie: `subject_token=${await tokenOf(edge, subject)}; id=7`,
        "accept-language": "fr",
        "cf-connecting-ip": "192.0.2.1",
        "x-forwarded-for": "192.0.2.1",
        referer: "https://elsewhere.example",
      },
    });
    expect(seen?.url).toBe("https://www.brand.example/teas?page=2");
    expect(seen?.headers.get("accept-language")).toBe("fr");
    for (const name of ["authorization", "cookie", "x-forwarded-for", "referer", "cf-connecting-ip"])
      expect(seen?.headers.get(name), name).toBeNull();
  });

  test("passes on what is no page as it is", async () => {
    edge.outside["www.brand.example"] = () =>
      new Response("body{}", { headers: { "content-type": "text/css", etag: '"7"', "cache-control": "public, max-age=60" } });
    const response = await edge.site("/style.css");
    expect(await response.text()).toBe("body{}");
    expect([response.headers.get("etag"), response.headers.get("cache-control")]).toEqual(['"7"', "public, max-age=60"]);
  });

  test("takes nothing on pages", async () => {
    const response = await edge.site("/", { method: "POST", body: "x" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test("runs the built-in experiments when the published document is broken", async () => {
    await say(1, "granted");
    const kv = await edge.miniflare.getKVNamespace("EXPERIMENTS", "site");
    await kv.put("experiments", '{"experiments": "none"}');
    try {
      const { variation } = await experience(edge, own);
      expect(builtIn[0]?.variations.map(({ name }) => name)).toContain(variation);
    } finally {
      await kv.delete("experiments");
    }
  });

  test("says which version answered", async () => expect((await experience(edge)).headers.get("edge-version")).toMatch(/./));
});

describe("the way to the preferences service", () => {
  let edge: Edge;
  let seen: { url: string; method: string; headers: Headers; body: string } | undefined;
  beforeAll(async () => {
    edge = await startEdge({ limit: 4 });
    edge.outside["preferences.brand.example"] = async (request) => {
      seen = { url: request.url, method: request.method, headers: request.headers, body: await request.text() };
      return Response.json({ ok: true }, { status: 200, headers: { etag: '"e"', "server-version": "9" } });
    };
  });
  afterAll(() => edge[Symbol.asyncDispose]());

  test("carries a person's request with the edge's own word, and nothing that a client may not say", async () => {
    const subject = newSubjectId("eu");
    const response = await edge.site(`/v1/subjects/${subject}/preferences?x=1`, {
      method: "PATCH",
      headers: {
        authorization: "Bearer of-the-person",
        "x-edge-authorization": "Bearer forged",
        "if-match": '"e"',
        "idempotency-key": "k",
        "content-type": "application/merge-patch+json",
        cookie: "subject_token=a.b.c; id=7",
        "x-forwarded-for": "192.0.2.1",
      },
      body: '{"purposes":{}}',
    });
    expect([response.status, response.headers.get("etag"), response.headers.get("server-version")]).toEqual([200, '"e"', "9"]);
    expect(seen).toMatchObject({
      url: `https://preferences.brand.example/v1/subjects/${subject}/preferences?x=1`,
      method: "PATCH",
      body: '{"purposes":{}}',
    });
    const get = (name: string) => seen?.headers.get(name);
    expect([get("authorization"), get("if-match"), get("idempotency-key"), get("cookie"), get("x-forwarded-for")]).toEqual([
      "Bearer of-the-person",
      '"e"',
      "k",
      "subject_token=a.b.c",
      null,
    ]);
    const word = (get("x-edge-authorization") ?? "").replace("Bearer ", "");
    expect(await verifyEdgeToken(edge.edgeKey.publicPem, word, "eu", "https://preferences.brand.example")).toBe("person");
  });

  test("is limited per subject, with a problem that says how long to wait", async () => {
    const path = `/v1/subjects/${newSubjectId("eu")}/preferences`;
    for (let request = 0; request < 4; request++) expect((await edge.site(path)).status).toBe(200);
    const refused = await edge.site(path);
    expect([refused.status, refused.headers.get("retry-after"), refused.headers.get("content-type")]).toEqual([
      429,
      "10",
      "application/problem+json",
    ]);
    expect((await edge.site(`/v1/subjects/${newSubjectId("eu")}/preferences`)).status).toBe(200);
  });
});

describe("the site, cut off from everything outside,", () => {
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge({ cutOff: true, state: false });
  });
  afterAll(() => edge[Symbol.asyncDispose]());

  test("still answers what to show: the default", async () => {
    expect(await experience(edge, { authorization: `Bearer ${await tokenOf(edge, newSubjectId("eu"))}` })).toMatchObject({
      status: 200,
      variation: "default",
      reason: "unavailable",
    });
  });

  test("says that the brand's own site does not answer", async () => {
    const response = await edge.site("/");
    expect([response.status, response.headers.get("retry-after"), response.headers.get("cache-control")]).toEqual([502, "5", "no-store"]);
  });

  test("says that preferences cannot be reached", async () => {
    const response = await edge.site(`/v1/subjects/${newSubjectId("eu")}/preferences`);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(await response.json()).toMatchObject({ type: "urn:bailiwick:problem:service-unavailable" });
  });
});

describe("the site, where the edge may keep no state,", () => {
  const subject = newSubjectId("apac");
  let edge: Edge;
  let own: { authorization: string };
  beforeAll(async () => {
    edge = await startEdge({ region: "apac", jurisdiction: "sg", state: false });
    own = { authorization: `Bearer ${(await issueSubjectToken(edge.tokenKey.privatePem, subject, "apac")).token}` };
  });
  afterAll(() => edge[Symbol.asyncDispose]());
  const answer = (body: object) => {
    edge.outside["preferences.brand.example"] = () => Response.json(body);
  };

  test("asks the region for every request, in the edge's own name, and passes its answer on", async () => {
    const asked: Request[] = [];
    edge.outside["preferences.brand.example"] = (request) => {
      asked.push(request);
      return Response.json({ allow: true, reason: "granted", policyRevision: "sha256:of-the-service", epoch: 4 });
    };
    const answers: Awaited<ReturnType<typeof experience>>[] = [];
    // An answer that is late, as a first one may be, counts as none: the edge asks again with the next request.
    await until(async () => {
      answers.push(await experience(edge, { ...own, "sec-gpc": "1" }));
      return answers.filter(({ reason }) => reason === "granted").length === 2;
    }, "two answers within the edge's budget");
    expect(answers.at(-1)).toMatchObject({ reason: "granted", policyRevision: "sha256:of-the-service", consentEpoch: 4 });
    expect(answers.at(-1)?.variation).not.toBe("default");
    expect(asked).toHaveLength(answers.length);
    expect(asked[0]?.url).toBe(`https://preferences.brand.example/v1/check?subject=${subject}&purpose=personalisation`);
    expect(asked[0]?.headers.get("sec-gpc")).toBe("1");
    const word = asked[0]?.headers.get("x-edge-authorization")?.replace("Bearer ", "") as string;
    expect(await verifyEdgeToken(edge.edgeKey.publicPem, word, "apac", "https://preferences.brand.example")).toBe("edge");
  });

  test("asks nobody about the pictures and styles of a page", async () => {
    let asked = 0;
    edge.outside["preferences.brand.example"] = () => {
      asked++;
      return Response.json({ allow: false, reason: "denied", policyRevision: "sha256:x", epoch: 1 });
    };
    edge.outside["www.brand.example"] = () => html();
    for (const destination of ["image", "style", "script"])
      await edge.site("/part", { headers: { ...own, "sec-fetch-dest": destination } });
    expect(asked).toBe(0);
    await edge.site("/", { headers: { ...own, "sec-fetch-dest": "document" } });
    expect(asked).toBe(1);
  });

  test("shows the default where the region says no", async () => {
    answer({ allow: false, reason: "withdrawn", policyRevision: "sha256:x", epoch: 5 });
    expect(await experience(edge, own)).toMatchObject({ variation: "default", reason: "withdrawn", consentEpoch: 5 });
  });

  test.each([
    ["errs", () => new Response("oops", { status: 500 })],
    ["answers nonsense", () => new Response("<html>")],
    ["answers a yes that is none", () => Response.json({ allow: "true", reason: "granted" })],
  ])("shows the default where the region %s", async (_, handler) => {
    edge.outside["preferences.brand.example"] = handler;
    expect((await experience(edge, own)).variation).toBe("default");
  });

  test("waits for the region no longer than its budget", async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    edge.outside["preferences.brand.example"] = () => promise;
    const begun = performance.now();
    // With its revision: the check gave up on its own, before the budget of the whole decision was spent.
    expect(await experience(edge, own)).toMatchObject({
      variation: "default",
      reason: "unavailable",
      policyRevision: expect.stringContaining("sha256:"),
    });
    // The budget is 80 ms; the rest is this machine.
    expect(performance.now() - begun).toBeLessThan(1000);
    resolve(new Response());
  });
});

describe("the site fails closed", () => {
  /** What a subject with a valid token sees of an edge that is broken in one way. */
  async function shown(options: EdgeOptions) {
    await using edge = await startEdge(options);
    edge.outside["www.brand.example"] = () => html();
    const headers = { authorization: `Bearer ${await tokenOf(edge, newSubjectId("eu"))}` };
    // The first request also starts the Worker: what is measured is the second.
    await experience(edge);
    const begun = performance.now();
    const result = await experience(edge, headers);
    const ms = performance.now() - begun;
    const whole = await edge.site("/", { headers });
    return { ...result, ms, page: { status: whole.status, text: await whole.text() } };
  }
  const broken = (consent: string) => `import { DurableObject } from "cloudflare:workers";
    export class Subject extends DurableObject { async consent() { ${consent} } }
    export default { fetch: () => new Response() };`;

  test("when the decision table was tampered with", async () => {
    const tamper = (jws: string) => jws.replace(/\.(.{20})/, (_, start: string) => `.${[...start].reverse().join("")}`);
    expect(await shown({ tamper })).toMatchObject({
      variation: "default",
      reason: "invalid-policy",
      policyRevision: null,
      page: { status: 200, text: expect.stringContaining('data-reason="invalid-policy"') },
    });
  });

  test("when the subject's Durable Object throws", async () => {
    expect(await shown({ subjectsScript: broken('throw new Error("lost")') })).toMatchObject({
      variation: "default",
      reason: "unavailable",
      page: { status: 200 },
    });
  });

  test("when the subject's Durable Object does not answer in time", async () => {
    const result = await shown({
      subjectsScript: broken(
        'await new Promise((done) => setTimeout(done, 3000)); return { epoch: 1, purposes: { personalisation: { state: "granted", epoch: 1 } } };',
      ),
    });
    expect(result).toMatchObject({
      variation: "default",
      reason: "unavailable",
      policyRevision: expect.stringContaining("sha256:"),
      page: { status: 200 },
    });
    // The budget is 100 ms; the rest is this machine.
    expect(result.ms).toBeLessThan(1000);
  });
});
