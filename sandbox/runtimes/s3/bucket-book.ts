// Which buckets exist, where, and the settings that the object server itself does not keep.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Sub-resources of the S3 API whose documents are kept here, by their name in the query. */
export const keptSettings = ["encryption", "lifecycle", "publicAccessBlock", "policy", "ownershipControls"] as const;
export type Setting = (typeof keptSettings)[number];

export interface BucketEntry {
  readonly name: string;
  readonly region: string;
  /** Account id. */
  readonly owner: string;
}

export class BucketBook {
  readonly #db: DatabaseSync;

  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true });
    this.#db = new DatabaseSync(file);
    // FULL: a setting that was answered survives a power cut, as the objects do.
    this.#db.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON;
      CREATE TABLE IF NOT EXISTS bucket (name TEXT PRIMARY KEY, region TEXT NOT NULL, owner TEXT NOT NULL) STRICT;
      CREATE TABLE IF NOT EXISTS setting (
        bucket TEXT NOT NULL REFERENCES bucket(name) ON DELETE CASCADE, name TEXT NOT NULL, document TEXT NOT NULL,
        PRIMARY KEY (bucket, name)) STRICT;`);
  }

  get(name: string): BucketEntry | undefined {
    return this.#db.prepare("SELECT * FROM bucket WHERE name = ?").get(name) as BucketEntry | undefined;
  }

  list(): BucketEntry[] {
    return this.#db.prepare("SELECT * FROM bucket ORDER BY name").all() as unknown as BucketEntry[];
  }

  add(bucket: BucketEntry): void {
    this.#db
      .prepare("INSERT INTO bucket (name, region, owner) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
      .run(bucket.name, bucket.region, bucket.owner);
  }

  remove(name: string): void {
    this.#db.prepare("DELETE FROM bucket WHERE name = ?").run(name);
  }

  /** The document as it was put: XML, or JSON for a policy. */
  setting(bucket: string, name: Setting): string | undefined {
    const row = this.#db.prepare("SELECT document FROM setting WHERE bucket = ? AND name = ?").get(bucket, name);
    return row?.document as string | undefined;
  }

  set(bucket: string, name: Setting, document: string): void {
    this.#db
      .prepare(
        "INSERT INTO setting (bucket, name, document) VALUES (?, ?, ?) ON CONFLICT (bucket, name) DO UPDATE SET document = excluded.document",
      )
      .run(bucket, name, document);
  }

  unset(bucket: string, name: Setting): void {
    this.#db.prepare("DELETE FROM setting WHERE bucket = ? AND name = ?").run(bucket, name);
  }

  close(): void {
    this.#db.close();
  }
}
