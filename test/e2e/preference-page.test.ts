// The preference page as a person meets it: in a real browser, through the address of the region's edge. One platform for all; every test is a
// person of its own, with a browser context of its own.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser } from "../browser.ts";
import { Platform } from "../platform.ts";
import { until } from "../until.ts";
import type { Hero } from "../visitor.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let platform: Platform;
let browser: Browser;
let contexts: BrowserContext[] = [];
/** What any page asked for beyond the region's own address, and what the browser complained of. */
const complaints: string[] = [];
beforeAll(async () => {
  platform = await Platform.deployed();
  await platform.succeed("up", "eu", "us");
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await platform?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  await Promise.all(contexts.map((context) => context.close()));
  contexts = [];
  expect(complaints.splice(0)).toEqual([]);
});

/** A browser that looks at the page of a region for the first time. */
async function open(region: "eu" | "us", options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ locale: "en-GB", ...options });
  contexts.push(context);
  return openIn(context, region);
}
async function openIn(context: BrowserContext, region: "eu" | "us"): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(platform.url(region))) complaints.push(`asks for ${request.url()}`);
  });
  await page.goto(platform.url(region, "/preferences"));
  return page;
}
/** One that has begun. */
async function known(region: "eu" | "us", options: BrowserContextOptions = {}): Promise<Page> {
  const page = await open(region, options);
  await page.click("#begin");
  await page.locator("#save-all").waitFor();
  return page;
}
const says = (page: Page, text: string) => page.locator("#status", { hasText: text }).waitFor();
const choose = (page: Page, purpose: string, choice: "allow" | "refuse") => page.locator(`#${purpose}-${choice}`).check();
/** What the edge decides for this very browser, with its cookies and headers. */
const hero = (page: Page) =>
  page.evaluate<Hero>(`fetch("/v1/experience/hero", { credentials: "same-origin" }).then((answer) => answer.json())`);
/** Late answers count as none: the machine may be busy. */
const decides = (page: Page, reason: string) => until(async () => (await hero(page)).reason === reason, `the edge to say ${reason}`);
const cookies = (page: Page) => page.context().cookies();

describe("before anything is asked for", () => {
  test("a visit sets no cookie, and the page offers one button", async () => {
    const page = await open("eu");
    expect(await page.getByRole("button").allInnerTexts()).toEqual(["Begin"]);
    expect(await cookies(page)).toEqual([]);
    await page.reload();
    expect(await cookies(page)).toEqual([]);
  });

  test("the button sets the one cookie, which no script can read", async () => {
    const page = await known("eu");
    expect(await cookies(page)).toEqual([
      expect.objectContaining({ name: "subject_token", httpOnly: true, secure: true, sameSite: "Lax", path: "/" }),
    ]);
    expect(await page.evaluate("document.cookie")).toBe("");
  });
});

describe.each([
  ["with a script", true],
  ["without JavaScript", false],
])("%s", (_what, javaScriptEnabled) => {
  test("a person grants, is asked nothing more, and takes it back with one click", async () => {
    const page = await known("eu", { javaScriptEnabled });
    await choose(page, "personalisation", "allow");
    await page.click("#save-personalisation");
    await says(page, "Saved. Personalisation: allowed.");
    expect(await page.locator("#personalisation .state").innerText()).toMatch(/^On/i);
    expect(await page.locator(".changes li").count()).toBe(1);
    await page.click("#refuse-all");
    await says(page, "Personalisation: withdrawn");
    expect(await page.locator(".state.on").count()).toBe(0);
  });

  test("a stale tab permits nothing, says so, and keeps what was chosen", async () => {
    const stale = await known("eu", { javaScriptEnabled });
    const other = await openIn(stale.context(), "eu");
    await choose(other, "analytics", "allow");
    await other.click("#save-analytics");
    await says(other, "Saved. Analytics: allowed.");
    await choose(stale, "personalisation", "allow");
    await stale.click("#save-personalisation");
    await says(stale, "changed elsewhere");
    expect(await stale.locator("#personalisation-allow").isChecked()).toBe(true);
    await stale.click("#save-personalisation");
    await says(stale, "Saved. Personalisation: allowed.");
  });
});

test("what is granted is seen with the edge's next decision, and what is withdrawn as well", async () => {
  const page = await known("eu");
  expect(await hero(page)).toMatchObject({ variation: "default" });
  await choose(page, "personalisation", "allow");
  await page.click("#save-personalisation");
  await says(page, "Saved. Personalisation: allowed.");
  await decides(page, "granted");
  await page.click("#refuse-all");
  await says(page, "Personalisation: withdrawn");
  await decides(page, "withdrawn");
});

test("preferences under a purpose are kept", async () => {
  const page = await known("eu");
  await choose(page, "email-marketing", "allow");
  await page.locator("#email-marketing-topics-events").check();
  await page.locator("#email-marketing-frequency-monthly").check();
  await page.click("#save-email-marketing");
  await says(page, "Saved. News and offers: allowed.");
  await page.reload();
  const checked = `[...document.querySelectorAll("#email-marketing .under input:checked")].map((it) => it.value)`;
  expect(await page.evaluate(checked)).toEqual(["events", "monthly"]);
});

test("the receipt of a change can be kept", async () => {
  const page = await known("eu");
  await choose(page, "analytics", "refuse");
  await page.click("#save-analytics");
  await says(page, "Saved. Analytics: refused.");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: /^Download the receipt/ }).click()]);
  expect(download.suggestedFilename()).toMatch(/^receipt-[0-9a-f-]{36}\.json$/);
  expect(JSON.parse(readFileSync(await download.path(), "utf8"))).toMatchObject({
    "@type": "dpv:ConsentReceipt",
    commitment: expect.any(String),
  });
});

describe("with Global Privacy Control", () => {
  test("a known person is opted out where sharing is on until somebody objects, once, and without the signal as well", async () => {
    const page = await known("us");
    expect(await page.locator("#advertising .state").innerText()).toMatch(/^On/i);
    await page.context().setExtraHTTPHeaders({ "sec-gpc": "1" });
    await page.reload();
    expect(await page.getByRole("heading", { name: "Opt-out request honoured" }).isVisible()).toBe(true);
    expect(await page.locator("#advertising .state").innerText()).toMatch(/^Off\s+refused/i);
    await page.reload();
    expect(await page.locator(".changes li").allInnerTexts()).toEqual([expect.stringContaining("by the signal of your browser")]);
    await page.context().setExtraHTTPHeaders({});
    await page.reload();
    expect(await page.locator("#advertising .state").innerText()).toMatch(/^Off/i);
  });

  test("nobody's yes is taken but one that knows of the signal, and that one counts more", async () => {
    const page = await known("us", { extraHTTPHeaders: { "sec-gpc": "1" } });
    await page.click("#allow-all");
    await says(page, "Not allowed: Advertising.");
    await page.getByLabel("Allow despite the signal").check();
    await page.click("#save-advertising");
    // The signal was an opt-out, and the way back takes two steps.
    await says(page, "Not allowed yet: Advertising.");
    await page.click("#confirm-yes");
    await says(page, "Saved. Advertising: allowed.");
    await page.reload();
    expect(await page.locator("#advertising .state").innerText()).toMatch(/^On/i);
    expect(await page.getByRole("heading", { name: "Your browser sends Global Privacy Control" }).isVisible()).toBe(true);
  });

  test("that it is honoured can be looked up", async () =>
    expect(await (await platform.fetch("us", "/.well-known/gpc.json")).json()).toMatchObject({ gpc: true }));
});

test("by the keyboard alone a person begins, allows, and withdraws", async () => {
  const page = await open("eu");
  const tabTo = async (id: string) => {
    for (let step = 0; step < 60; step++) {
      if ((await page.evaluate("document.activeElement.id")) === id) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`${id} is not to be reached`);
  };
  await tabTo("begin");
  await page.keyboard.press("Enter");
  await page.locator("#save-all").waitFor();
  // A group of two that nothing is chosen of is entered at its first; the arrow chooses the other.
  await tabTo("analytics-refuse");
  await page.keyboard.press("ArrowRight");
  await tabTo("save-analytics");
  await page.keyboard.press("Enter");
  await says(page, "Saved. Analytics: allowed.");
  await page.locator("body").focus();
  await tabTo("refuse-all");
  await page.keyboard.press("Space");
  await says(page, "Analytics: withdrawn");
});

test("the link of a letter asks first, and stops with one click, from a browser that nobody knows", async () => {
  const page = await known("eu");
  await choose(page, "email-marketing", "allow");
  await page.click("#save-email-marketing");
  await says(page, "Saved.");
  const token = (await cookies(page))[0]?.value as string;
  const subject = JSON.parse(Buffer.from(token.split(".")[1] as string, "base64url").toString()).sub as string;
  const links = await platform.fetch("eu", `/v1/subjects/${subject}/unsubscribe-links?purpose=email-marketing`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { "List-Unsubscribe": header } = (await links.json()) as Record<string, string>;
  const stranger = await (await browser.newContext({ locale: "de" })).newPage();
  contexts.push(stranger.context());
  await stranger.goto(platform.url("eu", new URL((header as string).slice(1, -1)).pathname));
  await page.reload();
  expect(await page.locator("#email-marketing .state").innerText()).toMatch(/^On/i);
  await stranger.getByRole("button", { name: "Abbestellen" }).click();
  await stranger.getByRole("heading", { name: "Sie haben abbestellt" }).waitFor();
  expect(await stranger.context().cookies()).toEqual([]);
  await page.reload();
  expect(await page.locator("#email-marketing .state").innerText()).toMatch(/^Off/i);
});

test.each(["light", "dark"] as const)("axe finds nothing on any of the pages, %s", async (colorScheme) => {
  const page = await open("eu", { colorScheme, extraHTTPHeaders: { "sec-gpc": "1" } });
  expect(await violations(page)).toEqual([]);
  await page.click("#begin");
  await page.locator("#save-all").waitFor();
  await page.click("#allow-all");
  await says(page, "Saved.");
  expect(await violations(page)).toEqual([]);
  await page.goto(platform.url("eu", "/v1/unsubscribe/none"));
  expect(await violations(page)).toEqual([]);
});

test("all that a browser loads of it is at most 50 KB, compressed", async () => {
  const page = await known("eu");
  await page.click("#allow-all");
  await says(page, "Saved.");
  const files = await page.evaluate<string[]>(
    `[...document.querySelectorAll("link[rel=stylesheet], script")].map((it) => it.href || it.src)`,
  );
  const texts = await Promise.all(files.map(async (url) => (await platform.fetch("eu", new URL(url).pathname)).text()));
  const all = [await page.content(), ...texts].map((text) => gzipSync(text).length);
  expect(files).toHaveLength(2);
  expect(all.reduce((sum, size) => sum + size, 0)).toBeLessThan(50 * 1024);
});

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(`document.querySelectorAll("details").forEach((it) => { it.open = true; })`);
  await page.evaluate(axe);
  return page.evaluate<string[]>(`axe.run(document, { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } }).then(
    ({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map((node) => id + ": " + node.html + " " + node.failureSummary)))`);
}
