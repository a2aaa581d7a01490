import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { givenFolds, kFold, timeSplit, type Split } from '../../src/scoring/index.js';
import { Random } from '../../src/scoring/random.js';
import { reordered } from './scored-books.js';

const labelled = fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 80 }).map((labels) => labels.concat([0, 1, 0, 1, 0, 1, 0, 1, 0, 1]));
const seeds = fc.integer({ min: 0, max: 1e6 });
const all = (length: number): number[] => Array.from({ length }, (_, i) => i);
const together = ({ training, holdout }: Split): number[] => [...training, ...holdout].sort((a, b) => a - b);
const bads = (labels: readonly number[], rows: readonly number[]): number => rows.filter((row) => labels[row] === 1).length;

const spread = (sizes: readonly number[]): number => Math.max(...sizes) - Math.min(...sizes);

describe('a split by time', () => {
  const date = fc.integer({ min: 10, max: 28 }).map((day) => `2024-02-${day}`);
  const varied = fc.array(date, { maxLength: 60 }).map((dates) => dates.concat('2024-01-31', '2024-03-01'));

  it('holds out the latest decisions, those of one date together', () => {
    fc.assert(fc.property(varied, fc.double({ min: 0.05, max: 0.95, noNaN: true }), (dates, share) => {
      const split = timeSplit(dates, share);
      expect(together(split)).toEqual(all(dates.length));
      expect(split.training.every((row) => dates[row]! < split.from)).toBe(true);
      expect(split.holdout.every((row) => dates[row]! >= split.from)).toBe(true);
      expect(Math.min(split.training.length, split.holdout.length)).toBeGreaterThan(0);
    }));
  });

  it('does not look at the order of the rows', () => {
    fc.assert(fc.property(varied, seeds, (dates, seed) => {
      const order = new Random(seed).shuffle(all(dates.length));
      const shuffled = timeSplit(reordered(dates, order), 0.3);
      expect(shuffled.holdout.map((row) => order[row]!).sort((a, b) => a - b)).toEqual(timeSplit(dates, 0.3).holdout);
    }));
  });

  it('comes as near the share as the dates allow', () => {
    const dates = ['2024-01-01', '2024-01-02', '2024-01-03', '2024-01-03', '2024-01-03', '2024-01-04'];
    expect(timeSplit(dates, 0.2)).toEqual({ training: [0, 1, 2, 3, 4], holdout: [5], from: '2024-01-04' });
    expect(timeSplit(dates, 0.6)).toMatchObject({ from: '2024-01-03', holdout: [2, 3, 4, 5] });
  });

  it('says so when the dates do not vary', () => {
    expect(() => timeSplit(['2024-01-01', '2024-01-01'], 0.5)).toThrow('All 2 decisions are of 2024-01-01; a split by time needs at least two dates. Split at random instead.');
    expect(() => timeSplit(['2024-01-01', 'soon'], 0.5)).toThrow('row 1 is "soon"');
  });
});

describe('folds', () => {
  it('hold out every row once, with sizes and bads that differ by at most one', () => {
    fc.assert(fc.property(labelled, fc.integer({ min: 2, max: 5 }), seeds, (labels, folds, seed) => {
      const made = kFold(labels, folds, seed);
      expect(made).toHaveLength(folds);
      expect(made.flatMap(({ holdout }) => holdout).sort((a, b) => a - b)).toEqual(all(labels.length));
      for (const split of made) expect(together(split)).toEqual(all(labels.length));
      expect(spread(made.map(({ holdout }) => holdout.length))).toBeLessThanOrEqual(1);
      expect(spread(made.map(({ holdout }) => bads(labels, holdout)))).toBeLessThanOrEqual(1);
    }));
  });

  it('keep all loans of a customer together', () => {
    const units = Uint32Array.from({ length: 60 }, (_, row) => Math.floor(row / 2) % 25);
    const labels = Array.from({ length: 60 }, (_, row) => (row % 7 === 0 ? 1 : 0));
    for (const { training, holdout } of kFold(labels, 3, 5, units)) {
      const learned = new Set(training.map((row) => units[row]));
      expect(holdout.length).toBeGreaterThan(0);
      expect(holdout.filter((row) => learned.has(units[row]))).toEqual([]);
    }
  });

  it('can be given by number', () => {
    expect(givenFolds([2, 0, 2, 5])).toEqual([
      { training: [0, 2, 3], holdout: [1] },
      { training: [1, 3], holdout: [0, 2] },
      { training: [0, 1, 2], holdout: [3] },
    ]);
  });

  it.each([
    [() => kFold([0, 1], 1, 1), 'a whole number from 2'],
    [() => kFold([0, 0, 0, 1, 1], 3, 1), '3 folds need at least 3 rows of each outcome'],
    [() => givenFolds([1, 1]), 'needs at least two'],
  ])('are refused with a sentence', (make, sentence) => {
    expect(make).toThrow(sentence);
  });
});
