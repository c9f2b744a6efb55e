// What the benchmark says, held to what it measured.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Edge } from "../../cli/bench/edge.ts";
import type { Figures } from "../../cli/bench/figures.ts";
import { attribute } from "../../cli/bench/memory.ts";
import { page } from "../../cli/bench/page.ts";
import { family, memoryOf, peakOf, processes } from "../../cli/bench/processes.ts";
import { run, succeed } from "../../cli/bench/run.ts";
import { median, quantile } from "../../cli/bench/statistics.ts";
import { costPerResource } from "../../cli/bench/synthetic.ts";

const megabyte = 1_048_576;
const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });

describe("a quantile", () => {
  it("is one of the values, and at least its share of them does not exceed it", () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
        const found = quantile(all, share);
        expect(all).toContain(found);
        expect(all.filter((value) => value <= found).length).toBeGreaterThanOrEqual(share * all.length);
      }),
    );
  });

  it("is the nearest rank: of 1 to 100 the 99th, of two values the smaller as their median", () => {
    expect(
      quantile(
        Array.from({ length: 100 }, (_, i) => i + 1),
        0.99,
      ),
    ).toBe(99);
    expect(median([7, 3])).toBe(3);
  });

  it("of nothing is refused, for nothing was measured", () => {
    expect(() => quantile([], 0.5)).toThrow("no value was measured");
  });
});

it("one more resource costs what the program takes beyond the empty one, divided by their number", () => {
  const empty = { resources: 0, create: 2, createSaved: 2, preview: 1 };
  const hundred = { resources: 100, create: 3, createSaved: undefined, preview: 1.5 };
  expect(costPerResource(hundred, empty, "create")).toBeCloseTo(10);
  expect(costPerResource(hundred, empty, "preview")).toBeCloseTo(5);
  expect(costPerResource(hundred, empty, "createSaved")).toBeUndefined();
  expect(costPerResource(empty, empty, "create")).toBeUndefined();
});

describe("memory", () => {
  it("of a process counts for the nearest part above it, and for the sandbox where there is none", () => {
    const members = [
      { pid: 1, parent: 0 },
      { pid: 2, parent: 1 }, // a launcher
      { pid: 3, parent: 2 }, // a part
      { pid: 4, parent: 3 }, // and what it started
      { pid: 5, parent: 1 },
    ];
    const parts = [
      { pid: 3, kind: "Cloud SQL", name: "eu" },
      { pid: 5, kind: "worker", name: "home" },
      { pid: 5, kind: "worker", name: "site" },
      { kind: "bucket", name: "no process" },
    ];
    expect(attribute(members, 1, parts, (pid) => 10 ** pid)).toEqual([
      { part: "worker home, site", processes: 1, bytes: 100_000 },
      { part: "Cloud SQL eu", processes: 2, bytes: 11_000 },
      { part: "the sandbox itself", processes: 2, bytes: 110 },
    ]);
  });

  const eater = `const held = Buffer.alloc(150 * ${megabyte}, 1); console.log("full"); process.stdin.once("data", () => process.exit(held[0] - 1));`;

  it.runIf(existsSync("/proc/self"))("of a run is what its processes hold at most, those before it left out", async () => {
    const before = spawn(process.execPath, ["-e", eater]);
    await once(before.stdout, "data");
    expect(memoryOf(before.pid as number)).toBeGreaterThan(150 * megabyte);
    let child: ChildProcess | undefined;
    const peak = await peakOf([process.pid], async () => {
      const eating = spawn(process.execPath, ["-e", eater]);
      child = eating;
      await once(eating.stdout, "data");
    });
    child?.stdin?.write("end");
    if (child) await once(child, "close");
    before.stdin.write("end");
    await once(before, "close");
    expect(peak).toBeGreaterThan(150 * megabyte);
    expect(peak).toBeLessThan(300 * megabyte);
  });

  it.runIf(existsSync("/proc/self"))("is asked of a process and all that descend from it", async () => {
    const child = spawn("/bin/sh", ["-c", "cat; true"]);
    try {
      await expect
        .poll(() => family(processes(), process.pid).filter(({ name }) => name === "cat").length, { timeout: 10_000 })
        .toBeGreaterThan(0);
      expect(family(processes(), child.pid as number).map(({ name }) => name)).toEqual(["sh", "cat"]);
    } finally {
      child.stdin.end();
      await once(child, "close");
    }
  });
});

describe("a command that is measured", () => {
  const options = { cwd: import.meta.dirname, env: process.env, limitSeconds: 20 };

  it("is timed, and what it said is kept", async () => {
    const { code, stdout, output, seconds } = await run("/bin/sh", ["-c", "echo out; echo err >&2; exit 3"], options);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "out\n" });
    expect(output).toContain("err");
    expect(seconds).toBeGreaterThan(0);
  });

  it("that fails where it must not is told with its words", async () => {
    await expect(succeed("/bin/sh", ["-c", "echo no luck; exit 3"], options)).rejects.toThrow(/ended with 3:\nno luck/);
  });

  it("that takes too long is ended", async () => {
    const sleeper = run(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { ...options, limitSeconds: 0.3 });
    await expect(sleeper).rejects.toThrow("did not end within 0.3 s");
  });
});

describe("the edge", () => {
  /** An edge that answers as it is told to, with the real edge's paths. */
  async function edgeThat(listener: RequestListener): Promise<Edge & AsyncDisposable> {
    const server = createServer(listener);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const edge = new Edge("eu", (server.address() as AddressInfo).port);
    return Object.assign(edge, {
      [Symbol.asyncDispose]: async () => {
        edge.close();
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    });
  }

  /** @param enforceAfterMs how late the edge hears of a withdrawal */
  function consentService(enforceAfterMs: number): RequestListener {
    let reason = "not-granted";
    return (request, response) => {
      const answer = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body));
      expect(request.headers.host).toMatch(/^eu\.localhost:\d+$/);
      if (request.method === "POST") return answer(201, { subject: "eu_1", token: "t" });
      if (request.method === "GET")
        return answer(200, { variation: "default", reason: request.headers.authorization ? reason : "no-token", consentEpoch: null });
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => {
        const state = JSON.parse(body).purposes.personalisation as string;
        if (state === "granted") reason = state;
        else setTimeout(() => (reason = state), enforceAfterMs);
        answer(200, { enforcement: enforceAfterMs === 0 ? "applied" : "pending" });
      });
    };
  }

  it("is asked as often as said, and its reasons are counted", async () => {
    await using edge = await edgeThat(consentService(0));
    const without = await edge.latencies(30, false);
    expect(without.milliseconds).toHaveLength(30);
    expect(without.reasons).toEqual({ "no-token": 30 });
    expect((await edge.latencies(30, true)).reasons).toEqual({ granted: 30 });
  });

  it("that hears late of a withdrawal is told so: not at once, and by how much", async () => {
    await using edge = await edgeThat(consentService(80));
    const { milliseconds, applied, refusedAtOnce } = await edge.withdrawals(3, 1);
    expect(milliseconds).toHaveLength(3);
    expect(Math.min(...milliseconds)).toBeGreaterThanOrEqual(79);
    expect({ applied, refusedAtOnce }).toEqual({ applied: 0, refusedAtOnce: 0 });
  });

  it("that answers with an error ends the measurement, with the error", async () => {
    await using edge = await edgeThat((_request, response) => response.writeHead(503).end("too busy"));
    await expect(edge.latencies(10, false)).rejects.toThrow('GET /v1/experience/hero of "eu" answered 503: too busy');
  });
});

describe("the page", () => {
  const figures = {
    date: new Date("2030-04-05T06:07:08Z"),
    machine: { processor: "A processor", cores: 2, memory: 8192 * megabyte, system: "Linux 6", load: 0.25, versions: { node: "24.0.0" } },
    deployments: { fresh: [30, 50, 31], unchanged: [16, 11, 17], sandboxStart: [1.5], resources: 271 },
    previews: { ours: [1.5, 1.4, 1.9], usual: [9, 8], withoutPack: [1.2], peak: { ours: 250 * megabyte, usual: undefined } },
    policies: {
      rules: 75,
      stacks: ["eu", "us"],
      resources: 452,
      ours: { startMs: [210, 190, 450], resourceMs: [1.5, 1.25, 9], memory: [90 * megabyte, 100 * megabyte, 95 * megabyte] },
      usual: { startMs: [9000], resourceMs: [30], memory: [undefined] },
    },
    report: { stacks: 4, seconds: [2.5, 0.4, 0.5] },
    resources: [
      { resources: 0, create: 1, createSaved: 1, preview: 0.9 },
      { resources: 2000, create: 11, createSaved: undefined, preview: 8.9 },
    ],
    memory: [
      { part: "the sandbox itself", processes: 1, bytes: 200 * megabyte },
      { part: "worker site", processes: 1, bytes: 80 * megabyte },
    ],
    edge: {
      latencies: [{ region: "apac", consent: true, milliseconds: [1, 2, 3, 40], reasons: { unavailable: 1, granted: 3 } }],
      withdrawals: [{ region: "eu", atOnce: 1, milliseconds: [5, 6, 7], applied: 3, refusedAtOnce: 2 }],
      cutLinks: [{ region: "eu", people: 2, cutSeconds: 4, pending: 2, whileCut: { granted: 2 }, milliseconds: [800, 61_000] }],
    },
    telemetry: {
      latencies: { on: [2, 2.5, 4.5], off: [1.5, 2, 3], delivered: [3, 4, 9] },
      throughput: { on: [500, 700, 600], off: [900, 1000, 1100], delivered: [200, 300, 400] },
      atOnce: 8,
    },
    collectors: [
      {
        path: "gcp",
        wanted: 5000,
        seconds: 60,
        sent: 300_000,
        stored: 300_000,
        copies: 100,
        again: 1,
        taken: 60.5,
        acknowledged: [10, 20],
      },
      { path: "aws", wanted: 5000, seconds: 60, sent: 300_000, stored: 299_999, copies: 0, again: 0, taken: 80, acknowledged: [10, 20] },
    ],
  } satisfies Figures;
  const rows = page(figures).split("\n");
  const row = (label: string) => rows.find((line) => line.startsWith(`| ${label} |`));

  it("says when, on what and of which versions", () => {
    expect(page(figures)).toContain("on 2030-04-05");
    expect(row("Processor")).toBe("| Processor | A processor, 2 cores |");
    expect(row("Load before the run")).toBe("| Load before the run | 0.3 |");
    expect(row("node")).toBe("| node | 24.0.0 |");
  });

  it("says of the report whether it keeps its aim", () => {
    expect(row("report")).toBe("| report | 0.50 (0.40 to 2.50) | at most 2 s: kept |");
  });

  it("gives medians with their range, and the ratio of the two setups", () => {
    expect(row("ours")).toBe("| ours | 1.50 (1.40 to 1.90) | 250 MB |");
    expect(row("as usually set up")).toBe("| as usually set up | 8.00 (8.00 to 9.00) | not told by this system |");
    expect(row("ratio")).toBe("| ratio | 5.3 times |  |");
  });

  it("tells of the pack what it costs, and what the usual one does", () => {
    const its = page({ date: figures.date, machine: figures.machine, policies: figures.policies });
    expect(its).toContain("75 rules over the 452 resources of 2 stacks");
    expect(its).toContain("| ours | 210 (190 to 450) | 1.50 (1.25 to 9.00) | 100 MB |");
    expect(its).toContain("| as usually set up | 9000 | 30.00 | not told by this system |");
    expect(its).toContain("Aim: at most 400 ms to the port (kept), 5 ms a resource (kept), 150 MB (kept).");
    const missing = { ...figures.policies, usual: undefined, usualMissing: "no network" };
    expect(page({ date: figures.date, machine: figures.machine, policies: missing })).toContain("> no network");
  });

  it("says why the usual setup was not measured, where it was not, and claims nothing about it", () => {
    const previews = { ...figures.previews, usual: [], usualMissing: "npm ended with 1:\nno network" };
    const text = page({ ...figures, previews });
    expect(text).toContain("at least 4 times faster (not measured)");
    expect(text).toContain("> npm ended with 1:\n> no network");
    expect(text).not.toMatch(/ratio \||NaN|undefined/);
  });

  it("says of each aim whether it was kept", () => {
    expect(page(figures)).toContain("at most 3 s (kept) and at least 4 times faster (kept)");
    expect(row("from nothing")).toBe("| from nothing | 31.00 (30.00 to 50.00) | at most 90 s: kept |");
    expect(row("when nothing changed")).toBe("| when nothing changed | 16.00 (11.00 to 17.00) | at most 15 s: **missed** |");
    expect(page(figures)).toContain("Aim: at most 2560 MB (kept).");
    expect(page(figures)).toContain("The p99 is 1.50 ms dearer; aim: at most 1 ms (**missed**). The throughput is 0.60 of that without");
    expect(page(figures)).toContain("Aim on gcp: 5000 spans a second (kept), none lost (kept).");
    expect(page(figures)).toContain("Aim on aws: 5000 spans a second (**missed**), none lost (**missed**).");
  });

  it("shows what was measured alone alone, and nothing of the rest", () => {
    const { date, machine, telemetry } = figures;
    const headings = page({ date, machine, telemetry }).match(/^## .*$/gm);
    expect(headings).toEqual(["## What telemetry costs a request"]);
    expect(row("off")).toBe("| off | 3 | 2.0 | 3.0 | 3.0 | 1000 (900 to 1100) |");
  });

  it("leaves empty what was not measured", () => {
    expect(row("0")).toBe("| 0 | 0.90 |  | 1.00 |  | 1.00 |  |");
    expect(row("2000")).toBe("| 2000 | 8.90 | 4.0 | 11.00 | 5.0 |  |  |");
  });

  it("adds memory up, and shows what share of requests was decided how", () => {
    expect(row("**everything**")).toBe("| **everything** | 2 | 280 MB |");
    expect(row("apac")).toBe("| apac | granted | 4 | 2.0 | 40.0 | 40.0 | granted 75.0 %, unavailable 25.0 % |");
    expect(row("eu")).toBe("| eu | 1 | 3 | 6.0 | 7.0 | 7.0 | 3 | 2 |");
  });
});
