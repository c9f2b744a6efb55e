// Where a log is kept: as files of up to 256 hashes or entries, each of which has one path and one content (c2sp.org/tlog-tiles).
import { complete, type Hash, hashBytes, leafHash } from "./merkle.ts";

/** A tile spans eight levels of the tree. */
export const tileWidth = 256;

export interface TileReader {
  /** The bytes at a path, or undefined where there are none. */
  read(path: string): Promise<Uint8Array | undefined>;
}

export interface TileWriter {
  /** Resolves once the bytes are stored for good. The same path is only ever written with the same bytes. */
  write(path: string, bytes: Uint8Array): Promise<void>;
}

export interface File {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The path of tile `index` at `level`; of a partial one if `width` is less than 256. `entries`: the bundle of log entries instead. */
export function tilePath(level: number | "entries", index: number, width = tileWidth): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/\d{3}/g) as string[];
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join("/");
  return `tile/${level}/${path}${width < tileWidth ? `.p/${width}` : ""}`;
}

/** Which tile a path is of: the path that it has once it is full, and how wide it is there. */
export function placeOf(path: string): { readonly full: string; readonly width: number } {
  const [full = path, width] = path.split(".p/");
  return { full, width: width === undefined ? tileWidth : Number(width) };
}

/** The file at a path, cut from a wider one of the same tile. Throws a TileError where that is not wide enough. */
export function narrowed(path: string, bytes: Uint8Array): Uint8Array {
  const { width } = placeOf(path);
  if (!path.startsWith("tile/entries/")) return Buffer.concat(hashesIn({ path, bytes }, width));
  return bundled(entriesIn({ path, bytes }, width));
}

/** The paths of what a log of size `to` has, and a log of size `from` had not, the partial tiles of `to` among them. */
export function pathsBetween(from: number, to: number): string[] {
  const paths: string[] = [];
  for (const level of ["entries", ...levelsOf(to)] as const) {
    const span = level === "entries" ? 1 : tileWidth ** level;
    const [had, has] = [Math.floor(from / span), Math.floor(to / span)];
    if (has === had) continue;
    for (let index = Math.floor(had / tileWidth); index * tileWidth < has; index++)
      paths.push(tilePath(level, index, Math.min(tileWidth, has - index * tileWidth)));
  }
  return paths;
}

const levelsOf = (size: number): number[] => {
  const levels: number[] = [];
  while (tileWidth ** levels.length <= size) levels.push(levels.length);
  return levels;
};

/** How many hashes tile `index` at `level` holds in a log of this size, 0 to 256. */
export const widthOf = (level: number, index: number, size: number): number =>
  Math.max(0, Math.min(tileWidth, Math.floor(size / tileWidth ** level) - index * tileWidth));

/** The hashes of a tile, or the first `width` of a wider one. Throws when it lacks some. */
export function hashesIn({ path, bytes }: File, width: number): Hash[] {
  if (bytes.byteLength < width * hashBytes || bytes.byteLength % hashBytes !== 0 || bytes.byteLength > tileWidth * hashBytes)
    throw new TileError(`${path} has ${bytes.byteLength} bytes: it must hold at least ${width} hashes of ${hashBytes}, and 256 at most`);
  return Array.from({ length: width }, (_, i) => bytes.subarray(i * hashBytes, (i + 1) * hashBytes));
}

/** Entries of a bundle, each after its length in two bytes. */
export function entriesIn({ path, bytes }: File, width: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at + 2 <= bytes.byteLength && entries.length < width) {
    const end = at + 2 + view.getUint16(at);
    if (end > bytes.byteLength) break;
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  if (entries.length < width) throw new TileError(`${path} holds ${entries.length} whole entries: it must hold ${width}`);
  return entries;
}

/** What is stored is not what the log is. Nothing may be built upon it. */
export class TileError extends Error {
  constructor(message: string) {
    super(`${message}. The store was changed, or is not this log's: compare it with the second store.`);
    this.name = "TileError";
  }
}

/** Reads the first `width` of a tile or bundle: of the file for this very width, else of the full one, which may have taken its place. */
export async function readTile(reader: TileReader, level: number | "entries", index: number, width: number): Promise<File> {
  for (const path of new Set([tilePath(level, index, width), tilePath(level, index)])) {
    const bytes = await reader.read(path);
    if (bytes !== undefined) return { path, bytes };
  }
  throw new TileError(`${tilePath(level, index, width)} is missing, and so is the full tile`);
}

/** The right edge of a log: all that an append needs, a few hundred hashes at most whatever the log's size. */
export interface Edge {
  readonly size: number;
  /** By level: the hashes of the tile that is not full yet; none where the last one is full. */
  readonly levels: readonly (readonly Hash[])[];
  /** Entries of the bundle that is not full yet. */
  readonly entries: readonly Uint8Array[];
}

export const emptyEdge: Edge = { size: 0, levels: [], entries: [] };

/** What follows from an edge once these entries are appended: the new edge, and the files that must be stored before anybody hears of it. */
export function appended(edge: Edge, entries: readonly Uint8Array[]): { readonly edge: Edge; readonly files: readonly File[] } {
  const files: File[] = [];
  const levels = edge.levels.map((hashes) => [...hashes]);
  let bundle = [...edge.entries];
  let size = edge.size;
  const grow = (level: number, hash: Hash): void => {
    levels[level] ??= [];
    const hashes = levels[level] as Hash[];
    hashes.push(hash);
    if (hashes.length < tileWidth) return;
    files.push(hashTile(level, size, hashes));
    levels[level] = [];
    grow(level + 1, complete(hashes));
  };
  for (const entry of entries) {
    if (entry.byteLength > 0xffff) throw new RangeError(`An entry of ${entry.byteLength} bytes: a bundle has room for 65535.`);
    size++;
    bundle.push(entry);
    if (bundle.length === tileWidth) {
      files.push(entryBundle(size, bundle));
      bundle = [];
    }
    grow(0, leafHash(entry));
  }
  // Partial tiles of what has grown only: the others are stored already.
  if (entries.length > 0 && bundle.length > 0) files.push(entryBundle(size, bundle));
  for (const [level, hashes] of levels.entries())
    if (hashes.length > 0 && Math.floor(size / tileWidth ** level) > Math.floor(edge.size / tileWidth ** level))
      files.push(hashTile(level, size, hashes));
  return { edge: { size, levels, entries: bundle }, files };
}

/** The last tile of a level in a log of this size. */
const hashTile = (level: number, size: number, hashes: readonly Hash[]): File => ({
  path: tilePath(level, Math.ceil(Math.floor(size / tileWidth ** level) / tileWidth) - 1, hashes.length),
  bytes: Buffer.concat(hashes),
});

const entryBundle = (size: number, entries: readonly Uint8Array[]): File => ({
  path: tilePath("entries", Math.ceil(size / tileWidth) - 1, entries.length),
  bytes: bundled(entries),
});

const bundled = (entries: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat(entries.flatMap((entry) => [Uint8Array.of(entry.byteLength >> 8, entry.byteLength & 0xff), entry]));
