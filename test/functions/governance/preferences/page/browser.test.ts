// The page in a real browser, as a person meets it. The browser comes with the packages; BAILIWICK_BROWSER names another.
// BAILIWICK_SCREENSHOTS=1 writes the pictures of docs/pictures.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { texts } from "../../../../../functions/governance/preferences/page/texts/index.ts";
import { purposes } from "../../../../../functions/shared/consent.ts";
import { languages } from "../../../../../functions/shared/languages.ts";
import { launchBrowser } from "../../../../browser.ts";
import { root } from "../../../../structure/files.ts";
import { newSite, type Site } from "./site.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const phone = { width: 360, height: 780 };
const desktop = { width: 1280, height: 900 };

let browser: Browser;
let site: Site;
let server: ReturnType<typeof serve>;
let address: string;
let contexts: BrowserContext[] = [];
/** What a page asked for beyond its own origin, and what the browser complained of. */
let complaints: string[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
});

beforeEach(async () => {
  complaints = [];
  site = await newSite();
  address = await new Promise((resolve) => {
    server = serve({ fetch: site.app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => resolve(`http://127.0.0.1:${port}`));
  });
});
afterEach(async () => {
  await Promise.all(contexts.map((context) => context.close()));
  contexts = [];
  await new Promise((resolve) => server.close(resolve));
});

async function person(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: desktop, locale: "en-GB", ...options });
  contexts.push(context);
  await context.addCookies([{ name: "subject_token", value: site.token, url: address, httpOnly: true, sameSite: "Lax" }]);
  return context;
}

async function open(context: BrowserContext, query = ""): Promise<Page> {
  const page = await context.newPage();
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${address}/`)) complaints.push(`asks for ${request.url()}`);
  });
  await page.goto(`${address}/preferences${query}`);
  return page;
}

/** Waits until the page says it. */
/** Waits until the page says it, and looks as it will. */
const says = async (page: Page, text: string) => {
  await page.locator("#status", { hasText: text }).waitFor();
  await page.waitForLoadState();
};
const choose = (page: Page, purpose: string, choice: "allow" | "refuse") =>
  page.locator(`input[name="${purpose}"][value="${choice}"]`).check();
const tooWide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";

describe.each([
  ["with a script", true],
  ["without JavaScript", false],
])("%s", (_what, javaScriptEnabled) => {
  it("a person grants one purpose, and is told so", async () => {
    const page = await open(await person({ javaScriptEnabled }));
    await choose(page, "personalisation", "allow");
    await page.click("#save-personalisation");
    await says(page, "Saved. Personalisation: allowed.");
    expect(await page.title()).toMatch(/^Saved\. Personalisation: allowed\./);
    expect(site.desk.stateOf("personalisation")).toBe("granted");
    expect(await page.locator("#personalisation .state").innerText()).toMatch(/^On/i);
    expect(complaints).toEqual([]);
  });

  it("one click withdraws everything", async () => {
    for (const purpose of purposes) site.desk.say(purpose, "granted");
    const page = await open(await person({ javaScriptEnabled }));
    await page.getByRole("button", { name: "Withdraw everything" }).click();
    await says(page, "Saved.");
    expect(purposes.map((purpose) => site.desk.stateOf(purpose))).toEqual(purposes.map(() => "withdrawn"));
    expect(await page.locator(".state.on").count()).toBe(0);
  });

  it("a stale tab is told so, keeps what was chosen, and saves it when asked again", async () => {
    const page = await open(await person({ javaScriptEnabled }));
    site.desk.say("analytics", "granted");
    await choose(page, "personalisation", "allow");
    await page.click("#save-personalisation");
    await says(page, "changed elsewhere");
    expect(site.desk.stateOf("personalisation")).toBe("none");
    expect(await page.locator('input[name="personalisation"][value="allow"]').isChecked()).toBe(true);
    expect(await page.locator("#personalisation .unsaved").isVisible()).toBe(true);
    expect(await page.locator("#analytics .state").innerText()).toMatch(/^On/i);
    await page.click("#save-personalisation");
    await says(page, "Saved. Personalisation: allowed.");
  });

  it("what was refused is allowed again in two steps, with yes and no alike", async () => {
    site.desk.twoSteps = ["advertising"];
    site.desk.say("advertising", "denied");
    const page = await open(await person({ javaScriptEnabled }));
    await choose(page, "advertising", "allow");
    await page.click("#save-advertising");
    await says(page, "Not allowed yet: Advertising.");
    expect(site.desk.stateOf("advertising")).toBe("denied");
    if (javaScriptEnabled) expect(await page.evaluate("document.activeElement.id")).toBe("confirm");
    const [looksYes, looksNo] = await Promise.all(["#confirm-yes", "#confirm-no"].map((selector) => page.evaluate(looks(selector))));
    expect(looksYes).toEqual(looksNo);
    await page.click("#confirm-yes");
    await says(page, "Saved. Advertising: allowed.");
    expect(site.desk.stateOf("advertising")).toBe("granted");
    expect(complaints).toEqual([]);
  });

  it("a refusal in a stale tab is taken at once", async () => {
    const page = await open(await person({ javaScriptEnabled }));
    site.desk.say("analytics", "granted");
    await choose(page, "analytics", "refuse");
    await page.click("#save-analytics");
    await says(page, "Saved. Analytics: withdrawn.");
  });

  it("saving one purpose loses nothing that was chosen for another", async () => {
    const page = await open(await person({ javaScriptEnabled }));
    await choose(page, "advertising", "refuse");
    await page.locator('input[value="events"]').check();
    await page.click("#save-analytics");
    await says(page, texts.en.messages.nothing);
    expect(await page.locator('input[name="advertising"][value="refuse"]').isChecked()).toBe(true);
    expect(await page.locator('input[value="events"]').isChecked()).toBe(true);
    await page.click("#save-all");
    await says(page, "Saved.");
    expect(site.desk.stateOf("advertising")).toBe("denied");
    expect(site.desk.chosenFor("email-marketing")).toEqual({ topics: ["events"] });
  });

  it("Enter saves all that was chosen, whichever field it is pressed in", async () => {
    const page = await open(await person({ javaScriptEnabled }));
    await choose(page, "analytics", "refuse");
    await choose(page, "advertising", "refuse");
    await page.locator('input[name="advertising"][value="refuse"]').press("Enter");
    await says(page, "Saved.");
    expect([site.desk.stateOf("analytics"), site.desk.stateOf("advertising")]).toEqual(["denied", "denied"]);
  });
});

describe("with a script", () => {
  it("the live region stays the same one, so that a screen reader hears of the change, and the focus stays", async () => {
    const page = await open(await person());
    await page.evaluate("document.getElementById('status').first = true");
    await choose(page, "personalisation", "allow");
    await page.focus("#save-personalisation");
    await page.keyboard.press("Enter");
    await says(page, "Saved.");
    expect(await page.evaluate("document.querySelector('[role=status]').first")).toBe(true);
    expect(await page.evaluate("document.activeElement.id")).toBe("save-personalisation");
  });

  it("a change in one window is told in another", async () => {
    const context = await person();
    const [one, other] = [await open(context), await open(context)];
    await choose(one, "analytics", "refuse");
    await one.click("#save-analytics");
    await says(other, texts.en.messages.elsewhere);
  });

  it("a change that could not be sent is told, and stays chosen", async () => {
    const page = await open(await person());
    await page.route("**/preferences*", (route) => route.abort());
    await choose(page, "analytics", "refuse");
    await page.click("#save-analytics");
    await says(page, texts.en.messages.unreachable);
    expect(await page.locator('input[name="analytics"][value="refuse"]').isChecked()).toBe(true);
  });

  it("times are those of the person's place, whatever the browser calls its language", async () => {
    site.desk.say("analytics", "denied");
    const page = await open(await person({ locale: undefined, timezoneId: "Asia/Tokyo" }));
    expect(await page.locator(".changes time").innerText()).toBe("22 November 2026 at 18:01");
    expect(complaints).toEqual([]);
  });

  it("a script that somebody slipped in does not run", async () => {
    const page = await open(await person());
    await page.evaluate(`document.body.append(Object.assign(document.createElement("script"), { textContent: "window.slipped = true" }))`);
    expect(await page.evaluate("'slipped' in window")).toBe(false);
  });
});

it("Global Privacy Control is confirmed, and off means off", async () => {
  site.desk.say("advertising", "granted");
  const page = await open(await person({ extraHTTPHeaders: { "sec-gpc": "1" } }));
  expect(await page.getByRole("heading", { name: "Opt-out request honoured" }).isVisible()).toBe(true);
  expect(await page.locator("#advertising .state").innerText()).toMatch(/^Off/i);
});

it("a receipt of one's own change can be kept", async () => {
  site.desk.say("analytics", "granted");
  const page = await open(await person());
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: /^Download the receipt/ }).click()]);
  expect(download.suggestedFilename()).toBe("receipt-event-1.json");
  expect(JSON.parse(readFileSync(await download.path(), "utf8"))).toMatchObject({ purpose: "analytics", state: "granted" });
});

it("the browser's language is spoken, and another one where it is asked for, also after a change", async () => {
  const page = await open(await person({ locale: "ar" }));
  expect(await page.evaluate("[document.documentElement.lang, document.documentElement.dir]")).toEqual(["ar", "rtl"]);
  await page.getByRole("link", { name: "Deutsch" }).click();
  await page.locator("html[lang=de]").waitFor();
  await page.click("#refuse-all");
  await says(page, "Gespeichert.");
  expect(await page.evaluate("document.documentElement.lang")).toBe("de");
});

describe("by the keyboard alone", () => {
  it("a person finds everything in order, always sees where it is, and decides", async () => {
    const page = await open(await person());
    const order: string[] = [];
    for (let step = 0; step < 60; step++) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate<{ name: string; seen: boolean } | null>(focused);
      if (at === null) break;
      expect(at.seen, `${at.name} shows that it has the focus`).toBe(true);
      order.push(at.name);
    }
    const wanted = ["#main", "refuse-all", "allow-all", ...purposes.map((purpose) => `save-${purpose}`), "save-all"];
    expect(order.filter((name) => wanted.includes(name))).toEqual(wanted);
    expect(order.indexOf("personalisation-refuse")).toBeLessThan(order.indexOf("save-personalisation"));
  });

  it("grants and withdraws", async () => {
    const page = await open(await person());
    await page.locator('input[name="analytics"][value="refuse"]').focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await says(page, "Saved. Analytics: allowed.");
    await page.focus("#refuse-all");
    await page.keyboard.press("Space");
    await says(page, "Analytics: withdrawn");
  });
});

it("yes and no look alike: the same size, colour and letters, and nothing chosen beforehand", async () => {
  const page = await open(await person());
  for (const [yes, no] of [
    ["#allow-all", "#refuse-all"],
    ['#analytics .option:has([value="allow"])', '#analytics .option:has([value="refuse"])'],
  ] as const) {
    const [looksYes, looksNo] = await Promise.all([yes, no].map((selector) => page.evaluate(looks(selector))));
    expect(looksYes).toHaveProperty("height");
    expect(looksYes).toEqual(looksNo);
  }
  expect(await page.locator("input:checked").count()).toBe(0);
});

describe.each(languages)("in %s", (language) => {
  function busy(): void {
    site.desk.say("personalisation", "granted");
    site.desk.say("advertising", "denied", true);
    site.desk.choose("email-marketing", { topics: ["news"], frequency: ["weekly"] });
  }

  it("nothing is wider than a screen of 320 px", async () => {
    busy();
    const page = await open(
      await person({ viewport: { width: 320, height: 640 }, extraHTTPHeaders: { "sec-gpc": "1" } }),
      `?lang=${language}`,
    );
    await page.evaluate(openAll);
    expect(await page.evaluate(tooWide)).toBe(0);
  });

  it.each(["light", "dark"] as const)("axe finds nothing, %s", async (colorScheme) => {
    busy();
    const context = await person({ colorScheme, viewport: phone, extraHTTPHeaders: { "sec-gpc": "1" } });
    const page = await open(context, `?lang=${language}`);
    // A stale form shows most of what the page can say.
    await choose(page, "analytics", "allow");
    site.desk.say("email-marketing", "granted");
    await page.click("#save-analytics");
    await page.locator(".status.stale:not(:empty)").waitFor();
    expect(await violations(page)).toEqual([]);
  });
});

it.each([
  "light",
  "dark",
] as const)("axe finds nothing where phase 1 only lets refuse, or where nobody is known, %s", async (colorScheme) => {
  site.desk.readOnly = true;
  const context = await person({ colorScheme });
  expect(await violations(await open(context))).toEqual([]);
  await context.clearCookies();
  expect(await violations(await open(context))).toEqual([]);
});

it.each(["light", "dark"] as const)("axe finds nothing where it asks to confirm, %s", async (colorScheme) => {
  site.desk.twoSteps = ["advertising"];
  site.desk.say("advertising", "denied");
  const page = await open(await person({ colorScheme, viewport: phone }));
  await page.click("#allow-all");
  await page.locator("#confirm-yes").waitFor();
  expect(await violations(page)).toEqual([]);
});

it("axe would find something", async () => {
  const page = await open(await person());
  await page.evaluate(`document.querySelector("#save-all").style.color = "#4a8256"`);
  expect(await violations(page)).toEqual([expect.stringContaining("color-contrast")]);
});

it("in forced colours what is chosen can still be told from what is not", async () => {
  site.desk.say("analytics", "denied");
  const page = await open(await person({ forcedColors: "active" }));
  const outline = (value: string) =>
    page.evaluate(`getComputedStyle(document.querySelector('#analytics-${value}').closest(".option")).outlineStyle`);
  expect(await outline("refuse")).toBe("solid");
  expect(await outline("allow")).toBe("none");
});

describe.runIf(process.env.BAILIWICK_SCREENSHOTS)("is photographed", () => {
  it.each([
    ["desktop-light", desktop, "light", "en"],
    ["phone-dark", phone, "dark", "en"],
    ["phone-ar", phone, "light", "ar"],
  ] as const)("%s", async (name, viewport, colorScheme, language) => {
    mkdirSync(join(root, "docs", "pictures"), { recursive: true });
    site.desk.say("personalisation", "granted");
    const page = await open(await person({ viewport, colorScheme, extraHTTPHeaders: { "sec-gpc": "1" } }), `?lang=${language}`);
    await page.screenshot({ path: join(root, "docs", "pictures", `preferences-${name}.png`) });
  });
});

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(openAll);
  await page.evaluate(axe);
  return page.evaluate<string[]>(`axe.run(document, { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } }).then(
    ({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map((node) => id + ": " + node.html + " " + node.failureSummary)))`);
}

// What follows is evaluated by the browser.

const openAll = `document.querySelectorAll("details").forEach((it) => { it.open = true; })`;

/** The focused element by id, name or address, and whether it, or what stands around it, is outlined. */
const focused = `(() => {
  const it = document.activeElement;
  if (it === null || it === document.body) return null;
  const seen = [it, it.closest(".option")].some((each) => {
    if (each === null) return false;
    const { outlineStyle, outlineWidth } = getComputedStyle(each);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  });
  return { name: it.id || it.getAttribute("name") || it.getAttribute("href") || it.tagName, seen };
})()`;

const looks = (selector: string) => `(() => {
  const it = document.querySelector(${JSON.stringify(selector)});
  const { width, height } = it.getBoundingClientRect();
  const { color, backgroundColor, fontSize, fontWeight, borderTopColor, borderTopWidth } = getComputedStyle(it);
  return { width: Math.round(width), height: Math.round(height), color, backgroundColor, fontSize, fontWeight, borderTopColor, borderTopWidth };
})()`;
