import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { aucStandardError, deLong, evaluate, evaluateWithIntervals, wilsonInterval } from '../../src/scoring/index.js';
import { normalCdf, normalQuantile } from '../../src/scoring/numbers.js';
import { Random } from '../../src/scoring/random.js';
import { normalBook, reordered, twoModels } from './scored-books.js';

const wins = (bad: number, good: number): number => (bad > good ? 1 : bad === good ? 0.5 : 0);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** DeLong, DeLong & Clarke-Pearson (1988) as written, comparing every bad with every good. */
function deLongByPairs(labels: readonly number[], models: readonly (readonly number[])[]): { aucs: number[]; covariance: (r: number, s: number) => number } {
  const rows = (label: number) => labels.flatMap((l, i) => (l === label ? [i] : []));
  const [goods, bads] = [rows(0), rows(1)];
  const v10 = models.map((scores) => bads.map((i) => mean(goods.map((j) => wins(scores[i]!, scores[j]!)))));
  const v01 = models.map((scores) => goods.map((j) => mean(bads.map((i) => wins(scores[i]!, scores[j]!)))));
  const aucs = v10.map(mean);
  const part = (v: number[][], r: number, s: number): number =>
    v[r]!.reduce((sum, value, i) => sum + (value - aucs[r]!) * (v[s]![i]! - aucs[s]!), 0) / (v[r]!.length - 1) / v[r]!.length;
  return { aucs, covariance: (r, s) => part(v10, r, s) + part(v01, r, s) };
}

describe('the normal distribution function', () => {
  it.each([[0, 0.5], [1.959963984540054, 0.975], [-1, 0.15865525393145707], [-6, 9.865876450376946e-10], [-10, 7.619853024160527e-24], [40, 1]])('of %p is %p', (z, p) => {
    expect(Math.abs(normalCdf(z) / p - 1)).toBeLessThan(1e-8);
  });

  it('is undone by the quantile', () => {
    fc.assert(fc.property(fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true }), (p) => {
      expect(Math.abs(normalCdf(normalQuantile(p)) - p)).toBeLessThan(1e-8);
    }));
  });
});

describe('the DeLong test', () => {
  it('equals the definition of 1988, pair by pair', () => {
    fc.assert(fc.property(twoModels, ({ labels, a, b }) => {
      const { aucs, covariance } = deLongByPairs(labels, [a, b]);
      const test = deLong(labels, a, b);
      expect([test.aucA, test.aucB]).toEqual(aucs.map((auc) => expect.closeTo(auc, 12)));
      expect(test.standardErrorA ** 2).toBeCloseTo(covariance(0, 0), 12);
      expect(test.standardErrorB ** 2).toBeCloseTo(covariance(1, 1), 12);
      expect(test.covariance).toBeCloseTo(covariance(0, 1), 12);
      expect(test.standardError ** 2).toBeCloseTo(covariance(0, 0) + covariance(1, 1) - 2 * covariance(0, 1), 12);
    }));
  });

  it('has the answers of a calculation by hand', () => {
    // Placement values: A bads (1, 0.5) and goods (1, 0.5); B bads (0.5, 0.5) and goods (1, 0).
    const test = deLong([1, 1, 0, 0], [0.9, 0.5, 0.1, 0.7], [0.6, 0.5, 0.2, 0.8]);
    expect(test).toMatchObject({ aucA: 0.75, aucB: 0.5, difference: 0.25 });
    expect(test.standardErrorA).toBeCloseTo(Math.sqrt(0.125), 12);
    expect(test.standardErrorB).toBeCloseTo(0.5, 12);
    expect(test.covariance).toBeCloseTo(0.125, 12);
    expect(test.z).toBeCloseTo(0.25 / Math.sqrt(0.125), 12);
    expect(test.p).toBeCloseTo(0.4795, 4);
  });

  it('changes sign, not significance, when the models change places', () => {
    fc.assert(fc.property(twoModels, ({ labels, a, b }) => {
      const [there, back] = [deLong(labels, a, b), deLong(labels, b, a)];
      expect(back.difference).toBeCloseTo(-there.difference, 12);
      expect(back.p === null ? -1 : back.p).toBeCloseTo(there.p === null ? -1 : there.p, 9);
    }));
  });

  it('finds no difference between a model and itself on another rising scale', () => {
    fc.assert(fc.property(twoModels, ({ labels, a }) => {
      expect(deLong(labels, a, a.map((x) => Math.exp(5 * x)))).toMatchObject({ difference: 0, standardError: 0, z: 0, p: 1 });
    }));
  });

  it('cannot judge two models that both leave no spread', () => {
    expect(deLong([1, 1, 0, 0], [4, 3, 2, 1], [1, 2, 3, 4])).toMatchObject({ difference: 1, z: null, p: null });
  });

  it('rejects equally good models in about 5 % of samples', () => {
    const random = new Random(7);
    const rejected = Array.from({ length: 600 }, () => {
      const labels = Uint8Array.from({ length: 120 }, (_, i) => (i < 40 ? 1 : 0));
      const noisy = (): Float64Array => Float64Array.from(labels, (label) => label + random.normal());
      return deLong(labels, noisy(), noisy()).p! < 0.05;
    }).filter(Boolean).length;
    expect(rejected).toBeGreaterThan(18);
    expect(rejected).toBeLessThan(45);
  });

  it('needs two loans of each outcome', () => {
    expect(() => deLong([1, 0, 0], [0.1, 0.2, 0.3], [0.1, 0.2, 0.3])).toThrow('at least two loans of each outcome');
  });
});

describe('bootstrap intervals', () => {
  const book = normalBook(1, 600, 200, 1.1);

  it('of the AUC have the width that DeLong gives', () => {
    const { auc, intervals } = evaluateWithIntervals(book.labels, book.pds, 0.3, { resamples: 600, seed: 1 });
    const half = 1.96 * aucStandardError(book.labels, book.pds);
    expect((intervals.auc.high - intervals.auc.low) / (2 * half)).toBeCloseTo(1, 1);
    expect(Math.abs(intervals.auc.low - (auc - half))).toBeLessThan(0.2 * half);
    expect(Math.abs(intervals.auc.high - (auc + half))).toBeLessThan(0.2 * half);
  });

  it('of AUC and KS hold the true value in about 95 % of samples', () => {
    const distance = 1.2;
    const truth = { auc: normalCdf(distance / Math.SQRT2), ks: 2 * normalCdf(distance / 2) - 1 };
    const samples = Array.from({ length: 150 }, (_, seed) => {
      const { labels, pds } = normalBook(100 + seed, 200, 80, distance);
      return evaluateWithIntervals(labels, pds, 0.3, { resamples: 100, seed }).intervals;
    });
    const covered = (metric: 'auc' | 'ks'): number => samples.filter((s) => s[metric].low <= truth[metric] && truth[metric] <= s[metric].high).length / samples.length;
    expect(covered('auc')).toBeGreaterThan(0.89);
    expect(covered('auc')).toBeLessThan(0.99);
    expect(covered('ks')).toBeGreaterThan(0.86);
  });

  it('hold the estimate, lie in range, and come with the same metrics as without', () => {
    const { intervals, level, resamples, ...metrics } = evaluateWithIntervals(book.labels, book.pds, 0.3, { seed: 3 });
    expect({ level, resamples }).toEqual({ level: 0.95, resamples: 400 });
    expect(metrics).toEqual(evaluate(book.labels, book.pds, 0.3));
    for (const metric of ['auc', 'gini', 'ks', 'brier', 'logLoss', 'accuracy', 'precision', 'recall', 'f1', 'ece'] as const) {
      expect(intervals[metric].low).toBeLessThan(metrics[metric]);
      expect(intervals[metric].high).toBeGreaterThan(metrics[metric]);
    }
    expect(intervals.ece.low).toBeGreaterThanOrEqual(0);
  });

  it('depend on the seed and the rows, not on the order of the rows', () => {
    const order = new Random(5).shuffle(Array.from({ length: 800 }, (_, i) => i));
    const options = { resamples: 100, seed: 2 };
    const intervals = evaluateWithIntervals(book.labels, book.pds, 0.3, options);
    expect(evaluateWithIntervals(reordered(book.labels, order), reordered(book.pds, order), 0.3, options)).toEqual(intervals);
    expect(evaluateWithIntervals(book.labels, book.pds, 0.3, { ...options, seed: 3 })).not.toEqual(intervals);
  });

  it('are wider for a higher level', () => {
    const [wide, narrow] = [0.99, 0.8].map((level) => evaluateWithIntervals(book.labels, book.pds, 0.3, { resamples: 200, level, seed: 1 }).intervals.brier);
    expect(wide!.low).toBeLessThan(narrow!.low);
    expect(wide!.high).toBeGreaterThan(narrow!.high);
  });

  it.each([[{ resamples: 10, seed: 1 }, '100 to 10,000 resamples'], [{ level: 95, seed: 1 }, 'a share between 0 and 1']])('refuse %j', (options, sentence) => {
    expect(() => evaluateWithIntervals([1, 0], [0.9, 0.1], 0.5, options)).toThrow(sentence);
  });
});

describe("Wilson's interval", () => {
  // Newcombe (1998), table I, method 3.
  it.each([[81, 263, 0.2553, 0.3662], [15, 148, 0.0624, 0.1605], [0, 20, 0, 0.1611], [1, 29, 0.0061, 0.1718], [29, 29, 0.883, 1]])('of %p in %p is %p to %p', (successes, n, low, high) => {
    const interval = wilsonInterval(successes, n);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });
});
