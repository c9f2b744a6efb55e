// Gives each commitment its place in the log, and lets the log grow: order first, then the tree, then the signature. Each step is one transaction
// under a lock of the database, so that of several instances one does it, and a kill at any instruction leaves nothing half done.
import type { Database, Queryable } from "../database.ts";
import { signCheckpoint } from "./checkpoint.ts";
import { leafOf } from "./leaf.ts";
import { append, headOf, readEdge, type TreeHead } from "./log.ts";
import type { NoteKey, Sign } from "./signed-note.ts";
import { type Edge, emptyEdge, type TileReader, type TileWriter } from "./tiles.ts";

/** Entries that one transaction settles, or adds to the tree: some milliseconds of work. */
const batch = 1000;
/** Locks of the database that nobody else takes: of the order, and of the tree. */
const orderLock = 7_140_332;
const treeLock = 7_140_333;

export interface LogKey {
  readonly key: NoteKey;
  readonly sign: Sign;
}

export class Sequencer {
  readonly #database: Database;
  readonly #schema: string;
  readonly #signer: LogKey;
  /** Of the last head that this instance signed: it need not be read again while nobody else has signed. */
  #edge: Edge = emptyEdge;

  /** @param schema a plain identifier */
  constructor(database: Database, schema: string, signer: LogKey) {
    this.#database = database;
    this.#schema = schema;
    this.#signer = signer;
  }

  /** Settles the place of what has none. @returns how many got one; 0 also where another instance is at it */
  settle(): Promise<number> {
    const schema = this.#schema;
    return this.#locked(orderLock, async (client) => {
      const { rowCount } = await client.query(
        `WITH next AS (SELECT position, event, commitment FROM ${schema}.log_pending ORDER BY position LIMIT ${batch}),
              gone AS (DELETE FROM ${schema}.log_pending WHERE position IN (SELECT position FROM next))
         INSERT INTO ${schema}.log_entry (index, event, commitment)
         SELECT (SELECT coalesce(max(index) + 1, 0) FROM ${schema}.log_entry) + row_number() OVER (ORDER BY position) - 1, event, commitment
         FROM next`,
      );
      return rowCount ?? 0;
    });
  }

  /**
   * Adds what was settled to the tree and signs the new head.
   * @returns by how many entries the log grew; 0 also where another instance is at it
   * @throws TileError where what is stored is not the log that was signed: then nothing is ever signed on top of it
   */
  grow(): Promise<number> {
    const schema = this.#schema;
    return this.#locked(treeLock, async (client) => {
      const head = await headIn(client, schema);
      const { rows } = await client.query<{ commitment: Buffer }>(
        `SELECT commitment FROM ${schema}.log_entry WHERE index >= $1 ORDER BY index LIMIT ${batch}`,
        [head?.size ?? 0],
      );
      if (rows.length === 0) return 0;
      const tiles = new DatabaseTiles(client, schema);
      if (this.#edge.size !== (head?.size ?? 0)) this.#edge = head ? await readEdge(tiles, head) : emptyEdge;
      const edge = await append(
        tiles,
        this.#edge,
        rows.map(({ commitment }) => leafOf(commitment)),
      );
      const { size, root } = headOf(edge);
      const checkpoint = await signCheckpoint({ size, root }, this.#signer.key, this.#signer.sign);
      await client.query(
        `INSERT INTO ${schema}.log_head AS head (size, root, checkpoint) VALUES ($1, $2, $3)
         ON CONFLICT (only) DO UPDATE SET size = excluded.size, root = excluded.root, checkpoint = excluded.checkpoint, signed_at = now()`,
        [size, Buffer.from(root), checkpoint],
      );
      return { added: rows.length, edge };
    }).then((grown) => {
      if (grown === 0) return 0;
      // Known only once it is committed.
      this.#edge = grown.edge;
      return grown.added;
    });
  }

  #locked<T>(lock: number, work: (client: Queryable) => Promise<T>): Promise<T | 0> {
    return this.#database.transaction(async (client) => {
      const { rows } = await client.query<{ free: boolean }>("SELECT pg_try_advisory_xact_lock($1) AS free", [lock]);
      return rows[0]?.free ? work(client) : 0;
    });
  }
}

/** The last head that was signed, or undefined of a log that has none yet. */
export async function headIn(client: Queryable, schema: string): Promise<(TreeHead & { readonly checkpoint: string }) | undefined> {
  const { rows } = await client.query<{ size: string; root: Buffer; checkpoint: string }>(
    `SELECT size, root, checkpoint FROM ${schema}.log_head`,
  );
  return rows[0] && { size: Number(rows[0].size), root: rows[0].root, checkpoint: rows[0].checkpoint };
}

/** Tiles in the caller's transaction. */
export class DatabaseTiles implements TileReader, TileWriter {
  readonly #client: Queryable;
  readonly #table: string;

  constructor(client: Queryable, schema: string) {
    this.#client = client;
    this.#table = `${schema}.log_tile`;
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    const { rows } = await this.#client.query<{ bytes: Buffer }>(`SELECT bytes FROM ${this.#table} WHERE path = $1`, [path]);
    return rows[0]?.bytes;
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    await this.#client.query(`INSERT INTO ${this.#table} (path, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [path, Buffer.from(bytes)]);
  }
}
