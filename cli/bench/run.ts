// Runs a command to its end, with a limit, and times it.
import { spawn } from "node:child_process";

export interface Ran {
  /** Exit code; -1 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  /** Both streams, in the order they came. */
  readonly output: string;
  readonly seconds: number;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** After this it is killed, and `run` throws. */
  readonly limitSeconds: number;
}

/** @throws Error when the command cannot be started or takes longer than its limit */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, options.limitSeconds * 1000);
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      const seconds = (performance.now() - started) / 1000;
      if (late) reject(new Error(`"${[command, ...args].join(" ")}" did not end within ${options.limitSeconds} s:\n${output}`));
      else resolve({ code: code ?? -1, stdout, output, seconds });
    });
  });
}

/** As `run`, for what must succeed. @throws Error with all it said when it does not */
export async function succeed(command: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  const ran = await run(command, args, options);
  if (ran.code !== 0) throw new Error(`"${[command, ...args].join(" ")}" ended with ${ran.code}:\n${ran.output}`);
  return ran;
}
