// One process at a time for one folder. The lock is the operating system's: it goes with the process that holds it, however that ends.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Stands in every state folder, and hardly in one that is somebody's own. */
export const lockFile = "sandbox.lock";

/** Somebody else holds the folder: of a state folder, a sandbox that runs, starts or stops. */
export class StateHeld extends Error {
  readonly code = "STATE_HELD";
  constructor(stateDir: string) {
    super(`another process holds ${stateDir}`);
    this.name = "StateHeld";
  }
}

const sqliteBusy = 5;

/**
 * Takes the folder for this process, at once or not at all.
 * @param file name of the lock in it; it stays there
 * @returns what gives it back
 * @throws StateHeld
 */
export function holdState(stateDir: string, file = lockFile): () => void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  // Node offers no file locks; an exclusive transaction of SQLite, which is never ended, is one on every system.
  const lock = new DatabaseSync(join(stateDir, file));
  try {
    lock.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode === sqliteBusy) throw new StateHeld(stateDir);
    throw error;
  }
  return () => lock.close();
}
