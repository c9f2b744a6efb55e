// The Merkle tree of a transparency log: hashes, proofs and their verification, as RFC 9162 section 2.1 (and RFC 6962 section 2.1) defines them.
import { hash } from "node:crypto";

/** 32 bytes: a SHA-256 of the tree. */
export type Hash = Uint8Array;

/** The leaves from `start` up to, and without, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** RFC 9162 section 2.1.1: the prefixes keep a leaf from ever passing for a node. */
const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

export const hashBytes = 32;

const sha256 = (...parts: readonly Uint8Array[]): Hash => hash("sha256", Buffer.concat(parts), "buffer");

export const leafHash = (entry: Uint8Array): Hash => sha256(leafPrefix, entry);

export const nodeHash = (left: Hash, right: Hash): Hash => sha256(nodePrefix, left, right);

/** The root of a log without entries. */
export const emptyRoot: Hash = sha256();

/** The subtrees whose hashes prove that the leaf is in a tree of this size, from the leaf up (RFC 9162 section 2.1.3.1). */
export function inclusionPath(index: number, size: number): Span[] {
  if (!(isSize(size) && isSize(index) && index < size))
    throw new RangeError(`A tree of ${size} leaves has no leaf ${index}: ask for 0 to ${size - 1}.`);
  return pathTo({ start: index, end: index + 1 }, { start: 0, end: size });
}

function pathTo(leaf: Span, tree: Span): Span[] {
  if (tree.end - tree.start === 1) return [];
  const [left, right] = halves(tree);
  return leaf.end <= left.end ? [...pathTo(leaf, left), right] : [...pathTo(leaf, right), left];
}

/** The subtrees whose hashes prove that a tree of `size` began as the tree of `from` leaves (RFC 9162 section 2.1.4.1). */
export function consistencyPath(from: number, size: number): Span[] {
  if (!(isSize(size) && isSize(from) && from <= size))
    throw new RangeError(`A tree of ${size} leaves never was one of ${from}: ask for 0 to ${size}.`);
  return from === 0 || from === size ? [] : pathFrom(from, { start: 0, end: size }, true);
}

/** `known`: whether the verifier has the hash of this very tree, as the older root. */
function pathFrom(from: number, tree: Span, known: boolean): Span[] {
  if (from === tree.end) return known ? [] : [tree];
  const [left, right] = halves(tree);
  return from <= left.end ? [...pathFrom(from, left, known), right] : [...pathFrom(from, right, false), left];
}

/** The complete subtrees that a span falls into, from left to right. The span is one of a path, or a whole tree. */
export function completeSubtrees(span: Span): Span[] {
  if (span.end === span.start) return [];
  const [left, right] = halves(span);
  if (left.end === span.end || right.end - right.start === left.end - left.start) return [span];
  return [left, ...completeSubtrees(right)];
}

/** The hash of a span from the hashes of its complete subtrees. */
export function joined(subtrees: readonly Hash[]): Hash {
  const last = subtrees.at(-1);
  return last === undefined ? emptyRoot : subtrees.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
}

/** The hash of a complete subtree, from as many hashes of one level as a power of two has. */
export function complete(hashes: readonly Hash[]): Hash {
  let level = hashes;
  while (level.length > 1) {
    const below = level;
    level = Array.from({ length: below.length / 2 }, (_, i) => nodeHash(below[2 * i] as Hash, below[2 * i + 1] as Hash));
  }
  return level[0] as Hash;
}

/** The root over these leaf hashes. */
export const rootOf = (leaves: readonly Hash[]): Hash =>
  joined(completeSubtrees({ start: 0, end: leaves.length }).map(({ start, end }) => complete(leaves.slice(start, end))));

export interface Inclusion {
  readonly index: number;
  readonly size: number;
  readonly leaf: Hash;
  readonly root: Hash;
  readonly proof: readonly Hash[];
}

/** Whether the proof shows that the leaf is at this index of the tree with this root (RFC 9162 section 2.1.3.2). */
export function verifyInclusion({ index, size, leaf, root, proof }: Inclusion): boolean {
  if (!(isSize(size) && isSize(index) && index < size && [leaf, root, ...proof].every(isHash))) return false;
  let [fn, sn, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else hash = nodeHash(hash, sibling);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && same(hash, root);
}

export interface Consistency {
  readonly from: number;
  readonly fromRoot: Hash;
  readonly size: number;
  readonly root: Hash;
  readonly proof: readonly Hash[];
}

/** Whether the proof shows that the tree of `size` began as the tree of `from`: nothing was changed, removed or put between (RFC 9162 section 2.1.4.2). */
export function verifyConsistency({ from, fromRoot, size, root, proof }: Consistency): boolean {
  if (!(isSize(from) && isSize(size) && from <= size && [fromRoot, root, ...proof].every(isHash))) return false;
  // The RFC speaks of proofs between two trees that differ and are not empty; every tree begins as the empty one and as itself.
  if (from === 0) return proof.length === 0 && same(fromRoot, emptyRoot) && (size > 0 || same(root, emptyRoot));
  if (from === size) return proof.length === 0 && same(fromRoot, root);
  let [fn, sn] = [from - 1, size - 1];
  while (isOdd(fn)) [fn, sn] = [half(fn), half(sn)];
  // Where the older tree is a complete subtree of the newer, its root is the first hash and is not sent.
  const [first, ...rest] = fn === 0 ? [fromRoot, ...proof] : proof;
  if (first === undefined) return false;
  let [older, newer] = [first, first];
  for (const sibling of rest) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      [older, newer] = [nodeHash(sibling, older), nodeHash(sibling, newer)];
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else newer = nodeHash(newer, sibling);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && same(older, fromRoot) && same(newer, root);
}

/** Splits after the largest power of two that is smaller than the number of leaves. A single leaf has no right half. */
function halves({ start, end }: Span): [Span, Span] {
  let left = 1;
  while (left * 2 < end - start) left *= 2;
  return [
    { start, end: start + left },
    { start: start + left, end },
  ];
}

// Sizes go beyond 2^32, where bit operators of ECMAScript end.
const half = (n: number) => Math.floor(n / 2);
const isOdd = (n: number) => n % 2 === 1;
const isSize = (n: number) => Number.isSafeInteger(n) && n >= 0;
const isHash = (hash: Uint8Array) => hash.byteLength === hashBytes;

/** Roots are public: nothing is learnt from how long this takes. */
export const same = (a: Hash, b: Hash): boolean => Buffer.compare(a, b) === 0;
