// A request's span leaves the edge for two clouds and is found in the archives of both, whatever happens to the collectors on its way.
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isAlive } from "../alive.ts";
import { Platform } from "../platform.ts";
import { until } from "../until.ts";

interface PathReport {
  readonly stack: string;
  readonly path: "gcp" | "aws";
  readonly emitted: number;
  readonly stored: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly balanced: boolean;
  readonly backlog?: { readonly spooled: number; readonly rejected: number };
  readonly trace?: readonly {
    readonly name: string;
    readonly traceId: string;
    readonly spanId: string;
    readonly parentSpanId?: string;
    readonly values: Readonly<Record<string, unknown>>;
  }[];
}
interface Sum {
  readonly emitted: number;
  readonly stored: number;
  readonly spooled: number;
  readonly missing: number;
}
interface Status {
  readonly parts: readonly { readonly region: string; readonly kind: string; readonly name: string; readonly pid?: number }[];
}

const minute = 60_000;
let platform: Platform;
beforeAll(async () => {
  platform = await Platform.deployed();
  await platform.succeed("up", "global");
});
afterAll(() => platform?.[Symbol.asyncDispose]());

/** Each look is a command of its own, on a machine that has other work. */
const untilTold = (holds: () => Promise<boolean>, what: string, withinMs: number) => until(holds, what, withinMs, 1000);

const newTrace = () => randomBytes(16).toString("hex");

async function visit(region: string, traceId: string): Promise<number> {
  const traceparent = `00-${traceId}-${randomBytes(8).toString("hex")}-01`;
  const answer = await platform.fetch(region, "/", { headers: { traceparent } });
  await answer.body?.cancel();
  return answer.status;
}

async function report(stack: string, ...more: string[]): Promise<PathReport[]> {
  const { stdout, stderr } = await platform.bailiwick(["telemetry", stack, "--json", ...more]);
  if (stdout === "") throw new Error(stderr);
  return (JSON.parse(stdout) as { paths: PathReport[] }).paths;
}

const allStored = (reports: readonly PathReport[], least: number) =>
  reports.every(({ stored, balanced, backlog }) => stored >= least && balanced && backlog?.spooled === 0);

/** Processes of eu's collectors that run: one in Google Cloud, two in AWS. */
async function collectors(): Promise<number[]> {
  const { parts } = JSON.parse((await platform.succeed("status", "--json")).stdout) as Status;
  return parts.flatMap(({ region, kind, name, pid }) =>
    region === "eu" && name.startsWith("collector") && pid !== undefined && ["Fargate task", "Cloud Run service"].includes(kind)
      ? [pid]
      : [],
  );
}

describe.each(["eu", "us", "apac"])("in %s", (region) => {
  test("a request leaves one span of its trace in the archive of either cloud, and nothing that says who asked", async () => {
    const traceId = newTrace();
    expect(await visit(region, traceId)).toBe(200);
    await untilTold(
      async () => (await report(region, "--trace", traceId)).every(({ trace }) => trace?.length === 1),
      "the span in both archives",
      minute,
    );
    const reports = await report(region, "--trace", traceId);
    expect(reports.map(({ path }) => path)).toEqual(["gcp", "aws"]);
    for (const { trace = [] } of reports) {
      expect(trace[0]).toMatchObject({ traceId, name: expect.stringMatching(/^GET \//) });
      expect(trace[0]?.values).toMatchObject({ "bailiwick.region": region, "service.name": "site", "http.response.status_code": 200 });
    }
  });
});

test.each([
  "eu",
  "apac",
])("in %s a trace holds the edge's span, the service's as its child, and the database's work below", async (region) => {
  const traceId = newTrace();
  const traceparent = `00-${traceId}-${randomBytes(8).toString("hex")}-01`;
  const answer = await platform.fetch(region, "/v1/subjects", { method: "POST", headers: { traceparent } });
  const { subject } = (await answer.json()) as { subject: string };
  await untilTold(
    async () => (await report(region, "--trace", traceId)).every(({ trace }) => trace?.length === 3),
    "three spans in both archives",
    minute,
  );
  for (const { trace = [] } of await report(region, "--trace", traceId)) {
    const named = (name: string) => trace.find((span) => span.name === name);
    const [site, service, database] = [named("POST /v1/*"), named("POST /v1/subjects"), named("postgresql.query")];
    expect([site, service, database]).toMatchObject([
      { values: { "service.name": "site", "bailiwick.class": "audit" } },
      { parentSpanId: site?.spanId, values: { "service.name": "preferences", "bailiwick.class": "audit" } },
      { parentSpanId: service?.spanId, values: { "service.name": "preferences" } },
    ]);
    expect(JSON.stringify(trace)).not.toContain(subject);
  }
});

test("collectors that are killed come back, and every span is in both archives once they have", async () => {
  const before = await report("eu");
  const rounds = 3;
  const requestsARound = 20;
  for (let round = 0; round < rounds; round++) {
    const pids = await collectors();
    for (let i = 0; i < requestsARound; i++) {
      if (i === requestsARound / 2) for (const pid of pids) process.kill(pid, "SIGKILL");
      expect(await visit("eu", newTrace())).toBe(200);
    }
    expect(pids.filter(isAlive)).toEqual([]);
    await untilTold(async () => (await collectors()).length === 3, "three other collectors", minute);
  }
  const least = Math.max(...before.map(({ stored }) => stored)) + rounds * requestsARound;
  await untilTold(async () => allStored(await report("eu"), least), `${least} spans in both archives, and none that waits`, 2 * minute);
  for (const { emitted, stored, dropped, backlog } of await report("eu"))
    expect({ emitted, dropped, backlog }).toEqual({ emitted: stored, dropped: {}, backlog: { spooled: 0, rejected: 0 } });
});

/** Where eu's spans are, path by path, and what is not well with them, as status says. */
async function status() {
  const { regions } = JSON.parse((await platform.succeed("status", "eu", "--json")).stdout) as {
    regions: { telemetry: { sums: Record<"gcp" | "aws", Sum> }; topics: { topic: string; well: boolean; text: string }[] }[];
  };
  const [eu] = regions;
  return { ...eu?.telemetry.sums, topics: eu?.topics } as Record<"gcp" | "aws", Sum> & { topics: NonNullable<typeof eu>["topics"] };
}

describe("without the one binding that lets the collector write to its archive", () => {
  const binding = /^.*new BucketIAMMember\(`\$\{name\}-writer`.*\n/m;
  const file = () => join(platform.dir, "components", "telemetry", "gcp-collector.ts");
  let committed: string;
  const traces: string[] = [];
  beforeAll(async () => {
    committed = readFileSync(file(), "utf8");
    expect(committed).toMatch(binding);
    writeFileSync(file(), committed.replace(binding, ""));
    const { stacks } = JSON.parse((await platform.succeed("up", "eu", "--json")).stdout) as { stacks: { changes: unknown }[] };
    expect(stacks[0]?.changes).toMatchObject({ delete: 1 });
    for (let i = 0; i < 3; i++) traces.push(newTrace());
    for (const traceId of traces) expect(await visit("eu", traceId)).toBe(200);
  });

  test("exactly that call fails, with the cloud's own words: what it would write waits, and the other path has it", async () => {
    await untilTold(
      async () => {
        const { gcp, aws } = await status();
        return gcp.spooled >= 3 && aws.spooled === 0 && aws.stored === aws.emitted;
      },
      "at least three spans that wait, on one path only: the services tell of themselves meanwhile",
      minute,
    );
    const { gcp, aws, topics } = await status();
    expect({ missing: gcp.missing, waiting: gcp.emitted - gcp.stored }).toEqual({ missing: 0, waiting: gcp.spooled });
    expect(aws).toMatchObject({ missing: 0 });
    expect(topics.find(({ topic }) => topic === "path gcp")?.text).toContain(`+ ${gcp.spooled} spooled (the oldest for`);
    for (const traceId of traces) expect((await report("eu", "--trace", traceId)).map(({ trace }) => trace?.length)).toEqual([0, 1]);
    const { stdout } = await platform.succeed("logs", "collector", "--lines", "20");
    expect(stdout).toMatch(
      /403 .*collector@brand-eu-prod\.iam\.gserviceaccount\.com does not have storage\.objects\.create access to the Google Cloud Storage object/,
    );
  });

  test("putting it back heals it, and nothing was lost", async () => {
    writeFileSync(file(), committed);
    await platform.succeed("up", "eu");
    await untilTold(
      async () => {
        const { gcp, aws } = await status();
        return gcp.spooled === 0 && gcp.stored === aws.stored;
      },
      "what waited to be stored",
      2 * minute,
    );
    for (const traceId of traces) expect((await report("eu", "--trace", traceId)).map(({ trace }) => trace?.length)).toEqual([1, 1]);
    const { gcp, topics } = await status();
    expect(gcp).toMatchObject({ emitted: gcp.stored, missing: 0, underWay: 0 });
    expect(topics.filter(({ topic, well }) => topic.startsWith("path ") && !well)).toEqual([]);
  });
});

describe("where the jurisdiction can pin no queue", () => {
  /** Process of apac's spool, and of no other. */
  async function spool(): Promise<number> {
    const { parts } = JSON.parse((await platform.succeed("status", "--json")).stdout) as Status;
    const [pid] = parts.flatMap((part) =>
      part.kind === "Cloud Run service" && part.name.startsWith("spool") && part.pid !== undefined ? [part.pid] : [],
    );
    return pid ?? 0;
  }

  test("a spool that is killed holds up nobody and loses nothing that it took; what it could not take is counted", async () => {
    const pid = await spool();
    expect(pid).toBeGreaterThan(0);
    for (let i = 0; i < 30; i++) {
      if (i === 10) process.kill(pid, "SIGKILL");
      expect(await visit("apac", newTrace())).toBe(200);
    }
    await untilTold(async () => ![0, pid].includes(await spool()), "another spool", minute);
    // What was dropped is told with the spans that come after.
    expect(await visit("apac", newTrace())).toBe(200);
    // Services tell of themselves meanwhile: what is counted must be of one moment.
    let sums: Awaited<ReturnType<typeof report>> = [];
    await untilTold(
      async () => {
        sums = await report("apac");
        return sums.every(
          ({ balanced, backlog, emitted, stored, dropped }) =>
            balanced && backlog?.spooled === 0 && stored + (dropped.unavailable ?? 0) === emitted,
        );
      },
      "every span to be stored, or counted as dropped",
      2 * minute,
    );
    for (const { stored, dropped } of sums) {
      expect(Object.keys(dropped).filter((reason) => reason !== "unavailable")).toEqual([]);
      expect(stored).toBeGreaterThan(10);
    }
  });

  test("nobody sends telemetry to it through the region's address", async () => {
    const answer = await platform.fetch("apac", "/v1/telemetry/gcp", { method: "POST", body: "{}" });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ type: "urn:bailiwick:problem:not-for-people" });
  });
});

test("status says which store does not answer, and goes on with the rest", async () => {
  const troubles = async () => {
    const { regions } = JSON.parse((await platform.succeed("status", "eu", "--json")).stdout) as {
      regions: { topics: { topic: string; troubles: string[] }[] }[];
    };
    return regions[0]?.topics.find(({ topic }) => topic === "telemetry")?.troubles;
  };
  expect(await troubles()).toBeUndefined();
  for (const harm of ["stop", "break"]) {
    await platform.succeed("chaos", harm, "storage", "--for", "1m");
    expect(await troubles()).toEqual([expect.stringContaining("The archive brand-eu-prod-telemetry-eu cannot be read: ")]);
    await platform.succeed("chaos", harm, "host:api.cloudflare.com", "--for", "1m");
    expect(await troubles()).toEqual([expect.stringMatching(/^The queue [0-9a-f]{32} does not say what waits in it: /)]);
    await platform.succeed("chaos", "heal");
  }
  expect(await troubles()).toBeUndefined();
});

test("a trace that nobody has seen is not found, and an id that is none is refused", async () => {
  expect((await platform.bailiwick(["telemetry", "eu", "--trace", newTrace()])).code).toBe(1);
  const refused = await platform.bailiwick(["telemetry", "eu", "--trace", "abc"]);
  expect(refused.code).toBe(64);
  expect(refused.stderr).toContain('"abc" is no trace id');
});

describe("a drill", () => {
  interface Report {
    readonly promises: readonly { readonly promise: string; readonly measured: string; readonly kept?: boolean }[];
  }
  const drill = async (...args: string[]) => {
    const { code, stdout, stderr } = await platform.bailiwick(["drill", ...args, "--json"]);
    expect(stdout, stderr).not.toBe("");
    const { promises } = JSON.parse(stdout) as Report;
    // A promise is shown with what was measured where it is broken.
    expect(promises.filter(({ kept }) => kept === false)).toEqual([]);
    expect(code).toBe(0);
    return promises;
  };

  test("a cloud's collector away, then its sink: no request fails, the other path is complete, and so is the first in the end", async () => {
    // Of a machine that tests share, answers come late: here it counts that they come.
    const promises = await drill("telemetry", "eu", "--minutes", "0.1", "--rate", "5", "--budget", "5000");
    const judged = promises.filter(({ kept }) => kept === true).map(({ promise }) => promise);
    expect(judged).toEqual([
      "no request fails",
      "99 % of the answers come within 5000 ms",
      "while the collector is away, the other path is complete",
      "what the collector cannot take waits",
      "path aws becomes complete once the collector is back",
      "while the sink is away, the other path is complete",
      "what the sink cannot take waits",
      "path aws becomes complete once the sink is back",
      "archive aws has each request once",
      "archive gcp has each request once",
      "the account of path gcp balances",
      "the account of path aws balances",
    ]);
  });

  test("every runtime killed under load: nothing acknowledged is lost", async () => {
    const promises = await drill("kills", "eu", "--rounds", "1");
    expect(promises.map(({ promise }) => promise.split(" ")[0])).toEqual([
      "edge",
      "service",
      "database",
      "objects",
      "collector-gcp",
      "collector-aws",
      "job",
      "sandbox",
    ]);
  });

  test.each([
    [["telemetry", "eu", "--path", "azure"], /There is no path "azure"[\s\S]*gcp, aws/],
    [["telemetry", "eu", "--minutes", "0"], /a number from 0.1 to 60 is allowed/],
    [["kills", "eu", "--only", "edge,moon"], /nothing called "moon" to kill[\s\S]*edge, service/],
    [["kills", "mars"], /There is no stack "mars"/],
  ])("%j is refused with what to do", async (args, message) => {
    const { code, stderr } = await platform.bailiwick(["drill", ...args]);
    expect(code).toBe(64);
    expect(stderr).toMatch(message);
  });
});
