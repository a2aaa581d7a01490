import { describe, expect, it } from '@jest/globals';
import { parityRows } from '../../src/scoring/version/parity-rows.js';

const WIDTH = 3;
const rows = Float32Array.from({ length: 50 * WIDTH }, (_, i) => (i % WIDTH) * 100 + Math.floor(i / WIDTH));
const features = [{ offset: 0, columns: 2 }, { offset: 2, columns: 1 }];
const low = [0, 100, 200];
const high = [49, 149, 249];
const rowsOf = (sample: Float32Array): number[][] => Array.from({ length: sample.length / WIDTH }, (_, row) => [...sample.subarray(row * WIDTH, (row + 1) * WIDTH)]);

describe('the rows on which parity is checked', () => {
  it('are at least 1,000: training rows with each feature shuffled by itself, and extreme ones', () => {
    const sample = rowsOf(parityRows(rows, WIDTH, features, 1));
    expect(sample).toHaveLength(1_000);
    // The columns of a feature stay together, and all that was there is there once; hardly a row is one of those that were.
    expect(sample.slice(0, 50).map(([one]) => one).sort((a, b) => a! - b!)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(sample.slice(0, 50).map(([, , three]) => three).sort((a, b) => a! - b!)).toEqual(Array.from({ length: 50 }, (_, i) => 200 + i));
    for (const [one, two] of sample.slice(0, 50)) expect(two! - one!).toBe(100);
    expect(sample.slice(0, 50).filter(([one = 0, , three = 0]) => three === one + 200).length).toBeLessThan(5);
    expect(sample[50]).toEqual(low);
    expect(sample[51]).toEqual(high);
    for (const row of sample.slice(50)) row.forEach((x, column) => expect([low[column], high[column]]).toContain(x));
    expect(new Set(sample.slice(52).map(String)).size).toBe(8);
  });

  it('of a large book are 2,000 drawn by the seed, and 200 extreme ones', () => {
    const many = Float32Array.from({ length: 5_000 * WIDTH }, (_, i) => i);
    expect(rowsOf(parityRows(many, WIDTH, features, 1))).toHaveLength(2_200);
    expect(parityRows(many, WIDTH, features, 1)).toEqual(parityRows(many, WIDTH, features, 1));
    expect(parityRows(many, WIDTH, features, 2)).not.toEqual(parityRows(many, WIDTH, features, 1));
  });
});
