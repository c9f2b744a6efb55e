// The page in a real browser: at the width of a phone and of a desktop, light and dark, without JavaScript. The browser comes with the
// packages; BAILIWICK_BROWSER names another. BAILIWICK_SCREENSHOTS=1 writes what docs/preview-report.md shows.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { documentOf } from "../../../cli/review/document.ts";
import { toHtml } from "../../../cli/review/html.ts";
import { launchBrowser } from "../../browser.ts";
import { root } from "../../structure/files.ts";
import { example, regions } from "./example.ts";

const widths = { phone: { width: 360, height: 780 }, desktop: { width: 1280, height: 860 } } as const;
const looks = Object.keys(widths).flatMap((device) =>
  (["light", "dark"] as const).map((scheme) => [device as keyof typeof widths, scheme] as const),
);
const pictures = join(root, "docs", "pictures");

let folder: string;
let address: string;
let browser: Browser;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "review-"));
  const file = join(folder, "report.html");
  writeFileSync(file, toHtml(documentOf(example(true), regions)));
  address = pathToFileURL(file).href;
  browser = await launchBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Opened {
  readonly page: Page;
  /** What the page asked for beside itself, and what the browser complained of. */
  readonly complaints: readonly string[];
}

async function open(device: keyof typeof widths, colorScheme: "light" | "dark", javaScriptEnabled = false): Promise<Opened> {
  const context = await browser.newContext({ viewport: widths[device], colorScheme, javaScriptEnabled });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("request", (request) => {
    if (request.url() !== address) complaints.push(`asks for ${request.url()}`);
  });
  await page.goto(address);
  return { page, complaints };
}

describe.each(looks)("on a %s, %s", (device, scheme) => {
  it("the page fits, asks for nothing, and shows the verdict first", async () => {
    const { page, complaints } = await open(device, scheme);
    expect(complaints).toEqual([]);
    expect(await page.locator("h1").innerText()).toMatch(/^May this merge\? No: 1 change destroys data/);
    expect((await page.locator("h1").boundingBox())?.y).toBeLessThan(100);
    expect(await page.evaluate<string[]>(tooWide)).toEqual([]);
    await page.context().close();
  });

  it("text stands out from what is behind it (WCAG 2.2, 1.4.3: 4.5 to 1)", async () => {
    const { page } = await open(device, scheme);
    expect(await page.evaluate<string[]>(faint)).toEqual([]);
    await page.context().close();
  });

  it("a picture of each region is shown once, in the form that fits", async () => {
    const { page } = await open(device, scheme);
    const shown = page.locator("figure svg:visible");
    expect(await shown.count()).toBe(regions.length);
    const box = await shown.first().boundingBox();
    expect(box?.width).toBeGreaterThan(device === "phone" ? 250 : 500);
    await page.context().close();
  });

  it.runIf(process.env.BAILIWICK_SCREENSHOTS)("is photographed", async () => {
    mkdirSync(pictures, { recursive: true });
    const { page } = await open(device, scheme);
    await page.screenshot({ path: join(pictures, `preview-report-${device}-${scheme}.png`) });
    if (scheme === "light") {
      await page.evaluate("document.querySelector('#picture').scrollIntoView()");
      await page.screenshot({ path: join(pictures, `preview-report-${device}-graph.png`) });
    }
    await page.context().close();
  });
});

it("what is folded opens without JavaScript, by the keyboard", async () => {
  const { page } = await open("phone", "light");
  const changes = page.locator("details", { hasText: "Every change" });
  expect(await changes.locator("table").isVisible()).toBe(false);
  await changes.locator("summary").focus();
  await page.keyboard.press("Enter");
  expect(await changes.locator("table").isVisible()).toBe(true);
  await page.context().close();
});

it("even with JavaScript on, a script that somebody slipped in would not run", async () => {
  const { page } = await open("desktop", "light", true);
  await page.evaluate(`document.body.append(Object.assign(document.createElement("script"), { textContent: "window.slipped = true" }))`);
  expect(await page.evaluate("'slipped' in window")).toBe(false);
  await page.context().close();
});

// What follows is evaluated by the browser, which a page without JavaScript allows.

/** Elements that stand out of the page to the right. */
const tooWide = `[...document.querySelectorAll("body *")]
  .filter((element) => element.getClientRects().length > 0 && element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((element) => element.outerHTML.slice(0, 100))`;

/** Texts whose contrast (WCAG 2.2, "contrast ratio") is below 4.5. */
const faint = `(() => {
  const channel = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const luminance = (rgb) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => sum + weight * channel(rgb[i] / 255), 0);
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    const color = element === null ? [255, 255, 255] : numbers(getComputedStyle(element).backgroundColor);
    return (color[3] ?? 1) === 0 ? behind(element.parentElement) : color;
  };
  return [...document.querySelectorAll("h1, h2, p, td, th, code, pre, span, a, summary, footer")].flatMap((element) => {
    const [front, back] = [luminance(numbers(getComputedStyle(element).color)), luminance(behind(element))];
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    return ratio < 4.5 ? [ratio.toFixed(1) + ": " + element.outerHTML.slice(0, 80)] : [];
  });
})()`;
