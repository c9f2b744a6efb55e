// The page over HTTP: who may read and send, what a form does, and with which headers everything comes.
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { formToken } from "../../../../../functions/governance/preferences/page/same-origin.ts";
import { texts } from "../../../../../functions/governance/preferences/page/texts/index.ts";
import { languages } from "../../../../../functions/shared/languages.ts";
import { ProblemError } from "../../../../../functions/shared/problem.ts";
import { addresses, newSite, ownOrigin } from "./site.ts";

const policyOf = (response: Response) => response.headers.get("content-security-policy");

describe("whose preferences", () => {
  test("are those of the token in the cookie", async () => {
    const site = await newSite();
    expect((await site.read()).status).toBe(200);
  });

  test.each([
    ["none", ""],
    ["a forged one", "subject_token=a.b.c"],
  ])("with a token that is %s the page says that it knows nobody", async (_what, cookie) => {
    const site = await newSite();
    for (const path of ["/preferences", "/preferences/receipts/event-1"]) {
      const answer = await site.read(path, { cookie });
      expect(answer.status).toBe(401);
      expect(await answer.text()).toContain(texts.en.messages.noSubject.title);
    }
    expect((await site.send({ all: "allow" }, { cookie, "sec-fetch-site": "same-origin" })).status).toBe(401);
    expect(site.desk.asked).toEqual([]);
  });
});

describe("no identifier before the person asks", () => {
  const begin = { method: "POST", body: new URLSearchParams({ begin: "begin" }) };

  test("a visit sets none, and offers one button that does", async () => {
    const site = await newSite();
    const answer = await site.read("/preferences", { cookie: "" });
    expect(answer.headers.get("set-cookie")).toBeNull();
    const html = await answer.text();
    expect(html.match(/<button/g)).toHaveLength(1);
    expect(html).toContain(
      '<form method="post" action="/preferences?lang=en"><button id="begin" name="begin" value="begin">Begin</button></form>',
    );
    expect(site.desk.begun).toBe(0);
  });

  test("the button makes a subject, sets the token as a cookie that no script reads, and leads to the page", async () => {
    const site = await newSite();
    const answer = await site.app.request("/preferences?lang=fr", { ...begin, headers: { "sec-fetch-site": "same-origin" } });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/preferences?lang=fr"]);
    expect(answer.headers.get("set-cookie")).toMatch(/^subject_token=[\w.-]+; Max-Age=3600; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    const cookie = answer.headers.get("set-cookie")?.split(";")[0] as string;
    expect((await site.read("/preferences", { cookie })).status).toBe(200);
    expect(site.desk.begun).toBe(1);
  });

  test.each<[string, Record<string, string>]>([
    ["by the browser's word", { "sec-fetch-site": "cross-site", origin: ownOrigin }],
    ["by its origin", { origin: "https://evil.example" }],
    ["where nothing tells who sent it", {}],
  ])("another site cannot press it: %s", async (_what, headers) => {
    const site = await newSite();
    const answer = await site.app.request("/preferences", { ...begin, headers });
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([403, null]);
    expect(await answer.text()).toContain(texts.en.messages.foreign);
    expect(site.desk.begun).toBe(0);
  });

  test("a browser that only names its origin may, and the page lets it do so", async () => {
    const site = await newSite();
    expect((await site.app.request("/preferences", { ...begin, headers: { origin: ownOrigin } })).status).toBe(303);
    expect((await site.read("/preferences", { cookie: "" })).headers.get("referrer-policy")).toBe("same-origin");
  });
});

describe("the token", () => {
  test("is renewed by using the page once half of its life is over, and not before", async () => {
    const site = await newSite();
    expect((await site.read("/preferences")).headers.get("set-cookie")).toBeNull();
    const old = `subject_token=${await site.tokenOf(1900)}`;
    const read = await site.read("/preferences", { cookie: old });
    const renewed = read.headers.get("set-cookie")?.split(";")[0] as string;
    expect(renewed).not.toBe(old);
    // The form is tied to the token that the browser has from now on.
    const tied = /name="token" value="([^"]+)"/.exec(await read.text())?.[1];
    expect(tied).toBe(formToken(renewed.slice("subject_token=".length)));
  });

  test("that names nobody is taken back", async () => {
    const site = await newSite();
    const answer = await site.read("/preferences", { cookie: `subject_token=${await site.tokenOf(4000)}` });
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([401, expect.stringMatching(/^subject_token=; Max-Age=0; Path=\//)]);
  });

  test("that outlived its subject is taken back as well", async () => {
    const site = await newSite();
    site.desk.trouble = new ProblemError({ status: 404, kind: "unknown-subject", title: "", detail: "" });
    const answer = await site.read();
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([401, expect.stringContaining("Max-Age=0")]);
    expect(await answer.text()).toContain(texts.en.messages.noSubject.title);
  });
});

describe("a form", () => {
  test("changes what it asks for, with the entity tag and the notice that were shown", async () => {
    const site = await newSite();
    const hidden = await site.hidden();
    const answer = await site.send({ ...hidden, save: "analytics", analytics: "allow" });
    expect(answer.status).toBe(200);
    expect(site.desk.stateOf("analytics")).toBe("granted");
    expect(site.desk.asked).toEqual([
      {
        wishes: { analytics: { state: "granted" } },
        ifMatch: hidden.etag,
        notice: { id: "preferences-eu", version: 4, language: "en", sha256: hidden.notice },
        servedAt: hidden.served,
        collectedAt: expect.stringMatching(/Z$/),
        gpc: false,
      },
    ]);
  });

  test("names the notice in the language in which it was shown, whatever language the answer has", async () => {
    const site = await newSite();
    const german = await (await site.read("/preferences?lang=de")).text();
    const notice = /name="notice" value="([^"]+)"/.exec(german)?.[1] as string;
    await site.send({ ...(await site.hidden()), notice, all: "refuse" });
    expect(site.desk.asked[0]?.notice).toMatchObject({ language: "de", sha256: notice });
  });

  test("under Global Privacy Control allows what that contradicts only where the form has told of it", async () => {
    const site = await newSite();
    const under = { "sec-fetch-site": "same-origin", "sec-gpc": "1" };
    const hidden = await site.hidden();
    const untold = await site.send({ ...hidden, save: "all", advertising: "allow", analytics: "refuse" }, under);
    expect(untold.status).toBe(200);
    const html = await untold.text();
    expect(html).toContain("Saved. Analytics: refused.");
    expect(html).toContain(texts.en.messages.signalled("Advertising"));
    expect(site.desk.stateOf("advertising")).toBe("none");
    const told = await site.send({ ...(await site.hidden()), save: "all", advertising: "despite-signal" }, under);
    expect(await told.text()).toContain(texts.en.gpc.despite("Advertising"));
    expect(site.desk.asked.at(-1)?.wishes).toEqual({ advertising: { state: "granted", despiteSignal: true } });
  });

  test("for everything at once allows nothing that Global Privacy Control contradicts, and refuses it all the same", async () => {
    const site = await newSite();
    const under = { "sec-fetch-site": "same-origin", "sec-gpc": "1" };
    const answer = await site.send({ ...(await site.hidden()), all: "allow" }, under);
    expect(await answer.text()).toContain(texts.en.messages.signalled("Advertising"));
    expect([site.desk.stateOf("analytics"), site.desk.stateOf("advertising")]).toEqual(["granted", "none"]);
    await site.send({ ...(await site.hidden()), all: "refuse" }, under);
    expect(site.desk.stateOf("advertising")).toBe("denied");
  });

  test("that chooses less under a purpose is taken though it is stale; more is not", async () => {
    const site = await newSite();
    site.desk.choose("email-marketing", { topics: ["news", "offers"] });
    const stale = await site.hidden();
    site.desk.say("analytics", "denied");
    const held = { "email-marketing.topics.held": "news offers" };
    const less = new URLSearchParams({ ...stale, ...held, save: "email-marketing", "email-marketing.topics": "news" });
    expect((await site.send(Object.fromEntries(less))).status).toBe(200);
    expect(site.desk.chosenFor("email-marketing")).toEqual({ topics: ["news"] });
    expect((await site.send({ ...stale, ...held, save: "email-marketing", "email-marketing.topics": "events" })).status).toBe(412);
  });

  test("tells of Global Privacy Control", async () => {
    const site = await newSite();
    await site.send({ ...(await site.hidden()), all: "refuse" }, { "sec-fetch-site": "same-origin", "sec-gpc": "1" });
    expect(site.desk.asked[0]?.gpc).toBe(true);
    expect(site.desk.heeded).toBe(1);
  });

  test("that asks for nothing changes nothing, and says so", async () => {
    const site = await newSite();
    const answer = await site.send({ ...(await site.hidden()), save: "all" });
    expect(await answer.text()).toContain(texts.en.messages.nothing);
    expect(site.desk.asked).toEqual([]);
  });

  test("sent twice changes once, and the second answer shows what holds by then", async () => {
    const site = await newSite();
    const form = { ...(await site.hidden()), save: "analytics", analytics: "allow", "analytics.held": "" };
    await site.send(form);
    site.desk.say("analytics", "withdrawn");
    const again = await site.send(form);
    expect(again.status).toBe(412);
    expect(site.desk.stateOf("analytics")).toBe("withdrawn");
  });
});

describe("what a person allows again after its no", () => {
  const confirmForm = (html: string) =>
    Object.fromEntries(
      [...(/<form class="card said".*?<\/form>/s.exec(html)?.[0] ?? "").matchAll(/name="([^"]+)" value="([^"]*)">/g)]
        .filter(([, name]) => name !== "all" && name !== "save")
        .map(([, name, value]) => [name, (value as string).replaceAll("&quot;", '"')]),
    ) as Record<string, string>;

  test("is confirmed in a form of its own; what was chosen besides does not wait for it", async () => {
    const site = await newSite();
    site.desk.twoSteps = ["email-marketing"];
    site.desk.say("email-marketing", "withdrawn");
    const first = await site.send({
      ...(await site.hidden()),
      save: "all",
      analytics: "allow",
      "email-marketing": "allow",
      "email-marketing.topics": "news",
    });
    expect(first.status).toBe(200);
    const html = await first.text();
    expect(html).toContain("Analytics: allowed");
    expect(html).toContain(texts.en.messages.confirm("News and offers"));
    expect(html).toContain(texts.en.confirm.plain("News and offers"));
    expect([site.desk.stateOf("analytics"), site.desk.stateOf("email-marketing")]).toEqual(["granted", "withdrawn"]);
    expect(site.desk.chosenFor("email-marketing")).toEqual({ topics: ["news"] });
    const second = await site.send({ ...confirmForm(html), save: "all" });
    expect(await second.text()).toContain("Saved. News and offers: allowed.");
    expect(site.desk.chosenFor("email-marketing")).toEqual({ topics: ["news"] });
  });

  test("is not taken from a form that is stale by then, nor is it asked for twice", async () => {
    const site = await newSite();
    site.desk.twoSteps = ["advertising"];
    site.desk.say("advertising", "denied");
    const html = await (await site.send({ ...(await site.hidden()), save: "advertising", advertising: "allow" })).text();
    site.desk.say("analytics", "granted");
    expect((await site.send({ ...confirmForm(html), save: "all" })).status).toBe(412);
    expect(site.desk.stateOf("advertising")).toBe("denied");
  });

  test("keeps the word that the browser's signal is known of", async () => {
    const site = await newSite();
    const under = { "sec-fetch-site": "same-origin", "sec-gpc": "1" };
    site.desk.twoSteps = ["advertising"];
    site.desk.say("advertising", "denied", true);
    const first = await site.send({ ...(await site.hidden()), save: "advertising", advertising: "despite-signal" }, under);
    await site.send({ ...confirmForm(await first.text()), save: "all" }, under);
    expect(site.desk.asked.at(-1)?.wishes).toEqual({ advertising: { state: "granted", despiteSignal: true } });
    expect(site.desk.stateOf("advertising")).toBe("granted");
  });
});

describe("a stale form", () => {
  test("permits nothing, says what holds, and keeps what was chosen", async () => {
    const site = await newSite();
    const form = { ...(await site.hidden()), save: "personalisation", personalisation: "allow" };
    site.desk.say("analytics", "granted");
    const answer = await site.send(form);
    expect(answer.status).toBe(412);
    expect(await answer.text()).toMatch(/name="personalisation" value="allow" checked/);
    expect(site.desk.stateOf("personalisation")).toBe("none");
  });

  test("may always refuse", async () => {
    const site = await newSite();
    const form = { ...(await site.hidden()), all: "refuse" };
    site.desk.say("analytics", "granted");
    expect((await site.send(form)).status).toBe(200);
    expect(site.desk.stateOf("analytics")).toBe("withdrawn");
  });

  test("with both has its refusals taken and the rest left to be looked at", async () => {
    const site = await newSite();
    site.desk.say("advertising", "granted");
    const form = { ...(await site.hidden()), save: "all", personalisation: "allow", advertising: "refuse" };
    site.desk.say("analytics", "granted");
    const answer = await site.send(form);
    expect(answer.status).toBe(412);
    expect(site.desk.stateOf("advertising")).toBe("withdrawn");
    expect(site.desk.stateOf("personalisation")).toBe("none");
    expect(await answer.text()).toContain("Saved. Advertising: withdrawn.");
  });

  test("is also one that showed another notice", async () => {
    const site = await newSite();
    const form = {
      ...(await site.hidden()),
      notice: `sha256:${"0".repeat(64)}`,
      save: "all",
      personalisation: "allow",
      analytics: "refuse",
    };
    expect((await site.send(form)).status).toBe(412);
    expect(site.desk.stateOf("personalisation")).toBe("none");
    expect(site.desk.stateOf("analytics")).toBe("denied");
  });
});

describe("in phase 1", () => {
  test("a form permits nothing, and refuses all the same", async () => {
    const site = await newSite();
    site.desk.readOnly = true;
    const answer = await site.send({ ...(await site.hidden()), save: "all", personalisation: "allow", analytics: "refuse" });
    expect(answer.status).toBe(403);
    expect(site.desk.stateOf("personalisation")).toBe("none");
    expect(site.desk.stateOf("analytics")).toBe("denied");
  });
});

describe("a form of another site changes nothing", () => {
  test.each<[string, Record<string, string>]>([
    ["by the browser's word, whatever the rest says", { "sec-fetch-site": "cross-site", origin: ownOrigin }],
    ["of a sibling of our own domain", { "sec-fetch-site": "same-site" }],
    ["of no site at all", { "sec-fetch-site": "none" }],
    ["by its origin", { origin: "https://evil.example" }],
  ])("%s", async (_what, headers) => {
    const site = await newSite();
    const answer = await site.send({ ...(await site.hidden()), all: "allow" }, headers);
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain(texts.en.messages.foreign);
    expect(site.desk.asked).toEqual([]);
  });

  test.each([["null"], [undefined]])("where the browser says %s of its origin: the form must carry its token", async (origin) => {
    const site = await newSite();
    const headers: Record<string, string> = origin === undefined ? {} : { origin };
    expect((await site.send({ ...(await site.hidden()), token: formToken("another"), all: "refuse" }, headers)).status).toBe(403);
    expect((await site.send({ ...(await site.hidden()), token: "", all: "refuse" }, headers)).status).toBe(403);
    expect((await site.send({ ...(await site.hidden()), all: "refuse" }, headers)).status).toBe(200);
  });

  test("but one of our own origin does, from a browser that says no more", async () => {
    const site = await newSite();
    expect((await site.send({ ...(await site.hidden()), all: "refuse" }, { origin: ownOrigin })).status).toBe(200);
  });
});

describe("a receipt", () => {
  test("is downloaded", async () => {
    const site = await newSite();
    site.desk.say("analytics", "granted");
    const answer = await site.read("/preferences/receipts/event-1");
    expect(answer.headers.get("content-disposition")).toBe('attachment; filename="receipt-event-1.json"');
    expect(await answer.json()).toMatchObject({ purpose: "analytics", state: "granted" });
  });

  test("of somebody else's event, or none, is not there", async () =>
    expect((await (await newSite()).read("/preferences/receipts/event-1")).status).toBe(404));
});

test("a notice is served under its digest, for good", async () => {
  const site = await newSite();
  const { notice } = await site.hidden();
  const answer = await site.read(`/preferences/notices/${notice}`);
  expect(await answer.text()).toContain(texts.en.purposes.advertising.plain);
  expect(answer.headers.get("content-language")).toBe("en");
  expect(answer.headers.get("cache-control")).toContain("immutable");
  expect((await site.read("/preferences/notices/sha256:00")).status).toBe(404);
});

test("history beyond one page is reached by a link, and back", async () => {
  const site = await newSite();
  for (const state of ["granted", "withdrawn", "granted", "withdrawn"] as const) site.desk.say("analytics", state);
  const newest = await (await site.read()).text();
  const href = /href="([^"]*cursor=[^"]*)"/.exec(newest)?.[1]?.replaceAll("&amp;", "&") as string;
  const earlier = await (await site.read(href.split("#")[0])).text();
  expect(earlier).toContain("/preferences/receipts/event-1");
  expect(newest).not.toContain("/preferences/receipts/event-1");
  expect(earlier).toContain(texts.en.history.newest);
});

test("while the desk is closed a person reads a page, not a problem document, and when to come again", async () => {
  const site = await newSite();
  site.desk.trouble = new ProblemError({
    status: 503,
    kind: "database-unavailable",
    title: "",
    detail: "secret",
    headers: { "retry-after": "1" },
  });
  const answer = await site.read("/preferences?lang=fr");
  expect(answer.status).toBe(503);
  expect(answer.headers.get("retry-after")).toBe("1");
  const html = await answer.text();
  expect(html).toContain(texts.fr.messages.trouble.title);
  expect(html).not.toContain("secret");
});

describe("every answer", () => {
  test.each([
    "/preferences",
    "/preferences/receipts/none",
    addresses.style.path,
    addresses.script.path,
  ])("of %s keeps its guard", async (path) => {
    const answer = await (await newSite()).read(path);
    expect(policyOf(answer)).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
    expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("about a person is kept by nobody, a file by everybody", async () => {
    const site = await newSite();
    expect((await site.read()).headers.get("cache-control")).toBe("private, no-store");
    expect((await site.read(addresses.style.path)).headers.get("cache-control")).toContain("immutable");
  });

  test("is in the language that was asked for", async () => {
    const site = await newSite();
    expect(await (await site.read("/preferences", { "accept-language": "ja" })).text()).toContain('<html lang="ja"');
    expect(await (await site.read("/preferences?lang=ar", { "accept-language": "ja" })).text()).toContain('<html lang="ar" dir="rtl"');
    expect((await site.read()).headers.get("vary")).toContain("Accept-Language");
  });
});

test("a form that is far larger than the page's is not read", async () => {
  const site = await newSite();
  expect((await site.send({ all: "allow", more: "x".repeat(20_000) })).status).toBe(413);
  expect(site.desk.asked).toEqual([]);
});

test.each(languages)("the page in %s is at most 50 KB in all, compressed", async (language) => {
  const site = await newSite();
  for (const state of ["granted", "withdrawn", "granted"] as const) site.desk.say("analytics", state);
  const parts = [`/preferences?lang=${language}`, addresses.style.path, addresses.script.path];
  const texts = await Promise.all(parts.map(async (path) => (await site.read(path)).text()));
  expect(texts.reduce((sum, text) => sum + gzipSync(text).length, 0)).toBeLessThan(50 * 1024);
});

test("markup in names from configuration is text", async () => {
  const script = "<script>alert(1)</script>";
  const site = await newSite({
    brand: script,
    jurisdiction: script,
    vendors: [{ name: script, role: "processor", country: "NL", purposes: ["analytics"] }],
  });
  const html = await (await site.read()).text();
  expect(html).not.toContain("<script>");
  expect(html).toContain("Notice preferences-&lt;script&gt;");
});
