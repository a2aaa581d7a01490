import { EMPTY_ROOT, type Hash } from './hashing.js';
import { consistencyRanges, foldRange, inclusionRanges, nodesOf, type Node, type Range } from './ranges.js';

/** Reads the hashes of perfect subtrees, in the order asked for. */
export type HashReader = (nodes: readonly Node[]) => Promise<Hash[]>;

/** All hashes are read at once: one proof costs one look-up, whatever the size of the tree. */
async function hashesOfRanges(read: HashReader, ranges: readonly Range[]): Promise<Hash[]> {
  const parts = ranges.map(nodesOf);
  const hashes = await read(parts.flat());
  let at = 0;
  return parts.map(({ length }) => foldRange(hashes.slice(at, (at += length))));
}

export async function rootAt(read: HashReader, size: number): Promise<Hash> {
  if (size === 0) return EMPTY_ROOT;
  const [root] = await hashesOfRanges(read, [{ begin: 0, end: size }]);
  return root!;
}

/** RFC 9162 §2.1.3: for each index, proves that an entry is there in the tree of `size`; indexes < size. One look-up for all. */
export async function inclusionProofs(read: HashReader, indexes: readonly number[], size: number): Promise<Hash[][]> {
  const paths = indexes.map((index) => inclusionRanges(index, size));
  const hashes = await hashesOfRanges(read, paths.flat());
  let at = 0;
  return paths.map(({ length }) => hashes.slice(at, (at += length)));
}

/** RFC 9162 §2.1.4: proves that the tree of size `to` is that of size `from` with entries appended; from ≤ to. */
export const consistencyProof = (read: HashReader, from: number, to: number): Promise<Hash[]> => hashesOfRanges(read, consistencyRanges(from, to));
