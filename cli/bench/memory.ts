// Memory of everything that runs once all stacks are up: the sandbox itself, and each part that is a process of its own.
import type { Status } from "../sandbox.ts";
import { family, memoryOf, type Process, processes } from "./processes.ts";

export interface MemoryRow {
  readonly part: string;
  readonly processes: number;
  readonly bytes: number;
}

/**
 * @param sandboxPid the process above all others
 * @param status what the sandbox says of its parts
 */
export function measureMemory(sandboxPid: number, { memory, parts }: Status): MemoryRow[] {
  const members = family(processes(), sandboxPid);
  if (members.length > 0) return attribute(members, sandboxPid, parts, (pid) => memoryOf(pid) ?? 0);
  // A system without /proc: resident memory as each part tells it.
  const own = new Map(parts.flatMap(({ pid, memory: bytes }) => (pid !== undefined && bytes !== undefined ? [[pid, bytes]] : [])));
  return [{ pid: sandboxPid, parent: 0 }, ...[...own.keys()].map((pid) => ({ pid, parent: sandboxPid }))].flatMap((process) =>
    attribute([process], sandboxPid, parts, (pid) => own.get(pid) ?? memory),
  );
}

/**
 * Counts each process for the nearest part at or above it, and for the sandbox itself where there is none. Largest first.
 * @param members the sandbox's process and all below it
 */
export function attribute(
  members: readonly Pick<Process, "pid" | "parent">[],
  sandboxPid: number,
  parts: readonly { readonly pid?: number; readonly kind: string; readonly name: string }[],
  bytesOf: (pid: number) => number,
): MemoryRow[] {
  const parents = new Map(members.map(({ pid, parent }) => [pid, parent]));
  const named = new Map(parts.flatMap(({ pid }) => (pid === undefined ? [] : [[pid, labelOf(parts.filter((part) => part.pid === pid))]])));
  const partOf = (pid: number | undefined): string =>
    pid === undefined || pid === sandboxPid ? "the sandbox itself" : (named.get(pid) ?? partOf(parents.get(pid)));
  const rows = new Map<string, MemoryRow>();
  for (const { pid } of members) {
    const part = partOf(pid);
    const { processes: count, bytes } = rows.get(part) ?? { processes: 0, bytes: 0 };
    rows.set(part, { part, processes: count + 1, bytes: bytes + bytesOf(pid) });
  }
  return [...rows.values()].sort((a, b) => b.bytes - a.bytes);
}

/** Several parts may share a process: `worker home, site-eu`. */
const labelOf = (parts: readonly { readonly kind: string; readonly name: string }[]) =>
  `${parts[0]?.kind} ${parts.map(({ name }) => name).join(", ")}`;
