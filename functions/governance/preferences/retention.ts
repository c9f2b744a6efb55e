// Deletes what has served its time: first answers that are no longer repeated, and outbox rows that the edge has acknowledged. The ledger is
// never touched. Every instance does it; two at once do no harm.
import { setTimeout as delay } from "node:timers/promises";
import type { Database } from "../database.ts";
import { log, reasonOf } from "../log.ts";

/** How long a first answer is kept for repetition, as the API promises, and a delivered outbox row for whoever looks into a delivery. */
export const keptHours = 24;
/** Rows of each table deleted by one statement: few enough to be done in milliseconds. */
const batch = 1000;
const periodMs = 60_000;

const statements = [
  `DELETE FROM preferences.idempotency WHERE (subject, key) IN (
     SELECT subject, key FROM preferences.idempotency WHERE recorded_at < now() - make_interval(hours => $1) LIMIT $2)`,
  `DELETE FROM preferences.consent_outbox WHERE id IN (
     SELECT id FROM preferences.consent_outbox WHERE delivered_at < now() - make_interval(hours => $1) LIMIT $2)`,
];

export class Retention {
  readonly #database: Database;
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Deletes in the background, now and every minute, until `stop`. */
  start(): void {
    this.#loop = this.#run();
  }

  /** Ends after the statement that is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      let most = 0;
      try {
        for (const statement of statements) most = Math.max(most, await this.#delete(statement));
      } catch (error) {
        log("WARNING", "What has served its time could not be deleted; it will be tried again.", { reason: reasonOf(error) });
      }
      if (most < batch) await delay(periodMs, undefined, { signal }).catch(() => {});
    }
  }

  async #delete(statement: string): Promise<number> {
    const [gone] = await this.#database.query<{ count: number }>(
      `WITH gone AS (${statement} RETURNING 1) SELECT count(*)::int AS count FROM gone`,
      [keptHours, batch],
    );
    return gone?.count ?? 0;
  }
}
