// `./bailiwick telemetry`: what a region's two archives hold, whether anything is missing there, and the spans of one trace.
import { type Path, paths } from "../../functions/shared/telemetry/emitter.ts";
import { type Account, accountsOf, balances, type StoredSpan, storedSpans, sumOf, traceOf } from "../../functions/telemetry/accounting.ts";
import { isJurisdiction, residencyOf } from "../../stacks/residency.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { stackOutputs } from "../pulumi/operations.ts";
import { type Ready, requireReady } from "../ready.ts";
import { chosenStacks } from "../stacks.ts";
import { readArchive } from "../telemetry/archives.ts";
import { type Backlog, backlogOf, type Spool } from "../telemetry/spools.ts";
import { paint, print, table } from "../terminal.ts";

/** What a region stack says of its telemetry. */
export interface TelemetryOutput {
  readonly archives: Readonly<Record<Path, string>>;
  readonly awsAccountId: string;
  readonly cloudflareAccountId: string;
  /** Absent where the jurisdiction can pin no queue. */
  readonly spools?: Readonly<Record<Path, Spool>>;
}

interface PathReport extends Account {
  readonly stack: string;
  readonly path: Path;
  /** Absent where there is no spool to ask. */
  readonly backlog?: Backlog;
  /** emitted = stored + dropped + spooled + rejected, as far as the archive has heard. */
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
  const ready = await requireReady();
  const stacks = chosenStacks(name === undefined ? [] : [name]);
  const reports = (await Promise.all(stacks.map((stack) => reportOf(ready, stack, options.trace)))).flat();
  if (reports.length === 0)
    throw new PersonError(
      name === undefined ? "No region is deployed." : `Stack "${name}" has no telemetry.`,
      "Deploy a region first: ./bailiwick up.",
      exitCodes.unavailable,
    );
  if (options.json) print(JSON.stringify({ paths: reports }, null, 2));
  else print(options.trace === undefined ? accounts(reports) : traces(reports));
  if (options.trace !== undefined && reports.every(({ trace }) => trace?.length === 0)) process.exitCode = exitCodes.failed;
}

async function reportOf(ready: Ready, stack: string, traceId: string | undefined): Promise<PathReport[]> {
  const outputs = await stackOutputs(ready, stack);
  const { telemetry: its, jurisdiction } = (outputs ?? {}) as { telemetry?: TelemetryOutput; jurisdiction?: string };
  if (!its || !isJurisdiction(jurisdiction)) return [];
  return Promise.all(
    paths.map(async (path): Promise<PathReport> => {
      const spool = its.spools?.[path];
      // First what waits: what is delivered meanwhile is then seen twice, and never missed.
      const backlog = spool && (await backlogOf(ready.sandbox, its.cloudflareAccountId, spool));
      const archive = { bucket: its.archives[path], location: residencyOf(jurisdiction)[path].location, account: its.awsAccountId };
      const spans = storedSpans(await readArchive(ready.sandbox, path, archive));
      const account = sumOf(accountsOf(spans).values());
      return {
        stack,
        path,
        ...account,
        ...(backlog ? { backlog } : {}),
        balanced: balances(account, backlog?.spooled ?? 0, backlog?.rejected ?? 0),
        ...(traceId === undefined ? {} : { trace: traceOf(spans, traceId) }),
      };
    }),
  );
}

function accounts(reports: readonly PathReport[]): string {
  const rows = reports.map(({ stack, path, emitted, stored, dropped, outstanding, backlog, balanced }) => [
    stack,
    path,
    emitted,
    stored,
    Object.entries(dropped)
      .map(([reason, count]) => `${count} ${reason}`)
      .join(", ") || 0,
    backlog?.spooled ?? "no spool",
    backlog?.rejected ?? "no spool",
    emitted === 0
      ? "nothing has arrived yet"
      : balanced
        ? "balanced"
        : `${outstanding - (backlog?.spooled ?? 0) - (backlog?.rejected ?? 0)} under way or lost`,
  ]);
  return table(["stack", "path", "emitted", "stored", "dropped", "spooled", "rejected", ""], rows);
}

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
