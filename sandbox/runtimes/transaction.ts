// Transactions of SQLite that may run out of room.
import type { DatabaseSync } from "node:sqlite";

/**
 * Does all of it or nothing.
 * @throws what the work or the commit throws: where the disk is full SQLite has rolled back by itself (sqlite.org/lang_transaction.html,
 * "Response To Errors Within A Transaction"), and a second time is an error that would hide the first
 */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** Whether an error says that there is no room, of the file system or of SQLite (sqlite.org/rescode.html: SQLITE_FULL, SQLITE_IOERR). */
export function isOutOfRoom(error: unknown): boolean {
  const { code, errcode } = error as { code?: string; errcode?: number };
  return code === "ENOSPC" || code === "EFBIG" || code === "EDQUOT" || [10, 13].includes((errcode ?? 0) & 0xff);
}
