// The telemetry of one region: what its archives hold, what waits before them, and whether the sum holds.
import { type Path, paths } from "../../functions/shared/telemetry/emitter.ts";
import { type StoredSpan, storedSpans } from "../../functions/telemetry/accounting.ts";
import { type CollectorCounts, collectorCounts } from "../../functions/telemetry/collector-counts.ts";
import { type Backlog, type PathSum, pathSums } from "../../functions/telemetry/path-sums.ts";
import type { SandboxFile } from "../../sandbox/main.ts";
import { isJurisdiction, residencyOf } from "../../stacks/residency.ts";
import { stateOutputs } from "../pulumi/checkpoint.ts";
import { type Archive, readArchive, readCounts, type Window } from "./archives.ts";
import { type Database, type Outbox, outboxBacklog } from "./outboxes.ts";
import { backlogOf, type Spool } from "./spools.ts";

/** What a region stack says of its telemetry. */
export interface TelemetryOutput {
  readonly archives: Readonly<Record<Path, string>>;
  readonly awsAccountId: string;
  readonly cloudflareAccountId: string;
  /** Absent where the jurisdiction can pin no queue. */
  readonly spools?: Readonly<Record<Path, Spool>>;
  /** Services that keep telemetry in the region's database. */
  readonly outboxes?: readonly Outbox[];
}

export interface RegionTelemetry {
  readonly stack: string;
  /** From when on spans are counted, in milliseconds since 1970; 0 when all are. */
  readonly fromMs: number;
  /** There was more than the window lets be read, so counting begins later than the window. */
  readonly shortened: boolean;
  readonly sums: Readonly<Record<Path, PathSum>>;
  readonly spans: Readonly<Record<Path, readonly StoredSpan[]>>;
  /** What each path's collectors say that they got, within the window; absent without one. */
  readonly collectors?: Readonly<Record<Path, CollectorCounts>>;
  /** Whether anything keeps what a collector does not take. */
  readonly hasSpool: boolean;
}

/**
 * @param window of time to be read; without it the whole archives are
 * @returns undefined when the stack is not deployed, or has no telemetry
 * @throws PersonError when a bucket, queue or database does not answer
 */
export async function regionTelemetry(sandbox: SandboxFile, stack: string, window?: Window): Promise<RegionTelemetry | undefined> {
  const {
    telemetry: its,
    jurisdiction,
    database,
  } = (stateOutputs(stack) ?? {}) as { telemetry?: TelemetryOutput; jurisdiction?: string; database?: Database };
  if (!its || !isJurisdiction(jurisdiction)) return undefined;
  // First what waits: what is delivered meanwhile is then seen twice, and never missed.
  const outboxes = its.outboxes ?? [];
  const inServices = database ? await Promise.all(outboxes.map((outbox) => outboxBacklog(sandbox, database, outbox))) : [];
  const backlogs = await ofPaths(async (path): Promise<Backlog> => {
    const spool = its.spools?.[path];
    const queued = spool && (await backlogOf(sandbox, its.cloudflareAccountId, spool));
    return sum([queued, ...inServices.map((each) => each.get(path))]);
  });
  const archiveOf = (path: Path): Archive => ({
    bucket: its.archives[path],
    location: residencyOf(jurisdiction)[path].location,
    account: its.awsAccountId,
  });
  const archives = await ofPaths((path) => readArchive(sandbox, path, archiveOf(path), window));
  const counts = window && (await ofPaths((path) => readCounts(sandbox, path, archiveOf(path), window)));
  const fromMs = Math.max(archives.gcp.fromMs, archives.aws.fromMs);
  const spans = { gcp: storedSpans(archives.gcp.objects), aws: storedSpans(archives.aws.objects) };
  const hasSpool = its.spools !== undefined || outboxes.length > 0;
  const shortened = window !== undefined && fromMs > window.fromMs;
  const collectors = counts && {
    gcp: collectorCounts(counts.gcp.objects, counts.gcp.fromMs),
    aws: collectorCounts(counts.aws.objects, counts.aws.fromMs),
  };
  const sums = pathSums(spans, backlogs, { fromMs, nowMs: Date.now() });
  return { stack, fromMs, shortened, spans, ...(collectors ? { collectors } : {}), sums, hasSpool };
}

async function ofPaths<T>(work: (path: Path) => Promise<T>): Promise<Record<Path, T>> {
  const [gcp, aws] = await Promise.all(paths.map(work));
  return { gcp: gcp as T, aws: aws as T };
}

function sum(backlogs: readonly (Backlog | undefined)[]): Backlog {
  const of = (part: "spooled" | "rejected" | "dropped") => backlogs.reduce((all, each) => all + (each?.[part] ?? 0), 0);
  const since = backlogs.flatMap((each) => each?.waitingSinceMs ?? []);
  return {
    spooled: of("spooled"),
    rejected: of("rejected"),
    dropped: of("dropped"),
    ...(since.length > 0 ? { waitingSinceMs: Math.min(...since) } : {}),
  };
}

const count = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, each) => all + each, 0);

/** Whole seconds for which the oldest has waited; 0 where nothing waits. */
export const waitedSeconds = ({ waitingSinceMs = Date.now() }: PathSum): number =>
  Math.max(0, Math.round((Date.now() - waitingSinceMs) / 1000));

/** `8 emitted = 8 stored + 0 rejected + 0 dropped + 0 spooled`, and what there is beyond that. */
export function describeSum(sum: PathSum): string {
  const { emitted, stored, rejected, dropped, spooled, underWay, missing, gaps } = sum;
  const reasons = Object.entries(dropped).map(([reason, number]) => `${number} ${reason}`);
  const shown = gaps
    .slice(0, 3)
    .map(({ service, emitter, from, to }) => `${service} ${emitter} ${from === to ? from : `${from} to ${to}`}`);
  return [
    `${emitted} emitted = ${stored} stored + ${rejected} rejected`,
    ` + ${count(dropped)} dropped${reasons.length > 0 ? ` (${reasons.join(", ")})` : ""} + ${spooled} spooled`,
    spooled > 0 ? ` (the oldest for ${waitedSeconds(sum)} s)` : "",
    underWay > 0 ? ` + ${underWay} under way` : "",
    missing > 0 ? ` + ${missing} missing, among ${shown.join(", ")}${gaps.length > shown.length ? " and others" : ""}` : "",
  ].join("");
}

/** `12 spans received = 10 stored + 2 sent back; 3 requests rejected (2 x 401, 1 x 400)`: a collector's own words. */
export function describeCounts({ received, stored, sentBack, rejected, toldAtMs }: CollectorCounts): string {
  if (toldAtMs === undefined) return "has counted nothing in this time";
  const answers = Object.entries(rejected).map(([status, number]) => `${number} x ${status}`);
  return [
    `${received} spans received = ${stored} stored + ${sentBack} sent back`,
    `; ${count(rejected)} requests rejected${answers.length > 0 ? ` (${answers.join(", ")})` : ""}`,
    `; said ${Math.max(0, Math.round((Date.now() - toldAtMs) / 1000))} s ago`,
  ].join("");
}
