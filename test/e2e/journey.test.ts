// One person's way through the platform: deploy what is missing, use, roll out, roll back, stop, go on, discard. The steps build on each
// other, as they do for a person, so they run in order on one platform. That it deploys from nothing, the README's examples show.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
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

async function up(...args: string[]): Promise<UpReport> {
  return JSON.parse((await platform.succeed("up", ...args, "--json")).stdout) as UpReport;
}

/** How many of `count` answers carry which value of a header. */
async function census(path: string, header: string, count: number): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const response = await platform.fetch("eu", path);
    await response.body?.cancel();
    const value = (response.headers.get(header) ?? `none, status ${response.status}`).split(";")[0] as string;
    seen[value] = (seen[value] ?? 0) + 1;
  }
  return seen;
}

const rowsAbout = async (stack: string, subject: string) =>
  JSON.parse(
    (await platform.succeed("query", stack, `SELECT purpose FROM consent_ledger WHERE subject = '${subject}'`, "--json")).stdout,
  ) as unknown[];

/** A change of one text in a source file of the copy. */
function edit(file: string, from: string, to: string): void {
  const path = join(platform.dir, file);
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

describe("a platform of which one region is missing", () => {
  test("one command deploys the missing, changes nothing else, and says what it did", async () => {
    const report = await up();
    expect(report.stacks.map(({ stack }) => stack)).toEqual(["global", "apac", "eu", "us"]);
    for (const { stack, ok, changes, rules, findings } of report.stacks) {
      expect(ok).toBe(true);
      expect(Object.keys(changes)).toEqual([stack === "us" ? "create" : "same"]);
      expect(Object.values(changes)[0]).toBeGreaterThan(30);
      expect(rules).toBeGreaterThanOrEqual(5);
      expect(findings).toEqual([]);
    }
    expect(report.addresses).toContain(platform.url("eu"));
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

  test("plain pulumi finds nothing to change, with the pack attached", async () => {
    const preview = await platform.pulumi("eu", ["preview", "--expect-no-changes"]);
    expect(preview.stdout + preview.stderr).toContain("bailiwick@v");
    expect(preview.code, preview.stdout + preview.stderr).toBe(0);
  });

  test("a second up changes nothing", async () => {
    for (const { changes } of (await up()).stacks) expect(Object.keys(changes)).toEqual(["same"]);
  });

  test("a new version of the site at 10 % and a new revision of the service at 50 % answer their share, go back, and take over", async () => {
    const hero = "/v1/experience/hero";
    const preferences = "/v1/subjects/eu_00000000000000000000000000/preferences";
    const [oldSite] = Object.keys(await census(hero, "edge-version", 1)) as [string];
    const [oldService] = Object.keys(await census(preferences, "server-version", 1)) as [string];
    edit("functions/edge/site/experiments.ts", "Your first flush is in", "Your first flush has come");
    edit("functions/governance/preferences/app.ts", "Nothing lives here", "Nothing lives at this address");
    await platform.succeed("build");

    await platform.succeed("release", "eu", "site", "--newest", "10");
    await platform.succeed("release", "eu", "preferences", "--newest", "50");
    await up("eu");
    const site = await census(hero, "edge-version", 400);
    const freshSite = Object.keys(site).find((version) => version !== oldSite) as string;
    // 400 draws at 10 %: outside of 15 to 70 once in ten million runs.
    expect(site[freshSite]).toBeGreaterThan(15);
    expect(site[freshSite]).toBeLessThan(70);
    // 120 draws at 50 %: outside of 30 to 90 once in ten million runs. The edge lets 200 requests of one address pass in ten seconds.
    const service = await census(preferences, "server-version", 120);
    const freshService = Object.keys(service).find((version) => version !== oldService) as string;
    expect(service[freshService]).toBeGreaterThan(30);
    expect(service[freshService]).toBeLessThan(90);

    for (const [turn, version, revision] of [
      [["--back"], oldSite, oldService],
      [["--newest", "100"], freshSite, freshService],
    ] as const) {
      await platform.succeed("release", "eu", "site", ...turn);
      await platform.succeed("release", "eu", "preferences", ...turn);
      await up("eu");
      expect(await census(hero, "edge-version", 20)).toEqual({ [version]: 20 });
      expect(await census(preferences, "server-version", 20)).toEqual({ [revision]: 20 });
    }
  });

  test("after down and up all state is there", async () => {
    const visitor = await Visitor.create(platform, "eu");
    await visitor.change("granted");
    await platform.succeed("down");
    await expect(platform.fetch("eu")).rejects.toThrow();
    // The other regions have not seen the releases above yet.
    for (const { changes } of (await up("global", "eu")).stacks) expect(Object.keys(changes)).toEqual(["same"]);
    expect(await visitor.preferences()).toMatchObject({ purposes: { personalisation: "granted" } });
    await until(async () => (await visitor.hero()).reason === "granted", "the edge to answer within its budget after a cold start");
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
        keys: "3 enabled (3 of them rotate)",
        certificates: expect.stringMatching(/^\d valid, the first ends 20\d\d-\d\d-\d\d/),
        "path gcp": expect.stringMatching(/^\d+ emitted = \d+ stored \+ 0 rejected/),
        "path aws": expect.stringMatching(/^\d+ emitted = \d+ stored \+ 0 rejected/),
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
