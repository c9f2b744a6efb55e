// Spans that a tracing service received, in one SQLite file a cloud, found by owner and trace. A span that comes twice is one span.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { inTransaction } from "../transaction.ts";
import type { ReceivedSpan } from "./otlp.ts";

export class SpanStore {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;

  /** @param file path of the SQLite file */
  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true });
    this.#db = new DatabaseSync(file);
    this.#db.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000; PRAGMA wal_autocheckpoint = 8000;
      CREATE TABLE IF NOT EXISTS span (
        owner TEXT NOT NULL, trace TEXT NOT NULL, span TEXT NOT NULL, received INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (owner, trace, span)) STRICT, WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS by_age ON span (received);`);
    this.#insert = this.#db.prepare(
      "INSERT INTO span VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body, received = excluded.received",
    );
  }

  /** Keeps all of them or none. @param owner whose they are: a project, an account and region */
  add(owner: string, spans: readonly ReceivedSpan[], now = Date.now()): void {
    inTransaction(this.#db, () => {
      for (const span of spans) this.#insert.run(owner, span.traceId, span.spanId, now, JSON.stringify(span));
    });
  }

  /** The spans of a trace, earliest first. */
  trace(owner: string, traceId: string): ReceivedSpan[] {
    return this.#db
      .prepare("SELECT body FROM span WHERE owner = ? AND trace = ?")
      .all(owner, traceId)
      .map(({ body }) => JSON.parse(body as string) as ReceivedSpan)
      .sort((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)));
  }

  count(): number {
    return Number((this.#db.prepare("SELECT count(*) AS n FROM span").get() as { n: number }).n);
  }

  /** Forgets what came before; the services keep spans for so long and no longer. */
  expire(before: number): void {
    this.#db.prepare("DELETE FROM span WHERE received < ?").run(before);
  }

  close(): void {
    this.#db.close();
  }
}
