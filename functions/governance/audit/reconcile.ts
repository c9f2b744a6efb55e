// A log's database against what the log has published. A database that was restored to an earlier moment has forgotten entries that others
// have seen: they are taken back from the tiles outside, at their places, before anything new gets one. Otherwise the log would show two trees.
import { randomUUID } from "node:crypto";
import type { Queryable, Transaction } from "../database.ts";
import { alarm } from "./alarms.ts";
import { type Checkpoint, openCheckpoint } from "./checkpoint.ts";
import { DatabaseTiles } from "./database-tiles.ts";
import { holdErasures } from "./erasure.ts";
import { commitmentIn } from "./leaf.ts";
import { append, headOf, readEdge, readEntries, rootAt } from "./log.ts";
import { same } from "./merkle.ts";
import { headIn, type SignedHead, storeHead } from "./sequencer.ts";
import { NoteError, type NoteKey } from "./signed-note.ts";
import { type Edge, emptyEdge, TileError, type TileReader } from "./tiles.ts";

export interface Published extends TileReader {
  /** The newest checkpoint, as a note; undefined where none was published. */
  checkpoint(): Promise<string | undefined>;
}

/** Is told of commitments that the database had forgotten, in the transaction that takes them back. */
export type OnLost = (transaction: Transaction, lost: readonly Buffer[]) => Promise<void>;

/** Entries that are taken back at once. */
const batch = 1024;

/**
 * In the caller's transaction, under the log's lock.
 * @param note the newest checkpoint that was published
 * @returns the size of the log in the database
 * @throws TileError where the two contradict each other
 */
export async function reconciled(
  client: Transaction,
  schema: string,
  key: NoteKey,
  note: string | undefined,
  published: TileReader,
  onLost?: OnLost,
): Promise<number> {
  const head = await headIn(client, schema);
  const size = head?.size ?? 0;
  if (note === undefined) return size;
  const checkpoint = ownCheckpoint(note, key);
  if (checkpoint.size > size) return takeBack(client, schema, head, { checkpoint, note }, published, onLost);
  if (checkpoint.size > 0 && !same(await rootAt(new DatabaseTiles(client, schema), checkpoint.size), checkpoint.root)) {
    alarm("distrust", { log: key.name, published: note, signed: head?.checkpoint });
    throw new TileError(`The database has another tree of size ${checkpoint.size} than was published`);
  }
  return size;
}

function ownCheckpoint(note: string, key: NoteKey): Checkpoint {
  try {
    return openCheckpoint(note, key).checkpoint;
  } catch (error) {
    if (error instanceof NoteError) alarm("distrust", { log: key.name, published: note, reason: error.message });
    throw error;
  }
}

async function takeBack(
  client: Transaction,
  schema: string,
  head: SignedHead | undefined,
  { checkpoint, note }: { checkpoint: Checkpoint; note: string },
  published: TileReader,
  onLost?: OnLost,
): Promise<number> {
  await holdErasures(client);
  const tiles = new DatabaseTiles(client, schema);
  const from = head?.size ?? 0;
  let edge: Edge = head ? await readEdge(tiles, head) : emptyEdge;
  const lost: Buffer[] = [];
  while (edge.size < checkpoint.size) {
    const end = Math.min(checkpoint.size, edge.size + batch);
    const entries = await readEntries(published, { start: edge.size, end }, checkpoint.size);
    lost.push(...(await settleAgain(client, schema, edge.size, entries.map(commitmentIn))));
    edge = await append(tiles, edge, entries);
  }
  if (!same(headOf(edge).root, checkpoint.root)) {
    alarm("distrust", { log: checkpoint.origin, published: note, signed: head?.checkpoint });
    throw new TileError(`What was published does not go on from the log of size ${from} in the database`);
  }
  await storeHead(client, schema, checkpoint, note);
  await onLost?.(client, lost);
  alarm("rollback", { log: checkpoint.origin, from, to: checkpoint.size, lost: lost.length });
  return checkpoint.size;
}

/**
 * Gives commitments the places that they were published at.
 * @returns those of which the database has lost the event
 * @throws TileError where other entries were settled there
 */
async function settleAgain(client: Queryable, schema: string, start: number, commitments: readonly Buffer[]): Promise<Buffer[]> {
  const held = await client.query<{ index: string; commitment: Buffer }>(
    `SELECT index, commitment FROM ${schema}.log_entry WHERE index >= $1 AND index < $2 ORDER BY index`,
    [start, start + commitments.length],
  );
  const other = held.rows.find(({ index, commitment }) => !commitments[Number(index) - start]?.equals(commitment));
  if (other) throw new TileError(`Entry ${other.index} in the database is another than was published`);
  const missing = commitments.slice(held.rows.length);
  const waiting = await client.query<{ event: string; commitment: Buffer }>(
    `DELETE FROM ${schema}.log_pending WHERE commitment = ANY ($1::bytea[]) RETURNING event, commitment`,
    [missing],
  );
  const known = new Map(waiting.rows.map(({ event, commitment }) => [commitment.toString("hex"), event]));
  const back = missing.map((commitment) => {
    const event = known.get(commitment.toString("hex"));
    return { commitment, event: event ?? randomUUID(), lost: event === undefined };
  });
  await client.query(
    `INSERT INTO ${schema}.log_entry (index, event, commitment)
     SELECT $1 + ordinality - 1, event, commitment FROM unnest($2::uuid[], $3::bytea[]) WITH ORDINALITY AS back (event, commitment)`,
    [start + held.rows.length, back.map(({ event }) => event), missing],
  );
  const gone = back.filter(({ lost }) => lost);
  await client.query(`INSERT INTO ${schema}.log_lost (event) SELECT * FROM unnest($1::uuid[])`, [gone.map(({ event }) => event)]);
  return gone.map(({ commitment }) => commitment);
}
