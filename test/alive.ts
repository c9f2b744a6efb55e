import { startTime } from "../sandbox/runtimes/process.ts";

/** Whether nothing is left of a process: none of its threads, which may hold its ports for a moment longer than its first one lives. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

/** Whether a process runs. One that has ended and that nobody has waited for yet (a zombie) does not. */
export const isAlive = (pid: number): boolean => startTime(pid) !== undefined;
