// What a reader cannot see yet: a transaction that has begun may be committed after the read, with times from before it.
import { setTimeout as delay } from "node:timers/promises";
import type { Database } from "./database.ts";

const againMs = 50;
/** Between the moment that a transaction takes for its beginning and the one when others see it there are instructions, and nothing that waits. */
const unseenMs = 1000;

/**
 * Waits until every transaction is over that began before an instant of the past, by the database's clock: what they wrote is seen by whatever is read then.
 *
 * A transaction holds a lock on its own virtual id from its beginning (an id proper it has only once it writes, which one that waits for a row has
 * not), and whoever may connect sees these locks and whose connection it is: https://www.postgresql.org/docs/current/view-pg-locks.html. Of its own user's
 * connections it also sees when each began; of others' it does not, and waits for all of them.
 * @returns whether all are over; false when the patience was
 */
export async function beganBeforeIsOver(database: Pick<Database, "query">, before: string, patienceMs: number): Promise<boolean> {
  const giveUpAt = performance.now() + patienceMs;
  const [seen] = await database.query<{ ms: number }>(
    "SELECT extract(epoch FROM $1::timestamptz - clock_timestamp())::float8 * 1000 + $2::float8 AS ms",
    [before, unseenMs],
  );
  await delay(Math.max(0, Math.min(seen?.ms ?? 0, unseenMs)));
  const underWay = await database.query<{ id: string }>(
    `SELECT l.virtualtransaction AS id FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'virtualxid' AND l.mode = 'ExclusiveLock' AND l.granted AND a.pid <> pg_backend_pid()
       AND a.datname = current_database() AND a.usesysid IS NOT NULL AND coalesce(a.xact_start < $1::timestamptz, true)`,
    [before],
  );
  for (let left = underWay; left.length > 0; ) {
    if (performance.now() > giveUpAt) return false;
    await delay(againMs);
    left = await database.query<{ id: string }>(
      "SELECT DISTINCT virtualtransaction AS id FROM pg_locks WHERE locktype = 'virtualxid' AND granted AND virtualtransaction = ANY ($1::text[])",
      [left.map(({ id }) => id)],
    );
  }
  return true;
}
