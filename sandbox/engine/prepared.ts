// Statements of a database, each prepared once: what every request asks is not worth compiling every time.
import type { DatabaseSync, StatementSync } from "node:sqlite";

/** A function from SQL to its statement. The database must outlive it, and its tables must be there. */
export function preparing(database: DatabaseSync): (sql: string) => StatementSync {
  const statements = new Map<string, StatementSync>();
  return (sql) => {
    const known = statements.get(sql);
    if (known) return known;
    const made = database.prepare(sql);
    statements.set(sql, made);
    return made;
  };
}
