import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { applyCalibration, areaUnderCurve, evaluate, fitCalibration, type Isotonic } from '../../src/scoring/index.js';
import { fitIsotonic, isotonicBlocks } from '../../src/scoring/calibration/isotonic.js';
import { sigmoid } from '../../src/scoring/numbers.js';
import { normalBook } from './scored-books.js';

const isStrictlyRising = (values: ArrayLike<number>): boolean => Array.from(values).every((value, i) => i === 0 || value > values[i - 1]!);

const bend = (logit: number): number => logit + 0.6 * Math.sin(1.5 * logit);

/** Any small book, with ties. */
const books = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: -40, max: 40 })), { maxLength: 120 })
  .map((rows) => ({ labels: [0, 1, ...rows.map(([label]) => label)], logits: [-1, 1, ...rows.map(([, logit]) => logit / 8)] }));

describe('pooling adjacent violators', () => {
  it('gives the known answer', () => {
    const blocks = isotonicBlocks([1, 2, 3, 4, 5, 6, 7], [0, 1, 0, 1, 1, 0, 1]);
    expect(blocks.map(({ rows, bads, centre }) => [rows, bads, centre])).toEqual([[1, 0, 1], [2, 1, 2.5], [3, 2, 5], [1, 1, 7]]);
  });

  it('pools everything when the order is reversed', () => {
    expect(isotonicBlocks([1, 2, 3, 4], [1, 1, 0, 0])).toEqual([{ rows: 4, bads: 2, centre: 2.5 }]);
  });

  it('is the isotonic regression: the max-min formula', () => {
    fc.assert(fc.property(books, ({ labels, logits }) => {
      const xs = [...new Set(logits)].sort((a, b) => a - b);
      const rate = (from: number, to: number): number => {
        const inside = labels.filter((_, i) => logits[i]! >= from && logits[i]! <= to);
        return inside.reduce<number>((sum, label) => sum + label, 0) / inside.length;
      };
      const blocks = isotonicBlocks(logits, labels);
      let left = 0;
      for (const block of blocks) {
        for (let rows = 0; rows < block.rows; left++) {
          const x = xs[left]!;
          const fitted = Math.max(...xs.filter((from) => from <= x).map((from) => Math.min(...xs.filter((to) => to >= x).map((to) => rate(from, to)))));
          expect(block.bads / block.rows).toBeCloseTo(fitted, 10);
          rows += logits.filter((logit) => logit === x).length;
        }
      }
    }), { numRuns: 20 });
  });
});

describe('isotonic calibration', () => {
  it('is a strictly rising line through at most 22 finite knots, whatever the book', () => {
    fc.assert(fc.property(books, ({ labels, logits }) => {
      const { knots, values } = fitIsotonic(logits, labels);
      expect(knots.length === values.length && knots.length >= 2 && knots.length <= 22).toBe(true);
      expect([...knots, ...values].every(Number.isFinite)).toBe(true);
      expect(isStrictlyRising(knots) && isStrictlyRising(values)).toBe(true);
      expect(isStrictlyRising(knots.map(Math.fround))).toBe(true);
    }));
  });

  it('keeps the order of applicants: the AUC does not change', () => {
    fc.assert(fc.property(books, ({ labels, logits }) => {
      const isotonic = fitIsotonic(logits, labels);
      expect(areaUnderCurve(labels, logits.map((logit) => applyCalibration(isotonic, logit)))).toBe(areaUnderCurve(labels, logits));
    }));
  });

  it('stays finite where the outcomes are separated', () => {
    const logits = Array.from({ length: 1000 }, (_, i) => i / 100 - 5);
    const { values } = fitIsotonic(logits, logits.map((logit) => (logit > 0 ? 1 : 0)));
    expect(values.every((value) => Math.abs(value) < 20)).toBe(true);
  });

  it('can be learned from one logit', () => {
    expect(fitIsotonic([2, 2, 2, 2], [1, 0, 0, 1])).toEqual({ kind: 'isotonic', knots: [2, 3], values: [0, 1] });
  });

  it.each([['overconfident', 2.5, 0], ['shifted', 1, 1.5], ['timid', 0.4, -0.5]])('brings %s logits back to the true ones', (_, slope, shift) => {
    const { labels, logits, pds } = normalBook(11, 3000, 1000, 1.3);
    const raw = logits.map((logit) => slope * logit + shift);
    const isotonic = fitCalibration('isotonic', raw, labels);
    const calibrated = raw.map((logit) => sigmoid(applyCalibration(isotonic, logit)));
    expect(evaluate(labels, calibrated, 0.5).ece).toBeLessThan(evaluate(labels, raw.map(sigmoid), 0.5).ece);
    expect(evaluate(labels, calibrated, 0.5).ece).toBeLessThan(0.01);
    expect(evaluate(labels, calibrated, 0.5).logLoss).toBeLessThan(evaluate(labels, pds, 0.5).logLoss + 0.002);
  });

  it('learns a bend that Platt scaling cannot, on rows it did not see', () => {
    const [seen, unseen] = [normalBook(21, 4500, 1500, 1.4), normalBook(22, 4500, 1500, 1.4)];
    const ece = (kind: 'platt' | 'isotonic'): number => {
      const fitted = fitCalibration(kind, seen.logits.map(bend), seen.labels);
      return evaluate(unseen.labels, unseen.logits.map((logit) => sigmoid(applyCalibration(fitted, bend(logit)))), 0.5).ece;
    };
    expect(ece('isotonic')).toBeLessThan(0.02);
    expect(ece('isotonic')).toBeLessThan(ece('platt') / 2);
  });

  it('does not make calibrated PDs worse on the rows it learned from, but for rounding to blocks', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 0.3, max: 3, noNaN: true }), fc.double({ min: -2, max: 2, noNaN: true }), (seed, slope, shift) => {
      const { labels, logits } = normalBook(seed, 600, 200, 1.2);
      const raw = logits.map((logit) => slope * logit + shift);
      const isotonic = fitIsotonic(raw, labels);
      const before = evaluate(labels, raw.map(sigmoid), 0.5).ece;
      const after = evaluate(labels, raw.map((logit) => sigmoid(applyCalibration(isotonic, logit))), 0.5).ece;
      expect(after).toBeLessThanOrEqual(before + 0.01);
    }), { numRuns: 20 });
  });
});

describe('a calibration', () => {
  const isotonic: Isotonic = { kind: 'isotonic', knots: [-1, 0, 2], values: [-3, 0, 1] };

  it.each([[-2, -4], [-1, -3], [-0.5, -1.5], [0, 0], [1, 0.5], [2, 1], [5, 4]])('of kind isotonic makes %p into %p', (raw, calibrated) => {
    expect(applyCalibration(isotonic, raw)).toBeCloseTo(calibrated, 12);
  });

  it('of kind Platt is a straight line', () => {
    expect(applyCalibration({ kind: 'platt', slope: 2, intercept: -1 }, 3)).toBe(5);
  });

  it('is refused on too few loans, or on loans of one outcome', () => {
    expect(() => fitCalibration('isotonic', [1, 2], [0, 1])).toThrow('needs at least 500 loans, but there are 2; use platt');
    expect(() => fitCalibration('platt', [1, 2], [1, 1])).toThrow('loans of both outcomes');
  });
});
