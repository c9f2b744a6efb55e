// A log in a store of tiles: appending to it, and proofs from it. Each costs a few tiles per 256-fold of the log's size.
import { complete, completeSubtrees, consistencyPath, type Hash, inclusionPath, joined, leafHash, type Span, same } from "./merkle.ts";
import {
  appended,
  type Edge,
  entriesIn,
  hashesIn,
  readTile,
  TileError,
  type TileReader,
  type TileWriter,
  tileWidth,
  widthOf,
} from "./tiles.ts";

/** What a checkpoint says of a log. */
export interface TreeHead {
  readonly size: number;
  readonly root: Hash;
}

/** The head of the log with this edge. */
export function headOf({ size, levels }: Edge): TreeHead {
  // A level's open tile lies left of all lower levels' open tiles.
  const subtrees = levels.map((hashes) =>
    completeSubtrees({ start: 0, end: hashes.length }).map(({ start, end }) => complete(hashes.slice(start, end))),
  );
  return { size, root: joined(subtrees.reverse().flat()) };
}

/**
 * The edge of the log as of a head that was signed. Files of a later, never signed append may be there and are not looked at.
 * Throws a TileError where what is stored is not the log with this head.
 */
export async function readEdge(reader: TileReader, { size, root }: TreeHead): Promise<Edge> {
  const levels: Hash[][] = [];
  for (let level = 0; tileWidth ** level <= size; level++) {
    const width = Math.floor(size / tileWidth ** level) % tileWidth;
    const index = Math.floor(size / tileWidth ** (level + 1));
    levels.push(width === 0 ? [] : hashesIn(await readTile(reader, level, index, width), width));
  }
  const leaves = levels[0] ?? [];
  const entries =
    leaves.length === 0 ? [] : entriesIn(await readTile(reader, "entries", Math.floor(size / tileWidth), leaves.length), leaves.length);
  const edge = { size, levels, entries };
  if (!same(headOf(edge).root, root))
    throw new TileError(`The tiles at the right edge do not have the root of the checkpoint of size ${size}`);
  const wrong = entries.findIndex((entry, i) => !same(leafHash(entry), leaves[i] as Hash));
  if (wrong >= 0) throw new TileError(`Entry ${size - leaves.length + wrong} in its bundle is not the one in the tree`);
  return edge;
}

/**
 * Stores what these entries add, and answers with the new edge, whose head may then be signed.
 *
 * Safe when killed at any instruction: until a checkpoint is signed nothing counts, and whoever goes on from the last signed one, with the
 * same entries in the same order, writes the same bytes to the same paths, whether in the same batches or in others. So the order of entries must be
 * settled (committed in the database) before the first of them is handed to this function, and one sequencer writes at a time.
 */
export async function append(writer: TileWriter, edge: Edge, entries: readonly Uint8Array[]): Promise<Edge> {
  const next = appended(edge, entries);
  await Promise.all(next.files.map(({ path, bytes }) => writer.write(path, bytes)));
  return next.edge;
}

/** Hashes of complete subtrees, by their span: what a log grows by never changes one, so that they may be kept from one proof to the next. */
export type Subtrees = Map<string, Promise<Hash>>;

/** Hashes that prove, with the entry, that it is at this index of the log as of this size. @param known is read, and added to */
export const proveInclusion = (reader: TileReader, index: number, size: number, known?: Subtrees): Promise<Hash[]> =>
  hasher(reader, size, known)(inclusionPath(index, size));

/** The same of many entries, for little more than one costs. */
export async function proveInclusions(reader: TileReader, indices: readonly number[], size: number, known?: Subtrees): Promise<Hash[][]> {
  const hashes = hasher(reader, size, known);
  const proofs: Hash[][] = [];
  for (const index of indices) proofs.push(await hashes(inclusionPath(index, size)));
  return proofs;
}

/** Hashes that prove that the log as of `size` began as the log as of `from`. */
export const proveConsistency = (reader: TileReader, from: number, size: number): Promise<Hash[]> =>
  hashesOf(reader, consistencyPath(from, size), size);

/** The root of the log as of this size, from its tiles. */
export const rootAt = async (reader: TileReader, size: number): Promise<Hash> =>
  (await hashesOf(reader, [{ start: 0, end: size }], size))[0] as Hash;

/** The entries of the log at these positions. Throws a TileError where one is not the one in the tree. */
export async function readEntries(reader: TileReader, { start, end }: Span, size: number): Promise<Uint8Array[]> {
  const entries: Uint8Array[] = [];
  for (let index = Math.floor(start / tileWidth); index * tileWidth < Math.min(end, size); index++) {
    const width = widthOf(0, index, size);
    const first = index * tileWidth;
    const bundle = entriesIn(await readTile(reader, "entries", index, width), width);
    const leaves = hashesIn(await readTile(reader, 0, index, width), width);
    for (const [i, entry] of bundle.entries()) {
      if (first + i < start || first + i >= end) continue;
      if (!same(leafHash(entry), leaves[i] as Hash)) throw new TileError(`Entry ${first + i} in its bundle is not the one in the tree`);
      entries.push(entry);
    }
  }
  return entries;
}

const hashesOf = (reader: TileReader, path: readonly Span[], size: number): Promise<Hash[]> => hasher(reader, size)(path);

/** Gives the hashes of spans. Each tile is read once, and each subtree hashed once, whatever number of paths is asked for. */
function hasher(reader: TileReader, size: number, subtrees: Subtrees = new Map()): (path: readonly Span[]) => Promise<Hash[]> {
  const tiles = new Map<string, Promise<Hash[]>>();
  const tile = (level: number, index: number) =>
    once(tiles, `${level}/${index}`, async () => {
      const width = widthOf(level, index, size);
      return hashesIn(await readTile(reader, level, index, width), width);
    });
  const subtree = ({ start, end }: Span) =>
    once(subtrees, `${start}-${end}`, async () => {
      // The highest level whose hashes the subtree is made of.
      let level = 0;
      while (tileWidth ** (level + 1) <= end - start) level++;
      const [from, to] = [start / tileWidth ** level, end / tileWidth ** level];
      const index = Math.floor(from / tileWidth);
      return complete((await tile(level, index)).slice(from - index * tileWidth, to - index * tileWidth));
    });
  return (path) => Promise.all(path.map(async (span) => joined(await Promise.all(completeSubtrees(span).map(subtree)))));
}

function once<T>(made: Map<string, Promise<T>>, name: string, make: () => Promise<T>): Promise<T> {
  const held = made.get(name) ?? make();
  made.set(name, held);
  // What could not be read now may be there the next time.
  held.catch(() => made.delete(name));
  return held;
}
