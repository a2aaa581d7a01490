import { EMPTY_ROOT, rootOfHashes, type Hash } from './hashing.js';
import { foldRange, nodesOf } from './ranges.js';
import { TILE_WIDTH, type TileAddress } from './tiles.js';

export interface FullTile extends TileAddress {
  readonly hashes: Buffer;
  readonly root: Hash;
}

/** The right edge of a tree: all that is needed to append to it. Holds at most 255 hashes of each level of tiles. */
export class Edge {
  /** @param partial for each level of tiles, from 0: the hashes of its last, unfilled tile */
  constructor(
    private count: number,
    private readonly partial: Hash[][],
  ) {}

  static empty(): Edge {
    return new Edge(0, []);
  }

  get size(): number {
    return this.count;
  }

  /** Appends a leaf. @returns the tiles that it filled, from level 0 up */
  append(leaf: Hash): FullTile[] {
    const filled: FullTile[] = [];
    let hash = leaf;
    for (let level = 0; ; level += 1) {
      const hashes = (this.partial[level] ??= []);
      hashes.push(hash);
      if (hashes.length < TILE_WIDTH) break;
      const root = rootOfHashes(hashes);
      filled.push({ level, index: Math.floor(this.count / TILE_WIDTH ** (level + 1)), hashes: Buffer.concat(hashes), root });
      this.partial[level] = [];
      hash = root;
    }
    this.count += 1;
    return filled;
  }

  root(): Hash {
    const roots: Hash[] = [];
    // From the right: the smallest subtrees are in the lowest tiles.
    for (const hashes of this.partial) {
      if (hashes.length > 0) roots.unshift(...nodesOf({ begin: 0, end: hashes.length }).map(({ level, index }) => rootOfHashes(hashes.slice(index * 2 ** level, (index + 1) * 2 ** level))));
    }
    return roots.length === 0 ? EMPTY_ROOT : foldRange(roots);
  }

  /** Of its own, so that what is appended to it is not appended here. */
  copy(): Edge {
    return new Edge(this.count, this.partial.map((hashes) => [...hashes]));
  }
}

