// monitoring.googleapis.com, the calls that write and read points and list alerts (cloud.google.com/monitoring/api/ref_v3/rest).
import type { Handler } from "../../engine/internet.ts";
import type { Metric, SeriesStore } from "../../runtimes/metrics/series.ts";
import { ApiError, answering, bodyOf } from "./api.ts";
import { FilterError, matches } from "./filter.ts";
import type { Iam } from "./iam.ts";
import type { Incident } from "./monitoring.ts";
import { labelPath, metricFilter, type Read } from "./monitoring-evaluate.ts";

interface TypedValue {
  readonly int64Value?: string | number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}
interface WrittenSeries {
  readonly metric?: { readonly type?: string; readonly labels?: Record<string, string> };
  readonly resource?: { readonly type?: string; readonly labels?: Record<string, string> };
  readonly points?: readonly { readonly interval?: { readonly endTime?: string }; readonly value?: TypedValue }[];
}

export interface MonitoringApiOptions {
  readonly iam: Iam;
  readonly series: SeriesStore;
  readonly readOf: (project: string) => Read;
  readonly incidents: () => readonly Incident[];
}

/** Of one request (cloud.google.com/monitoring/quotas). */
const mostSeries = 200;
/** Points may be so old, and so far ahead of the clock. */
const oldestMs = 25 * 3_600_000;
const furthestMs = 5 * 60_000;

export function monitoringApi({ iam, series, readOf, incidents }: MonitoringApiOptions): Handler {
  async function call(request: Request): Promise<unknown> {
    const url = new URL(request.url);
    const member = iam.caller(request);
    const [, project = "", what] = /^\/v3\/projects\/([^/]+)\/(timeSeries|alerts)$/.exec(url.pathname) ?? [];
    switch (`${request.method} ${what}`) {
      case "POST timeSeries": {
        iam.demand(member, "monitoring.timeSeries.create", `projects/${project}`);
        const { timeSeries } = (await bodyOf(request)) as { timeSeries?: readonly WrittenSeries[] };
        if (!Array.isArray(timeSeries) || timeSeries.length < 1 || timeSeries.length > mostSeries) {
          throw new ApiError(
            "INVALID_ARGUMENT",
            `Field timeSeries must hold 1 to ${mostSeries} series; it holds ${timeSeries?.length ?? 0}.`,
          );
        }
        for (const [index, each] of timeSeries.entries()) write(project, each as WrittenSeries, index);
        return {};
      }
      case "GET timeSeries":
        iam.demand(member, "monitoring.timeSeries.list", `projects/${project}`);
        return { timeSeries: list(project, url.searchParams) };
      case "GET alerts":
        iam.demand(member, "monitoring.alertPolicies.list", `projects/${project}`);
        return {
          alerts: incidents()
            .filter(({ policy }) => policy.startsWith(`projects/${project}/`))
            .map(({ name, policy, policyName, condition, openTime, closeTime }) => ({
              name,
              state: closeTime === undefined ? "OPEN" : "CLOSED",
              openTime,
              ...(closeTime === undefined ? {} : { closeTime }),
              policy: { name: policy, displayName: policyName },
              condition,
            })),
        };
      default:
        throw new ApiError("NOT_FOUND", `${request.method} ${url.pathname} is not a call of this API that is available here.`);
    }
  }

  function write(project: string, { metric, resource, points }: WrittenSeries, index: number): void {
    const refuse = (why: string) => new ApiError("INVALID_ARGUMENT", `Field timeSeries[${index}] had an invalid value: ${why}`);
    const type = metric?.type ?? "";
    if (!/^(custom|workload|external)\.googleapis\.com\/.+/.test(type))
      throw refuse(
        `metric type "${type}" is not one that can be written: it begins with custom.googleapis.com/, workload.googleapis.com/ or external.googleapis.com/.`,
      );
    const [point] = points ?? [];
    if (!point || points?.length !== 1) throw refuse(`it must hold exactly one point, and holds ${points?.length ?? 0}.`);
    const at = Date.parse(point.interval?.endTime ?? "");
    if (!(at > Date.now() - oldestMs && at < Date.now() + furthestMs))
      throw refuse(`the end time "${point.interval?.endTime}" is not within the last 25 hours.`);
    const value = Number(point.value?.doubleValue ?? point.value?.int64Value ?? point.value?.boolValue);
    if (!Number.isFinite(value)) throw refuse("a point has a doubleValue, an int64Value or a boolValue here; distributions are not read.");
    const key: Metric = { name: type, labels: labelsOf(project, metric?.labels ?? {}, resource?.type ?? "global", resource?.labels ?? {}) };
    if (series.hasAfter(key, at))
      throw refuse(
        "Points must be written in order. One or more of the points specified had an older end time than the most recent point.",
      );
    series.put(key, { at, count: 1, sum: value, min: value, max: value });
  }

  function list(project: string, query: URLSearchParams): object[] {
    const filter = read(query.get("filter") ?? "");
    const end = Date.parse(query.get("interval.endTime") ?? "");
    const start = Date.parse(query.get("interval.startTime") ?? new Date(end).toISOString());
    if (Number.isNaN(end) || Number.isNaN(start))
      throw new ApiError("INVALID_ARGUMENT", "interval.startTime and interval.endTime must be times in RFC 3339.");
    return readOf(project)(filter.metricType, start - 1, end)
      .filter(({ metric }) => matches(filter.rest, (path) => metric.labels[labelPath(path)]))
      .map(({ metric, points }) => ({
        metric: { type: metric.name, labels: labelled(metric, "metric.labels.") },
        resource: { type: metric.labels["resource.type"], labels: labelled(metric, "resource.labels.") },
        points: points.toReversed().map(({ at, sum, count, buckets }) => ({
          interval: { endTime: new Date(at).toISOString() },
          value: buckets ? { distributionValue: { count: String(count), mean: sum / count } } : { doubleValue: sum },
        })),
      }));
  }

  return (request) => answering(() => call(request));
}

function read(filter: string) {
  try {
    return metricFilter(filter);
  } catch (error) {
    if (error instanceof FilterError) throw new ApiError("INVALID_ARGUMENT", error.message);
    throw error;
  }
}

/** Labels as they are kept: each with its place in the names of filters. */
export const labelsOf = (
  project: string,
  metric: Readonly<Record<string, string>>,
  resourceType: string,
  resource: Readonly<Record<string, string>>,
): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(metric).map(([name, value]) => [`metric.labels.${name}`, String(value)])),
  "resource.type": resourceType,
  ...Object.fromEntries(
    Object.entries({ ...resource, project_id: project }).map(([name, value]) => [`resource.labels.${name}`, String(value)]),
  ),
});

const labelled = ({ labels }: Metric, prefix: string) =>
  Object.fromEntries(
    Object.entries(labels).flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [])),
  );
