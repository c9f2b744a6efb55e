// A limit of how large a file may be, for this process and all that it has started: the way to "no room" where no disk can be mounted.
// A write beyond it fails with EFBIG, and its process gets SIGXFSZ, which Node and PostgreSQL ignore and which ends any other (setrlimit(2)).
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The soft limit alone: whoever set it may take it back, root or not. */
const limit = (pid: number, bytes: number | "unlimited") => ["--pid", String(pid), `--fsize=${bytes}:`];

export class FileLimit implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "limit-"));

  /** The largest file may still grow by this. */
  fill(kilobytesLeft: number): void {
    const sizes = readdirSync(this.folder, { recursive: true, encoding: "utf8" }).map((name) => sizeOf(join(this.folder, name)));
    setLimit(Math.max(0, ...sizes) + kilobytesLeft * 1024);
  }

  free(): void {
    setLimit("unlimited");
  }

  [Symbol.dispose](): void {
    this.free();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Whether this machine lets us have one. */
export const fileLimits: boolean = process.platform === "linux" && spawnSync("prlimit", limit(process.pid, "unlimited")).status === 0;

/** Of this process first: what it starts meanwhile has the same. */
function setLimit(bytes: number | "unlimited"): void {
  execFileSync("prlimit", limit(process.pid, bytes));
  // One that ends at this moment needs none.
  for (const pid of descendants(process.pid)) spawnSync("prlimit", limit(pid, bytes));
}

function descendants(pid: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: parentOf(name) }));
  const below = (of: number): number[] =>
    parents.filter(({ parent }) => parent === of).flatMap((child) => [child.pid, ...below(child.pid)]);
  return below(pid);
}

/** proc_pid_stat(5): behind the name, which may hold anything, stand the state and the parent. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

function sizeOf(path: string): number {
  try {
    const found = statSync(path);
    return found.isFile() ? found.size : 0;
  } catch {
    return 0;
  }
}
