// What exists in the embedded cloud: every resource of every provider, in one SQLite file that survives a kill at any instruction.
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Properties, Stored } from "./definition.ts";
import { preparing } from "./prepared.ts";

interface Row {
  token: string;
  id: string;
  urn: string;
  inputs: string;
  state: string;
}

const stored = (row: Row): Stored =>
  frozen({
    token: row.token,
    id: row.id,
    urn: row.urn,
    inputs: JSON.parse(row.inputs) as Properties,
    state: JSON.parse(row.state) as Properties,
  });

/** What is remembered is shared by all who ask: nobody may change it. */
function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) frozen(part);
  }
  return value;
}

export class Store {
  readonly #db: DatabaseSync;
  readonly #prepared: (sql: string) => StatementSync;
  #changes = 0;
  /** By type, then by id, oldest first: read from the file once, since every request to a cloud asks for some. */
  readonly #remembered = new Map<string, Map<string, Stored>>();

  /** @param file path of the SQLite file, or ":memory:" */
  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    this.#prepared = preparing(this.#db);
    // WAL with synchronous NORMAL: a killed process loses nothing that was answered.
    this.#db.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;
      CREATE TABLE IF NOT EXISTS resource (
        token TEXT NOT NULL, id TEXT NOT NULL, urn TEXT NOT NULL, inputs TEXT NOT NULL, state TEXT NOT NULL,
        PRIMARY KEY (token, id)) STRICT;
      CREATE INDEX IF NOT EXISTS resource_urn ON resource (urn);
      CREATE TABLE IF NOT EXISTS fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;`);
  }

  get(token: string, id: string): Stored | undefined {
    return this.#ofType(token).get(id);
  }

  /** All resources of a type, oldest first. */
  list(token: string): Stored[] {
    return [...this.#ofType(token).values()];
  }

  #ofType(token: string): Map<string, Stored> {
    let known = this.#remembered.get(token);
    if (!known) {
      const rows = this.#prepared("SELECT * FROM resource WHERE token = ? ORDER BY rowid").all(token);
      known = new Map(rows.map((row) => [String(row.id), stored(row as unknown as Row)]));
      this.#remembered.set(token, known);
    }
    return known;
  }

  /** All resources that were made for this URN, oldest first: more than one where a replaced one was kept. */
  ofUrn(urn: string): Stored[] {
    return this.#prepared("SELECT * FROM resource WHERE urn = ? ORDER BY rowid")
      .all(urn)
      .map((row) => stored(row as unknown as Row));
  }

  /** All resources of all types. */
  all(): Stored[] {
    return this.#prepared("SELECT * FROM resource ORDER BY rowid")
      .all()
      .map((row) => stored(row as unknown as Row));
  }

  /** Grows with every resource that is put or removed. */
  get changes(): number {
    return this.#changes;
  }

  put(resource: Stored): void {
    this.#changes += 1;
    const row = { ...resource, inputs: JSON.stringify(resource.inputs), state: JSON.stringify(resource.state) };
    this.#prepared(
      `INSERT INTO resource (token, id, urn, inputs, state) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (token, id) DO UPDATE SET urn = excluded.urn, inputs = excluded.inputs, state = excluded.state`,
    ).run(row.token, row.id, row.urn, row.inputs, row.state);
    this.#remembered.get(row.token)?.set(row.id, stored(row));
  }

  remove(token: string, id: string): void {
    this.#changes += 1;
    this.#prepared("DELETE FROM resource WHERE token = ? AND id = ?").run(token, id);
    this.#remembered.get(token)?.delete(id);
  }

  /** A fact that a runtime keeps for itself (a generated key, a project's number). Made once, then the same for ever. */
  fact<T>(key: string, make: () => T): T {
    const row = this.#prepared("SELECT value FROM fact WHERE key = ?").get(key);
    if (row) return JSON.parse(row.value as string) as T;
    const value = make();
    this.#prepared("INSERT INTO fact (key, value) VALUES (?, ?)").run(key, JSON.stringify(value));
    return value;
  }

  setFact(key: string, value: unknown): void {
    this.#prepared("INSERT INTO fact (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value").run(
      key,
      JSON.stringify(value),
    );
  }

  close(): void {
    this.#db.close();
  }
}
