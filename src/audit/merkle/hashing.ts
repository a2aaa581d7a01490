import { hash } from 'node:crypto';

/** A SHA-256 value, 32 bytes. */
export type Hash = Buffer;

export const HASH_BYTES = 32;

/** 0x00 and the entry, likewise; as long as an entry may be. */
const leaf = Buffer.alloc(1 + 65_535);
/** 0x01, left, right: filled anew for each hash, since a log of a million entries has a million nodes. */
const node = Buffer.alloc(1 + 2 * HASH_BYTES, 1);

/** By way of a text: for a Buffer of its own Node takes twice as long as to hash a leaf. */
const sha256 = (bytes: Uint8Array): Hash => Buffer.from(hash('sha256', bytes, 'binary'), 'binary');

/** RFC 9162 §2.1.1: of the empty tree. */
export const EMPTY_ROOT: Hash = sha256(new Uint8Array());

/** RFC 9162 §2.1.1: SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Hash {
  if (entry.length >= leaf.length) return sha256(Buffer.concat([leaf.subarray(0, 1), entry]));
  leaf.set(entry, 1);
  return sha256(leaf.subarray(0, 1 + entry.length));
}

/** RFC 9162 §2.1.1: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Hash {
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  return sha256(node);
}

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
