import { describe, expect, it } from '@jest/globals';
import { randomPool } from '../../src/platform/index.js';

describe('the pool of random bytes', () => {
  it('hands out every byte once: no two pieces between refills overlap', () => {
    const pieces = Array.from({ length: 3_000 }, () => randomPool.next(12));
    const places = new Set<string>();
    for (const [index, piece] of pieces.entries()) {
      expect(piece).toHaveLength(12);
      const next = pieces[index + 1];
      if (next && next.byteOffset > piece.byteOffset) expect(next.byteOffset).toBeGreaterThanOrEqual(piece.byteOffset + 12);
      places.add(String(piece.byteOffset));
    }
    expect(places.size).toBeGreaterThan(1_000);
  });

  it('does not repeat itself over many refills, whatever the sizes', () => {
    const seen = new Set<string>();
    for (let turn = 0; turn < 20_000; turn += 1) seen.add(randomPool.next(8 + (turn % 9)).subarray(0, 8).toString('hex'));
    expect(seen.size).toBe(20_000);
  });

  it('gives as many bytes as asked for, up to all of the pool, and refuses more rather than give less', () => {
    for (const length of [0, 1, 16_384]) expect(randomPool.next(length)).toHaveLength(length);
    expect(() => randomPool.next(16_385)).toThrow('16385 random bytes at once are more than the pool of 16384.');
  });

  it('is spread evenly: each value of a byte turns up about as often as the others', () => {
    const counts = Array.from({ length: 256 }, () => 0);
    for (let turn = 0; turn < 256; turn += 1) for (const byte of randomPool.next(1_000)) counts[byte]! += 1;
    // 1,000 expected of each; eight standard deviations either way.
    expect(Math.min(...counts)).toBeGreaterThan(747);
    expect(Math.max(...counts)).toBeLessThan(1_253);
  });
});
