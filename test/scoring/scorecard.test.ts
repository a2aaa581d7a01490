import { describe, expect, it } from '@jest/globals';
import { fitScorecard } from '../../src/scoring/training/scorecard.js';
import { Random } from '../../src/scoring/random.js';

/** Rows of one 0/1 column: counts of (x, outcome). */
function table(counts: readonly (readonly [x: number, label: number, n: number])[]): { rows: Float32Array; labels: Uint8Array; width: number } {
  const all = counts.flatMap(([x, label, n]) => Array.from({ length: n }, () => [x, label] as const));
  return { rows: Float32Array.from(all, ([x]) => x), labels: Uint8Array.from(all, ([, label]) => label), width: 1 };
}

const TABLE = table([[0, 0, 60], [0, 1, 20], [1, 0, 10], [1, 1, 30]]);
const plain = { l2: 0 };

describe('the coefficients of a scorecard', () => {
  it('are the log odds and the log odds ratio of a two-by-two table', () => {
    const { weights, bias } = fitScorecard({ ...TABLE, settings: plain });
    expect(bias[0]).toBeCloseTo(Math.log(20 / 60), 5);
    expect(weights[0]).toBeCloseTo(Math.log(30 / 10) - Math.log(20 / 60), 5);
  });

  it('count a weighted outcome as often as its weight says', () => {
    const { weights, bias } = fitScorecard({ ...TABLE, settings: { ...plain, classWeights: { good: 1, bad: 3 } } });
    expect(bias[0]).toBeCloseTo(Math.log(60 / 60), 5);
    expect(weights[0]).toBeCloseTo(Math.log(90 / 10), 5);
  });

  it('stay zero rather than take the wrong sign, and the others are refitted', () => {
    const { weights, bias } = fitScorecard({ ...TABLE, settings: plain, directions: Int8Array.of(-1) });
    expect(weights[0]).toBe(0);
    expect(bias[0]).toBeCloseTo(Math.log(50 / 70), 5);
  });

  it('shrink under a penalty, the intercept does not', () => {
    const shrunk = fitScorecard({ ...TABLE, settings: { l2: 100 } });
    expect(Math.abs(shrunk.weights[0]!)).toBeLessThan(0.01);
    expect(shrunk.bias[0]).toBeCloseTo(Math.log(50 / 70), 2);
  });

  it('stay finite when a column separates the outcomes or is constant', () => {
    const separated = table([[0, 0, 10], [1, 1, 10]]);
    expect(fitScorecard({ ...separated, settings: { l2: 1e-3 } }).weights.every(Number.isFinite)).toBe(true);
    const constant = table([[1, 0, 10], [1, 1, 10]]);
    expect(fitScorecard({ ...constant, settings: { l2: 1e-6 } }).weights.every(Number.isFinite)).toBe(true);
  });

  it('are at the minimum: no small move lowers the penalised loss', () => {
    const random = new Random(4);
    const [n, width, l2] = [400, 5, 0.01];
    const rows = Float32Array.from({ length: n * width }, () => random.normal());
    const labels = Uint8Array.from({ length: n }, (_, i) => (random.uniform() < 1 / (1 + Math.exp(-(rows[i * width]! - rows[i * width + 1]!))) ? 1 : 0));
    const { weights, bias } = fitScorecard({ rows, labels, width, settings: { l2 } });
    const loss = (w: ArrayLike<number>, b: number): number => {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        let z = b;
        for (let c = 0; c < width; c++) z += w[c]! * rows[i * width + c]!;
        sum += Math.log1p(Math.exp(z)) - labels[i]! * z;
      }
      return sum / n + l2 * Array.from(w).reduce((total, x) => total + x * x, 0);
    };
    const best = loss(weights, bias[0]!);
    for (let c = 0; c < width; c++) for (const step of [-1e-2, 1e-2]) expect(loss(weights.with(c, weights[c]! + step), bias[0]!)).toBeGreaterThan(best);
    for (const step of [-1e-2, 1e-2]) expect(loss(weights, bias[0]! + step)).toBeGreaterThan(best);
  });
});
