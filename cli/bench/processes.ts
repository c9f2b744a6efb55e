// What runs on this machine and how much memory it holds, from /proc. Where there is none (macOS), nothing is known and nothing is claimed.
import { readdirSync, readFileSync } from "node:fs";

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
}

/** Every process, or nothing where the system has no /proc. */
export function processes(): Process[] {
  let names: string[];
  try {
    names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const stat = read(`/proc/${name}/stat`);
    // "pid (name) state parent ...": the name may hold spaces and parentheses.
    const fields = stat && /^\d+ \((.*)\) \S+ (\d+)/s.exec(stat);
    return fields ? [{ pid: Number(name), parent: Number(fields[2]), name: fields[1] as string }] : [];
  });
}

/** A process and all that descend from it. */
export function family(all: readonly Process[], root: number): Process[] {
  const children = all.filter(({ parent }) => parent === root).flatMap(({ pid }) => family(all, pid));
  return [...all.filter(({ pid }) => pid === root), ...children];
}

/** Bytes of memory that a process holds; pages that several share are divided among them. Undefined when it is gone or may not be read. */
export function memoryOf(pid: number): number | undefined {
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? "")?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/**
 * The most memory that processes begun during `work` below one of `roots` held at the same time, in bytes; undefined where there is no /proc.
 * Looks ten times a second and once at the end: use it on a run that is not timed.
 */
export async function peakOf(roots: readonly number[], work: () => Promise<unknown>): Promise<number | undefined> {
  const before = new Set(processes().map(({ pid }) => pid));
  if (before.size === 0) {
    await work();
    return undefined;
  }
  let peak = 0;
  const look = () => {
    const all = processes();
    const below = new Set(roots.flatMap((root) => family(all, root)).map(({ pid }) => pid));
    const sum = [...below].filter((pid) => !before.has(pid)).reduce((total, pid) => total + (memoryOf(pid) ?? 0), 0);
    peak = Math.max(peak, sum);
  };
  const timer = setInterval(look, 100);
  try {
    await work();
    look();
  } finally {
    clearInterval(timer);
  }
  return peak;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // It has ended meanwhile.
  }
}
