// The events of all log streams, in one SQLite file.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

export interface LogEvent {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly message: string;
}

export interface StoredEvent extends LogEvent {
  readonly id: number;
  readonly stream: string;
}

export interface Wanted {
  readonly streams?: readonly string[];
  readonly prefix?: string;
  /** Milliseconds since 1970: from inclusive, to exclusive. */
  readonly from?: number;
  readonly to?: number;
  /** Only events after this id. */
  readonly after?: number;
  readonly limit?: number;
}

export class LogStore {
  readonly #file: string;
  #opened: DatabaseSync | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  create(region: string, group: string, stream: string): void {
    this.#db
      .prepare("INSERT INTO stream (region, grp, name, created) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
      .run(region, group, stream, Date.now());
  }

  streams(region: string, group: string): string[] {
    const rows = this.#db.prepare("SELECT name FROM stream WHERE region = ? AND grp = ? ORDER BY created, name").all(region, group);
    return rows.map(({ name }) => String(name));
  }

  append(region: string, group: string, stream: string, events: readonly LogEvent[]): void {
    const insert = this.#db.prepare("INSERT INTO event (region, grp, stream, at, message) VALUES (?, ?, ?, ?, ?)");
    this.#db.exec("BEGIN");
    for (const { timestamp, message } of events) insert.run(region, group, stream, timestamp, message);
    this.#db.exec("COMMIT");
  }

  /** In the order of their time. */
  events(region: string, group: string, wanted: Wanted = {}): StoredEvent[] {
    const { streams, prefix, from = 0, to = Number.MAX_SAFE_INTEGER, after = 0, limit = 10_000 } = wanted;
    const values: SQLInputValue[] = [region, group, from, to, after];
    let condition = "region = ? AND grp = ? AND at >= ? AND at < ? AND id > ?";
    if (streams) {
      condition += ` AND stream IN (${streams.map(() => "?").join(", ")})`;
      values.push(...streams);
    }
    if (prefix !== undefined) {
      condition += " AND substr(stream, 1, ?) = ?";
      values.push(prefix.length, prefix);
    }
    return this.#db
      .prepare(`SELECT id, stream, at, message FROM event WHERE ${condition} ORDER BY at, id LIMIT ?`)
      .all(...values, limit)
      .map((row) => ({ id: Number(row.id), stream: String(row.stream), timestamp: Number(row.at), message: String(row.message) }));
  }

  /** Forgets what is older than the group keeps. */
  expire(region: string, group: string, days: number): void {
    if (days > 0)
      this.#db.prepare("DELETE FROM event WHERE region = ? AND grp = ? AND at < ?").run(region, group, Date.now() - days * 86_400_000);
  }

  /** Forgets a stream, or a whole group. */
  drop(region: string, group: string, stream?: string): void {
    for (const [table, column] of [
      ["event", "stream"],
      ["stream", "name"],
    ]) {
      const one = stream === undefined ? "" : ` AND ${column} = ?`;
      this.#db
        .prepare(`DELETE FROM ${table} WHERE region = ? AND grp = ?${one}`)
        .run(region, group, ...(stream === undefined ? [] : [stream]));
    }
  }

  close(): void {
    this.#opened?.close();
    this.#opened = undefined;
  }

  get #db(): DatabaseSync {
    if (this.#opened) return this.#opened;
    mkdirSync(dirname(this.#file), { recursive: true });
    const db = new DatabaseSync(this.#file);
    db.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;
      CREATE TABLE IF NOT EXISTS stream (
        region TEXT NOT NULL, grp TEXT NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (region, grp, name)) STRICT;
      CREATE TABLE IF NOT EXISTS event (
        id INTEGER PRIMARY KEY, region TEXT NOT NULL, grp TEXT NOT NULL, stream TEXT NOT NULL, at INTEGER NOT NULL, message TEXT NOT NULL) STRICT;
      CREATE INDEX IF NOT EXISTS event_place ON event (region, grp, at);`);
    this.#opened = db;
    return db;
  }
}
