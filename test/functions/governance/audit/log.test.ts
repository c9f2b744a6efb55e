import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FolderTiles } from "../../../../functions/governance/audit/folder-tiles.ts";
import {
  append,
  headOf,
  proveConsistency,
  proveInclusion,
  readEdge,
  readEntries,
  rootAt,
  type Subtrees,
} from "../../../../functions/governance/audit/log.ts";
import { MemoryTiles } from "../../../../functions/governance/audit/memory-tiles.ts";
import { leafHash, verifyConsistency, verifyInclusion } from "../../../../functions/governance/audit/merkle.ts";
import { emptyEdge, TileError, type TileWriter, tilePath } from "../../../../functions/governance/audit/tiles.ts";
import { entriesUpTo, mth, path, proof } from "./tree.ts";

/** Appends entries in batches of these sizes. */
async function grown(tiles: TileWriter, entries: readonly Uint8Array[], batches: readonly number[]) {
  let edge = emptyEdge;
  for (const batch of batches) edge = await append(tiles, edge, entries.slice(edge.size, edge.size + batch));
  return append(tiles, edge, entries.slice(edge.size));
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
/** Sizes around which tiles fill up: 256 and 65,536. */
const batchesOf = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(1, 255, 256, 257)), { minLength: 1, maxLength: 8 });

describe("a tile's path", () => {
  it.each([
    [0, 0, 256, "tile/0/000"],
    [1, 1234067, 256, "tile/1/x001/x234/067"],
    [63, 999, 1, "tile/63/999.p/1"],
    [2, 1000, 255, "tile/2/x001/000.p/255"],
    ["entries", 5, 12, "tile/entries/005.p/12"],
  ] as const)("of level %s, index %i, width %i is %s", (level, index, width, expected) => {
    expect(tilePath(level, index, width)).toBe(expected);
  });
});

describe("a log in tiles", () => {
  it("has, after whatever batches, the root and the proofs of the definition", async () => {
    await fc.assert(
      fc.asyncProperty(batchesOf, fc.nat(), fc.nat(), async (batches, a, b) => {
        const entries = entriesUpTo(sum(batches));
        const tiles = new MemoryTiles();
        const edge = await grown(tiles, entries, batches);
        const size = entries.length;
        const [index, from] = [a % size, 1 + (b % size)];
        expect(headOf(edge)).toEqual({ size, root: mth(entries) });
        expect(await rootAt(tiles, size)).toEqual(mth(entries));
        expect(await proveInclusion(tiles, index, size)).toEqual(path(index, entries));
        expect(await proveConsistency(tiles, from, size)).toEqual(proof(from, entries));
      }),
      { numRuns: 60 },
    );
  });

  it("gives the same proofs with what it knows of earlier ones, while it grows, and reads less", async () => {
    await fc.assert(
      fc.asyncProperty(batchesOf, fc.array(fc.nat(), { minLength: 1, maxLength: 20 }), async (batches, picks) => {
        const entries = entriesUpTo(sum(batches));
        const tiles = new MemoryTiles();
        const known: Subtrees = new Map();
        let edge = emptyEdge;
        for (const batch of batches) {
          edge = await append(tiles, edge, entries.slice(edge.size, edge.size + batch));
          for (const index of picks.map((pick) => pick % edge.size))
            expect(await proveInclusion(tiles, index, edge.size, known)).toEqual(path(index, entries.slice(0, edge.size)));
        }
        const [index] = [(picks[0] as number) % edge.size];
        const nothing = { read: () => Promise.reject(new Error("read again")) };
        expect(await proveInclusion(nothing, index, edge.size, known)).toEqual(path(index, entries));
      }),
      { numRuns: 30 },
    );
  });

  it("asks again for what could not be read once", async () => {
    const tiles = new MemoryTiles();
    const { size } = await grown(tiles, entriesUpTo(300), []);
    const known: Subtrees = new Map();
    const away = { read: () => Promise.reject(new Error("away")) };
    await expect(proveInclusion(away, 7, size, known)).rejects.toThrow("away");
    expect(await proveInclusion(tiles, 7, size, known)).toEqual(path(7, entriesUpTo(300)));
  });

  it("proves as of every earlier checkpoint, too", async () => {
    const batches = [3, 250, 4, 300, 1];
    const entries = entriesUpTo(sum(batches));
    const tiles = new MemoryTiles();
    await grown(tiles, entries, batches);
    let size = 0;
    for (const batch of batches) {
      size += batch;
      const then = entries.slice(0, size);
      expect(await rootAt(tiles, size)).toEqual(mth(then));
      expect(await proveInclusion(tiles, size - 1, size)).toEqual(path(size - 1, then));
    }
  });

  it("of 70,000 entries has exactly the tiles that the specification names for it, and proves across three levels", async () => {
    const entries = entriesUpTo(70_000);
    const tiles = new MemoryTiles();
    const edge = await grown(tiles, entries, [65_530, 4]);
    const level = (name: string) => [...tiles.files.keys()].filter((file) => file.startsWith(`tile/${name}/`) && !file.includes(".p/"));
    expect(level("0")).toHaveLength(273);
    expect(level("entries")).toHaveLength(273);
    expect(level("1")).toEqual(["tile/1/000"]);
    for (const partial of ["tile/0/273.p/112", "tile/entries/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"])
      expect(tiles.files.has(partial)).toBe(true);
    expect(tiles.files.get("tile/0/000")).toHaveLength(8192);
    const { size, root } = headOf(edge);
    for (const index of [0, 255, 256, 65_535, 65_536, 69_999]) {
      const leaf = leafHash(entries[index] as Buffer);
      expect(verifyInclusion({ index, size, leaf, root, proof: await proveInclusion(tiles, index, size) })).toBe(true);
    }
    for (const from of [65_530, 65_534]) {
      const fromRoot = await rootAt(tiles, from);
      expect(verifyConsistency({ from, fromRoot, size, root, proof: await proveConsistency(tiles, from, size) })).toBe(true);
    }
    expect(await readEntries(tiles, { start: 65_000, end: 65_600 }, size)).toEqual(entries.slice(65_000, 65_600));
  });

  it("costs an append a few files however long it is, and a proof a few reads", async () => {
    const counts = async (size: number) => {
      const tiles = new MemoryTiles();
      const edge = await grown(tiles, entriesUpTo(size), []);
      let [writes, reads] = [0, 0];
      await append({ write: async () => void writes++ }, edge, [Buffer.from("one more")]);
      const counting = async (file: string) => {
        reads++;
        return tiles.read(file);
      };
      await proveInclusion({ read: counting }, 77, size);
      return { writes, reads };
    };
    // One tile and one bundle; with 300 as with 66,000 nothing above level 0 changes. A proof reads two tiles a level at most.
    expect((await counts(300)).writes).toBe(2);
    expect((await counts(66_000)).writes).toBe(2);
    expect((await counts(300)).reads).toBeLessThanOrEqual(4);
    expect((await counts(66_000)).reads).toBeLessThanOrEqual(6);
  });

  it("killed between any two writes goes on from the last signed head, and ends in the same bytes", async () => {
    await fc.assert(
      fc.asyncProperty(batchesOf, fc.nat(6), fc.integer({ min: 1, max: 300 }), async (batches, survives, batchAfterwards) => {
        const entries = entriesUpTo(sum(batches) + 300);
        const tiles = new MemoryTiles();
        const signed = headOf(await grown(tiles, entries.slice(0, sum(batches)), batches));
        let left = survives;
        const dying: TileWriter = { write: (file, bytes) => (left-- > 0 ? tiles.write(file, bytes) : Promise.reject(new Error("killed"))) };
        await append(dying, await readEdge(tiles, signed), entries.slice(signed.size)).catch(() => {});

        const careful: TileWriter = {
          write(file, bytes) {
            const before = tiles.files.get(file);
            if (before) expect(Buffer.compare(before, bytes)).toBe(0);
            return tiles.write(file, bytes);
          },
        };
        let edge = await readEdge(tiles, signed);
        while (edge.size < entries.length) edge = await append(careful, edge, entries.slice(edge.size, edge.size + batchAfterwards));
        expect(headOf(edge).root).toEqual(mth(entries));
        expect(await rootAt(tiles, entries.length)).toEqual(mth(entries));
      }),
      { numRuns: 40 },
    );
  });

  it("is the same in a folder as in memory, and what was not finished there is not read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tiles-"));
    try {
      const [inFolder, inMemory] = [new FolderTiles(folder), new MemoryTiles()];
      const entries = entriesUpTo(600);
      await grown(inMemory, entries, [300]);
      const head = headOf(await grown(inFolder, entries, [300]));
      for (const [file, bytes] of inMemory.files) expect(Buffer.compare((await inFolder.read(file)) as Uint8Array, bytes)).toBe(0);
      await writeFile(join(folder, "tile/0/002.p/90.unfinished"), "half");
      expect(await inFolder.read("tile/0/002.p/90")).toBeUndefined();
      expect(headOf(await readEdge(inFolder, head))).toEqual(head);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("may lack a partial tile whose full one is there", async () => {
    const entries = entriesUpTo(600);
    const tiles = new MemoryTiles();
    await grown(tiles, entries, [300]);
    for (const file of [...tiles.files.keys()].filter((name) => name.startsWith("tile/0/001.p/"))) tiles.files.delete(file);
    expect(await proveInclusion(tiles, 299, 300)).toEqual(path(299, entries.slice(0, 300)));
  });

  it("is not gone on with when what is stored was changed, lost or cut off: the file is named", async () => {
    const entries = entriesUpTo(300);
    const tiles = new MemoryTiles();
    const head = headOf(await grown(tiles, entries, []));
    const where = (file: string, bytes: Uint8Array | undefined) => ({
      read: async (asked: string) => (asked === file ? bytes : tiles.files.get(asked)),
    });
    const changed = (file: string) => (tiles.files.get(file) as Buffer).map((byte, i) => (i === 20 ? byte ^ 1 : byte));
    await expect(readEdge(where("tile/0/001.p/44", changed("tile/0/001.p/44")), head)).rejects.toThrow(
      "do not have the root of the checkpoint of size 300",
    );
    await expect(readEdge(where("tile/entries/001.p/44", changed("tile/entries/001.p/44")), head)).rejects.toThrow(
      "Entry 257 in its bundle",
    );
    await expect(readEdge(where("tile/1/000.p/1", undefined), head)).rejects.toThrow("tile/1/000.p/1 is missing");
    await expect(readEdge(where("tile/0/001.p/44", new Uint8Array(100)), head)).rejects.toThrow("tile/0/001.p/44 has 100 bytes");
    await expect(readEntries(where("tile/entries/000", changed("tile/entries/000")), { start: 0, end: 5 }, 300)).rejects.toThrow(TileError);
  });

  it("refuses an entry that no bundle can hold", async () => {
    await expect(append(new MemoryTiles(), emptyEdge, [new Uint8Array(65_536)])).rejects.toThrow("An entry of 65536 bytes");
  });
});
