// Memory of everything that runs once all stacks are up: the sandbox itself, and each part that is a process of its own.
import type { Status } from "../sandbox.ts";
import { family, memoryOf, processes } from "./processes.ts";

export interface MemoryRow {
  readonly part: string;
  readonly processes: number;
  readonly bytes: number;
}

/** @param sandboxPid the process above all others; @param status what its parts say of themselves */
export function measureMemory(sandboxPid: number, status: Status): MemoryRow[] {
  const names = new Map<number, string[]>();
  for (const { pid, kind, name } of status.parts) if (pid !== undefined) names.set(pid, [...(names.get(pid) ?? []), `${kind} ${name}`]);
  const all = processes();
  if (all.length === 0) return asTold(status);

  // A process belongs to the nearest process above it that is a part; what is above all parts is the sandbox itself.
  const members = family(all, sandboxPid);
  const parents = new Map(members.map(({ pid, parent }) => [pid, parent]));
  const owner = (pid: number): number => (names.has(pid) || pid === sandboxPid ? pid : owner(parents.get(pid) ?? sandboxPid));
  // A launcher above a part (it ends the part with the sandbox) belongs to the sandbox.
  const rows = new Map<string, { processes: number; bytes: number }>();
  for (const { pid } of members) {
    const label = label_(names.get(owner(pid)));
    const row = rows.get(label) ?? { processes: 0, bytes: 0 };
    rows.set(label, { processes: row.processes + 1, bytes: row.bytes + (memoryOf(pid) ?? 0) });
  }
  return [...rows].map(([part, row]) => ({ part, ...row })).sort((a, b) => b.bytes - a.bytes);
}

/** Workers share one process. */
const label_ = (names: readonly string[] | undefined): string =>
  names === undefined
    ? "the sandbox itself"
    : names.length === 1
      ? (names[0] as string)
      : `${names[0]?.split(" ")[0]}s ${names.map((name) => name.split(" ").slice(1).join(" ")).join(", ")}`;

/** Resident memory as each part tells it, where the system does not. */
function asTold({ memory, parts }: Status): MemoryRow[] {
  const told = new Map(
    parts.flatMap(({ pid, memory: bytes, kind, name }) => (pid && bytes ? [[pid, { part: `${kind} ${name}`, bytes }]] : [])),
  );
  return [{ part: "the sandbox itself", processes: 1, bytes: memory }, ...[...told.values()].map((row) => ({ ...row, processes: 1 }))];
}
