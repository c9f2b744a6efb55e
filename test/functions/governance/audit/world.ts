// A region's database with its tables, and the parts that keep its log, in the test's own process.
import { createHash, randomBytes } from "node:crypto";
import pg from "pg";
import { openCheckpoint } from "../../../../functions/governance/audit/checkpoint.ts";
import { OwnCheck, type OwnCheckOptions } from "../../../../functions/governance/audit/own-check.ts";
import { Publisher } from "../../../../functions/governance/audit/publisher.ts";
import { Sequencer, type SequencerOptions } from "../../../../functions/governance/audit/sequencer.ts";
import { ShownLog } from "../../../../functions/governance/audit/shown-log.ts";
import { Database } from "../../../../functions/governance/database.ts";
import { migrate } from "../../../../functions/governance/migrator.ts";
import { schema } from "../../../../functions/governance/preferences/migrations.ts";
import { MetadataServer } from "../metadata-server.ts";
import { Postgres } from "../postgres.ts";
import { logSigner, type Signer } from "./keys.ts";
import { MemoryStore } from "./memory-store.ts";

const user = "preferences@brand-eu.iam";
const token = "token-of-preferences";

/** What several sequencers of one log have in common. */
export interface Parts {
  readonly sequencer: Sequencer;
  readonly bucket: Publisher;
  readonly vault: Publisher;
}

export class World implements AsyncDisposable {
  readonly postgres: Postgres;
  readonly database: Database;
  readonly #resources: AsyncDisposableStack;
  signer: Signer = logSigner("eu.brand.example/v1/log");
  bucket = new MemoryStore("bucket");
  vault = new MemoryStore("vault");

  private constructor(postgres: Postgres, database: Database, resources: AsyncDisposableStack) {
    this.postgres = postgres;
    this.database = database;
    this.#resources = resources;
  }

  static async start(): Promise<World> {
    await using resources = new AsyncDisposableStack();
    const postgres = resources.use(await Postgres.create());
    await postgres.user("migrations", "m", ["cloudsqlsuperuser"]);
    await postgres.user(user, token);
    process.env.GCE_METADATA_HOST = resources.use(await MetadataServer.start(token, async () => "")).host;
    const database = new Database({ socket: postgres.socket, name: "brand", user, connections: 4 });
    resources.defer(() => database.close());
    return new World(postgres, database, resources.move());
  }

  /** Runs the migrations. @param through the last of an earlier release, which had no service users to speak of */
  async migrate(through?: number): Promise<void> {
    const client = new pg.Client({ host: this.postgres.socket, database: "brand", user: "migrations", password: "m" });
    await client.connect();
    const migrations = schema.migrations.filter(({ version }) => version <= (through ?? version));
    await migrate(client, { ...schema, migrations }, through === undefined ? [user] : []).finally(() => client.end());
  }

  /** An empty schema, empty stores, a new key. */
  async reset(through?: number): Promise<void> {
    await this.postgres.admin("DROP SCHEMA IF EXISTS preferences CASCADE");
    await this.migrate(through);
    this.signer = logSigner("eu.brand.example/v1/log");
    this.bucket = new MemoryStore("bucket");
    this.vault = new MemoryStore("vault");
  }

  /** Writes events into the ledger. @returns their ids */
  async say(count: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `INSERT INTO preferences.consent_ledger (id, reference, epoch, sealed, commitment)
       SELECT gen_random_uuid(), gen_random_uuid(), 1, 'sealed', commitment FROM unnest($1::bytea[]) AS said (commitment) RETURNING id`,
      [Array.from({ length: count }, () => createHash("sha256").update(randomBytes(32)).digest())],
    );
    return rows.map(({ id }) => id);
  }

  /** An instance of the service, as far as the log goes. */
  instance(options: Partial<SequencerOptions> = {}): Parts {
    const common = { database: this.database, schema: "preferences", signer: async () => this.signer };
    const sequencer = new Sequencer({ ...common, published: this.bucket, ...options });
    const publisher = (store: MemoryStore) => new Publisher({ ...common, store, sequencer, everySeconds: 0 });
    return { sequencer, bucket: publisher(this.bucket), vault: publisher(this.vault) };
  }

  get check(): OwnCheck {
    return this.checking();
  }

  checking(options: Partial<OwnCheckOptions> = {}): OwnCheck {
    const common = { database: this.database, schema: "preferences", ledger: "consent_ledger", signer: async () => this.signer };
    return new OwnCheck({ ...common, bundlesOfTurn: 4, ...options });
  }

  get log(): ShownLog {
    return new ShownLog(this.database, "preferences");
  }

  /** Size and root of a note that the log has signed. */
  opened(note: string) {
    return openCheckpoint(note, this.signer.key).checkpoint;
  }

  /** Events in the order of the log. */
  async order(): Promise<string[]> {
    return (await this.postgres.admin<{ event: string }>("SELECT event FROM preferences.log_entry ORDER BY index")).map(
      ({ event }) => event,
    );
  }

  /** Changes what nobody may change, as somebody who holds the disk: triggers are off. */
  async tamper(sql: string, values?: unknown[]): Promise<void> {
    await using session = await this.postgres.connect();
    const tables = await this.#tables();
    for (const table of tables) await session.client.query(`ALTER TABLE preferences.${table} DISABLE TRIGGER ALL`);
    await session.client.query(sql, values);
    for (const table of tables) {
      await session.client.query(`ALTER TABLE preferences.${table} ENABLE TRIGGER ALL`);
    }
  }

  /** Keeps what all tables hold now. @returns what puts it back */
  async restorePoint(): Promise<() => Promise<void>> {
    const tables = await this.#tables();
    for (const table of tables)
      await this.postgres.admin(`DROP TABLE IF EXISTS copy_${table}; CREATE TABLE copy_${table} AS TABLE preferences.${table}`);
    const restored = tables.map(
      (table) => `DELETE FROM preferences.${table}; INSERT INTO preferences.${table} OVERRIDING SYSTEM VALUE TABLE copy_${table};`,
    );
    return () => this.tamper(restored.join("\n"));
  }

  async #tables(): Promise<string[]> {
    const rows = await this.postgres.admin<{ tablename: string }>("SELECT tablename FROM pg_tables WHERE schemaname = 'preferences'");
    return rows.map(({ tablename }) => tablename);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}
