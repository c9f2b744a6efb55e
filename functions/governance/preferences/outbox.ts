// Delivers consent records to the edge: at least once, the newest of each subject first and instead of older ones, until it is
// acknowledged. Rows are in the database, so that a restart, or another instance, goes on where this one ended. Two deliveries of
// one record do no harm: the receiver keeps the newer.
import type { ConsentRecord } from "../../shared/consent.ts";
import { Background } from "../background.ts";
import type { Database, Transaction } from "../database.ts";
import { log, reasonOf } from "../log.ts";
import type { Delivery } from "./subjects-client.ts";

const pollMs = 1000;
const batch = 20;
/** While one instance is at a row, others leave it alone for so long. Longer than a delivery may take. */
const leaseSeconds = 10;
const firstRetryMs = 250;
/** Enforcement is promised within 60 s of the moment when the edge can be reached again, so retries never lie further apart than this. */
const longestRetryMs = 20_000;

/** What lies further ahead than anybody would set it is of a clock that has jumped back since. */
const due = `(o.due_at <= now() OR o.due_at > now() + make_interval(secs => ${longestRetryMs / 1000}))`;

/** A record that the edge must hear. */
export interface Announcement {
  readonly subject: string;
  readonly record: ConsentRecord;
  /** How long only whoever wrote it may deliver it. */
  readonly delaySeconds: number;
}

/** Puts records where the outbox finds them, in the caller's transaction. */
export function enqueue(transaction: Transaction, announced: readonly Announcement[]): void {
  transaction.send(
    `INSERT INTO preferences.consent_outbox (subject, epoch, record, due_at)
     SELECT subject, epoch, record::jsonb, now() + make_interval(secs => delay)
     FROM unnest($1::text[], $2::bigint[], $3::text[], $4::float8[]) AS announced (subject, epoch, record, delay)`,
    [
      announced.map(({ subject }) => subject),
      announced.map(({ record }) => record.epoch),
      announced.map(({ record }) => JSON.stringify(record)),
      announced.map(({ delaySeconds }) => delaySeconds),
    ],
  );
}

interface Row extends Record<string, unknown> {
  readonly id: string;
  readonly subject: string;
  readonly record: ConsentRecord;
  readonly attempts: number;
  readonly recorded_at: Date;
}

type Deliver = (subject: string, record: ConsentRecord) => Promise<Delivery>;
/** Makes one record of the ledger's and the one that the edge refused it for, and puts it into the outbox. */
type Reconcile = (subject: string, epoch: number, held: ConsentRecord) => Promise<void>;

export class Outbox {
  readonly #database: Database;
  readonly #deliver: Deliver;
  readonly #reconcile: Reconcile;
  readonly #background = new Background("The outbox could not be read.", pollMs, () => this.#turn());

  constructor(database: Database, deliver: Deliver, reconcile: Reconcile) {
    this.#database = database;
    this.#deliver = deliver;
    this.#reconcile = reconcile;
  }

  /** Goes on delivering in the background until `stop`. */
  start(): void {
    this.#background.start();
  }

  /** Ends after the deliveries that are under way. */
  stop(): Promise<void> {
    return this.#background.stop();
  }

  /** Delivers what is new of a subject now. Whether the edge holds it; what it does not hold yet is tried again in the background. */
  async deliverNow(subject: string): Promise<boolean> {
    for (const row of await this.#claim("o.subject = $1", [subject])) await this.#attempt(row);
    return this.isDelivered(subject);
  }

  /** Whether the edge holds everything the subject has said. */
  async isDelivered(subject: string): Promise<boolean> {
    const open = await this.#database.query("SELECT FROM preferences.consent_outbox WHERE subject = $1 AND delivered_at IS NULL LIMIT 1", [
      subject,
    ]);
    return open.length === 0;
  }

  /** One turn. @returns whether there may be more to do at once */
  async #turn(): Promise<boolean> {
    const rows = await this.#claim(due, []);
    await Promise.all(rows.map((row) => this.#attempt(row)));
    return rows.length === batch;
  }

  /** Takes the newest undelivered row of each subject for the lease's time. Older rows of it are never sent: the newest says all. */
  #claim(condition: string, values: unknown[]): Promise<Row[]> {
    return this.#database.query<Row>(
      `UPDATE preferences.consent_outbox SET due_at = now() + make_interval(secs => ${leaseSeconds}), attempts = attempts + 1
       WHERE id = ANY (ARRAY (
         SELECT o.id FROM preferences.consent_outbox o
         WHERE o.delivered_at IS NULL AND ${condition}
           AND NOT EXISTS (SELECT FROM preferences.consent_outbox n WHERE n.subject = o.subject AND n.epoch > o.epoch)
         ORDER BY o.due_at LIMIT ${batch} FOR UPDATE OF o SKIP LOCKED))
       RETURNING id, subject, record, attempts, recorded_at`,
      values,
    );
  }

  async #attempt(row: Row): Promise<void> {
    try {
      const delivery = await this.#deliver(row.subject, row.record);
      if (delivery.outcome === "accepted") await this.#acknowledge(row);
      else await this.#reconcile(row.subject, row.record.epoch, delivery.held);
    } catch (error) {
      const delayMs = retryDelayMs(row.attempts, Math.random());
      log("WARNING", "A consent record was not delivered; it will be tried again.", {
        reason: reasonOf(error),
        attempts: row.attempts,
        delayMs,
        waitingMs: Date.now() - row.recorded_at.getTime(),
      });
      await this.#database.query(
        "UPDATE preferences.consent_outbox SET due_at = now() + make_interval(secs => $2), error = $3 WHERE id = $1",
        [row.id, delayMs / 1000, reasonOf(error).slice(0, 500)],
      );
    }
  }

  async #acknowledge(row: Row): Promise<void> {
    await this.#database.query(
      "UPDATE preferences.consent_outbox SET delivered_at = now(), error = NULL WHERE subject = $1 AND epoch <= $2 AND delivered_at IS NULL",
      [row.subject, row.record.epoch],
    );
    log("INFO", "Consent is enforced at the edge.", { attempts: row.attempts, afterMs: Date.now() - row.recorded_at.getTime() });
  }
}

/** Exponential with full jitter. `attempts` counts from 1, `random` is in [0, 1). */
export function retryDelayMs(attempts: number, random: number): number {
  return Math.round(Math.min(longestRetryMs, firstRetryMs * 2 ** (attempts - 1)) * (0.5 + random / 2));
}
