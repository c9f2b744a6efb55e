// What collectors say that became of what was sent to them, from the metrics that they keep in their archive. Pure.
import { type OtlpAttribute, valuesOf } from "../shared/telemetry/otlp.ts";

interface DataPoint {
  readonly attributes?: readonly OtlpAttribute[];
  /** Nanoseconds since 1970, as digits. */
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
  /** Of a sum. */
  readonly asInt?: string | number;
  /** Of a histogram. */
  readonly count?: string | number;
}
interface Metric {
  readonly name: string;
  readonly sum?: { readonly dataPoints: readonly DataPoint[] };
  readonly histogram?: { readonly dataPoints: readonly DataPoint[] };
}

/** Metrics as OTLP over HTTP says them in JSON: as much as we read. */
export interface OtlpMetrics {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes?: readonly OtlpAttribute[] };
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
  }[];
}

export interface CollectorCounts {
  /** In spans, as the receiver counts them. */
  readonly received: number;
  /** In spans: the archive has them. */
  readonly stored: number;
  /** In spans: the sender heard "not now", and keeps them. */
  readonly sentBack: number;
  /** In requests that are refused for good, by the status of the answer (RFC 9110): 400, 401, 413, 415. */
  readonly rejected: Readonly<Record<string, number>>;
  /** When a collector last said so, in milliseconds since 1970; absent when none has. */
  readonly toldAtMs?: number;
}

/** What one collector said at one time: counters by name and attribute, which grow for as long as it lives. */
interface Telling {
  readonly atMs: number;
  readonly startedMs: number;
  readonly counters: ReadonlyMap<string, number>;
}

/**
 * What collectors counted since a time. Each tells what it has counted since it started, so what it told first in the window is taken off
 * where it is older; what it counted before it told that, within half a minute (collector-config.ts), is then not seen.
 * @param fromMs in milliseconds since 1970
 */
export function collectorCounts(objects: readonly OtlpMetrics[], fromMs: number): CollectorCounts {
  const total = new Map<string, number>();
  const collectors = tellingsOf(objects);
  for (const tellings of collectors) {
    const sorted = tellings.filter(({ atMs }) => atMs >= fromMs).sort((a, b) => a.atMs - b.atMs);
    const [first, last] = [sorted[0], sorted.at(-1)];
    if (!first || !last) continue;
    const before = first.startedMs >= fromMs ? new Map<string, number>() : first.counters;
    for (const [counter, value] of last.counters) total.set(counter, (total.get(counter) ?? 0) + value - (before.get(counter) ?? 0));
  }
  const times = collectors.flatMap((tellings) => tellings.map(({ atMs }) => atMs));
  const of = (counter: string) => total.get(counter) ?? 0;
  const [accepted, sentBack] = [of("otelcol_receiver_accepted_spans otlp"), of("otelcol_receiver_refused_spans otlp")];
  return {
    received: accepted + sentBack,
    stored: of("otelcol_exporter_sent_spans archive"),
    sentBack,
    rejected: Object.fromEntries(
      [...total].flatMap(([counter, value]) => {
        const status = /^http\.server\.request\.duration (4\d\d)$/.exec(counter)?.[1];
        return status === undefined || value === 0 ? [] : [[status, value]];
      }),
    ),
    ...(times.length > 0 ? { toldAtMs: Math.max(...times) } : {}),
  };
}

/** By collector. */
function tellingsOf(objects: readonly OtlpMetrics[]): Telling[][] {
  const all = objects.flatMap(({ resourceMetrics }) =>
    resourceMetrics.flatMap(({ resource, scopeMetrics }) => {
      const points = scopeMetrics
        .flatMap(({ metrics }) => metrics)
        .flatMap(({ name, sum, histogram }) =>
          [...(sum?.dataPoints ?? []), ...(histogram?.dataPoints ?? [])].map((point) => ({ name, point })),
        );
      if (points.length === 0) return [];
      const ms = (nanoseconds: string) => Number(BigInt(nanoseconds) / 1_000_000n);
      return [
        {
          collector: valuesOf(resource.attributes)["service.instance.id"],
          atMs: Math.max(...points.map(({ point }) => ms(point.timeUnixNano))),
          startedMs: Math.min(...points.map(({ point }) => ms(point.startTimeUnixNano))),
          counters: new Map(
            points.map(({ name, point }) => [
              `${name} ${Object.values(valuesOf(point.attributes)).join(" ")}`,
              Number(point.asInt ?? point.count ?? 0),
            ]),
          ),
        },
      ];
    }),
  );
  return [...Map.groupBy(all, ({ collector }) => collector).values()];
}
