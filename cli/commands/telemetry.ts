// `./bailiwick telemetry`: what a region's two archives hold, whether anything is missing there, and the spans of one trace.
import { type Path, paths } from "../../functions/shared/telemetry/emitter.ts";
import { type StoredSpan, traceOf } from "../../functions/telemetry/accounting.ts";
import type { PathSum } from "../../functions/telemetry/path-sums.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { requireReady } from "../ready.ts";
import { chosenStacks } from "../stacks.ts";
import { describeSum, type RegionTelemetry, regionTelemetry } from "../telemetry/region.ts";
import { paint, print, table } from "../terminal.ts";

interface PathReport extends PathSum {
  readonly stack: string;
  readonly path: Path;
  /** What waits before the collector; absent where there is no spool to ask. */
  readonly backlog?: { readonly spooled: number; readonly rejected: number };
  /** Nothing is missing or under way. */
  readonly balanced: boolean;
  readonly trace?: readonly StoredSpan[];
}

export async function telemetry(name: string | undefined, options: { trace?: string; json?: boolean }): Promise<void> {
  if (options.trace !== undefined && !/^[0-9a-f]{32}$/.test(options.trace))
    throw new PersonError(
      `"${options.trace}" is no trace id: 32 hexadecimal digits, lower case.`,
      "It is the second part of a `traceparent`.",
      exitCodes.usage,
    );
  const { sandbox } = await requireReady();
  const stacks = chosenStacks(name === undefined ? [] : [name]);
  const regions = (await Promise.all(stacks.map((stack) => regionTelemetry(sandbox, stack)))).flatMap((region) => region ?? []);
  if (regions.length === 0)
    throw new PersonError(
      name === undefined ? "No region is deployed." : `Stack "${name}" has no telemetry.`,
      "Deploy a region first: ./bailiwick up.",
      exitCodes.unavailable,
    );
  const reports = regions.flatMap((region) => reportsOf(region, options.trace));
  if (options.json) print(JSON.stringify({ paths: reports }, null, 2));
  else print(options.trace === undefined ? sums(reports) : traces(reports));
  if (options.trace !== undefined && reports.every(({ trace }) => trace?.length === 0)) process.exitCode = exitCodes.failed;
}

const reportsOf = ({ stack, sums: its, spans, hasSpool }: RegionTelemetry, traceId: string | undefined): PathReport[] =>
  paths.map((path) => {
    const { spooled, rejected, underWay, missing } = its[path];
    return {
      stack,
      path,
      ...its[path],
      ...(hasSpool ? { backlog: { spooled, rejected } } : {}),
      balanced: underWay === 0 && missing === 0,
      ...(traceId === undefined ? {} : { trace: traceOf(spans[path], traceId) }),
    };
  });

const sums = (reports: readonly PathReport[]): string =>
  table(
    ["stack", "path", "where every span is"],
    reports.map((report) => [report.stack, report.path, report.emitted === 0 ? "nothing has arrived yet" : describeSum(report)]),
  );

function traces(reports: readonly PathReport[]): string {
  const milliseconds = ({ startTimeUnixNano, endTimeUnixNano }: StoredSpan) =>
    `${(Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e6).toFixed(1)} ms`;
  return reports
    .flatMap(({ stack, path, trace = [] }) => [
      paint("bold", `${stack}, path ${path}`),
      trace.length === 0
        ? "no span of it"
        : table(
            ["service", "span", "began", "took"],
            trace.map((span) => [
              String(span.values["service.name"]),
              span.name,
              new Date(Number(BigInt(span.startTimeUnixNano) / 1_000_000n)).toISOString(),
              milliseconds(span),
            ]),
          ),
      "",
    ])
    .join("\n")
    .trimEnd();
}
