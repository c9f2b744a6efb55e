// A supervised child process. A child must never outlive the sandbox, however the sandbox ends: on Linux the kernel ends it
// with its parent (`setpriv --pdeathsig`), elsewhere a shell wrapper ends it at end of file on its stdin, and a pid file lets
// the next start sweep what slipped through.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

export interface SpawnOptions {
  /** For people: shown in the pid file and in errors. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Run as this user. Only root can. */
  readonly uid?: number;
  readonly gid?: number;
  /** Run in a user namespace where root appears as an ordinary user, for programs that refuse root. Linux only. */
  readonly userNamespace?: boolean;
  /** Both output streams are appended here. */
  readonly logFile: string;
  /** Folder of the pid files that `sweep` reads. */
  readonly pidDir: string;
  /** How the child is tied to this process. Default: `kernel` where `setpriv` exists, else `pipe`. */
  readonly tie?: Tie;
}

export type Tie = "kernel" | "pipe";

export interface Exit {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Supervised {
  readonly name: string;
  readonly pid: number;
  /** Settles when the process has ended; never rejects. */
  readonly exited: Promise<Exit>;
  /** Asks it to end (`signal`, default SIGTERM), and after `graceMs` ends it and its process group. Returns when it is gone. */
  stop(graceMs: number, signal?: NodeJS.Signals): Promise<void>;
  /** Sends a signal; false when it has ended already. */
  kill(signal: NodeJS.Signals): boolean;
  /** Resident memory in bytes, of the process itself (elsewhere than on Linux: of its group); undefined when it has ended. */
  memory(): number | undefined;
  /** The last lines it wrote since it was started, without those of earlier processes in the same log. */
  tail(lines: number): string;
}

interface PidFile {
  readonly name: string;
  readonly pid: number;
  readonly started: string;
}

// Runs the command in the background, waits for it, and ends it when the supervisor's end of our stdin closes.
const pipeWrapper = `
exec 3<&0
"$@" 3<&- </dev/null &
child=$!
trap 'kill -TERM $child' TERM
trap 'kill -INT $child' INT
{ /bin/cat <&3 >/dev/null; kill -KILL $child; } 2>/dev/null &
watch=$!
exec 3<&-
while :; do wait $child; code=$?; kill -0 $child 2>/dev/null || break; done
kill -KILL $watch 2>/dev/null
exit $code`;

/**
 * Starts a process of its own process group.
 * @throws Error when the command cannot be started at all
 */
export function spawnSupervised(options: SpawnOptions): Supervised {
  mkdirSync(dirname(options.logFile), { recursive: true });
  mkdirSync(options.pidDir, { recursive: true });
  const tie = options.tie ?? (hasSetpriv() ? "kernel" : "pipe");
  const namespace = options.userNamespace ? [which("unshare"), "--user", "--map-user=1000", "--map-group=1000", "--"] : [];
  const guard = tie === "kernel" ? [which("setpriv"), "--pdeathsig", "KILL", "--"] : ["/bin/sh", "-c", pipeWrapper, options.name];
  // The namespace comes first: changing credentials clears the death signal.
  const [command, ...args] = [...namespace, ...guard, which(options.command), ...options.args] as [string, ...string[]];

  const logStart = existsSync(options.logFile) ? statSync(options.logFile).size : 0;
  const log = openSync(options.logFile, "a", 0o600);
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...options.env },
    uid: options.uid,
    gid: options.gid,
    detached: true,
    stdio: [tie === "pipe" ? "pipe" : "ignore", log, log],
  });
  closeSync(log);
  const pid = child.pid;
  if (pid === undefined) {
    child.on("error", () => {});
    throw new Error(
      `${options.name}: cannot start ${options.command}${options.cwd ? ` in ${options.cwd}` : ""}; does it exist, and may it be run?`,
    );
  }
  // The pipe breaks when the child ends: that is not an error.
  child.stdin?.on("error", () => {});

  const pidFile = join(options.pidDir, `${pid}.json`);
  writeFileSync(pidFile, JSON.stringify({ name: options.name, pid, started: startTime(pid) ?? "" } satisfies PidFile));
  let ended = false;
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => {
      ended = true;
      rmSync(pidFile, { force: true });
      resolve({ code, signal });
    });
  });

  const kill = (signal: NodeJS.Signals): boolean => {
    if (ended) return false;
    // SIGKILL cannot be passed on by a wrapper or handled by a parent of others: it goes to the whole group.
    return signal === "SIGKILL" ? send(-pid, signal) : send(pid, signal);
  };
  return {
    name: options.name,
    pid,
    exited,
    kill,
    async stop(graceMs, signal = "SIGTERM") {
      kill(signal);
      const patience = new AbortController();
      await Promise.race([exited, delay(graceMs, undefined, { signal: patience.signal }).catch(() => {})]);
      patience.abort();
      kill("SIGKILL");
      await exited;
    },
    memory: () => (ended ? undefined : residentBytes(pid)),
    tail: (lines) => readFileSync(options.logFile).subarray(logStart).toString().trimEnd().split("\n").slice(-lines).join("\n"),
  };
}

/**
 * Ends what an earlier supervisor left behind, by its pid files. A process that merely got a recorded pid is left alone: its start time differs.
 * @returns the names of what was ended
 */
export async function sweep(pidDir: string): Promise<string[]> {
  const swept: string[] = [];
  if (!existsSync(pidDir)) return swept;
  for (const file of readdirSync(pidDir).filter((name) => name.endsWith(".json"))) {
    const path = join(pidDir, file);
    const recorded = parsePidFile(path);
    if (recorded && recorded.started !== "" && startTime(recorded.pid) === recorded.started) {
      send(-recorded.pid, "SIGKILL") || send(recorded.pid, "SIGKILL");
      while (startTime(recorded.pid) === recorded.started) await delay(5);
      swept.push(recorded.name);
    }
    rmSync(path, { force: true });
  }
  return swept;
}

function parsePidFile(path: string): PidFile | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as PidFile;
  } catch {
    return undefined; // Cut off by a kill while it was written, or removed meanwhile.
  }
}

/** When the process was started, in a form that no other process of this machine shares; undefined when it does not live. */
export function startTime(pid: number): string | undefined {
  if (process.platform === "linux") {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // Fields after the command's closing parenthesis: state is the first, start time in ticks since boot the twentieth (proc(5)).
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" ? undefined : `${bootId()} ${fields[19]}`;
    } catch {
      return undefined;
    }
  }
  const ps = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
  return ps.stdout?.trim() || undefined;
}

function residentBytes(pid: number): number | undefined {
  try {
    if (process.platform === "linux") {
      const kibibytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
      return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
    }
    // With a wrapper the process is in its group.
    const rows = execFileSync("ps", ["-axo", "pgid=,rss="], { encoding: "utf8" }).trim().split("\n");
    const ofGroup = rows.map((row) => row.trim().split(/\s+/).map(Number) as [number, number]).filter(([group]) => group === pid);
    return ofGroup.reduce((sum, [, kibibytes]) => sum + kibibytes * 1024, 0);
  } catch {
    return undefined;
  }
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // It has ended.
  }
}

let boot: string | undefined;
function bootId(): string {
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return boot;
}

let setpriv: boolean | undefined;
function hasSetpriv(): boolean {
  setpriv ??= process.platform === "linux" && spawnSync("setpriv", ["--pdeathsig", "KILL", "--", "true"]).status === 0;
  return setpriv;
}

// The child's environment may have no PATH: our own tools are found by ours.
const found = new Map<string, string>();
function which(command: string): string {
  if (command.includes("/")) return command;
  let path = found.get(command);
  if (path === undefined) {
    path =
      (process.env.PATH ?? "")
        .split(":")
        .map((folder) => join(folder, command))
        .find((file) => existsSync(file)) ?? command;
    found.set(command, path);
  }
  return path;
}
