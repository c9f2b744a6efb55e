import { Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newSubjectId } from "../../../functions/shared/subject-id.ts";
import { script } from "./workers.ts";

describe("the address api.<domain>", () => {
  let miniflare: Miniflare;
  beforeAll(async () => {
    miniflare = new Miniflare({
      modules: true,
      script: await script("home"),
      compatibilityDate: "2026-07-01",
      bindings: { HOMES: JSON.stringify({ eu: "eu.brand.example", us: "us.brand.example", apac: "apac.brand.example" }) },
    });
  });
  afterAll(() => miniflare.dispose());
  const ask = (path: string, init = {}) => miniflare.dispatchFetch(`https://api.brand.example${path}`, { redirect: "manual", ...init });

  test.each(["eu", "us", "apac"])("sends a subject of %s home with its method, path and query", async (region) => {
    const subject = newSubjectId(region);
    const response = await ask(`/v1/subjects/${subject}/preferences?a=1&b=%2F`, { method: "PATCH", body: "{}" });
    expect(response.status).toBe(308);
    expect(response.headers.get("location")).toBe(`https://${region}.brand.example/v1/subjects/${subject}/preferences?a=1&b=%2F`);
  });

  test("knows no home for a subject of nowhere", async () => {
    const response = await ask(`/v1/subjects/${newSubjectId("mars")}/preferences`);
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({
      status: 404,
      type: "urn:bailiwick:problem:unknown-region",
      detail: expect.stringContaining("eu_..., us_..., apac_..."),
    });
  });

  test.each([
    "/v1/subjects/constructor_00000000000000000000000000/preferences",
    "/v1/subjects/eu_1/preferences",
  ])("sends nobody anywhere for %s", async (path) => {
    expect((await ask(path)).status).toBe(404);
  });

  test("has nothing else, and says where things are", async () => {
    const response = await ask("/v1/experience/hero");
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ homes: ["eu.brand.example", "us.brand.example", "apac.brand.example"] });
  });
});
