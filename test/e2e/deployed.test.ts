// What a deployed platform does for people and keeps from strangers, and what is left of it when it is discarded. How a person deploys it
// from nothing, rolls out, rolls back, stops and goes on, the README's examples show. One platform for all, in this order.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fetch, ProxyAgent } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { socketDirOf } from "../../sandbox/sandbox-paths.ts";
import { isAlive } from "../alive.ts";
import { Platform } from "../platform.ts";
import { until } from "../until.ts";
import { Visitor } from "../visitor.ts";

interface UpReport {
  readonly stacks: readonly { stack: string; ok: boolean; changes: Record<string, number>; rules: number; findings: unknown[] }[];
  readonly addresses: readonly string[];
}

let platform: Platform;
beforeAll(async () => {
  platform = await Platform.deployed();
});
afterAll(() => platform?.[Symbol.asyncDispose]());

const rowsAbout = async (stack: string, subject: string) =>
  JSON.parse(
    (await platform.succeed("query", stack, `SELECT purpose FROM consent_state WHERE subject = '${subject}'`, "--json")).stdout,
  ) as unknown[];

describe("a deployed platform", () => {
  test("is as it was after a stop: one command brings it back, changes nothing, and says so", async () => {
    const report = JSON.parse((await platform.succeed("up", "--json")).stdout) as UpReport;
    expect(report.stacks.map(({ stack }) => stack)).toEqual(["global", "apac", "eu", "us"]);
    for (const { ok, changes, rules, findings } of report.stacks) {
      expect(ok).toBe(true);
      expect(changes).toEqual({ same: expect.any(Number) });
      expect(rules).toBeGreaterThanOrEqual(5);
      expect(findings).toEqual([]);
    }
    expect(report.addresses).toContain(platform.url("eu"));
  });

  test("no log shows a private key", () => {
    const logs = join(platform.dir, ".sandbox", "logs");
    const files = readdirSync(logs, { recursive: true, encoding: "utf8" });
    expect(files).toContain("eu-preview.events.jsonl");
    expect(files.filter((file) => /\.\w+$/.test(file) && readFileSync(join(logs, file), "utf8").includes("PRIVATE KEY"))).toEqual([]);
  });

  test("the brand's page is rewritten at the edge, and says so", async () => {
    const page = await (await platform.fetch("eu")).text();
    expect(page).toContain("<!doctype html>");
    expect(page).toMatch(/data-slot="hero"[^>]*data-variation="default"[^>]*data-reason="no-token"/);
  });

  test("without consent there is the default, no identifier, and nothing stored", async () => {
    for (const path of ["/", "/v1/experience/hero"]) {
      const response = await platform.fetch("eu", path);
      await response.body?.cancel();
      expect(response.status).toBe(200);
      expect(response.headers.get("set-cookie")).toBeNull();
    }
    expect(JSON.parse((await platform.succeed("query", "eu", "SELECT count(*)::int FROM subject", "--json")).stdout)).toEqual([
      { count: 0 },
    ]);
  });

  test.each(["eu", "apac"])("in %s a grant personalises, and a withdrawal ends it with the very next request", async (region) => {
    const visitor = await Visitor.create(platform, region);
    expect(await visitor.hero()).toMatchObject({ variation: "default" });
    await until(async () => {
      await visitor.change("granted");
      return (await visitor.hero()).reason === "granted";
    }, "the first delivery to warm up");
    const withdrawn = await visitor.change("withdrawn");
    expect(withdrawn.enforcement).toBe("applied");
    expect(await visitor.hero()).toMatchObject({ variation: "default" });
    // Where the edge asks its region, an answer that is late counts as none.
    await until(async () => (await visitor.hero()).reason === "withdrawn", "an answer within the edge's budget");
    await visitor.change("granted");
    await until(async () => (await visitor.hero()).reason === "granted", "an answer within the edge's budget");
  });

  test("a person's consent lies in the home region's database and in no other", async () => {
    const visitor = await Visitor.create(platform, "eu");
    await visitor.change("granted");
    expect(await rowsAbout("eu", visitor.subject)).toHaveLength(1);
    expect(await rowsAbout("us", visitor.subject)).toEqual([]);
    expect(await rowsAbout("apac", visitor.subject)).toEqual([]);
  });

  test("strangers reach the region's services neither at their own address nor, without a token, through the load balancer", async () => {
    const { proxyUrl, caFile } = JSON.parse(readFileSync(join(platform.dir, ".sandbox", "sandbox.json"), "utf8")) as Record<string, string>;
    const internet = new ProxyAgent({ uri: proxyUrl as string, requestTls: { ca: readFileSync(caFile as string) } });
    const status = async (url: string, headers = {}) => {
      const response = await fetch(url, { dispatcher: internet, headers });
      await response.body?.cancel();
      return response.status;
    };
    const state = await platform.pulumi("eu", ["stack", "export"]);
    const own = [...state.stdout.matchAll(/"(https:\/\/preferences-[a-z0-9-.]+\.run\.app)"/g)].map(([, url]) => url as string);
    expect(own.length).toBeGreaterThan(0);
    for (const url of new Set(own)) expect(await status(url), url).toBe(404);
    const through = "https://services-eu.brand.example/v1/openapi.json";
    expect(await status(through)).toBe(403);
    expect(await status(through, { "x-edge-authorization": "Bearer invented" })).toBe(401);
    await internet.close();
  });

  test("status says of every region, from the running parts, how each topic is", async () => {
    const status = JSON.parse((await platform.succeed("status", "--json")).stdout) as {
      parts: { kind: string; name: string; state: string; pid?: number }[];
      regions: {
        region: string;
        topics: { topic: string; well: boolean; text: string }[];
        certificates: { host: string; until?: string }[];
      }[];
    };
    const running = (kind: RegExp) => status.parts.filter((part) => kind.test(part.kind) && part.state === "running").length;
    expect(running(/^Cloud SQL$/)).toBe(3);
    // In each region a preference service and a collector.
    expect(running(/^Cloud Run service$/)).toBeGreaterThanOrEqual(6);
    // `home` and `storefront`, three sites, and what keeps subjects and spools where a queue and a Durable Object can be pinned.
    expect(running(/^worker$/)).toBe(2 + 3 + 2 * 2);
    expect(status.regions.map(({ region }) => region)).toEqual(["eu", "us", "apac", "shared"]);
    for (const { region, topics, certificates } of status.regions.filter((each) => each.region !== "shared")) {
      const texts = Object.fromEntries(topics.map(({ topic, text }) => [topic, text]));
      expect(texts).toMatchObject({
        edge: expect.stringMatching(new RegExp(`site-${region} [0-9a-f]{12} 100 %`)),
        services: expect.stringMatching(/collector on Fargate \(2 of 2 tasks\), .*preferences-[0-9a-f]+ 100 %/),
        balancers: expect.stringContaining("2 of 2 targets healthy"),
        database: expect.stringContaining(`bailiwick-${region}`),
        sinks: expect.stringMatching(/telemetry-.* \(\d+ objects\)/),
        alerts: expect.stringMatching(/^\d+, none fires$|^\d+ of \d+ fires?$/),
        keys: "5 enabled (4 of them rotate)",
        certificates: expect.stringMatching(/^\d valid, the first ends 20\d\d-\d\d-\d\d/),
        "path gcp": expect.stringMatching(/^\d+ emitted = \d+ stored \+ 0 rejected/),
        "path aws": expect.stringMatching(/^\d+ emitted = \d+ stored \+ 0 rejected/),
        "collector gcp": expect.stringMatching(/^\d+ spans received = \d+ stored|^has counted nothing/),
        "collector aws": expect.stringMatching(/^\d+ spans received = \d+ stored|^has counted nothing/),
      });
      const hosts = [region, `services-${region}`, `telemetry-gcp-${region}`, `telemetry-aws-${region}`].map(
        (name) => `${name}.brand.example`,
      );
      expect(certificates.map(({ host }) => host)).toEqual(expect.arrayContaining(hosts));
      for (const { host, until } of certificates) expect(Date.parse(until ?? ""), host).toBeGreaterThan(Date.now());
      // Alerts fire where nobody has come for a while, and objectives are missed on a machine that is busy.
      const byTime = ["alerts", "objectives"];
      expect(topics.filter(({ topic, well }) => !byTime.includes(topic) && !well)).toEqual([]);
    }
  });

  test("to destroy a region is refused before anything is gone", async () => {
    const destroyed = await platform.pulumi("eu", ["destroy", "--yes"]);
    expect(destroyed.code).not.toBe(0);
    expect(destroyed.stdout + destroyed.stderr).toMatch(/cannot be deleted\s+because it is protected/);
    const preview = await platform.pulumi("eu", ["preview", "--expect-no-changes"]);
    expect(preview.code, preview.stdout + preview.stderr).toBe(0);
    expect((await platform.fetch("eu")).status).toBe(200);
  });

  test("down --purge leaves nothing: no process, port, lock or file", async () => {
    const status = JSON.parse((await platform.succeed("status", "--json")).stdout) as { parts: { pid?: number }[] };
    const sandbox = JSON.parse(readFileSync(join(platform.dir, ".sandbox", "sandbox.json"), "utf8")) as { pid: number };
    const pids = [sandbox.pid, ...status.parts.flatMap(({ pid }) => (pid === undefined ? [] : [pid]))];
    expect(pids.length).toBeGreaterThan(3);
    await platform.succeed("down", "--purge");
    for (const pid of pids) expect(isAlive(pid), `process ${pid}`).toBe(false);
    await expect(platform.fetch("eu")).rejects.toThrow();
    expect(readdirSync(platform.dir)).not.toContain(".sandbox");
    expect(existsSync(socketDirOf(join(platform.dir, ".sandbox")))).toBe(false);
  });
});
