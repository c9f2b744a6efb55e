// The loss of one cloud's half of telemetry, while visitors come: its collector is stopped, healed, then its sink. What is promised of
// that is looked at from outside, by the visitors' own traces in the archives.
import { setTimeout as delay } from "node:timers/promises";
import { objectives } from "../../components/telemetry/slo-alerts.ts";
import { type Path, paths } from "../../functions/shared/telemetry/emitter.ts";
import { residencyOf } from "../../stacks/residency.ts";
import { quantile } from "../bench/statistics.ts";
import { requireReady } from "../ready.ts";
import { faultTargets, heal, inflict } from "../sandbox.ts";
import { regionTelemetry } from "../telemetry/region.ts";
import { backlogOf } from "../telemetry/spools.ts";
import { Alerts, type Firing } from "./alerts.ts";
import { ArchiveReader } from "./archive-reader.ts";
import { type Promised, seconds } from "./promises.ts";
import { type DrilledRegion, drilledRegion, partsOf } from "./region.ts";
import { type Visit, Visitors } from "./visitors.ts";

export interface TelemetryDrill {
  readonly stack: string;
  /** The path that loses its parts. */
  readonly path: Path;
  /** How long each of the two parts is away. */
  readonly awayMs: number;
  /** Requests a second. */
  readonly rate: number;
  /** What a visitor may wait. */
  readonly budgetMs: number;
}

/** What visitors saw in a part of the drill. Times in milliseconds. */
export interface Phase {
  readonly phase: string;
  readonly requests: number;
  readonly failed: number;
  readonly late: number;
  readonly p50: number;
  readonly p99: number;
  readonly slowest: number;
}

export interface Outage {
  /** `collector` or `sink`. */
  readonly lost: string;
  /** As `chaos` names it. */
  readonly part: string;
  /** The longest that the other path was behind what visitors had done. */
  readonly otherBehindMs: number;
  /** Spans that waited when it was healed; undefined where no queue says so. */
  readonly waiting: number | undefined;
  /** From healing until the path was complete; undefined when it never was. */
  readonly completeAfterMs: number | undefined;
  /** Those that began to fire while it was away. */
  readonly alerts: readonly Firing[];
}

export interface TelemetryReport extends TelemetryDrill {
  readonly phases: readonly Phase[];
  readonly outages: readonly Outage[];
  readonly promises: readonly Promised[];
}

const lookEveryMs = 4000;
/** What happened so shortly ago may be on its way. */
const underWayMs = 30_000;
/** A message that was tried in vain for long is tried again after five minutes at the latest (retryDelaySeconds), and then has to be carried. */
const patienceMs = 400_000;
/** An alarm that looks at five minutes, of which three must be bad, needs four to be sure. */
const alertsNeedMs = 4 * 60_000;
const calmMs = 10_000;

/** @param step told what is done next, and often without a word: throws to end the drill, which heals what it hurt */
export async function drillTelemetry(drill: TelemetryDrill, step: (line?: string) => void): Promise<TelemetryReport> {
  const region = drilledRegion(drill.stack);
  const { sandbox } = await requireReady();
  const other = paths.find((path) => path !== drill.path) as Path;
  const own = new ArchiveReader(region, drill.path);
  const otherOwn = new ArchiveReader(region, other);
  const before = await regionTelemetry(sandbox, drill.stack);
  const alerts = new Alerts();
  const targets = await partsOfPath(region, drill.path);
  const visitors = new Visitors(`http://${region.stack}.localhost:${sandbox.ports.gateway}/v1/experience/hero`, drill.rate);
  const phases: Phase[] = [];
  const outages: Outage[] = [];
  const phaseOf = (phase: string, fromMs: number) => {
    const visits = visitors.visits.filter(({ sentMs }) => sentMs >= fromMs);
    if (visits.length > 0) phases.push(summary(phase, visits, drill.budgetMs));
  };
  /** Looks around until a time, or until a condition holds. @returns whether it did */
  const watch = async (untilMs: number, holds: () => Promise<boolean> = async () => false): Promise<boolean> => {
    for (;;) {
      step();
      alerts.look(await partsOf(sandbox, drill.stack), Date.now());
      if (await holds()) return true;
      const left = untilMs - Date.now();
      if (left <= 0) return false;
      await delay(Math.min(lookEveryMs, left));
    }
  };

  try {
    step(`${drill.rate} visitors a second; all is well ...`);
    const begunMs = Date.now();
    await watch(begunMs + Math.min(calmMs, drill.awayMs));
    phaseOf("all is well", begunMs);
    for (const [lost, part] of Object.entries(targets)) {
      step(`the ${lost} in ${drill.path} (${part}) is away for ${seconds(drill.awayMs)} ...`);
      const stoppedMs = Date.now();
      let otherBehindMs = 0;
      let waiting: number | undefined;
      const behind = async () => {
        await otherOwn.refresh(sandbox);
        const missing = missingOf(visitors.visits, otherOwn);
        otherBehindMs = Math.max(otherBehindMs, ...missing.map(({ endedMs }) => Date.now() - endedMs));
        return false;
      };
      // The time is the drill's own: should it be ended from outside, the part comes back by itself.
      await inflict(sandbox, part, "stop", drill.awayMs + 60_000, 0);
      try {
        await watch(stoppedMs + drill.awayMs, behind);
        const spool = region.telemetry.spools?.[drill.path];
        waiting = spool && (await backlogOf(sandbox, region.telemetry.cloudflareAccountId, spool)).spooled;
      } finally {
        await heal(sandbox, part);
      }
      phaseOf(`${lost} away`, stoppedMs);
      const healedMs = Date.now();
      const firedMeanwhile = () => alerts.firedSince(stoppedMs).filter(({ firedMs }) => firedMs <= healedMs);
      const judged = drill.awayMs >= alertsNeedMs;
      step(`the ${lost} is back; what waited is brought${judged ? ", and alerts clear" : ""} ...`);
      const untilHealed = visitors.visits.filter(({ endedMs }) => endedMs < healedMs);
      let completeMs: number | undefined;
      await watch(healedMs + patienceMs, async () => {
        if (completeMs === undefined) {
          await own.refresh(sandbox);
          if (missingOf(untilHealed, own).length === 0) completeMs = Date.now();
        }
        return completeMs !== undefined && !(judged && firedMeanwhile().some(({ clearedMs }) => clearedMs === undefined));
      });
      phaseOf(`${lost} back`, healedMs);
      outages.push({
        lost,
        part,
        otherBehindMs,
        waiting,
        completeAfterMs: completeMs === undefined ? undefined : completeMs - healedMs,
        alerts: firedMeanwhile(),
      });
    }
  } finally {
    await visitors.stop();
  }
  step("counting ...");
  await watch(Date.now() + patienceMs, async () => {
    await Promise.all([own.refresh(sandbox), otherOwn.refresh(sandbox)]);
    return [own, otherOwn].every((archive) => missingOf(visitors.visits, archive).length === 0);
  });
  const after = await regionTelemetry(sandbox, drill.stack);
  const promises = judge(drill, {
    phases,
    outages,
    archives: [own, otherOwn].map((archive) => countOf(visitors.visits, archive)),
    sums: paths.map((path) => ({ path, before: before?.sums[path], after: after?.sums[path] })),
  });
  return { ...drill, phases, outages, promises };
}

/** Names of a path's parts, as `chaos` has them. */
async function partsOfPath(region: DrilledRegion, path: Path): Promise<Record<"collector" | "sink", string>> {
  const { sandbox } = await requireReady();
  const { location } = residencyOf(region.jurisdiction).aws;
  const parts = (await faultTargets(sandbox)).map(({ part }) => part);
  const project = region.database.connectionName.split(":")[0] as string;
  const wanted = path === "gcp" ? `run:${project}/collector` : `ecs:${location}/collector-${region.stack}/collector`;
  if (!parts.includes(wanted)) throw new Error(`the sandbox has no part "${wanted}"; it has ${parts.join(", ")}`);
  return { collector: wanted, sink: path === "gcp" ? "storage" : "s3" };
}

/** Answered visits of which an archive has nothing. */
function missingOf(visits: readonly Visit[], archive: ArchiveReader): Visit[] {
  const counts = archive.spansByTrace("site");
  return visits.filter(({ status, traceId }) => status > 0 && !counts.has(traceId));
}

export interface Counted {
  readonly path: Path;
  readonly answered: number;
  readonly missing: number;
  /** Answers of which the archive has more than one span. */
  readonly doubled: number;
  readonly duplicates: number;
}

function countOf(visits: readonly Visit[], archive: ArchiveReader): Counted {
  const counts = archive.spansByTrace("site");
  const answered = visits.filter(({ status }) => status > 0);
  return {
    path: archive.path,
    answered: answered.length,
    missing: answered.filter(({ traceId }) => !counts.has(traceId)).length,
    doubled: answered.filter(({ traceId }) => (counts.get(traceId) ?? 0) > 1).length,
    duplicates: archive.duplicates(),
  };
}

export function summary(phase: string, visits: readonly Visit[], budgetMs: number): Phase {
  const times = visits.map(({ milliseconds }) => milliseconds);
  return {
    phase,
    requests: visits.length,
    failed: visits.filter(({ status }) => status !== 200).length,
    late: times.filter((ms) => ms > budgetMs).length,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    slowest: Math.max(...times),
  };
}

interface Sum {
  readonly rejected: number;
  readonly spooled: number;
  readonly missing: number;
  readonly dropped: Readonly<Record<string, number>>;
}

const total = (counts: Readonly<Record<string, number>> = {}) => Object.values(counts).reduce((sum, count) => sum + count, 0);

/** What was promised, by what was measured. Pure. */
export function judge(
  { path, awayMs, budgetMs }: Pick<TelemetryDrill, "path" | "awayMs" | "budgetMs">,
  found: {
    readonly phases: readonly Phase[];
    readonly outages: readonly Outage[];
    readonly archives: readonly Counted[];
    readonly sums: readonly { readonly path: Path; readonly before: Sum | undefined; readonly after: Sum | undefined }[];
  },
): Promised[] {
  const requests = found.phases.reduce((sum, each) => sum + each.requests, 0);
  const failed = found.phases.reduce((sum, each) => sum + each.failed, 0);
  const goal = objectives.latency.goal;
  const late = found.phases.reduce((sum, each) => sum + each.late, 0);
  const worst = Math.max(...found.phases.map(({ p99 }) => p99));
  const ofOutage = ({ lost, otherBehindMs, waiting, completeAfterMs, alerts }: Outage): Promised[] => [
    {
      promise: `while the ${lost} is away, the other path is complete`,
      measured: `behind by ${seconds(otherBehindMs)} at the most`,
      kept: otherBehindMs <= underWayMs,
    },
    {
      promise: `what the ${lost} cannot take waits`,
      measured: waiting === undefined ? "no queue says how much" : `${waiting} spans waited`,
      kept: waiting === undefined ? undefined : waiting > 0,
    },
    {
      promise: `path ${path} becomes complete once the ${lost} is back`,
      measured: completeAfterMs === undefined ? `not within ${seconds(patienceMs)}` : `after ${seconds(completeAfterMs)}`,
      kept: completeAfterMs !== undefined,
    },
    {
      promise: `an alert tells of the lost ${lost}, and clears`,
      measured:
        alerts.length === 0
          ? "none fired"
          : alerts
              .map(
                ({ alert, firedMs, clearedMs }) =>
                  `${alert} ${clearedMs === undefined ? "still fires" : `for ${seconds(clearedMs - firedMs)}`}`,
              )
              .join(", "),
      kept: awayMs < alertsNeedMs ? undefined : alerts.length > 0 && alerts.every(({ clearedMs }) => clearedMs !== undefined),
    },
  ];
  return [
    { promise: "no request fails", measured: `${failed} of ${requests} failed`, kept: failed === 0 && requests > 0 },
    {
      promise: `${goal * 100} % of the answers come within ${budgetMs} ms`,
      measured: `${late} of ${requests} were late; p99 is ${worst.toFixed(1)} ms in the worst phase`,
      kept: late <= requests * (1 - goal),
    },
    ...found.outages.flatMap(ofOutage),
    ...found.archives.map(
      (archive): Promised => ({
        promise: `archive ${archive.path} has each request once`,
        measured: `${archive.answered} requests: ${archive.missing} missing, ${archive.doubled} twice (${archive.duplicates} copies left out by the reader)`,
        kept: archive.missing === 0 && archive.doubled === 0,
      }),
    ),
    ...found.sums.map(({ path: of, before, after }): Promised => {
      const more = (value: (sum: Sum | undefined) => number | undefined) => (value(after) ?? 0) - (value(before) ?? 0);
      const [missing, rejected, dropped] = [
        more((sum) => sum?.missing),
        more((sum) => sum?.rejected),
        more((sum) => total(sum?.dropped)),
      ] as const;
      return {
        promise: `the account of path ${of} balances`,
        measured: `${missing} missing, ${rejected} rejected, ${dropped} dropped, ${after?.spooled ?? 0} still wait`,
        kept: after !== undefined && missing <= 0 && rejected === 0 && dropped === 0,
      };
    }),
  ];
}
