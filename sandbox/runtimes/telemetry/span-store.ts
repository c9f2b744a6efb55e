// Spans that a tracing service received, in one SQLite file a cloud, found by owner and trace. They come by thousands and are seldom asked
// for: what came in one request is one row, and a trace is looked for in all rows of its owner.
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
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
      CREATE TABLE IF NOT EXISTS request (
        owner TEXT NOT NULL, ids BLOB NOT NULL, received INTEGER NOT NULL, size INTEGER NOT NULL, traces TEXT NOT NULL, spans TEXT NOT NULL,
        UNIQUE (owner, ids)) STRICT;
      CREATE INDEX IF NOT EXISTS by_age ON request (received);`);
    this.#insert = this.#db.prepare(
      "INSERT INTO request VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET spans = excluded.spans, received = excluded.received",
    );
  }

  /** Keeps all of them or none; the same once more is kept once. @param owner whose they are: a project, an account and region */
  add(owner: string, spans: readonly ReceivedSpan[], now = Date.now()): void {
    const traces = spans.map(({ traceId }) => traceId).join(" ");
    const ids = createHash("sha256").update(traces);
    for (const { spanId } of spans) ids.update(spanId);
    this.#insert.run(owner, ids.digest(), now, spans.length, traces, JSON.stringify(spans));
  }

  /** The spans of a trace, earliest first; one that came in two requests is one. */
  trace(owner: string, traceId: string): ReceivedSpan[] {
    const found = this.#db
      .prepare("SELECT spans FROM request WHERE owner = ? AND instr(traces, ?) > 0 ORDER BY rowid")
      .all(owner, traceId)
      .flatMap(({ spans }) => JSON.parse(spans as string) as ReceivedSpan[])
      .filter((span) => span.traceId === traceId);
    return [...new Map(found.map((span) => [span.spanId, span])).values()].sort((a, b) =>
      Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)),
    );
  }

  /** How many came; one that came in two different requests counts twice. */
  count(): number {
    return Number((this.#db.prepare("SELECT coalesce(sum(size), 0) AS n FROM request").get() as { n: number }).n);
  }

  /** Forgets what came before; the services keep spans for so long and no longer. */
  expire(before: number): void {
    this.#db.prepare("DELETE FROM request WHERE received < ?").run(before);
  }

  close(): void {
    this.#db.close();
  }
}
