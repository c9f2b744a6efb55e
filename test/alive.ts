import { startTime } from "../sandbox/runtimes/process.ts";

/** Whether a process runs. One that has ended and that nobody has waited for yet (a zombie) does not. */
export const isAlive = (pid: number): boolean => startTime(pid) !== undefined;
