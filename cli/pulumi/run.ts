// Runs the real Pulumi command line. Its words go to a log; a person sees them when something fails.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stateDir } from "../paths.ts";

export interface RunOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Name under which the process is recorded while it runs, so that a later command knows whose it was. */
  readonly record?: string;
}

export interface RunResult {
  /** Exit code; 130 when a signal ended it. */
  readonly code: number;
  /** Both streams, in the order they came. */
  readonly output: string;
  readonly stdout: string;
}

const recordDir = join(stateDir, "running");
const recordFile = (name: string, folder = recordDir) => join(folder, `${name}.json`);

/** What of our own environment Pulumi may see: no credential of a person, no variable that would change what it does. */
const inherited = ["PATH", "HOME", "LANG", "LC_ALL", "TERM", "TMPDIR", "USER"];

export function runPulumi(pulumi: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const env: Record<string, string> = { ...options.env };
  for (const name of inherited) if (process.env[name] !== undefined) env[name] ??= process.env[name] as string;
  // Asked to stop in order (SIGINT) should this command line be killed; Pulumi then saves its state and lets go of the stack.
  const tie = existsSync("/usr/bin/setpriv") ? ["/usr/bin/setpriv", "--pdeathsig", "INT"] : [];
  const [command, ...rest] = [...tie, pulumi, ...args] as [string, ...string[]];
  return new Promise((resolve, reject) => {
    const child = spawn(command, rest, { cwd: options.cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    if (options.record !== undefined && child.pid !== undefined) {
      mkdirSync(recordDir, { recursive: true });
      writeFileSync(recordFile(options.record), JSON.stringify({ commandLine: process.pid, pulumi: child.pid }));
    }
    let output = "";
    let stdout = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk;
      stdout += chunk;
    });
    child.stderr.on("data", (chunk: Buffer) => {
      output += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (options.record !== undefined) rmSync(recordFile(options.record), { force: true });
      resolve({ code: code ?? 130, output, stdout });
    });
  });
}

/** Whether this Pulumi process was started by a command line that is no more. */
export function isOrphaned(record: string, pid: number, folder = recordDir): boolean {
  try {
    const { commandLine, pulumi } = JSON.parse(readFileSync(recordFile(record, folder), "utf8")) as { commandLine: number; pulumi: number };
    if (pulumi !== pid) return false;
    process.kill(commandLine, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
