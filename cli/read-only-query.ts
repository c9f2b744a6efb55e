// One SQL statement that can change nothing, whoever runs it: a table's owner as well.
import type pg from "pg";

/**
 * Runs one statement in a read-only transaction and gives back what it found.
 * The extended protocol takes one statement at a time, so none can end the transaction and go on in another; and within one, PostgreSQL
 * lets nobody turn a transaction that reads into one that writes.
 * @throws Error of PostgreSQL: for a second statement and for any change too
 */
export async function readOnlyQuery(client: pg.Client, sql: string): Promise<pg.QueryResult<Record<string, unknown>>> {
  await client.query("BEGIN READ ONLY");
  try {
    const one: pg.QueryConfig & { readonly queryMode: "extended" } = { text: sql, queryMode: "extended" };
    return await client.query<Record<string, unknown>>(one);
  } finally {
    await client.query("ROLLBACK");
  }
}
