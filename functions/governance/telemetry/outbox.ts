// A spool of telemetry in PostgreSQL, one for both paths: what was put there is safe until its collector has stored it. Bounded by size.
import type { Path } from "../../shared/telemetry/emitter.ts";
import { type OtlpTraces, spansOf, valuesOf } from "../../shared/telemetry/otlp.ts";
import { classOf, type SignalClass } from "../../shared/telemetry/schema.ts";
import type { Database } from "../database.ts";
import { Gathering } from "../gathering.ts";
import { FreshMessages } from "./fresh.ts";

/** What waits for one path. */
export interface Spooled {
  readonly id: string;
  readonly message: OtlpTraces;
  readonly recorded_at: Date;
}

/** What one path is to be brought now, and whether there may be more to bring at once. */
export interface Due {
  readonly messages: readonly Spooled[];
  readonly more: boolean;
}

interface Entry {
  readonly path: Path;
  readonly message: OtlpTraces;
}

/** Messages that one instance claims at once. */
const batch = 100;
/** While one instance is at a message, others leave it alone for so long. Longer than a delivery may take. */
const leaseSeconds = 15;
/** What nobody is at. A lease that lies further ahead than anybody would set it is of a clock that has jumped back since. */
const over = "leased_until < now()";
const strayed = `leased_until > now() + make_interval(secs => ${leaseSeconds})`;
const free = `(${over} OR ${strayed})`;
/** How old a message may be that whoever put it there begins to deliver: the rest of its lease is for the delivery. */
const youngMs = 4000;
/** As long as the edge's queues keep what no collector takes. */
const rejectedDays = 14;
/** How much is kept of a collector's reason. */
const reasonLength = 500;

export class TelemetryOutbox {
  readonly #database: Database;
  readonly #table: string;
  readonly #dropped: string;
  readonly #limitBytes: number;
  readonly #fresh: Record<Path, FreshMessages> = { gcp: new FreshMessages(youngMs), aws: new FreshMessages(youngMs) };
  readonly #writing = new Gathering<readonly Entry[], void>(
    async (put) => {
      await this.#insert(put.flat());
      return put.map(() => ({ status: "fulfilled", value: undefined }));
    },
    { atOnce: 1 },
  );

  /** @param limitBytes of one path, what was rejected included */
  constructor(database: Database, schema: string, limitBytes: number) {
    this.#database = database;
    this.#table = `${schema}.telemetry_outbox`;
    this.#dropped = `${schema}.telemetry_dropped`;
    this.#limitBytes = limitBytes;
  }

  /** Throws unless the table is there and may be read. */
  async ping(): Promise<void> {
    await this.#database.query(`SELECT FROM ${this.#table} LIMIT 1`);
  }

  /**
   * Resolves once the messages are committed. What comes while a write is under way shares the next one, so that load costs few commits.
   * @throws DatabaseUnavailable when it cannot be known that they are
   */
  put(entries: readonly Entry[]): Promise<void> {
    return this.#writing.do(entries);
  }

  /** Whoever puts it there has the first lease on it. */
  async #insert(entries: readonly Entry[]): Promise<void> {
    const texts = entries.map(({ message }) => JSON.stringify(message));
    const since = performance.now();
    const rows = await this.#database.query<{ id: string; bytes: number; recorded_at: Date }>(
      `INSERT INTO ${this.#table} (path, class, spans, message, bytes, leased_until)
       SELECT path, class, spans, message::json, octet_length(message), now() + make_interval(secs => ${leaseSeconds})
       FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[]) WITH ORDINALITY AS put (path, class, spans, message, place)
       ORDER BY place RETURNING id, bytes, recorded_at`,
      [
        entries.map(({ path }) => path),
        entries.map(({ message }) => classOfMessage(message)),
        entries.map(({ message }) => spansOf(message).length),
        texts,
      ],
    );
    for (const [i, { path, message }] of entries.entries()) {
      const row = rows[i];
      if (row) this.#fresh[path].hold({ ...row, message, since });
    }
  }

  /** What this instance has just put there for a path, and what waits there besides: of instances that ended, of deliveries that failed. */
  async due(path: Path): Promise<Due> {
    // First what may take a while, or fail: what was taken from memory is delivered at once, while its lease lasts.
    const claimed = await this.#claim(path);
    const fresh = this.#fresh[path].take();
    return { messages: [...fresh.messages, ...claimed], more: fresh.more || claimed.length >= batch };
  }

  /** Takes what waits for a path for the lease's time: what was tried longest ago comes first, so that nothing is held up for ever. */
  #claim(path: Path): Promise<Spooled[]> {
    // Each looked up by itself: with "or" PostgreSQL would read past all that is leased, and all that was deleted lately.
    const waiting = (condition: string) =>
      `ARRAY (SELECT id FROM ${this.#table} WHERE path = $1 AND rejected_at IS NULL AND ${condition}
         ORDER BY leased_until, id LIMIT ${batch} FOR UPDATE SKIP LOCKED)`;
    return this.#database.query<Spooled & Record<string, unknown>>(
      `UPDATE ${this.#table} SET leased_until = now() + make_interval(secs => ${leaseSeconds}), attempts = attempts + 1
       WHERE id = ANY (${waiting(over)} || ${waiting(strayed)})
       RETURNING id, message, recorded_at`,
      [path],
    );
  }

  /** The collector has stored them. */
  async stored(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#database.query(`DELETE FROM ${this.#table} WHERE id = ANY($1)`, [ids]);
  }

  /** The collector will never take them: they are kept for people to look at. */
  async rejected(ids: readonly string[], reason: string): Promise<void> {
    if (ids.length > 0)
      await this.#database.query(`UPDATE ${this.#table} SET rejected_at = now(), error = $2 WHERE id = ANY($1)`, [
        ids,
        reason.slice(0, reasonLength),
      ]);
  }

  /** Gives back what could not be delivered, for any instance to try. */
  async release(ids: readonly string[], reason: string): Promise<void> {
    if (ids.length > 0)
      await this.#database.query(`UPDATE ${this.#table} SET leased_until = now(), error = $2 WHERE id = ANY($1)`, [
        ids,
        reason.slice(0, reasonLength),
      ]);
  }

  /** Drops what is over the path's limit, the oldest bulk first, and counts it. Audit stays, whatever it takes. In spans: what was dropped. */
  async trim(path: Path): Promise<number> {
    const excess = await this.#excess(path);
    if (excess <= 0) return 0;
    const [dropped] = await this.#database.query<{ spans: number }>(
      `WITH bulk AS (
         SELECT id, sum(bytes) OVER (ORDER BY id) - bytes AS older FROM ${this.#table}
         WHERE path = $1 AND class = 'bulk' AND ${free}),
       gone AS (
         DELETE FROM ${this.#table} WHERE ${free} AND id IN (SELECT id FROM bulk WHERE older < $2) RETURNING spans),
       counted AS (
         INSERT INTO ${this.#dropped} AS d (path, spans) SELECT $1, sum(spans) FROM gone HAVING count(*) > 0
         ON CONFLICT (path) DO UPDATE SET spans = d.spans + excluded.spans)
       SELECT coalesce(sum(spans), 0)::int AS spans FROM gone`,
      [path, excess],
    );
    return dropped?.spans ?? 0;
  }

  async #excess(path: Path): Promise<number> {
    const [held] = await this.#database.query<{ bytes: number }>(
      `SELECT coalesce(sum(bytes), 0)::float8 AS bytes FROM ${this.#table} WHERE path = $1`,
      [path],
    );
    return (held?.bytes ?? 0) - this.#limitBytes;
  }

  /** Deletes what was rejected long ago. */
  async forget(): Promise<void> {
    await this.#database.query(`DELETE FROM ${this.#table} WHERE rejected_at < now() - make_interval(days => ${rejectedDays})`);
  }
}

/** Of the class of its most important span. */
function classOfMessage(message: OtlpTraces): SignalClass {
  return spansOf(message).some(({ attributes }) => classOf(valuesOf(attributes)) === "audit") ? "audit" : "bulk";
}
