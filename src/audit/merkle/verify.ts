import { HASH_BYTES, nodeHash } from './hashing.js';

export interface Inclusion {
  readonly index: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  /** From the leaf's sibling up. */
  readonly path: readonly Uint8Array[];
  readonly root: Uint8Array;
}

const areHashes = (...values: readonly Uint8Array[]): boolean => values.every(({ length }) => length === HASH_BYTES);

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const half = (value: number): number => Math.floor(value / 2);

/** RFC 9162 §2.1.3.2: whether the leaf is at this index of the tree with this root. */
export function verifyInclusion({ index, size, leaf, path, root }: Inclusion): boolean {
  if (!isSize(index) || !isSize(size) || index >= size || !areHashes(leaf, root, ...path)) return false;
  let [node, last] = [index, size - 1];
  let hash: Uint8Array = leaf;
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && same(hash, root);
}

export interface Consistency {
  readonly from: number;
  readonly to: number;
  readonly fromRoot: Uint8Array;
  readonly toRoot: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/**
 * RFC 9162 §2.1.4.2: whether the larger tree is the smaller one with entries appended. From the empty tree nothing can be
 * proven, since any tree grows out of it: false.
 */
export function verifyConsistency({ from, to, fromRoot, toRoot, path }: Consistency): boolean {
  if (!isSize(from) || !isSize(to) || from === 0 || from > to) return false;
  if (from === to) return path.length === 0 && same(fromRoot, toRoot);
  return path.length > 0 && areHashes(fromRoot, toRoot, ...path) && rootsOf(from, to, Number.isInteger(Math.log2(from)) ? [fromRoot, ...path] : path, fromRoot, toRoot);
}

function rootsOf(from: number, to: number, [seed, ...rest]: readonly Uint8Array[], fromRoot: Uint8Array, toRoot: Uint8Array): boolean {
  let [node, last] = [from - 1, to - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  let [first, second]: [Uint8Array, Uint8Array] = [seed!, seed!];
  for (const hash of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      first = nodeHash(hash, first);
      second = nodeHash(hash, second);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      second = nodeHash(second, hash);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && same(first, fromRoot) && same(second, toRoot);
}

