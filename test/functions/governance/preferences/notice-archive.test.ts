// Notices: found by what events say of them, for ever and in the very bytes that were hashed.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keepNotices } from "../../../../functions/governance/preferences/notice-archive.ts";
import { Notices } from "../../../../functions/governance/preferences/page/notices.ts";
import { ledgerOf } from "../ledger.ts";
import { migrationUser, type Region, serviceUser, startRegion } from "../region.ts";
import type { Service } from "../service.ts";

let region: Region;
let service: Service;
beforeAll(async () => {
  region = await startRegion();
  service = await region.serve();
  expect((await service.request("/health", { scope: "none" })).status).toBe(200);
});
afterAll(() => region?.[Symbol.asyncDispose]());

const read = (path: string, headers: Record<string, string> = {}) => service.request(`/v1/notices/${path}`, { headers });
const database = { query: async (text: string, values?: unknown[]) => region.postgres.admin(text, "brand", values) } as never;

test("what a person was shown on the page is found by the event's own words, as the bytes that its hash is of", async () => {
  const person = await service.person();
  const headers = { cookie: `subject_token=${person.token}`, "sec-fetch-site": "same-origin" };
  const html = await (await service.request("/preferences?lang=de", { headers })).text();
  const notice = /name="notice" value="([^"]+)"/.exec(html)?.[1] as string;
  await service.request("/preferences", { method: "POST", headers, body: new URLSearchParams({ notice, all: "refuse" }) });
  const shown = (await ledgerOf(region, person.subject))[0]?.notice;
  if (!shown) throw new Error("the event names no notice");
  const answer = await read(`${shown.id}/versions/${shown.version}?lang=${shown.language}`);
  expect(answer.status).toBe(200);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const digest = createHash("sha256").update(bytes).digest();
  expect(`sha256:${digest.toString("hex")}`).toBe(shown.sha256);
  expect(answer.headers.get("etag")).toBe(`"${shown.sha256}"`);
  expect(answer.headers.get("repr-digest")).toBe(`sha-256=:${digest.toString("base64")}:`);
  expect(answer.headers.get("cache-control")).toContain("immutable");
  expect(answer.headers.get("content-language")).toBe("de");
  expect(JSON.parse(bytes.toString())).toMatchObject({
    id: shown.id,
    language: "de",
    text: expect.stringContaining("Ihre Entscheidungen zum Datenschutz"),
  });
  expect((await read(`${shown.id}/versions/${shown.version}?lang=de`, { "if-none-match": `"${shown.sha256}"` })).status).toBe(304);
});

test("in English where no language is asked for", async () =>
  expect((await read("preferences-eu/versions/4")).headers.get("content-language")).toBe("en"));

test.each([
  ["preferences-eu/versions/99", 404],
  ["preferences-atlantis/versions/4", 404],
  ["preferences-eu/versions/two", 422],
  ["preferences-eu/versions/4?lang=xx", 422],
])("what was never shown is a problem: %s", async (path, status) => {
  const answer = await read(path);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([status, "application/problem+json"]);
});

describe("the archive", () => {
  const noticesOf = (text: string) => Notices.of([{ id: "preferences-eu", version: 7, language: "fr", text }]);

  test("keeps what an earlier release showed", async () => {
    await keepNotices(database, await noticesOf("Nous demandons."));
    expect(await (await read("preferences-eu/versions/7?lang=fr")).json()).toMatchObject({ text: "Nous demandons." });
  });

  test("takes the same notice again, and refuses other words under the same version", async () => {
    await keepNotices(database, await noticesOf("Nous demandons."));
    await expect(keepNotices(database, await noticesOf("Nous exigeons."))).rejects.toThrow("Give the new words a higher version");
  });

  test.each([
    ["UPDATE preferences.notice SET document = '{}'"],
    ["DELETE FROM preferences.notice"],
  ])("lets nobody rewrite what was said: %s", async (sql) => {
    await expect(region.postgres.run(serviceUser, sql)).rejects.toThrow("permission denied");
    await expect(region.postgres.run(migrationUser, sql)).rejects.toThrow("append-only");
  });
});
