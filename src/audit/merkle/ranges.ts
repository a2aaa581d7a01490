import { nodeHash, splitOf, type Hash } from './hashing.js';

/** A perfect subtree: the one over entries `index · 2^level` up to `(index + 1) · 2^level`. */
export interface Node {
  readonly level: number;
  readonly index: number;
}

/** Entries from `begin` up to, but without, `end`: a subtree as RFC 9162 divides a tree. */
interface Range {
  readonly begin: number;
  readonly end: number;
}

/** The perfect subtrees that make up a range, from left to right: at most one of each level. */
export function nodesOf({ begin, end }: Range): Node[] {
  const nodes: Node[] = [];
  for (let at = begin; at < end; ) {
    const level = Math.log2(largestPowerWithin(end - at));
    nodes.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return nodes;
}

function largestPowerWithin(size: number): number {
  return size === 1 ? 1 : splitOf(size) * 2 === size ? size : splitOf(size);
}

/** The hash of a range from those of its perfect subtrees. */
export const foldRange = (hashes: readonly Hash[]): Hash => hashes.reduceRight((right, left) => nodeHash(left, right));

/** RFC 9162 §2.1.3.1: the ranges whose hashes are the inclusion path, from the leaf up. */
export function inclusionRanges(index: number, size: number): Range[] {
  const path: Range[] = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    const middle = begin + splitOf(end - begin);
    if (index < middle) {
      path.push({ begin: middle, end });
      end = middle;
    } else {
      path.push({ begin, end: middle });
      begin = middle;
    }
  }
  return path.reverse();
}

/** RFC 9162 §2.1.4.1: the ranges whose hashes are the consistency path; none where the sizes are equal or `from` is 0. */
export function consistencyRanges(from: number, to: number): Range[] {
  if (from === 0 || from === to) return [];
  const path: Range[] = [];
  let [begin, end] = [0, to];
  while (end !== from) {
    const middle = begin + splitOf(end - begin);
    if (from <= middle) {
      path.push({ begin: middle, end });
      end = middle;
    } else {
      path.push({ begin, end: middle });
      begin = middle;
    }
  }
  // The verifier knows the old tree where it is one perfect subtree.
  if (begin > 0) path.push({ begin, end });
  return path.reverse();
}

export type { Range };
