// What a drill says of what it measured.
import { describe, expect, it } from "vitest";
import { Alerts } from "../../cli/drill/alerts.ts";
import { judge as judgeKills, type KillFigures } from "../../cli/drill/kills.ts";
import { broken } from "../../cli/drill/promises.ts";
import { judge, type Outage, type Phase, summary } from "../../cli/drill/telemetry.ts";

const phase: Phase = { phase: "collector away", requests: 1000, failed: 0, late: 10, p50: 10, p99: 200, slowest: 300 };
const outage: Outage = {
  lost: "collector",
  part: "ecs:here",
  otherBehindMs: 2000,
  waiting: 900,
  completeAfterMs: 60_000,
  alerts: [{ alert: "availability", firedMs: 1, clearedMs: 2 }],
};
const archive = { path: "aws", answered: 1000, missing: 0, doubled: 0, duplicates: 3 } as const;
const sum = { rejected: 0, spooled: 0, missing: 0, dropped: {} };
const sums = [{ path: "aws", before: sum, after: sum }] as const;
const drill = { path: "aws", awayMs: 300_000, budgetMs: 200 } as const;
const brokenBy = (change: Partial<Parameters<typeof judge>[1]>) =>
  broken(judge(drill, { phases: [phase], outages: [outage], archives: [archive], sums, ...change })).map(({ promise }) => promise);

describe("the loss of a collector and of a sink", () => {
  it("breaks no promise where all went well", () => expect(brokenBy({})).toEqual([]));

  it.each([
    ["a request failed", { phases: [{ ...phase, failed: 1 }] }, "no request fails"],
    ["nobody came", { phases: [{ ...phase, requests: 0, late: 0 }] }, "no request fails"],
    ["more than one answer in a hundred was late", { phases: [{ ...phase, late: 11 }] }, "99 % of the answers come within 200 ms"],
    [
      "the other path was behind",
      { outages: [{ ...outage, otherBehindMs: 30_001 }] },
      "while the collector is away, the other path is complete",
    ],
    ["nothing waited, so nothing was lost at all", { outages: [{ ...outage, waiting: 0 }] }, "what the collector cannot take waits"],
    [
      "the path never became complete",
      { outages: [{ ...outage, completeAfterMs: undefined }] },
      "path aws becomes complete once the collector is back",
    ],
    ["no alert fired", { outages: [{ ...outage, alerts: [] }] }, "an alert tells of the lost collector, and clears"],
    [
      "an alert never cleared",
      { outages: [{ ...outage, alerts: [{ alert: "availability", firedMs: 1, clearedMs: undefined }] }] },
      "an alert tells of the lost collector, and clears",
    ],
    ["a request is in no object", { archives: [{ ...archive, missing: 1 }] }, "archive aws has each request once"],
    ["a reader counts a request twice", { archives: [{ ...archive, doubled: 1 }] }, "archive aws has each request once"],
    ["a number is missing", { sums: [{ path: "aws", before: sum, after: { ...sum, missing: 1 } }] }, "the account of path aws balances"],
    [
      "an emitter dropped",
      { sums: [{ path: "aws", before: sum, after: { ...sum, dropped: { unavailable: 2 } } }] },
      "the account of path aws balances",
    ],
  ] as const)("breaks one where %s", (_what, change, promise) => expect(brokenBy(change)).toEqual([promise]));

  it("does not judge alerts by an outage that is too short for them", () => {
    const outages = [{ ...outage, alerts: [] }];
    const judged = judge({ ...drill, awayMs: 60_000 }, { phases: [phase], outages, archives: [archive], sums });
    expect(judged.find(({ promise }) => promise.startsWith("an alert"))).toMatchObject({ measured: "none fired", kept: undefined });
  });

  it("counts what a visitor waits for, and every answer that is none", () => {
    const visit = { traceId: "a", sentMs: 0, endedMs: 0, milliseconds: 100, status: 200 };
    const visits = [visit, { ...visit, milliseconds: 201 }, { ...visit, status: 0 }, { ...visit, status: 503 }];
    expect(summary("now", visits, 200)).toEqual({ phase: "now", requests: 4, failed: 2, late: 1, p50: 100, p99: 201, slowest: 201 });
  });
});

describe("alerts", () => {
  const alarm = (name: string, state: "failed" | "running") => ({ cloud: "aws", kind: "alarm", name, state, detail: "" });

  it("are those that began to fire, not those that did before", () => {
    const alerts = new Alerts();
    alerts.look([alarm("silence", "failed"), alarm("availability", "running")], 1);
    alerts.look([alarm("silence", "failed"), alarm("availability", "failed")], 2);
    expect(alerts.firedSince(0)).toEqual([{ alert: "availability", firedMs: 2, clearedMs: undefined }]);
    alerts.look([alarm("silence", "running"), alarm("availability", "running")], 3);
    expect(alerts.firedSince(0)).toEqual([{ alert: "availability", firedMs: 2, clearedMs: 3 }]);
    alerts.look([alarm("silence", "failed")], 4);
    expect(alerts.firedSince(3)).toEqual([{ alert: "silence", firedMs: 4, clearedMs: undefined }]);
  });
});

describe("kills", () => {
  const figures: KillFigures = {
    target: "edge",
    what: "workerd",
    killed: 2,
    recoveredMs: [500, 700],
    acknowledged: { writes: 9 },
    lost: [],
  };

  it("break no promise where all that was acknowledged is there", () => {
    expect(judgeKills(figures, 2)).toMatchObject({
      kept: true,
      measured: "2 processes; back after 0.7 s at the most; 9 writes acknowledged; 0 lost",
    });
  });

  it("break one where something is lost, or the target did not come back", () => {
    expect(judgeKills({ ...figures, lost: ["writes: 7 granted is not in the ledger"] }, 2)).toMatchObject({
      kept: false,
      measured: expect.stringContaining("1 lost (writes: 7 granted is not in the ledger)"),
    });
    expect(judgeKills({ ...figures, trouble: "edge does not run again" }, 3)).toMatchObject({
      kept: false,
      measured: expect.stringContaining("edge does not run again"),
    });
  });
});
