// Buckets and objects: bytes in files, everything else in SQLite. An object is there once its bytes are on the disk and its row is
// committed; whatever a kill leaves in between is swept at the next start.
import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { preparing } from "../../engine/prepared.ts";
import { inTransaction } from "../transaction.ts";
import { type Conditions, requireConditions } from "./conditions.ts";
import { Crc32c } from "./crc32c.ts";
import { GcsError, invalid, notFound } from "./errors.ts";
import type { Bucket, BucketConfig, ObjectMetadata, ObjectState, StoredObject } from "./model.ts";
import { requireAllowedPolicy, requireUnprotected } from "./protection.ts";

/** Checksums that a writer claims, in base64. */
export interface ClaimedHashes {
  readonly md5Hash?: string;
  readonly crc32c?: string;
}

export interface NewObject {
  readonly bucket: string;
  readonly name: string;
  readonly metadata: ObjectMetadata;
  readonly conditions: Conditions;
  readonly hashes: ClaimedHashes;
  readonly kmsKeyName?: string;
}

export class ObjectStore {
  readonly #db: DatabaseSync;
  readonly #prepared: (sql: string) => StatementSync;
  readonly #files: string;
  readonly #incoming: string;

  /** @param folder made if it is not there */
  constructor(folder: string) {
    this.#files = join(folder, "objects");
    this.#incoming = join(folder, "incoming");
    mkdirSync(this.#files, { recursive: true });
    mkdirSync(this.#incoming, { recursive: true });
    this.#db = new DatabaseSync(join(folder, "metadata.sqlite"));
    this.#prepared = preparing(this.#db);
    this.#db.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;
      CREATE TABLE IF NOT EXISTS bucket (name TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;
      CREATE TABLE IF NOT EXISTS object (
        bucket TEXT NOT NULL, name TEXT NOT NULL, generation INTEGER NOT NULL, state TEXT NOT NULL, document TEXT NOT NULL,
        PRIMARY KEY (bucket, name, generation)) STRICT;
      CREATE UNIQUE INDEX IF NOT EXISTS one_live ON object (bucket, name) WHERE state = 'live';
      CREATE TABLE IF NOT EXISTS upload (id TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;`);
  }

  close(): void {
    this.#db.close();
  }

  /** Removes bytes that no row names: what a kill left behind, and what is past its soft deletion. */
  sweep(): void {
    this.#purge();
    const rows = this.#prepared("SELECT document FROM object").all();
    const named = new Set(rows.map((row) => (JSON.parse(row.document as string) as StoredObject).file));
    for (const file of readdirSync(this.#files)) if (!named.has(file)) rmSync(join(this.#files, file));
    const uploads = new Set(
      this.#prepared("SELECT id FROM upload")
        .all()
        .map((row) => row.id as string),
    );
    for (const file of readdirSync(this.#incoming)) if (!uploads.has(file)) rmSync(join(this.#incoming, file));
  }

  // Buckets

  bucket(name: string): Bucket | undefined {
    const row = this.#prepared("SELECT document FROM bucket WHERE name = ?").get(name);
    return row && (JSON.parse(row.document as string) as Bucket);
  }

  /** @throws GcsError 404 */
  requireBucket(name: string): Bucket {
    const bucket = this.bucket(name);
    if (!bucket) throw notFound("The specified bucket does not exist.");
    return bucket;
  }

  buckets(project: string): Bucket[] {
    const rows = this.#prepared("SELECT document FROM bucket ORDER BY name").all();
    return rows.map((row) => JSON.parse(row.document as string) as Bucket).filter((bucket) => bucket.project === project);
  }

  /** @throws GcsError 409 when the name is taken */
  createBucket(bucket: Pick<Bucket, "name" | "project" | "projectNumber" | "config">): Bucket {
    if (this.bucket(bucket.name)) {
      throw new GcsError(
        409,
        "conflict",
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
      );
    }
    const now = new Date().toISOString();
    return this.#putBucket({ ...bucket, metageneration: 1, timeCreated: now, updated: now });
  }

  /** @throws GcsError 403 when a locked retention policy would be weakened */
  configureBucket(name: string, config: BucketConfig): Bucket {
    const bucket = this.requireBucket(name);
    requireAllowedPolicy(name, bucket.config.retentionPolicy, config.retentionPolicy);
    return this.#putBucket({ ...bucket, config, metageneration: bucket.metageneration + 1, updated: new Date().toISOString() });
  }

  /** Locks the retention policy, for ever. @throws GcsError 400 without one, 412 when the metageneration is another */
  lockRetentionPolicy(name: string, conditions: Conditions): Bucket {
    const bucket = this.requireBucket(name);
    requireConditions(conditions, bucket);
    const { retentionPolicy } = bucket.config;
    if (!retentionPolicy) throw invalid(`Bucket '${name}' has no retention policy to lock.`);
    return this.configureBucket(name, { ...bucket.config, retentionPolicy: { ...retentionPolicy, isLocked: true } });
  }

  /** @throws GcsError 409 while it holds objects, noncurrent versions included */
  deleteBucket(name: string): void {
    this.requireBucket(name);
    if (this.objects(name, ["live", "noncurrent"]).length > 0) {
      throw new GcsError(
        409,
        "conflict",
        `The bucket you tried to delete is not empty: ${name}. Delete its objects first, or set forceDestroy.`,
      );
    }
    for (const object of this.objects(name, ["softDeleted"])) this.#transaction(() => this.#removeRow(object));
    this.#prepared("DELETE FROM bucket WHERE name = ?").run(name);
  }

  #putBucket(bucket: Bucket): Bucket {
    this.#prepared("INSERT INTO bucket (name, document) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET document = excluded.document").run(
      bucket.name,
      JSON.stringify(bucket),
    );
    return bucket;
  }

  // Objects

  /** The live version, or the one of this generation that is not soft-deleted. */
  find(bucket: string, name: string, generation?: number): StoredObject | undefined {
    const row =
      generation === undefined
        ? this.#prepared("SELECT document FROM object WHERE bucket = ? AND name = ? AND state = 'live'").get(bucket, name)
        : this.#prepared("SELECT document FROM object WHERE bucket = ? AND name = ? AND generation = ? AND state <> 'softDeleted'").get(
            bucket,
            name,
            generation,
          );
    return row && (JSON.parse(row.document as string) as StoredObject);
  }

  /** @throws GcsError 404 */
  require(bucket: string, name: string, generation?: number): StoredObject {
    const object = this.find(bucket, name, generation);
    if (!object) throw notFound(`No such object: ${bucket}/${name}${generation === undefined ? "" : `#${generation}`}`);
    return object;
  }

  /** By name, then generation. */
  objects(bucket: string, states: readonly ObjectState[], prefix = ""): StoredObject[] {
    this.#purge();
    const wanted = states.map((state) => `'${state}'`).join(", ");
    return this.#prepared(
      `SELECT document FROM object WHERE bucket = ? AND state IN (${wanted}) AND substr(name, 1, ?) = ? ORDER BY name, generation`,
    )
      .all(bucket, prefix.length, prefix)
      .map((row) => JSON.parse(row.document as string) as StoredObject);
  }

  /** Path of the bytes. */
  path(object: StoredObject): string {
    return join(this.#files, object.file);
  }

  /** Takes in bytes that are to become an object. @param id to append to, or a new one */
  async receive(body: AsyncIterable<Uint8Array>, id?: string): Promise<string> {
    const name = id ?? randomUUID();
    const file = await open(join(this.#incoming, name), "a");
    try {
      // Whole parts: a plain `write` may take less where there is little room, and says so in its answer only.
      for await (const part of body) await file.appendFile(part);
      await file.sync();
    } catch (error) {
      // Nobody can go on with what was to come at once; of the others the sender asks how much is there.
      if (id === undefined) this.discard(name);
      throw error;
    } finally {
      await file.close();
    }
    return name;
  }

  received(id: string): number {
    const path = join(this.#incoming, id);
    return existsSync(path) ? statSync(path).size : 0;
  }

  discard(id: string): void {
    rmSync(join(this.#incoming, id), { force: true });
  }

  /**
   * Makes received bytes the live version of an object.
   * @throws GcsError 400 on a wrong checksum, 403 when the present one is protected, 412
   */
  async insert(received: string, object: NewObject): Promise<StoredObject> {
    const from = join(this.#incoming, received);
    const hashes = await hash(from);
    for (const name of ["md5Hash", "crc32c"] as const) {
      const claimed = object.hashes[name];
      if (claimed === undefined || claimed === hashes[name]) continue;
      this.discard(received);
      throw invalid(`Provided ${name} "${claimed}" doesn't match calculated ${name} "${hashes[name]}".`);
    }
    // From here to the commit nothing waits: no other request comes between the conditions and the change.
    const { config } = this.requireBucket(object.bucket);
    const present = this.find(object.bucket, object.name);
    try {
      requireConditions(object.conditions, present);
      if (present) requireUnprotected(present, config, "supersede");
    } catch (error) {
      this.discard(received);
      throw error;
    }
    const file = randomUUID();
    renameSync(from, join(this.#files, file));
    fsync(this.#files);
    const now = new Date().toISOString();
    const made: StoredObject = {
      storageClass: config.storageClass,
      ...(config.defaultEventBasedHold ? { eventBasedHold: true } : {}),
      ...object.metadata,
      ...hashes,
      ...(object.kmsKeyName ? { kmsKeyName: object.kmsKeyName } : {}),
      bucket: object.bucket,
      name: object.name,
      generation: this.#nextGeneration(object.bucket, object.name),
      metageneration: 1,
      state: "live",
      timeCreated: now,
      updated: now,
      file,
    };
    try {
      this.#transaction(() => {
        const freed = present && this.#retire(present, config, now);
        this.#put(made);
        return freed;
      });
    } catch (error) {
      rmSync(this.path(made), { force: true });
      throw error;
    }
    return made;
  }

  /** Changes metadata and holds; `null` removes a field. @throws GcsError 412 */
  patch(object: StoredObject, change: { readonly [field in keyof ObjectMetadata]?: ObjectMetadata[field] | null }): StoredObject {
    const merged = { ...object, ...change } as Record<string, unknown>;
    for (const [field, value] of Object.entries(merged)) if (value === null) delete merged[field];
    const released = object.eventBasedHold === true && change.eventBasedHold === false;
    const now = new Date().toISOString();
    const next: StoredObject = {
      ...(merged as unknown as StoredObject),
      metageneration: object.metageneration + 1,
      updated: now,
      ...(released ? { retentionStart: now } : {}),
    };
    this.#put(next);
    return next;
  }

  /**
   * Deletes the live version (kept as noncurrent where versions are), or for good the one of a generation.
   * @throws GcsError 403 when it is protected
   */
  delete(object: StoredObject, forGood: boolean): void {
    const { config } = this.requireBucket(object.bucket);
    const archives = !forGood && config.versioning;
    requireUnprotected(object, config, archives ? "supersede" : "delete");
    const now = new Date().toISOString();
    if (archives) this.#put({ ...object, state: "noncurrent", timeDeleted: now });
    else this.#transaction(() => this.#end(object, config, now));
  }

  /** Brings a soft-deleted version back as the live one. @throws GcsError 404 */
  restore(bucket: string, name: string, generation: number): StoredObject {
    const { config } = this.requireBucket(bucket);
    const object = this.objects(bucket, ["softDeleted"], name).find((each) => each.name === name && each.generation === generation);
    if (!object) throw notFound(`No such soft-deleted object: ${bucket}/${name}#${generation}`);
    const present = this.find(bucket, name);
    if (present) requireUnprotected(present, config, "supersede");
    const { softDeleteTime: _, hardDeleteTime: __, timeDeleted: ___, ...kept } = object;
    const now = new Date().toISOString();
    const restored: StoredObject = {
      ...kept,
      state: "live",
      generation: this.#nextGeneration(bucket, name),
      metageneration: 1,
      updated: now,
    };
    this.#transaction(() => {
      const freed = present && this.#retire(present, config, now);
      this.#removeRow(object);
      this.#put(restored);
      return freed;
    });
    return restored;
  }

  // Uploads that are resumed, kept over a restart

  putUpload(id: string, document: object): void {
    this.#prepared("INSERT INTO upload (id, document) VALUES (?, ?)").run(id, JSON.stringify(document));
  }

  upload<T>(id: string): T | undefined {
    const row = this.#prepared("SELECT document FROM upload WHERE id = ?").get(id);
    return row && (JSON.parse(row.document as string) as T);
  }

  endUpload(id: string): void {
    this.#prepared("DELETE FROM upload WHERE id = ?").run(id);
    this.discard(id);
  }

  /** The live version gives way to another. Returns it when nothing needs its bytes any more. */
  #retire(object: StoredObject, config: BucketConfig, now: string): StoredObject | undefined {
    if (!config.versioning) return this.#end(object, config, now);
    this.#put({ ...object, state: "noncurrent", timeDeleted: now });
    return undefined;
  }

  /** A version goes: at once, or after its soft deletion. Returns it when nothing needs its bytes any more. */
  #end(object: StoredObject, config: BucketConfig, now: string): StoredObject | undefined {
    if (config.softDeleteSeconds === 0) {
      this.#removeRow(object);
      return object;
    }
    const hardDeleteTime = new Date(Date.parse(now) + config.softDeleteSeconds * 1000).toISOString();
    this.#put({ ...object, state: "softDeleted", softDeleteTime: now, hardDeleteTime });
    return undefined;
  }

  /** Ends soft deletions whose time has come. */
  #purge(): void {
    const now = new Date().toISOString();
    const due = this.#prepared(
      "SELECT document FROM object WHERE state = 'softDeleted' AND json_extract(document, '$.hardDeleteTime') <= ?",
    ).all(now);
    for (const row of due) this.#transaction(() => this.#removeRow(JSON.parse(row.document as string) as StoredObject));
  }

  #put(object: StoredObject): void {
    this.#prepared(
      `INSERT INTO object (bucket, name, generation, state, document) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (bucket, name, generation) DO UPDATE SET state = excluded.state, document = excluded.document`,
    ).run(object.bucket, object.name, object.generation, object.state, JSON.stringify(object));
  }

  #nextGeneration(bucket: string, name: string): number {
    const row = this.#prepared("SELECT max(generation) AS last FROM object WHERE bucket = ? AND name = ?").get(bucket, name);
    return Math.max(Date.now() * 1000, ((row?.last as number | null) ?? 0) + 1);
  }

  #removeRow(object: StoredObject): StoredObject {
    const { bucket, name, generation } = object;
    this.#prepared("DELETE FROM object WHERE bucket = ? AND name = ? AND generation = ?").run(bucket, name, generation);
    return object;
  }

  /** Commits what `work` does, and only then removes the bytes of the object that it returns. */
  #transaction(work: () => StoredObject | undefined): void {
    const freed = inTransaction(this.#db, work);
    if (freed) rmSync(this.path(freed), { force: true });
  }
}

async function hash(path: string): Promise<{ size: number; md5Hash: string; crc32c: string }> {
  const md5 = createHash("md5");
  const crc = new Crc32c();
  let size = 0;
  for await (const part of createReadStream(path)) {
    md5.update(part as Buffer);
    crc.update(part as Buffer);
    size += (part as Buffer).length;
  }
  return { size, md5Hash: md5.digest("base64"), crc32c: crc.base64() };
}

function fsync(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
