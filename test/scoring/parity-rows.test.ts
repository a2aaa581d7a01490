import { describe, expect, it } from '@jest/globals';
import { parityRows } from '../../src/scoring/version/parity-rows.js';

const WIDTH = 3;
const rows = Float32Array.from({ length: 50 * WIDTH }, (_, i) => (i % WIDTH) * 100 + Math.floor(i / WIDTH));
const low = [0, 100, 200];
const high = [49, 149, 249];
const rowsOf = (sample: Float32Array): number[][] => Array.from({ length: sample.length / WIDTH }, (_, row) => [...sample.subarray(row * WIDTH, (row + 1) * WIDTH)]);

describe('the rows on which parity is checked', () => {
  it('are at least 1,000: the training rows, and extreme ones', () => {
    const sample = rowsOf(parityRows(rows, WIDTH, 1));
    expect(sample).toHaveLength(1_000);
    expect(new Set(sample.slice(0, 50).map(String)).size).toBe(50);
    expect(sample[50]).toEqual(low);
    expect(sample[51]).toEqual(high);
    for (const row of sample.slice(50)) row.forEach((x, column) => expect([low[column], high[column]]).toContain(x));
    expect(new Set(sample.slice(52).map(String)).size).toBe(8);
  });

  it('of a large book are 2,000 drawn by the seed, and 200 extreme ones', () => {
    const many = Float32Array.from({ length: 5_000 * WIDTH }, (_, i) => i);
    expect(rowsOf(parityRows(many, WIDTH, 1))).toHaveLength(2_200);
    expect(parityRows(many, WIDTH, 1)).toEqual(parityRows(many, WIDTH, 1));
    expect(parityRows(many, WIDTH, 2)).not.toEqual(parityRows(many, WIDTH, 1));
  });
});
