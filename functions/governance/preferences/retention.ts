// Deletes what has served its time: first answers that are no longer repeated, and outbox rows that the edge has acknowledged. The ledger is
// never touched. Every instance does it; two at once do no harm.
import { Background } from "../background.ts";
import type { Database } from "../database.ts";

/** How long a first answer is kept for repetition, as the API promises, and a delivered outbox row for whoever looks into a delivery. */
export const keptHours = 24;
/** Rows of each table deleted by one statement: few enough to be done in milliseconds. */
const batch = 1000;
const periodMs = 60_000;

/**
 * With the numbers in the statement: for those that it does not see PostgreSQL guesses a thirtieth of the table, and reads all of it. What
 * somebody else is at is left for the next time, so that the two never wait for each other.
 */
const statements = [
  ["preferences.idempotency", "recorded_at"],
  ["preferences.consent_outbox", "delivered_at"],
].map(
  ([table, servedSince]) =>
    `DELETE FROM ${table} WHERE ctid = ANY (ARRAY (
       SELECT ctid FROM ${table} WHERE ${servedSince} < now() - make_interval(hours => ${keptHours}) LIMIT ${batch} FOR UPDATE SKIP LOCKED))`,
);

/** Deletes now and every minute. */
export const retention = (database: Database): Background =>
  new Background("What has served its time could not be deleted; it will be tried again.", periodMs, async () => {
    let most = 0;
    for (const statement of statements) most = Math.max(most, await deleted(database, statement));
    return most === batch;
  });

async function deleted(database: Database, statement: string): Promise<number> {
  const [gone] = await database.query<{ count: number }>(`WITH gone AS (${statement} RETURNING 1) SELECT count(*)::int AS count FROM gone`);
  return gone?.count ?? 0;
}
