// A request's span leaves the edge for two clouds and is found in the archives of both, whatever happens to the collectors on its way.
import { randomBytes } from "node:crypto";
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
  readonly trace?: readonly { readonly name: string; readonly traceId: string; readonly values: Readonly<Record<string, unknown>> }[];
}
interface Status {
  readonly parts: readonly { readonly region: string; readonly kind: string; readonly name: string; readonly pid?: number }[];
}

const minute = 60_000;
let platform: Platform;
beforeAll(async () => {
  platform = await Platform.deployed();
  await platform.succeed("up");
});
afterAll(() => platform?.[Symbol.asyncDispose]());

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

describe.each(["eu", "us"])("in %s", (region) => {
  test("a request leaves one span of its trace in the archive of either cloud, and nothing that says who asked", async () => {
    const traceId = newTrace();
    expect(await visit(region, traceId)).toBe(200);
    await until(
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
    await until(async () => (await collectors()).length === 3, "three other collectors", minute);
  }
  const least = Math.max(...before.map(({ stored }) => stored)) + rounds * requestsARound;
  await until(async () => allStored(await report("eu"), least), `${least} spans in both archives, and none that waits`, 2 * minute);
  for (const { emitted, stored, dropped, backlog } of await report("eu"))
    expect({ emitted, dropped, backlog }).toEqual({ emitted: stored, dropped: {}, backlog: { spooled: 0, rejected: 0 } });
});

test("where the jurisdiction can pin no queue, the account says that there is no spool", async () => {
  expect(await visit("apac", newTrace())).toBe(200);
  const reports = await report("apac");
  expect(reports.map(({ stack, path, backlog, stored }) => ({ stack, path, backlog, stored }))).toEqual([
    { stack: "apac", path: "gcp", backlog: undefined, stored: 0 },
    { stack: "apac", path: "aws", backlog: undefined, stored: 0 },
  ]);
});

test("a trace that nobody has seen is not found, and an id that is none is refused", async () => {
  expect((await platform.bailiwick(["telemetry", "eu", "--trace", newTrace()])).code).toBe(1);
  const refused = await platform.bailiwick(["telemetry", "eu", "--trace", "abc"]);
  expect(refused.code).toBe(64);
  expect(refused.stderr).toContain('"abc" is no trace id');
});
