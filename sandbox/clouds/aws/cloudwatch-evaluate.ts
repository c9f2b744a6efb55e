// Whether an alarm's condition holds: pure functions over time series and a moment
// (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html, "Evaluating an alarm" and "missing data").
import type { Properties } from "../../engine/definition.ts";
import { type Point, percentile, type Series } from "../../runtimes/metrics/series.ts";
import { listOf, objectOf } from "./values.ts";

/** Series of a metric (`AWS/ApplicationELB RequestCount`), with their points in (from, to]. */
export type Read = (name: string, from: number, to: number) => readonly Series[];

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

export interface Verdict {
  readonly state: AlarmState;
  /** The newest value, if there was data. */
  readonly value?: number;
}

/** A metric's name in the store. */
export const metricName = (namespace: unknown, name: unknown): string => `${namespace} ${name}`;

/** `p99`, `p99.9`: the share of it. */
export const shareOf = (extended: string): number => Number(/^p(\d+(?:\.\d+)?)$/.exec(extended)?.[1] ?? Number.NaN) / 100;

function statisticOf(points: readonly Point[], statistic: string): number | undefined {
  if (points.length === 0) return undefined;
  const sum = points.reduce((total, point) => total + point.sum, 0);
  const count = points.reduce((total, point) => total + point.count, 0);
  switch (statistic) {
    case "Sum":
      return sum;
    case "SampleCount":
      return count;
    case "Average":
      return sum / count;
    case "Minimum":
      return Math.min(...points.map(({ min }) => min));
    case "Maximum":
      return Math.max(...points.map(({ max }) => max));
    default:
      return percentile(points, shareOf(statistic));
  }
}

/** The value of one metric in the period that ends at a moment. Dimensions name a metric exactly: fewer are another metric. */
function metricAt(metric: Properties, region: string, read: Read, at: number): number | undefined {
  const wanted = JSON.stringify(Object.entries({ ...objectOf(metric.dimensions), region }).sort());
  const periodMs = Number(metric.period ?? 60) * 1000;
  const points = read(metricName(metric.namespace, metric.metricName), at - periodMs, at)
    .filter((series) => JSON.stringify(Object.entries(series.metric.labels).sort()) === wanted)
    .flatMap((series) => series.points);
  return statisticOf(points, String(metric.extendedStatistic ?? metric.stat ?? metric.statistic));
}

/** What an alarm watches, at a moment. */
function valueAt(alarm: Properties, region: string, read: Read, at: number): number | undefined {
  const queries = listOf(alarm.metricQueries);
  if (queries.length === 0) return metricAt(alarm, region, read, at);
  const answer = queries.find(({ returnData }) => returnData === true) ?? queries[0];
  return valueById(String(answer?.id));

  function valueById(id: string): number | undefined {
    const query = queries.find((each) => each.id === id);
    if (!query) return undefined;
    return query.expression === undefined
      ? metricAt(objectOf(query.metric), region, read, at)
      : compute(String(query.expression), valueById);
  }
}

/** The expression is not one that is computed here. */
export class ExpressionError extends Error {
  constructor(expression: string, why: string) {
    super(`the expression "${expression}" is not computed here: ${why}; there are numbers, ids, + - * / ( ) and FILL(id, number)`);
    this.name = "ExpressionError";
  }
}

/**
 * Metric math, as far as shares and sums need it.
 * @param valueById the value of an id; undefined without data, and then so is the whole
 * @throws ExpressionError
 */
export function compute(expression: string, valueById: (id: string) => number | undefined): number | undefined {
  const words = expression.match(/\d+(?:\.\d+)?|[A-Za-z_]\w*|\S/g) ?? [];
  let at = 0;
  const value = sum();
  if (at < words.length) throw new ExpressionError(expression, `"${words[at]}" is too much`);
  return value;

  function sum(): number | undefined {
    let left = product();
    while (words[at] === "+" || words[at] === "-") {
      const sign = words[at++] === "+" ? 1 : -1;
      const right = product();
      left = left === undefined || right === undefined ? undefined : left + sign * right;
    }
    return left;
  }

  function product(): number | undefined {
    let left = factor();
    while (words[at] === "*" || words[at] === "/") {
      const divide = words[at++] === "/";
      const right = factor();
      // A division by zero has no value, as it has none there.
      left = left === undefined || right === undefined || (divide && right === 0) ? undefined : divide ? left / right : left * right;
    }
    return left;
  }

  function factor(): number | undefined {
    const word = words[at++] ?? "";
    if (word === "(") {
      const inner = sum();
      expect(")");
      return inner;
    }
    if (/^\d/.test(word)) return Number(word);
    if (word === "FILL") {
      expect("(");
      const inner = sum();
      expect(",");
      const instead = sum();
      expect(")");
      return inner ?? instead;
    }
    if (/^[a-z]\w*$/.test(word)) return valueById(word);
    throw new ExpressionError(expression, word === "" ? "it ends too early" : `"${word}" is not known`);
  }

  function expect(wanted: string): void {
    if (words[at++] !== wanted) throw new ExpressionError(expression, `"${wanted}" is missing`);
  }
}

const compare: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};
export const comparisons = Object.keys(compare);

/** @param before the state that it has, which `ignore` keeps where data is missing */
export function evaluate(alarm: Properties, region: string, read: Read, before: AlarmState, at: number): Verdict {
  const periods = Number(alarm.evaluationPeriods ?? 1);
  const wanted = Number(alarm.datapointsToAlarm ?? periods);
  const period = Number(alarm.period ?? listOf(alarm.metricQueries).map(({ metric }) => objectOf(metric).period ?? 60)[0] ?? 60) * 1000;
  const exceeds = compare[String(alarm.comparisonOperator)] ?? (() => false);
  const threshold = Number(alarm.threshold);
  const values = Array.from({ length: periods }, (_, back) => valueAt(alarm, region, read, at - back * period));
  const missing = String(alarm.treatMissingData ?? "missing");
  const present = values.filter((value) => value !== undefined);
  const [value] = present;
  const newest = value === undefined ? {} : { value };
  if (present.length === 0 && missing === "missing") return { state: "INSUFFICIENT_DATA" };
  if (present.length === 0 && missing === "ignore") return { state: before };
  const breaching = values.filter((each) => (each === undefined ? missing === "breaching" : exceeds(each, threshold))).length;
  return { state: breaching >= wanted ? "ALARM" : "OK", ...newest };
}
