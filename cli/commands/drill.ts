// Drills: what the platform promises for a bad day, proven on the one that runs.
import { type Path, paths } from "../../functions/shared/telemetry/emitter.ts";
import { median } from "../bench/statistics.ts";
import { targetNames } from "../drill/kill-targets.ts";
import { drillKills, type KillReport } from "../drill/kills.ts";
import { broken, type Promised, seconds, words } from "../drill/promises.ts";
import { drillTelemetry, type TelemetryReport } from "../drill/telemetry.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { interruptible } from "../interruption.ts";
import { endProgress, paint, print, progress, table } from "../terminal.ts";

export interface TelemetryOptions {
  readonly minutes: number;
  readonly rate: number;
  readonly path: string;
  readonly budget: number;
  readonly json?: boolean;
}

export async function telemetryDrill(stack: string, options: TelemetryOptions): Promise<void> {
  const { minutes, rate, path, budget } = options;
  if (!paths.includes(path as Path))
    throw new PersonError(`There is no path "${path}".`, `Choose one of: ${paths.join(", ")}.`, exitCodes.usage);
  const report = await drilled((step) =>
    drillTelemetry({ stack, path: path as Path, awayMs: minutes * 60_000, rate, budgetMs: budget }, step),
  );
  conclude(report.promises);
  if (options.json) return print(JSON.stringify(report, null, 2));
  print(`${phases(report)}\n\n${promises(report.promises)}`);
}

export interface KillsOptions {
  readonly rounds: number;
  readonly only?: string;
  readonly json?: boolean;
}

export async function killsDrill(stack: string, { rounds, only, json }: KillsOptions): Promise<void> {
  const targets = only?.split(",");
  const unknown = (targets ?? []).filter((name) => !targetNames.includes(name));
  if (unknown.length > 0)
    throw new PersonError(
      `There is nothing called "${unknown.join('", "')}" to kill.`,
      `Choose of: ${targetNames.join(", ")}.`,
      exitCodes.usage,
    );
  const report = await drilled((step) => drillKills({ stack, rounds: Math.round(rounds), targets }, step));
  conclude(report.promises);
  if (json) return print(JSON.stringify(report, null, 2));
  print(`${kills(report)}\n\n${promises(report.promises)}`);
}

/** Whatever a drill has hurt is healed when it is interrupted. */
async function drilled<T>(drill: (step: (line?: string) => void) => Promise<T>): Promise<T> {
  const result = await interruptible(
    (interrupted) =>
      drill((line) => {
        if (interrupted()) throw new Error("interrupted");
        if (line !== undefined) progress(line);
      }),
    { atOnce: "interrupted: it ends at its next step, and heals what it hurt ...", advice: "Run it again." },
  );
  endProgress();
  return result;
}

function conclude(all: readonly Promised[]): void {
  if (broken(all).length > 0) process.exitCode = exitCodes.failed;
}

const round = (ms: number) => `${ms.toFixed(1)} ms`;

const phases = (report: TelemetryReport) =>
  table(
    ["", "requests", "failed", "late", "p50", "p99", "slowest"],
    report.phases.map(({ phase, requests, failed, late, p50, p99, slowest }) => [
      phase,
      requests,
      failed,
      late,
      round(p50),
      round(p99),
      round(slowest),
    ]),
  );

function kills({ figures }: KillReport): string {
  const kinds = [...new Set(figures.flatMap(({ acknowledged }) => Object.keys(acknowledged)))];
  return table(
    ["killed", "processes", "back after, median", "at the most", ...kinds, "lost"],
    figures.map(({ target, killed, recoveredMs, acknowledged, lost }) => [
      target,
      killed,
      ...(recoveredMs.length === 0 ? ["never", "never"] : [seconds(median(recoveredMs)), seconds(Math.max(...recoveredMs))]),
      ...kinds.map((kind) => acknowledged[kind] ?? 0),
      lost.length,
    ]),
  );
}

function promises(all: readonly Promised[]): string {
  const text = table(
    ["promise", "measured", ""],
    all.map(({ promise, measured, kept }) => [promise, measured, words(kept)]),
  );
  return text.replaceAll(/ {2}BROKEN$/gm, `  ${paint("red", "BROKEN")}`);
}
