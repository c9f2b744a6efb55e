// Messages on their way, in one SQLite file: queues by name, at least once. What `append` has answered survives a kill, and a power cut.
import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { inTransaction } from "../transaction.ts";

export interface NewMessage {
  readonly body: Uint8Array;
  /** Default: 16 random bytes in hexadecimal digits. */
  readonly id?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Not seen by any reader before. Default 0. */
  readonly delayMs?: number;
  /** Messages with one key are read in the order of their arrival, one at a time. */
  readonly orderingKey?: string;
  /** Milliseconds since 1970. Default: now. */
  readonly sentMs?: number;
}

export interface Message {
  readonly id: string;
  readonly body: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
  readonly orderingKey: string;
  readonly sentMs: number;
  /** How often it was read, this time included. */
  readonly attempts: number;
  /** Names this reading of the message; what settles it must say so. */
  readonly lease: string;
}

export interface Depth {
  /** All that are not settled: waiting, delayed and leased. */
  readonly messages: number;
  readonly bytes: number;
  readonly leased: number;
  /** When the oldest was sent, milliseconds since 1970. */
  readonly oldestMs?: number;
}

interface Waiting {
  readonly queue: string;
  readonly messages: readonly NewMessage[];
  readonly done: (ids: string[]) => void;
  readonly failed: (error: unknown) => void;
}

export class MessageLog {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #listeners = new Set<(queue: string) => void>();
  #waiting: Waiting[] = [];

  /** @param file path of the SQLite file; its folder is made */
  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true });
    this.#db = new DatabaseSync(file);
    this.#db.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;
      CREATE TABLE IF NOT EXISTS message (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, id TEXT NOT NULL, sent INTEGER NOT NULL, arrived INTEGER NOT NULL,
        visible INTEGER NOT NULL, attempts INTEGER NOT NULL, lease TEXT, ordering TEXT NOT NULL, attributes TEXT NOT NULL,
        body BLOB NOT NULL) STRICT;
      CREATE INDEX IF NOT EXISTS message_queue ON message (queue);
      CREATE INDEX IF NOT EXISTS message_lease ON message (lease) WHERE lease IS NOT NULL;`);
  }

  /** Called after every change by which a queue may have something to read. Returns a function that takes the listener off again. */
  listen(listener: (queue: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Keeps messages. Resolves with their ids once they are on the disk; what arrives in one turn of the event loop shares one sync. */
  append(queue: string, messages: readonly NewMessage[]): Promise<string[]> {
    return new Promise((done, failed) => {
      this.#waiting.push({ queue, messages, done, failed });
      if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length === 0) return;
    try {
      // Only what was promised to a sender is worth a sync of the disk: a reading that is forgotten is read again.
      this.#db.exec("PRAGMA synchronous = FULL");
      const ids = inTransaction(this.#db, () =>
        batch.map(({ queue, messages }) => messages.map((message) => this.#insert(queue, message))),
      );
      for (const [i, { done }] of batch.entries()) done(ids[i] as string[]);
    } catch (error) {
      for (const { failed } of batch) failed(error);
      return;
    } finally {
      this.#db.exec("PRAGMA synchronous = NORMAL");
    }
    for (const queue of new Set(batch.map((one) => one.queue))) this.#tell(queue);
  }

  /**
   * Reads up to `max` messages and hides them from other readers.
   * @param leaseMs after this time a message that was not settled is read again
   * @param now as for `nextMs`
   */
  lease(queue: string, max: number, leaseMs: number, now = Date.now()): Message[] {
    return inTransaction(this.#db, () => {
      // Of one ordering key only the first may be read, and only while no other is leased.
      const rows = this.#sql(`SELECT seq, id, body, attributes, ordering, sent, attempts FROM message AS m WHERE queue = ? AND visible <= ?
        AND (ordering = '' OR NOT EXISTS (SELECT 1 FROM message e WHERE e.queue = m.queue AND e.ordering = m.ordering AND e.seq < m.seq))
        ORDER BY seq LIMIT ?`).all(queue, now, max) as {
        seq: number;
        id: string;
        body: Uint8Array;
        attributes: string;
        ordering: string;
        sent: number;
        attempts: number;
      }[];
      return rows.map((row) => {
        const lease = randomUUID();
        this.#sql("UPDATE message SET visible = ?, attempts = attempts + 1, lease = ? WHERE seq = ?").run(now + leaseMs, lease, row.seq);
        return {
          id: row.id,
          body: row.body,
          attributes: JSON.parse(row.attributes) as Record<string, string>,
          orderingKey: row.ordering,
          sentMs: row.sent,
          attempts: row.attempts + 1,
          lease,
        };
      });
    });
  }

  /** Done with: they are gone. A lease that has run out counts as long as nobody has read the message since. @returns how many */
  acknowledge(queue: string, leases: readonly string[]): number {
    const gone = inTransaction(this.#db, () =>
      leases.reduce(
        (sum, lease) => sum + Number(this.#sql("DELETE FROM message WHERE queue = ? AND lease = ?").run(queue, lease).changes),
        0,
      ),
    );
    if (gone > 0) this.#tell(queue);
    return gone;
  }

  /**
   * Gives a message back, to be read again after a delay.
   * @param counted false when the reader never got it: the attempt is taken back
   */
  release(queue: string, lease: string, delayMs: number, counted = true): void {
    this.#sql("UPDATE message SET visible = ?, lease = NULL, attempts = attempts - ? WHERE queue = ? AND lease = ?").run(
      Date.now() + delayMs,
      counted ? 0 : 1,
      queue,
      lease,
    );
    this.#tell(queue);
  }

  /** Keeps a message hidden for longer, from now. @returns whether the lease still stood */
  extend(queue: string, lease: string, leaseMs: number): boolean {
    return this.#sql("UPDATE message SET visible = ? WHERE queue = ? AND lease = ?").run(Date.now() + leaseMs, queue, lease).changes === 1;
  }

  /** Puts a leased message into another queue, as new there; id and time of sending stay. */
  move(queue: string, lease: string, to: string): void {
    const now = Date.now();
    this.#sql(
      "UPDATE message SET queue = ?, visible = ?, arrived = ?, attempts = 0, lease = NULL, ordering = '' WHERE queue = ? AND lease = ?",
    ).run(to, now, now, queue, lease);
    this.#tell(to);
    this.#tell(queue);
  }

  /** Gives back all that is leased: its readers are gone, and had not settled it. */
  reclaim(queue: string): void {
    this.#sql(
      "UPDATE message SET visible = ?, lease = NULL, attempts = attempts - 1 WHERE queue = ? AND lease IS NOT NULL AND visible > ?",
    ).run(Date.now(), queue, Date.now());
  }

  /** How many of at most `max` could be read at the moment `now`, and since when the first of them. */
  ready(queue: string, max: number, now: number): { readonly count: number; readonly sinceMs: number } {
    const row = this.#sql(
      "SELECT count(*) AS count, min(visible) AS since FROM (SELECT visible FROM message WHERE queue = ? AND visible <= ? LIMIT ?)",
    ).get(queue, now, max) as { count: number; since: number | null };
    return { count: row.count, sinceMs: row.since ?? now };
  }

  /**
   * When the next message can be read that was hidden at the moment `now`, milliseconds since 1970.
   * @param now when the caller has looked what can be read: what has become so since would be seen by neither question
   */
  nextMs(queue: string, now: number): number | undefined {
    const row = this.#sql("SELECT min(visible) AS next FROM message WHERE queue = ? AND visible > ?").get(queue, now);
    return (row?.next as number | null) ?? undefined;
  }

  depth(queue: string): Depth {
    const row = this.#sql(`SELECT count(*) AS messages, coalesce(sum(length(body)), 0) AS bytes, min(sent) AS oldest,
      coalesce(sum(lease IS NOT NULL AND visible > ?), 0) AS leased FROM message WHERE queue = ?`).get(Date.now(), queue) as {
      messages: number;
      bytes: number;
      oldest: number | null;
      leased: number;
    };
    return {
      messages: row.messages,
      bytes: row.bytes,
      leased: row.leased,
      ...(row.oldest === null ? {} : { oldestMs: row.oldest }),
    };
  }

  /** Removes what has been in the queue for longer than this, whoever reads it. @returns how many */
  expire(queue: string, retentionMs: number): number {
    return Number(this.#sql("DELETE FROM message WHERE queue = ? AND arrived < ?").run(queue, Date.now() - retentionMs).changes);
  }

  /** Removes the queue with all that is in it. */
  drop(queue: string): void {
    this.#sql("DELETE FROM message WHERE queue = ?").run(queue);
  }

  close(): void {
    this.#flush();
    this.#statements.clear();
    this.#db.close();
  }

  #insert(queue: string, message: NewMessage): string {
    const now = Date.now();
    const id = message.id ?? randomBytes(16).toString("hex");
    this.#sql(
      "INSERT INTO message (queue, id, sent, arrived, visible, attempts, ordering, attributes, body) VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?)",
    ).run(
      queue,
      id,
      message.sentMs ?? now,
      now,
      now + (message.delayMs ?? 0),
      message.orderingKey ?? "",
      JSON.stringify(message.attributes ?? {}),
      message.body,
    );
    return id;
  }

  #tell(queue: string): void {
    for (const listener of this.#listeners) listener(queue);
  }

  #sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (!statement) {
      statement = this.#db.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }
}
