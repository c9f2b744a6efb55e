// Log entries on disk, each in the buckets to which the project's sinks route it.
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** LogEntry, as far as it is kept (cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry). */
export interface LogEntry {
  /** `projects/P/logs/run.googleapis.com%2Fstdout` */
  readonly logName: string;
  readonly resource: { readonly type: string; readonly labels: Readonly<Record<string, string>> };
  /** RFC 3339 */
  readonly timestamp: string;
  readonly severity: string;
  readonly insertId: string;
  readonly textPayload?: string;
  readonly jsonPayload?: Readonly<Record<string, unknown>>;
  readonly trace?: string;
  readonly spanId?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export class LogStore {
  readonly #db: DatabaseSync;

  /** @param file of the database; its folder is made */
  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true });
    this.#db = new DatabaseSync(file);
    this.#db.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS entry (bucket TEXT NOT NULL, at TEXT NOT NULL, id TEXT NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (bucket, at, id)) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS position (file TEXT PRIMARY KEY, bytes INTEGER NOT NULL) STRICT;`);
  }

  /** @param bucket `projects/P/locations/L/buckets/B`. An entry that is there already is not added again. */
  add(bucket: string, entry: LogEntry): void {
    this.#db
      .prepare("INSERT OR IGNORE INTO entry (bucket, at, id, entry) VALUES (?, ?, ?, ?)")
      .run(bucket, entry.timestamp, entry.insertId, JSON.stringify(entry));
  }

  /** The entries of a bucket, oldest first. */
  *entries(bucket: string): Generator<LogEntry> {
    for (const row of this.#db.prepare("SELECT entry FROM entry WHERE bucket = ? ORDER BY at, id").iterate(bucket)) {
      yield JSON.parse(row.entry as string) as LogEntry;
    }
  }

  count(bucket: string): number {
    return Number(this.#db.prepare("SELECT count(*) AS n FROM entry WHERE bucket = ?").get(bucket)?.n);
  }

  /** The buckets of a project that hold anything. */
  buckets(project: string): string[] {
    const prefix = `projects/${project}/`;
    const rows = this.#db.prepare("SELECT DISTINCT bucket FROM entry WHERE substr(bucket, 1, ?) = ?").all(prefix.length, prefix);
    return rows.map((row) => String(row.bucket));
  }

  /** Forgets what is older. @param before RFC 3339 */
  expire(bucket: string, before: string): void {
    this.#db.prepare("DELETE FROM entry WHERE bucket = ? AND at < ?").run(bucket, before);
  }

  /** How far a file of lines has been read. */
  position(file: string): number {
    return Number(this.#db.prepare("SELECT bytes FROM position WHERE file = ?").get(file)?.bytes ?? 0);
  }

  setPosition(file: string, bytes: number): void {
    this.#db.prepare("INSERT OR REPLACE INTO position (file, bytes) VALUES (?, ?)").run(file, bytes);
  }

  close(): void {
    this.#db.close();
  }
}

/** The same line of the same place gives the same id, so that reading it twice does not double it. */
export const insertIdOf = (...parts: readonly (string | number)[]): string =>
  createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 20);

const specialFields = new Set([
  "severity",
  "message",
  "timestamp",
  "time",
  "logging.googleapis.com/trace",
  "logging.googleapis.com/spanId",
]);

/** A line that a process wrote, as the agent reads it (cloud.google.com/logging/docs/structured-logging). */
export function entryOf(line: string, place: Pick<LogEntry, "logName" | "resource">, at: string, insertId: string): LogEntry {
  const fields = parse(line);
  if (!fields) return { ...place, timestamp: at, severity: "DEFAULT", insertId, textPayload: line };
  const given = fields.timestamp ?? fields.time;
  const timestamp = typeof given === "string" && !Number.isNaN(Date.parse(given)) ? new Date(given).toISOString() : at;
  const trace = fields["logging.googleapis.com/trace"];
  const spanId = fields["logging.googleapis.com/spanId"];
  const rest = Object.fromEntries(Object.entries(fields).filter(([name]) => !specialFields.has(name)));
  // A message alone is text; beside other fields it stays one of them.
  const payload =
    Object.keys(rest).length === 0 && typeof fields.message === "string"
      ? { textPayload: fields.message }
      : { jsonPayload: { ...(fields.message === undefined ? {} : { message: fields.message }), ...rest } };
  return {
    ...place,
    timestamp,
    severity: typeof fields.severity === "string" ? fields.severity.toUpperCase() : "DEFAULT",
    insertId,
    ...payload,
    ...(typeof trace === "string" ? { trace } : {}),
    ...(typeof spanId === "string" ? { spanId } : {}),
  };
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
