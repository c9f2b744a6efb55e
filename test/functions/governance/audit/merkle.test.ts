import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  completeSubtrees,
  consistencyPath,
  emptyRoot,
  inclusionPath,
  leafHash,
  nodeHash,
  rootOf,
  type Span,
  verifyConsistency,
  verifyInclusion,
} from "../../../../functions/governance/audit/merkle.ts";
import { entriesUpTo, mth, path, proof } from "./tree.ts";

/** The eight entries, and the roots of the trees of the first 0 to 8 of them, that implementations of RFC 6962 are tried with (github.com/transparency-dev/merkle, testonly). */
const known = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"].map((text) =>
  Buffer.from(text, "hex"),
);
const knownRoots = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const hex = (hashes: readonly Uint8Array[]) => hashes.map((hash) => Buffer.from(hash).toString("hex"));
const hashOf = (entries: readonly Uint8Array[]) => (span: Span) => rootOf(entries.slice(span.start, span.end).map(leafHash));
const maxSize = 300;

/** A tree and a position in it. */
const positions = fc.integer({ min: 1, max: maxSize }).chain((size) => fc.record({ size: fc.constant(size), index: fc.nat(size - 1) }));
/** A tree and an earlier one. */
const growths = fc.integer({ min: 1, max: maxSize }).chain((size) => fc.record({ size: fc.constant(size), from: fc.nat(size) }));

describe("the tree", () => {
  it.each(knownRoots.map((root, size) => [size, root] as const))("of the first %i known entries has the published root", (size, root) => {
    expect(hex([rootOf(known.slice(0, size).map(leafHash))])).toEqual([root]);
  });

  it("has the published inclusion proof", () => {
    expect(hex(inclusionPath(5, 8).map(hashOf(known)))).toEqual([
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
  });

  it("has the root that the definition gives", () => {
    fc.assert(
      fc.property(fc.nat(maxSize), (size) => {
        const entries = entriesUpTo(size);
        expect(hex([rootOf(entries.map(leafHash))])).toEqual(hex([mth(entries)]));
      }),
    );
  });

  it("falls into complete subtrees without gap, each a smaller power of two than the one before", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 53 - 1 }), (size) => {
        const subtrees = completeSubtrees({ start: 0, end: size });
        const widths = subtrees.map(({ start, end }) => end - start);
        expect(subtrees.at(-1)?.end).toBe(size);
        for (const [i, { start }] of subtrees.entries()) expect(start).toBe(i === 0 ? 0 : subtrees[i - 1]?.end);
        for (const [i, width] of widths.entries()) {
          expect(Number.isInteger(Math.log2(width))).toBe(true);
          if (i > 0) expect(width).toBeLessThan(widths[i - 1] as number);
        }
      }),
    );
  });
});

describe("an inclusion proof", () => {
  it("is the one that the definition gives, and verifies", () => {
    fc.assert(
      fc.property(positions, ({ size, index }) => {
        const entries = entriesUpTo(size);
        const shown = inclusionPath(index, size).map(hashOf(entries));
        expect(hex(shown)).toEqual(hex(path(index, entries)));
        const leaf = leafHash(entries[index] as Buffer);
        expect(verifyInclusion({ index, size, leaf, root: mth(entries), proof: shown })).toBe(true);
      }),
    );
  });

  it("of another leaf, place, root or proof does not verify", () => {
    fc.assert(
      fc.property(positions, fc.nat(), fc.nat(255), ({ size, index }, which, bit) => {
        const entries = entriesUpTo(size);
        const right = { index, size, leaf: leafHash(entries[index] as Buffer), root: mth(entries), proof: path(index, entries) };
        const flipped = (hash: Uint8Array) => hash.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
        const wrong = [
          { leaf: flipped(right.leaf) },
          { root: flipped(right.root) },
          { index: index === 0 ? size : index - 1 },
          { index: index + 1 },
          { index: -1 },
          { index: index + 0.5 },
          { size: index },
          { proof: [...right.proof, right.root] },
          { proof: [right.leaf, ...right.proof] },
          ...(right.proof.length > 0
            ? [
                { proof: right.proof.slice(1) },
                { proof: right.proof.slice(0, -1) },
                { proof: right.proof.map((hash, i) => (i === which % right.proof.length ? flipped(hash) : hash)) },
                { proof: right.proof.map((hash, i) => (i === which % right.proof.length ? hash.subarray(1) : hash)) },
              ]
            : []),
        ];
        for (const change of wrong) expect(verifyInclusion({ ...right, ...change })).toBe(false);
      }),
    );
  });

  it("that is too long does not verify, even where its hash comes out", () => {
    const extra = leafHash(Buffer.from("extra"));
    for (const [index, size] of [
      [0, 1],
      [5, 8],
      [6, 7],
    ] as const) {
      const entries = entriesUpTo(size);
      const longer = {
        index,
        size,
        leaf: leafHash(entries[index] as Buffer),
        root: nodeHash(extra, mth(entries)),
        proof: [...path(index, entries), extra],
      };
      expect(verifyInclusion(longer)).toBe(false);
    }
  });

  it("of a leaf that is not there cannot be asked for", () => {
    expect(() => inclusionPath(8, 8)).toThrow("has no leaf 8");
    expect(() => inclusionPath(0, 0)).toThrow(RangeError);
    expect(() => inclusionPath(-1, 8)).toThrow(RangeError);
  });

  it("works beyond 32 bits", () => {
    // A log of 2^52 + 3 equal leaves: every complete subtree of one height has one hash.
    const size = 2 ** 52 + 3;
    const heights = [leafHash(Buffer.from("x"))];
    for (let height = 1; height <= 52; height++) heights.push(rootOf([0, 1].map(() => heights[height - 1] as Buffer)));
    // Not rootOf: it hashes leaf hashes as nodes, which is what a level above does.
    const hash = (span: Span) => {
      const parts = completeSubtrees(span).map(({ start, end }) => heights[Math.log2(end - start)] as Uint8Array);
      return parts.reduceRight((right, left) => rootOf([left, right]));
    };
    const root = hash({ start: 0, end: size });
    for (const index of [0, 2 ** 40 + 1, size - 1])
      expect(verifyInclusion({ index, size, leaf: heights[0] as Uint8Array, root, proof: inclusionPath(index, size).map(hash) })).toBe(
        true,
      );
  });
});

describe("a consistency proof", () => {
  it("is the one that the definition gives, and verifies", () => {
    fc.assert(
      fc.property(growths, ({ size, from }) => {
        const entries = entriesUpTo(size);
        const shown = consistencyPath(from, size).map(hashOf(entries));
        if (from > 0) expect(hex(shown)).toEqual(hex(proof(from, entries)));
        expect(verifyConsistency({ from, fromRoot: mth(entries.slice(0, from)), size, root: mth(entries), proof: shown })).toBe(true);
      }),
    );
  });

  it("does not verify when an entry of the older tree was changed, or the proof was", () => {
    fc.assert(
      fc.property(growths, fc.nat(), fc.nat(255), ({ size, from }, which, bit) => {
        const entries = entriesUpTo(size);
        const flipped = (hash: Uint8Array) => hash.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
        const right = {
          from,
          fromRoot: mth(entries.slice(0, from)),
          size,
          root: mth(entries),
          proof: consistencyPath(from, size).map(hashOf(entries)),
        };
        if (from > 0) {
          const other = entries.with(which % from, Buffer.from("another"));
          const proofOfOther = consistencyPath(from, size).map(hashOf(other));
          expect(verifyConsistency({ ...right, root: mth(other), proof: proofOfOther })).toBe(false);
        }
        const wrong = [
          { fromRoot: flipped(right.fromRoot) },
          ...(from > 0 ? [{ root: flipped(right.root) }] : []),
          { from: size + 1 },
          { from: -1 },
          { proof: [...right.proof, right.root] },
          ...(right.proof.length > 0
            ? [
                { proof: [] },
                { proof: right.proof.slice(1) },
                { proof: right.proof.slice(0, -1) },
                { proof: right.proof.map((hash, i) => (i === which % right.proof.length ? flipped(hash) : hash)) },
              ]
            : []),
        ];
        for (const change of wrong) expect(verifyConsistency({ ...right, ...change })).toBe(false);
      }),
    );
  });

  it("that is too long does not verify, even where both hashes come out", () => {
    const extra = leafHash(Buffer.from("extra"));
    const entries = entriesUpTo(7);
    const fromRoot = nodeHash(extra, mth(entries.slice(0, 3)));
    const root = nodeHash(extra, mth(entries));
    expect(verifyConsistency({ from: 3, fromRoot, size: 7, root, proof: [...proof(3, entries), extra] })).toBe(false);
  });

  it("leads from the empty tree to any, and from a tree to itself, by nothing", () => {
    const root = mth(known);
    expect(verifyConsistency({ from: 0, fromRoot: emptyRoot, size: 8, root, proof: [] })).toBe(true);
    expect(verifyConsistency({ from: 8, fromRoot: root, size: 8, root, proof: [] })).toBe(true);
    expect(verifyConsistency({ from: 0, fromRoot: root, size: 8, root, proof: [] })).toBe(false);
    expect(verifyConsistency({ from: 0, fromRoot: emptyRoot, size: 0, root, proof: [] })).toBe(false);
  });

  it("of a tree that is larger than the later one cannot be asked for", () => {
    expect(() => consistencyPath(9, 8)).toThrow("never was one of 9");
  });
});
