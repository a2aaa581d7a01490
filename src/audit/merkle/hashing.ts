import { createHash } from 'node:crypto';

/** A SHA-256 value, 32 bytes. */
export type Hash = Buffer;

export const HASH_BYTES = 32;

const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);

/** RFC 9162 §2.1.1: of the empty tree. */
export const EMPTY_ROOT: Hash = createHash('sha256').digest();

/** RFC 9162 §2.1.1: SHA-256(0x00 ‖ entry). */
export const leafHash = (entry: Uint8Array): Hash => createHash('sha256').update(LEAF).update(entry).digest();

/** RFC 9162 §2.1.1: SHA-256(0x01 ‖ left ‖ right). */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Hash => createHash('sha256').update(NODE).update(left).update(right).digest();

/** The root over hashes from left to right, as RFC 9162 divides a list: at the largest power of two below its length. */
export function rootOfHashes(hashes: readonly Hash[]): Hash {
  if (hashes.length === 0) return EMPTY_ROOT;
  if (hashes.length === 1) return hashes[0]!;
  const split = splitOf(hashes.length);
  return nodeHash(rootOfHashes(hashes.slice(0, split)), rootOfHashes(hashes.slice(split)));
}

/** The largest power of two below `size`, which is 2 or more. Sizes go beyond 32 bits. */
export function splitOf(size: number): number {
  let power = 2 ** Math.floor(Math.log2(size - 1));
  // A logarithm is rounded: near 2⁵³ it may be off by one.
  while (power * 2 < size) power *= 2;
  while (power >= size) power /= 2;
  return power;
}
