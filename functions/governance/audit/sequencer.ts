// Gives each commitment its place in the log, and lets the log grow: order first, then the tree, then the signature. Each step is one transaction
// under a lock of the database, so that of several instances one does it, and a kill at any instruction leaves nothing half done.
import { randomUUID } from "node:crypto";
import type { Database, Queryable, Transaction } from "../database.ts";
import { alarm } from "./alarms.ts";
import { signCheckpoint } from "./checkpoint.ts";
import { DatabaseTiles } from "./database-tiles.ts";
import { heartbeatCommitment, heartbeatOf } from "./heartbeat.ts";
import { leafOf } from "./leaf.ts";
import { append, headOf, readEdge, type TreeHead } from "./log.ts";
import { type OnLost, type Published, reconciled } from "./reconcile.ts";
import type { NoteKey, Sign } from "./signed-note.ts";
import { type Edge, emptyEdge, TileError } from "./tiles.ts";

/** Entries that one transaction settles, or adds to the tree: some milliseconds of work. */
const batch = 1000;
/** A lock of the database that nobody else takes. */
export const logLock = 7_140_332;
/** A log without events grows so often: well within the bound of its monitors (`watch.ts`), and few objects in a vault that keeps them for years. */
export const heartbeatMinutes = 15;

export interface LogKey {
  readonly key: NoteKey;
  readonly sign: Sign;
}

export interface SequencerOptions {
  readonly database: Database;
  /** A plain identifier. */
  readonly schema: string;
  /** Asked again until it answers: the key is in a service that may be away. */
  readonly signer: () => Promise<LogKey>;
  /** What was published: a database that was restored to an earlier moment knows less. */
  readonly published: Published;
  readonly onLost?: OnLost;
  readonly heartbeatMinutes?: number;
}

export class Sequencer {
  readonly #options: SequencerOptions;
  readonly #heartbeatMinutes: number;
  /** Of the last head that this instance signed: it need not be read again while nobody else has signed. */
  #edge: Edge = emptyEdge;
  /** The largest log that this instance has seen in the database, once it was compared with what was published. */
  #agreedOn = -1;

  constructor(options: SequencerOptions) {
    this.#options = options;
    this.#heartbeatMinutes = options.heartbeatMinutes ?? heartbeatMinutes;
  }

  /** One turn. @returns whether there is more to do at once */
  async turn(): Promise<boolean> {
    if (!(await this.agree())) return false;
    const settled = await this.settle();
    const grown = await this.grow();
    return settled === batch || grown === batch;
  }

  /** Compares with what was published before the next step: somebody has found that the two differ. */
  doubt(): void {
    this.#agreedOn = -1;
  }

  /**
   * Makes sure that the database knows all that was published, at the start and whenever it knows less than it did: nothing may be settled in
   * one that was restored to an earlier moment, for those places in the log are taken.
   * @returns false where another instance is at it
   * @throws TileError where the two contradict each other: then nothing is ever signed
   */
  async agree(): Promise<boolean> {
    const { database, schema, signer, published, onLost } = this.#options;
    const [known] = await database.query<{ size: string }>(`SELECT size FROM ${schema}.log_head`);
    if (this.#agreedOn >= 0 && Number(known?.size ?? 0) >= this.#agreedOn) return true;
    const { key } = await signer();
    const note = await published.checkpoint();
    const size = await this.#locked((client) => reconciled(client, schema, key, note, published, onLost));
    if (size !== undefined) this.#agreedOn = size;
    return size !== undefined;
  }

  /** Settles the place of what has none, or that of a heartbeat where nothing was said for long. @returns how many got one; 0 also where another instance is at it */
  async settle(): Promise<number> {
    const { schema } = this.#options;
    const settled = await this.#locked(async (client) => {
      // Restored since the two agreed: the places that come next are taken.
      if (((await headIn(client, schema))?.size ?? 0) < this.#agreedOn) return this.doubt();
      const { rowCount } = await client.query(
        `WITH next AS (SELECT position, event, commitment FROM ${schema}.log_pending ORDER BY position LIMIT ${batch}),
              gone AS (DELETE FROM ${schema}.log_pending WHERE position IN (SELECT position FROM next))
         INSERT INTO ${schema}.log_entry (index, event, commitment)
         SELECT (SELECT coalesce(max(index) + 1, 0) FROM ${schema}.log_entry) + row_number() OVER (ORDER BY position) - 1, event, commitment
         FROM next`,
      );
      if (rowCount) return rowCount;
      const { idle, at } = await this.#idle(client);
      return idle ? this.#beat(client, at) : 0;
    });
    return settled ?? 0;
  }

  /** Whether all that was settled is signed, and the last time is long ago; by the database's clock, as everything that several instances must agree on. */
  async #idle(client: Queryable): Promise<{ readonly idle: boolean; readonly at: Date }> {
    const { schema } = this.#options;
    const { rows } = await client.query<{ idle: boolean; at: Date }>(
      `SELECT now() AS at, coalesce((SELECT max(index) FROM ${schema}.log_entry), -1) < coalesce((SELECT size FROM ${schema}.log_head), 0)
          AND NOT EXISTS (SELECT FROM ${schema}.log_head WHERE signed_at BETWEEN now() - make_interval(mins => $1) AND now()) AS idle`,
      [this.#heartbeatMinutes],
    );
    return rows[0] as { idle: boolean; at: Date };
  }

  async #beat(client: Queryable, at: Date): Promise<number> {
    const { schema } = this.#options;
    const id = randomUUID();
    await client.query(`INSERT INTO ${schema}.log_heartbeat (event, at) VALUES ($1, $2)`, [id, at]);
    await client.query(
      `INSERT INTO ${schema}.log_entry (index, event, commitment) SELECT coalesce(max(index) + 1, 0), $1, $2 FROM ${schema}.log_entry`,
      [id, heartbeatCommitment(heartbeatOf(id, at))],
    );
    return 1;
  }

  /**
   * Adds what was settled to the tree and signs the new head.
   * @returns by how many entries the log grew; 0 also where another instance is at it
   * @throws TileError where what is stored is not the log that was signed: then nothing is ever signed on top of it
   */
  async grow(): Promise<number> {
    const { schema, signer } = this.#options;
    const { key, sign } = await signer();
    const grown = await this.#locked(async (client) => {
      const head = await headIn(client, schema);
      const size = head?.size ?? 0;
      // Restored between two steps: what was settled since is not to be trusted either.
      if (size < this.#agreedOn) return this.doubt();
      const { rows } = await client.query<{ index: string; commitment: Buffer }>(
        `SELECT index, commitment FROM ${schema}.log_entry WHERE index >= $1 ORDER BY index LIMIT ${batch}`,
        [size],
      );
      if (rows.length === 0) return undefined;
      const gap = rows.findIndex(({ index }, i) => Number(index) !== size + i);
      if (gap >= 0) throw new TileError(`Entry ${size + gap} was settled, and is not in the database any more`);
      const tiles = new DatabaseTiles(client, schema);
      if (this.#edge.size !== size) this.#edge = head ? await readEdge(tiles, head) : emptyEdge;
      const edge = await append(
        tiles,
        this.#edge,
        rows.map(({ commitment }) => leafOf(commitment)),
      );
      await storeHead(client, schema, headOf(edge), await signCheckpoint(headOf(edge), key, sign));
      return { added: rows.length, edge };
    }).catch((error: unknown) => {
      if (error instanceof TileError) alarm("damage", { log: key.name, reason: error.message });
      throw error;
    });
    if (!grown) return 0;
    // Known only once it is committed.
    this.#edge = grown.edge;
    this.#agreedOn = grown.edge.size;
    return grown.added;
  }

  /** @returns undefined where another instance has the lock */
  #locked<T>(work: (client: Transaction) => Promise<T>): Promise<T | undefined> {
    return this.#options.database.transaction(async (client) => {
      const { rows } = await client.query<{ free: boolean }>("SELECT pg_try_advisory_xact_lock($1) AS free", [logLock]);
      return rows[0]?.free ? work(client) : undefined;
    });
  }
}

export interface SignedHead extends TreeHead {
  readonly checkpoint: string;
}

/** The last head that was signed, or undefined of a log that has none yet. */
export async function headIn(client: Queryable, schema: string): Promise<SignedHead | undefined> {
  const { rows } = await client.query<{ size: string; root: Buffer; checkpoint: string }>(
    `SELECT size, root, checkpoint FROM ${schema}.log_head`,
  );
  return rows[0] && { size: Number(rows[0].size), root: rows[0].root, checkpoint: rows[0].checkpoint };
}

export async function storeHead(client: Queryable, schema: string, { size, root }: TreeHead, checkpoint: string): Promise<void> {
  await client.query(
    `INSERT INTO ${schema}.log_head (size, root, checkpoint) VALUES ($1, $2, $3)
     ON CONFLICT (id) DO UPDATE SET size = excluded.size, root = excluded.root, checkpoint = excluded.checkpoint, signed_at = now()`,
    [size, Buffer.from(root), checkpoint],
  );
}
