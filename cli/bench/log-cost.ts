// What a longer log costs: one more entry, and a proof, from tiles in memory. No database and no disk takes part.
import { createHash } from "node:crypto";
import { leafOf } from "../../functions/governance/audit/leaf.ts";
import { append, proveInclusion } from "../../functions/governance/audit/log.ts";
import { MemoryTiles } from "../../functions/governance/audit/memory-tiles.ts";
import { emptyEdge, type File, tileWidth } from "../../functions/governance/audit/tiles.ts";

export interface LogCost {
  readonly entries: number;
  /** Milliseconds of each append of one entry, and what it writes on average. */
  readonly appendMs: readonly number[];
  readonly filesWritten: number;
  readonly bytesWritten: number;
  /** Milliseconds of each inclusion proof of an entry drawn at random, and what it reads and gives on average. */
  readonly proofMs: readonly number[];
  readonly tilesRead: number;
  readonly hashes: number;
  /** Bytes of the log in full tiles, for each entry. */
  readonly bytesPerEntry: number;
}

/** Entries that one append of the log takes while it is brought to its size. */
const batch = 1000;

class CountedTiles extends MemoryTiles {
  reads = 0;
  written: File[] = [];

  override read(path: string): Promise<Uint8Array | undefined> {
    this.reads++;
    return super.read(path);
  }

  override write(path: string, bytes: Uint8Array): Promise<void> {
    this.written.push({ path, bytes });
    return super.write(path, bytes);
  }
}

/** @param sizes in rising order @param rounds appends and proofs at each */
export async function measureLog(sizes: readonly number[], rounds: number, progress: (line: string) => void): Promise<LogCost[]> {
  const tiles = new CountedTiles();
  const entry = (index: number) => leafOf(createHash("sha256").update(String(index)).digest());
  const figures: LogCost[] = [];
  let edge = emptyEdge;
  for (const size of sizes) {
    progress(`a log of ${size} entries ...`);
    while (edge.size < size) {
      const end = Math.min(size, edge.size + batch);
      const entries = Array.from({ length: end - edge.size }, (_, i) => entry(edge.size + i));
      edge = await append(tiles, edge, entries);
    }
    const full = [...tiles.files].filter(([path]) => !path.includes(".p/"));
    const bytesPerEntry = full.reduce((sum, [, bytes]) => sum + bytes.byteLength, 0) / (size - (size % tileWidth));
    const proofMs: number[] = [];
    let hashes = 0;
    tiles.reads = 0;
    for (let i = 0; i < rounds; i++) {
      const index = Math.floor(Math.random() * size);
      const started = performance.now();
      hashes += (await proveInclusion(tiles, index, size)).length;
      proofMs.push(performance.now() - started);
    }
    const tilesRead = tiles.reads / rounds;
    const appendMs: number[] = [];
    tiles.written = [];
    for (let i = 0; i < rounds; i++) {
      const started = performance.now();
      edge = await append(tiles, edge, [entry(edge.size)]);
      appendMs.push(performance.now() - started);
    }
    const bytesWritten = tiles.written.reduce((sum, { bytes }) => sum + bytes.byteLength, 0) / rounds;
    figures.push({
      entries: size,
      ...{ appendMs, filesWritten: tiles.written.length / rounds, bytesWritten },
      ...{ proofMs, tilesRead, hashes: hashes / rounds, bytesPerEntry },
    });
  }
  return figures;
}
