import { Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { script } from "./workers.ts";

describe("the storefront", () => {
  let miniflare: Miniflare;
  beforeAll(async () => {
    miniflare = new Miniflare({ modules: true, script: await script("storefront"), compatibilityDate: "2026-07-01" });
  });
  afterAll(() => miniflare.dispose());
  const ask = (path: string, init = {}) => miniflare.dispatchFetch(`https://www.brand.example${path}`, init);

  test("answers a page that a screen reader can find its way in, with a slot for the hero", async () => {
    const response = await ask("/");
    const page = await response.text();
    expect(response.status).toBe(200);
    for (const needed of [
      '<html lang="en">',
      "<title>",
      'name="viewport"',
      'href="#main"',
      '<main id="main">',
      '<nav aria-label="Main">',
      'data-slot="hero"',
      'data-part="title"',
    ])
      expect(page).toContain(needed);
    expect(page.match(/<h1[ >]/g)).toHaveLength(1);
  });

  test("sets no cookie and asks nothing of third parties", async () => {
    const response = await ask("/");
    expect(response.headers.get("set-cookie")).toBeNull();
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await response.text()).not.toMatch(/https?:\/\/|<script/);
  });

  test("says so where there is no page", async () => expect((await ask("/nowhere")).status).toBe(404));
  test("takes nothing", async () => expect((await ask("/", { method: "POST" })).status).toBe(405));
});
