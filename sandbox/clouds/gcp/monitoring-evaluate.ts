// Whether the conditions of alert policies hold: pure functions over time series and a moment
// (cloud.google.com/monitoring/alerts/concepts-indepth, cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies).
import type { Properties } from "../../engine/definition.ts";
import { bounds, countBetween, type Point, percentile, type Series } from "../../runtimes/metrics/series.ts";
import { type Comparison, matches, parseFilter } from "./filter.ts";
import { listOf, objectOf } from "./outputs.ts";

/** Where series come from: those of a metric type, with their points in (from, to]. */
export type Read = (metricType: string, from: number, to: number) => readonly Series[];

export interface Verdict {
  readonly holds: boolean;
  /** The newest value that was compared, if there was data. */
  readonly value?: number;
}

/** `60s` in milliseconds. */
export const durationMs = (text: unknown): number => Number.parseFloat(String(text ?? "0s")) * 1000;

/** A filter of metrics, taken apart: the one metric type it must name, and the rest. */
export interface MetricFilter {
  readonly metricType: string;
  readonly rest: readonly Comparison[];
}

/** @throws FilterError */
export function metricFilter(filter: string): MetricFilter {
  const comparisons = parseFilter(filter);
  const type = comparisons.find(({ path }) => path.join(".") === "metric.type");
  return { metricType: type?.values[0] ?? "", rest: comparisons.filter((each) => each !== type) };
}

/** Labels are kept as `metric.labels.x` and `resource.labels.x`; a filter may say `label` or `labels`. */
export const labelPath = (path: readonly string[]): string =>
  path.map((part, index) => (index === 1 && part === "label" ? "labels" : part)).join(".");

function selected(filter: string, read: Read, from: number, to: number): Series[] {
  const { metricType, rest } = metricFilter(filter);
  return read(metricType, from, to).filter(({ metric }) => matches(rest, (path) => metric.labels[labelPath(path)]));
}

const percentiles: Readonly<Record<string, number>> = { "05": 0.05, "50": 0.5, "95": 0.95, "99": 0.99 };
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** One value of one series in one period; undefined without points. */
function aligned(aligner: string, points: readonly Point[], periodMs: number): number | undefined {
  const newest = points.at(-1);
  if (!newest) return undefined;
  const total = sum(points.map((point) => point.sum));
  const share = /^ALIGN_PERCENTILE_(\d\d)$/.exec(aligner)?.[1];
  if (share !== undefined) return percentile(points, percentiles[share] ?? 0);
  switch (aligner) {
    case "ALIGN_RATE":
      return total / (periodMs / 1000);
    case "ALIGN_DELTA":
    case "ALIGN_SUM":
      return total;
    case "ALIGN_COUNT":
      return sum(points.map(({ count }) => count));
    case "ALIGN_MEAN":
      return total / sum(points.map(({ count }) => count));
    case "ALIGN_MAX":
      return Math.max(...points.map(({ max }) => max));
    case "ALIGN_MIN":
      return Math.min(...points.map(({ min }) => min));
    default:
      return newest.sum / newest.count;
  }
}

function reduced(reducer: string, values: readonly number[]): number {
  switch (reducer) {
    case "REDUCE_SUM":
      return sum(values);
    case "REDUCE_MEAN":
      return sum(values) / values.length;
    case "REDUCE_MIN":
      return Math.min(...values);
    case "REDUCE_COUNT":
      return values.length;
    default:
      return Math.max(...values);
  }
}

/** The values at a moment, by group. */
function valuesAt(filter: string, aggregations: readonly Properties[], read: Read, at: number): Map<string, number> {
  const [first = {}] = aggregations;
  const periodMs = durationMs(first.alignmentPeriod) || 60_000;
  const groupBy = (first.groupByFields ?? []) as string[];
  const reducer = String(first.crossSeriesReducer ?? "REDUCE_NONE");
  const groups = new Map<string, number[]>();
  for (const { metric, points } of selected(filter, read, at - periodMs, at)) {
    const value = aligned(String(first.perSeriesAligner ?? "ALIGN_NONE"), points, periodMs);
    if (value === undefined) continue;
    const key =
      reducer === "REDUCE_NONE"
        ? JSON.stringify(metric.labels)
        : groupBy.map((name) => metric.labels[labelPath(name.split("."))] ?? "").join("|");
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  const values = new Map([...groups].map(([key, all]) => [key, reduced(reducer, all)] as const));
  if (aggregations.length < 2) return values;
  // A second aggregation, as the console makes one, reduces what the first has left.
  const second = String(aggregations[1]?.crossSeriesReducer ?? "REDUCE_NONE");
  return values.size === 0 || second === "REDUCE_NONE" ? values : new Map([["", reduced(second, [...values.values()])]]);
}

const compare: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  COMPARISON_GT: (value, threshold) => value > threshold,
  COMPARISON_GE: (value, threshold) => value >= threshold,
  COMPARISON_LT: (value, threshold) => value < threshold,
  COMPARISON_LE: (value, threshold) => value <= threshold,
};

/** An SLO as conditions name it. */
export interface Objective {
  readonly goal: number;
  readonly requestBasedSli: Properties;
}

/** `select_slo_burn_rate("projects/P/services/S/serviceLevelObjectives/O", "3600s")`, taken apart. */
export function burnRate(filter: string): { readonly slo: string; readonly lookbackMs: number } | undefined {
  const [, slo, lookback] = /^\s*select_slo_burn_rate\(\s*"([^"]+)"\s*,\s*"(\d+s)"\s*\)\s*$/.exec(filter) ?? [];
  return slo && lookback ? { slo, lookbackMs: durationMs(lookback) } : undefined;
}

/** Good and all events of an SLI in (from, to]. */
export function events(sli: Properties, read: Read, from: number, to: number): { good: number; total: number } {
  const count = (filter: unknown) =>
    sum(selected(String(filter), read, from, to).flatMap(({ points }) => points.map((point) => point.sum)));
  const ratio = objectOf(sli.goodTotalRatio);
  if (sli.goodTotalRatio !== undefined) {
    const { goodServiceFilter: good, badServiceFilter: bad, totalServiceFilter: all } = ratio;
    const total = all === undefined ? count(good) + count(bad) : count(all);
    return { good: good === undefined ? total - count(bad) : count(good), total };
  }
  const cut = objectOf(sli.distributionCut);
  const points = selected(String(cut.distributionFilter), read, from, to).flatMap((series) => series.points);
  const range = objectOf(cut.range);
  const total = sum(points.map((point) => point.count));
  return { good: countBetween(points, Number(range.min ?? 0), Number(range.max ?? bounds.at(-1))), total };
}

/** How many times faster than allowed the error budget is spent; undefined without events. */
export function burning({ goal, requestBasedSli }: Objective, read: Read, at: number, lookbackMs: number): number | undefined {
  const { good, total } = events(requestBasedSli, read, at - lookbackMs, at);
  return total === 0 ? undefined : (total - good) / total / (1 - goal);
}

/** Whether a condition of a policy holds at this moment. It holds when it was true throughout its duration. */
export function evaluate(condition: Properties, read: Read, objective: (slo: string) => Objective | undefined, at: number): Verdict {
  const absent = objectOf(condition.conditionAbsent);
  if (condition.conditionAbsent !== undefined) {
    const filter = String(absent.filter);
    const missing = selected(filter, read, at - durationMs(absent.duration), at).length === 0;
    // A series that never was is not missed.
    return { holds: missing && selected(filter, read, 0, at).length > 0 };
  }
  const threshold = objectOf(condition.conditionThreshold);
  const exceeds = compare[String(threshold.comparison)] ?? (() => false);
  const limit = Number(threshold.thresholdValue ?? 0);
  const filter = String(threshold.filter);
  const aggregations = listOf(threshold.aggregations);
  const burn = burnRate(filter);
  const valueAt = (moment: number): number[] => {
    if (burn) {
      const its = objective(burn.slo);
      const rate = its && burning(its, read, moment, burn.lookbackMs);
      return rate === undefined ? [] : [rate];
    }
    const values = valuesAt(filter, aggregations, read, moment);
    if (threshold.denominatorFilter === undefined) return [...values.values()];
    const denominators = valuesAt(String(threshold.denominatorFilter), listOf(threshold.denominatorAggregations), read, moment);
    return [...denominators].flatMap(([key, all]) => (all === 0 ? [] : [(values.get(key) ?? 0) / all]));
  };
  const stepMs = Math.max(10_000, durationMs(aggregations[0]?.alignmentPeriod) || 60_000);
  const lasting = durationMs(threshold.duration);
  const moments = [at];
  for (let back = stepMs; back < lasting; back += stepMs) moments.push(at - back);
  if (lasting > 0) moments.push(at - lasting);
  const now = valueAt(at);
  const value = now.find((each) => exceeds(each, limit)) ?? now[0];
  const holds = moments.every((moment) => valueAt(moment).some((each) => exceeds(each, limit)));
  return { holds, ...(value === undefined ? {} : { value }) };
}
