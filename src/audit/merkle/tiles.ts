import { HASH_BYTES, rootOfHashes, type Hash } from './hashing.js';
import type { Node } from './ranges.js';

/** C2SP tlog-tiles: a tile is a subtree of this height; its bottom hashes are what is stored. */
export const TILE_HEIGHT = 8;
export const TILE_WIDTH = 2 ** TILE_HEIGHT;

export interface TileAddress {
  readonly level: number;
  readonly index: number;
}

/** Where the hash of a perfect subtree is found: in a tile, the root over `width` of its hashes. */
export interface Place {
  readonly tile: TileAddress;
  readonly offset: number;
  readonly width: number;
}

export function placeOf({ level, index }: Node): Place {
  const width = 2 ** (level % TILE_HEIGHT);
  const first = index * width;
  return { tile: { level: Math.floor(level / TILE_HEIGHT), index: Math.floor(first / TILE_WIDTH) }, offset: first % TILE_WIDTH, width };
}

/** @param tile hashes one after another @throws RangeError where the tile does not reach so far */
export function hashWithin(tile: Buffer, { offset, width }: Place): Hash {
  if (tile.length < (offset + width) * HASH_BYTES) throw new RangeError(`The tile has ${tile.length / HASH_BYTES} hashes, not ${offset + width}.`);
  return rootOfHashes(hashesOf(tile.subarray(offset * HASH_BYTES, (offset + width) * HASH_BYTES)));
}

export const hashesOf = (tile: Buffer): Hash[] => Array.from({ length: tile.length / HASH_BYTES }, (_, index) => tile.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES));

/** How many hashes the tile has in a tree of this size: 0 to 256. */
export const widthAt = ({ level, index }: TileAddress, size: number): number => Math.max(0, Math.min(TILE_WIDTH, Math.floor(size / TILE_WIDTH ** level) - index * TILE_WIDTH));

/** `x001/x234/067`, and `.p/W` for a partial tile. */
export function tilePath(index: number, width: number): string {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0');
  const groups = digits.match(/\d{3}/g)!;
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return width === TILE_WIDTH ? path : `${path}.p/${width}`;
}

/** The index and width that a path names; undefined for a path that is not in the one form it may have. */
export function parseTilePath(path: string): { index: number; width: number } | undefined {
  const found = /^((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path);
  if (!found) return undefined;
  const [index, width] = [Number(found[1]!.replaceAll(/[x/]/g, '')), found[2] === undefined ? TILE_WIDTH : Number(found[2])];
  const valid = Number.isSafeInteger(index) && width > 0 && (found[2] === undefined || width < TILE_WIDTH);
  return valid && tilePath(index, width) === path ? { index, width } : undefined;
}
