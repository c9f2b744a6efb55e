// The running sandbox, as the command line sees it: start it in the background, ask it, stop it.
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Part } from "../sandbox/engine/cloud.ts";
import type { Fault, Harm, Target } from "../sandbox/engine/faults.ts";
import type { SandboxFile } from "../sandbox/main.ts";
import { startTime, sweep } from "../sandbox/runtimes/process.ts";
import type { IssuedCredentials } from "../sandbox/runtimes/s3/credentials.ts";
import { socketDirOf, temporaryDirOf } from "../sandbox/sandbox-paths.ts";
import { holdState, StateHeld } from "../sandbox/state-lock.ts";
import { exitCodes, PersonError } from "./errors.ts";
import { cacheDir, logDir, root, sandboxFile, stateDir } from "./paths.ts";

/** The gateway's port, unless `--port` or `BAILIWICK_PORT` says otherwise. */
export const defaultPort = 8400;

export interface Status {
  readonly hostnames: readonly string[];
  /** Bytes, of the sandbox's own process. */
  readonly memory: number;
  readonly parts: readonly (Part & { readonly cloud: string })[];
  /** What is broken on purpose. */
  readonly faults: readonly Fault[];
}

/** The sandbox that runs now. A file left by one that was killed is told apart by the process's start time. */
export function runningSandbox(): SandboxFile | undefined {
  let file: SandboxFile;
  try {
    file = JSON.parse(readFileSync(sandboxFile, "utf8")) as SandboxFile;
  } catch {
    return undefined;
  }
  return file.started !== "" && startTime(file.pid) === file.started ? file : undefined;
}

/**
 * Starts the sandbox, or gives the one that runs.
 * @throws PersonError when its port is taken or it does not come up, with the end of its log
 */
export async function startSandbox(
  options: { readonly port: number | undefined; readonly tools: Readonly<Record<string, string>> },
  progress: (line: string) => void,
): Promise<SandboxFile> {
  const running = runningSandbox();
  if (running) return asAsked(running, options.port);
  const port = options.port ?? defaultPort;
  mkdirSync(logDir, { recursive: true, mode: 0o700 });
  const logFile = join(logDir, "sandbox.log");
  const log = openSync(logFile, "a", 0o600);
  progress(`starting the sandbox on port ${port} ...`);
  const settings = JSON.stringify({
    stateDir,
    socketDir: socketDirOf(stateDir),
    port,
    tools: options.tools,
    compileCache: join(cacheDir, "compile-cache"),
  });
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(root, "sandbox", "main.ts"), settings], {
    cwd: root,
    env: { ...process.env, TMPDIR: temporaryDirOf(socketDirOf(stateDir)) },
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  let ended: number | null | undefined;
  child.once("exit", (code) => {
    ended = code;
  });
  child.unref();
  for (const end = Date.now() + 60_000; Date.now() < end; await delay(25)) {
    const file = runningSandbox();
    if (file?.pid === child.pid) return file as SandboxFile;
    if (ended === 48)
      throw new PersonError(
        `Port ${port} is in use by another program.`,
        "End that program, or choose another port: ./bailiwick up --port 8401 (or BAILIWICK_PORT=8401).",
        exitCodes.unavailable,
      );
    // Another command was first: its sandbox starts, and is the one.
    const other = ended === 49 ? runningSandbox() : undefined;
    if (other) return asAsked(other, options.port);
    if (ended !== undefined && ended !== 49) break;
  }
  const tail = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-15).join("\n");
  throw new PersonError(`The sandbox did not come up. The end of ${logFile}:\n${tail}`, "Mend what it says and try again.");
}

/** @throws PersonError when it runs on another port than the one that was asked for */
function asAsked(running: SandboxFile, port: number | undefined): SandboxFile {
  if (port === undefined || port === running.ports.gateway) return running;
  throw new PersonError(
    `The sandbox already runs on port ${running.ports.gateway}, not on ${port}.`,
    `Leave out --port, or run ./bailiwick down first.`,
  );
}

async function call(file: SandboxFile, method: string, path: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${file.control.port}${path}`, {
    method,
    headers: { authorization: `Bearer ${file.control.token}` },
    signal: AbortSignal.timeout(20_000),
  });
  return response.json();
}

export const sandboxStatus = (file: SandboxFile) => call(file, "GET", "/status") as Promise<Status>;

/** An access token of the embedded Google Cloud. @param member `user:...` or `serviceAccount:...` */
export async function accessToken(file: SandboxFile, member: string): Promise<string> {
  return ((await call(file, "POST", `/token?member=${encodeURIComponent(member)}`)) as { token: string }).token;
}

/** Password of the user `AWS` at the image registries of the embedded AWS. */
export async function registryPassword(file: SandboxFile): Promise<string> {
  return ((await call(file, "POST", "/registry-password")) as { password: string }).password;
}

/** Temporary credentials of who deploys to an account of the embedded AWS. */
export const awsCredentials = (file: SandboxFile, account: string) =>
  call(file, "POST", `/aws-credentials?${new URLSearchParams({ account })}`) as Promise<IssuedCredentials>;

/** A token that opens an account of the embedded Cloudflare. */
export async function cloudflareToken(file: SandboxFile, account: string): Promise<string> {
  return ((await call(file, "POST", `/cloudflare-token?${new URLSearchParams({ account })}`)) as { token: string }).token;
}

/**
 * Folder of a socket that leads to a database of the embedded Cloud SQL.
 * @throws PersonError when there is no such database, or the member may not connect
 */
export async function openDatabase(file: SandboxFile, connectionName: string, member: string): Promise<string> {
  const query = new URLSearchParams({ connection: connectionName, member });
  const answer = (await call(file, "POST", `/database?${query}`)) as { socketDir?: string; error?: string };
  if (answer.socketDir === undefined)
    throw new PersonError(`The database ${connectionName} cannot be opened: ${answer.error}`, "Deploy its region first.");
  return answer.socketDir;
}

/** The parts that can be hurt, with what they suffer. */
export const faultTargets = (file: SandboxFile) => call(file, "GET", "/faults") as Promise<Target[]>;

/** @throws PersonError when there is no such part, or the times are not allowed */
export async function inflict(file: SandboxFile, part: string, harm: Harm, forMs: number, delayMs: number): Promise<Fault> {
  const query = new URLSearchParams({ part, harm, forMs: String(forMs), delayMs: String(delayMs) });
  return accepted<Fault>(await call(file, "POST", `/faults?${query}`));
}

/** @returns the parts that were hurt @throws PersonError when there is no such part */
export async function heal(file: SandboxFile, part?: string): Promise<string[]> {
  return accepted<string[]>(await call(file, "DELETE", `/faults${part === undefined ? "" : `?${new URLSearchParams({ part })}`}`));
}

function accepted<T>(answer: unknown): T {
  const { error } = answer as { error?: string };
  if (error === undefined) return answer as T;
  throw new PersonError(`The sandbox refuses: ${error}.`, "./bailiwick chaos list shows the parts.", exitCodes.usage);
}

/**
 * Stops the sandbox, one that is just starting as well, and ends what a killed one left behind.
 * @param andThen what to do while no other can start
 * @returns whether anything ran
 * @throws PersonError when one starts or stops for longer than a minute
 */
export async function stopSandbox(andThen: () => void = () => {}): Promise<boolean> {
  if (!existsSync(stateDir)) return false;
  let stopped = false;
  for (const end = Date.now() + 60_000; ; await delay(25)) {
    const running = runningSandbox();
    if (running) {
      await stop(running);
      stopped = true;
    }
    const letGo = tryHold();
    if (!letGo) {
      if (Date.now() < end) continue;
      throw new PersonError(`Another process still holds ${stateDir} after a minute.`, `Look into ${join(logDir, "sandbox.log")}.`);
    }
    try {
      const left = await sweep(join(stateDir, "pids"));
      rmSync(sandboxFile, { force: true });
      rmSync(socketDirOf(stateDir), { recursive: true, force: true });
      andThen();
      return stopped || left.length > 0;
    } finally {
      letGo();
    }
  }
}

function tryHold(): (() => void) | undefined {
  try {
    return holdState(stateDir);
  } catch (error) {
    if (error instanceof StateHeld) return undefined;
    throw error;
  }
}

async function stop(running: SandboxFile): Promise<void> {
  // One that ends by itself meanwhile is what we want as well.
  await call(running, "POST", "/stop").catch(() => {});
  for (const end = Date.now() + 30_000; startTime(running.pid) === running.started; await delay(25))
    if (Date.now() > end) {
      process.kill(running.pid, "SIGKILL");
      break;
    }
}
