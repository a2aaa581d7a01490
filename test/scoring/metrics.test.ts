import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { areaUnderCurve, binShares, calibrationBins, evaluate, psi, psiEdges } from '../../src/scoring/index.js';

/** The definition: the chance that a bad scores above a good, ties half. */
function pairCount(labels: readonly number[], scores: readonly number[]): number {
  let won = 0;
  let pairs = 0;
  labels.forEach((a, i) => labels.forEach((b, j) => {
    if (a !== 1 || b !== 0) return;
    pairs++;
    won += scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0;
  }));
  return won / pairs;
}

const book = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 10 })), { minLength: 2, maxLength: 60 })
  .map((rows) => ({ labels: [0, 1, ...rows.map(([label]) => label)], scores: [3, 7, ...rows.map(([, score]) => score)].map((x) => x / 10) }));

describe('AUC', () => {
  it('equals counting all pairs of a bad and a good, ties half', () => {
    fc.assert(fc.property(book, ({ labels, scores }) => {
      expect(areaUnderCurve(labels, scores)).toBeCloseTo(pairCount(labels, scores), 12);
    }));
  });

  it('does not change when scores pass through a rising function', () => {
    fc.assert(fc.property(book, ({ labels, scores }) => {
      expect(areaUnderCurve(labels, scores.map((x) => Math.exp(3 * x)))).toBe(areaUnderCurve(labels, scores));
    }));
  });

  it('does not exist when only one outcome occurs', () => {
    expect(areaUnderCurve([1, 1], [0.1, 0.2])).toBeNaN();
  });
});

describe('metrics of a version', () => {
  const metrics = evaluate([1, 0, 1, 0], [0.9, 0.6, 0.4, 0.1], 0.5);

  it('agree with a calculation by hand', () => {
    expect(metrics).toMatchObject({
      rows: 4, bads: 2, auc: 0.75, gini: 0.5, ks: 0.5, accuracy: 0.5, precision: 0.5, recall: 0.5, f1: 0.5,
      confusion: { truePositives: 1, falsePositives: 1, trueNegatives: 1, falseNegatives: 1 },
    });
    expect(metrics.brier).toBeCloseTo((0.01 + 0.36 + 0.36 + 0.01) / 4, 12);
    expect(metrics.logLoss).toBeCloseTo(-(2 * Math.log(0.9) + 2 * Math.log(0.4)) / 4, 12);
    expect(metrics.ece).toBeCloseTo((0.1 + 0.6 + 0.6 + 0.1) / 4, 12);
  });

  it('count a PD at the threshold as predicted bad', () => {
    expect(evaluate([1, 0], [0.5, 0.4], 0.5).confusion).toEqual({ truePositives: 1, falsePositives: 0, trueNegatives: 1, falseNegatives: 0 });
  });

  it('have precision 0, not NaN, when nobody is predicted bad', () => {
    expect(evaluate([1, 0], [0.2, 0.1], 0.5)).toMatchObject({ precision: 0, recall: 0, f1: 0 });
  });

  it('put tied scores into one step of the KS curve', () => {
    expect(evaluate([1, 0, 1, 0], [0.5, 0.5, 0.5, 0.5], 0.5).ks).toBe(0);
  });

  it('keep their ranges for any book', () => {
    fc.assert(fc.property(book, ({ labels, scores }) => {
      const m = evaluate(labels, scores, 0.5);
      for (const share of [m.auc, m.ks, m.brier, m.accuracy, m.precision, m.recall, m.f1, m.ece]) {
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
      }
      expect(m.calibration.reduce((sum, bin) => sum + bin.count, 0)).toBe(m.rows);
    }));
  });

  it.each([
    [[1, 0], [0.5], 'one score per label'],
    [[1, 2], [0.5, 0.5], 'a label is 1 (default) or 0 (good)'],
    [[1, 0], [0.5, Number.NaN], 'not a finite number'],
    [[1, 1], [0.5, 0.5], 'loans of both outcomes'],
    [[1, 0], [1.5, 0.5], 'outside 0…1'],
  ])('refuse labels %j with PDs %j', (labels, pds, sentence) => {
    expect(() => evaluate(labels, pds, 0.5)).toThrow(sentence);
  });
});

describe('calibration bins', () => {
  it('are of equal size and ordered by rising PD', () => {
    const pds = Array.from({ length: 20 }, (_, i) => (19 - i) / 20);
    const bins = calibrationBins(pds.map((p) => (p > 0.5 ? 1 : 0)), pds, 4);
    expect(bins.map(({ count }) => count)).toEqual([5, 5, 5, 5]);
    expect(bins.map(({ meanPd }) => meanPd)).toEqual([0.1, 0.35, 0.6, 0.85].map((x) => expect.closeTo(x, 9)));
    expect(bins.map(({ defaultRate }) => defaultRate)).toEqual([0, 0, 0.8, 1].map((x) => expect.closeTo(x, 9)));
  });
});

describe('population stability index', () => {
  const tenths = Array.from({ length: 10 }, () => 0.1);

  it('is 0.109861 for the check of the facts sheet', () => {
    expect(psi(tenths, [0.05, 0.05, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.15, 0.15])).toBeCloseTo(0.109861, 6);
  });

  it('is zero for equal shares, and finite with an empty bin', () => {
    expect(psi(tenths, tenths)).toBe(0);
    expect(psi([0.5, 0.5], [1, 0])).toBeGreaterThan(0.25);
    expect(Number.isFinite(psi([0.5, 0.5], [1, 0]))).toBe(true);
  });

  it('uses stored edges: the same population falls into tenths', () => {
    const values = Array.from({ length: 100 }, (_, i) => i);
    expect(binShares(values, psiEdges(values))).toEqual(tenths);
  });

  it('refuses bins that do not match', () => {
    expect(() => psi([1], [0.5, 0.5])).toThrow('edges stored with the version');
  });
});
