// Where every span of a region is, path by path: emitted = stored + rejected + dropped + spooled, and what is missing where that does not
// hold. From the archives' spans and the depth of the spools alone. Pure.
import { type Path, paths } from "../shared/telemetry/emitter.ts";
import type { StoredSpan } from "./accounting.ts";

/** What waits before a path's collector, as the spools say. In spans. */
export interface Backlog {
  readonly spooled: number;
  /** Refused by the collector for good, and put aside. */
  readonly rejected: number;
  /** Given up by a spool that was full. */
  readonly dropped: number;
  /** Since when the oldest waits, in milliseconds since 1970; absent when none does. */
  readonly waitingSinceMs?: number;
}

/** Numbers of one emitter that are in no archive of the path. */
export interface Gap {
  readonly service: string;
  readonly emitter: string;
  readonly from: number;
  readonly to: number;
}

/** emitted = stored + rejected + dropped + spooled + underWay + missing. In spans. */
export interface PathSum {
  readonly emitted: number;
  readonly stored: number;
  readonly rejected: number;
  /** By reason, as emitters and spools counted it. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly spooled: number;
  /** Since when the oldest of these waits, in milliseconds since 1970; absent when none does. */
  readonly waitingSinceMs?: number;
  /** In no place yet, and emitted a moment ago. */
  readonly underWay: number;
  /** In no place, and not from a moment ago: the sum does not hold by so many. */
  readonly missing: number;
  /** Where they may be missing; empty when nothing is. */
  readonly gaps: readonly Gap[];
}

/** Of the attributes in which an emitter says what it dropped. */
const droppedPrefix = "bailiwick.dropped.";
/** What was emitted so shortly ago may be in nobody's hands: a sender holds it. In milliseconds. */
const momentMs = 30_000;

/** What one path's archive has heard of one emitter. */
interface Heard {
  readonly service: string;
  /** When the span of each number ended, in milliseconds since 1970. */
  readonly numbers: ReadonlyMap<number, number>;
  /** The least and the most that was said to be dropped, by reason. */
  readonly dropped: ReadonlyMap<string, readonly [number, number]>;
}

/**
 * An emitter gives a span the same number on both paths, so what one archive has not heard of, the other may have: a path whose archive
 * is empty is not well because of it.
 * @param fromMs counts only what ended since then, in milliseconds since 1970; 0 counts all, from each emitter's first number
 */
export function pathSums(
  stored: Readonly<Record<Path, readonly StoredSpan[]>>,
  backlogs: Readonly<Record<Path, Backlog>>,
  { fromMs, nowMs }: { readonly fromMs: number; readonly nowMs: number },
): Record<Path, PathSum> {
  const firsts = firstNumbers([...stored.gcp, ...stored.aws], fromMs);
  const heard = { gcp: heardOf(stored.gcp, firsts), aws: heardOf(stored.aws, firsts) };
  const sum = (path: Path): PathSum => {
    const dropped: Record<string, number> = {};
    const gaps: Gap[] = [];
    let [inStore, absent, recent] = [0, 0, 0];
    for (const [emitter, first] of firsts) {
      const own = heard[path].get(emitter);
      const either = paths.flatMap((each) => heard[each].get(emitter) ?? []);
      const endedAt = new Map(either.flatMap(({ numbers }) => [...numbers]));
      const holes = holesOf(own?.numbers ?? new Map(), endedAt, first, nowMs - momentMs);
      inStore += own?.numbers.size ?? 0;
      absent += holes.settled.length + holes.recent;
      recent += holes.recent;
      for (const [from, to] of runs(holes.settled)) gaps.push({ service: (either[0] as Heard).service, emitter, from, to });
      for (const [reason, [least, most]] of own?.dropped ?? []) dropped[reason] = (dropped[reason] ?? 0) + most - (first > 1 ? least : 0);
    }
    const backlog = backlogs[path];
    if (backlog.dropped > 0) dropped["spool-full"] = backlog.dropped;
    const accounted = Object.values(dropped).reduce((all, count) => all + count, 0) + backlog.spooled + backlog.rejected;
    // More than the archives know to be absent: they have not heard of what waits last, or it is older than what is counted.
    const missing = Math.max(0, absent - accounted);
    const underWay = Math.min(missing, recent);
    return {
      emitted: inStore + Math.max(absent, accounted),
      stored: inStore,
      rejected: backlog.rejected,
      dropped: Object.fromEntries(Object.entries(dropped).filter(([, count]) => count > 0)),
      spooled: backlog.spooled,
      ...(backlog.waitingSinceMs === undefined ? {} : { waitingSinceMs: backlog.waitingSinceMs }),
      underWay,
      missing: missing - underWay,
      gaps: missing > underWay ? gaps : [],
    };
  };
  return { gcp: sum("gcp"), aws: sum("aws") };
}

const endMs = ({ endTimeUnixNano }: StoredSpan) => Number(BigInt(endTimeUnixNano) / 1_000_000n);
const emitterOf = ({ values }: StoredSpan) => String(values["service.instance.id"]);
const numberOf = ({ values }: StoredSpan) => Number(values["bailiwick.sequence"]);

/** By emitter, the number from which on its spans count: of a window, the least that ended in it. One that was given later counts, whenever it ended. */
function firstNumbers(spans: readonly StoredSpan[], fromMs: number): Map<string, number> {
  const firsts = new Map<string, number>();
  for (const span of spans) {
    const emitter = emitterOf(span);
    if (endMs(span) >= fromMs)
      firsts.set(emitter, fromMs > 0 ? Math.min(firsts.get(emitter) ?? Number.POSITIVE_INFINITY, numberOf(span)) : 1);
  }
  return firsts;
}

function heardOf(spans: readonly StoredSpan[], firsts: ReadonlyMap<string, number>): Map<string, Heard> {
  const within = spans.filter((span) => numberOf(span) >= (firsts.get(emitterOf(span)) ?? Number.POSITIVE_INFINITY));
  return new Map(
    [...Map.groupBy(within, emitterOf)].map(([emitter, its]) => {
      const dropped = new Map<string, [number, number]>();
      for (const { values } of its)
        for (const [key, value] of Object.entries(values)) {
          if (!key.startsWith(droppedPrefix)) continue;
          const [least, most] = dropped.get(key.slice(droppedPrefix.length)) ?? ([value, value].map(Number) as [number, number]);
          dropped.set(key.slice(droppedPrefix.length), [Math.min(least, Number(value)), Math.max(most, Number(value))]);
        }
      // A reason that some span does not speak of yet was zero then.
      for (const [reason, [, most]] of dropped)
        if (its.some(({ values }) => values[`${droppedPrefix}${reason}`] === undefined)) dropped.set(reason, [0, most]);
      return [
        emitter,
        {
          service: String(its[0]?.values["service.name"]),
          numbers: new Map(its.map((span) => [numberOf(span), endMs(span)])),
          dropped,
        },
      ];
    }),
  );
}

/** The numbers from the first on that are not in the archive: those of a moment ago counted, the others named, ascending. */
function holesOf(
  own: ReadonlyMap<number, number>,
  endedAt: ReadonlyMap<number, number>,
  first: number,
  momentAgoMs: number,
): { readonly settled: number[]; readonly recent: number } {
  const last = [...endedAt.keys()].reduce((most, number) => Math.max(most, number), 0);
  const settled: number[] = [];
  let recent = 0;
  // A number that nobody has heard is from before the next one that somebody has.
  let latestMs = 0;
  for (let number = last; number >= first; number--) {
    latestMs = endedAt.get(number) ?? latestMs;
    if (own.has(number)) continue;
    if (latestMs > momentAgoMs) recent++;
    else settled.push(number);
  }
  return { settled: settled.reverse(), recent };
}

/** Ascending numbers as ranges, both ends included. */
function runs(numbers: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else found.push([number, number]);
  }
  return found;
}
