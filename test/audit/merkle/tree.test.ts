import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  consistencyProof, Edge, hashWithin, inclusionProofs, leafHash, parseTilePath, placeOf, rootAt, rootOfHashes, TILE_WIDTH, tilePath, verifyConsistency, verifyInclusion, widthAt, type Hash, type HashReader,
} from '../../../src/audit/merkle/index.js';

const leaf = (index: number): Hash => leafHash(Buffer.from(`entry ${index}`));
const MOST = 1_100;
const LEAVES = Array.from({ length: MOST }, (_, index) => leaf(index));

/** Straight from the definition: the root of the entries beneath. */
const naive: HashReader = async (nodes) => nodes.map(({ level, index }) => rootOfHashes(LEAVES.slice(index * 2 ** level, (index + 1) * 2 ** level)));

const size = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: MOST }), fc.constantFrom(255, 256, 257, 512, 1024));

describe('a tree', () => {
  it('proves each of its entries, and no other, at any size', async () => {
    await fc.assert(fc.asyncProperty(size, fc.nat(), fc.nat(), async (count, a, b) => {
      const [index, other] = [a % count, b % count];
      const [root, [path]] = [rootOfHashes(LEAVES.slice(0, count)), (await inclusionProofs(naive, [index], count)) as [Hash[]]];
      expect(verifyInclusion({ index, size: count, leaf: leaf(index), path, root })).toBe(true);
      expect(verifyInclusion({ index: other, size: count, leaf: leaf(index), path, root })).toBe(index === other);
      expect(verifyInclusion({ index, size: count, leaf: leaf(-1), path, root })).toBe(false);
      expect(path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(count)));
    }), { numRuns: 60 });
  });

  it('proves that it grew out of each smaller one, and out of no other', async () => {
    await fc.assert(fc.asyncProperty(size, fc.nat(), async (to, pick) => {
      const from = 1 + (pick % to);
      const [fromRoot, toRoot] = await Promise.all([rootAt(naive, from), rootAt(naive, to)]);
      const path = await consistencyProof(naive, from, to);
      expect(verifyConsistency({ from, to, fromRoot, toRoot, path })).toBe(true);
      expect(verifyConsistency({ from, to, fromRoot: leaf(-1), toRoot, path })).toBe(false);
      expect(verifyConsistency({ from, to, fromRoot, toRoot: leaf(-1), path })).toBe(false);
    }), { numRuns: 60 });
  });
});

const widths = (level: number, count: number): number[] => Array.from({ length: count }, (_, index) => widthAt({ level, index }, 70_000)).slice(-2);

describe('its edge and tiles', () => {
  it('have the root of the whole at every size, and fill the tiles of which every hash can be read', async () => {
    const edge = Edge.empty();
    const tiles = new Map<string, Buffer>();
    for (const [index, hash] of LEAVES.entries()) {
      for (const { level, index: tile, hashes, root } of edge.append(hash)) {
        tiles.set(`${level} ${tile}`, hashes);
        expect(root.equals(rootOfHashes(LEAVES.slice(tile * TILE_WIDTH ** (level + 1), (tile + 1) * TILE_WIDTH ** (level + 1))))).toBe(true);
      }
      if (index % 37 === 0 || index > MOST - 5) expect(edge.root().equals(rootOfHashes(LEAVES.slice(0, index + 1)))).toBe(true);
    }
    expect([...tiles.keys()]).toEqual(['0 0', '0 1', '0 2', '0 3']);
    for (const node of [{ level: 0, index: 300 }, { level: 3, index: 40 }, { level: 7, index: 5 }]) {
      const place = placeOf(node);
      expect(hashWithin(tiles.get(`${place.tile.level} ${place.tile.index}`)!, place)).toEqual((await naive([node]))[0]);
    }
  });

  it('are as wide as the specification says: 70,000 entries', () => {
    expect([widths(0, 274), widths(0, 275), widths(1, 2), widths(2, 1), widths(3, 1)]).toEqual([[256, 112], [112, 0], [256, 17], [1], [0]]);
  });

  it.each([[1_234_067, 256, 'x001/x234/067'], [0, 256, '000'], [999, 7, '999.p/7'], [1_000, 256, 'x001/000']])('number %i of width %i has the path %s', (index, width, path) => {
    expect(tilePath(index, width)).toBe(path);
    expect(parseTilePath(path)).toEqual({ index, width });
  });

  it.each(['x1/000', '67', '0067', 'x000/067', '067.p/0', '067.p/256', '067.p/07', '067/', '../067', '067.p/'])('%s is no path', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });
});
