import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { areaUnderCurve, byGroup, byVintage, calibrationBins, curves, evaluate, scorePoints } from '../../src/scoring/index.js';
import { Random } from '../../src/scoring/random.js';
import { normalBook, reordered, twoModels } from './scored-books.js';

describe('a model by group', () => {
  const scored = { labels: [1, 0, 0, 0, 1, 0, 0, 1], pds: [0.6, 0.1, 0.1, 0.2, 0.4, 0.3, 0.1, 0.9] };
  const report = byGroup(scored, ['b', 'b', 'b', 'b', 'a', 'a', 'a', 'c'], 0.25, { leastRows: 3 });

  it('has rows, bads, rates, mean PD and AUC of each', () => {
    expect(report.groups).toEqual([
      { name: 'a', rows: 3, bads: 1, defaultRate: 1 / 3, meanPd: expect.closeTo(0.8 / 3, 12), auc: 1, approvalRate: 1 / 3, approvalRatio: expect.closeTo(4 / 9, 12), belowLeastRatio: true },
      { name: 'b', rows: 4, bads: 1, defaultRate: 0.25, meanPd: expect.closeTo(0.25, 12), auc: 1, approvalRate: 0.75, approvalRatio: 1, belowLeastRatio: false },
    ]);
  });

  it('names the groups that are too small to judge', () => {
    expect(report.skipped).toEqual([{ name: 'c', rows: 1 }]);
    expect(byGroup(scored, Array.from({ length: 8 }, () => 'all'), 0.5)).toMatchObject({ groups: [], skipped: [{ name: 'all', rows: 8 }], leastRows: 100, leastRatio: 0.8 });
  });

  it('takes the least ratio from its options', () => {
    const lenient = byGroup(scored, ['b', 'b', 'b', 'b', 'a', 'a', 'a', 'c'], 0.25, { leastRows: 3, leastRatio: 0.4 });
    expect(lenient.groups.map(({ belowLeastRatio }) => belowLeastRatio)).toEqual([false, false]);
  });

  it('has no AUC where one outcome occurs, and no ratio where nobody is approved', () => {
    const [only] = byGroup({ labels: [0, 0], pds: [0.5, 0.6] }, ['x', 'x'], 0.1, { leastRows: 1 }).groups;
    expect(only).toMatchObject({ auc: null, approvalRate: 0, approvalRatio: null, belowLeastRatio: false });
  });

  it('refuses unequal lengths', () => {
    expect(() => byGroup(scored, ['a'], 0.5)).toThrow('8 PDs, 8 labels and 1 groups');
  });
});

describe('a model by vintage', () => {
  const scored = { labels: [1, 0, 0, 1], pds: [0.6, 0.1, 0.2, 0.4] };
  const dates = ['2024-04-01', '2023-12-31T23:00:00Z', '2024-06-30', '2024-01-15'];

  it('goes by the quarter of decision, oldest first', () => {
    expect(byVintage(scored, dates, 0.3).map(({ name, rows, bads }) => [name, rows, bads])).toEqual([['2023-Q4', 1, 0], ['2024-Q1', 1, 1], ['2024-Q2', 2, 1]]);
  });

  it('or by the month', () => {
    expect(byVintage(scored, dates, 0.3, 'month').map(({ name }) => name)).toEqual(['2023-12', '2024-01', '2024-04', '2024-06']);
  });

  it('refuses what is no date', () => {
    expect(() => byVintage(scored, ['2024-01-01', '31.12.2024', '', ''], 0.3)).toThrow('row 1 is "31.12.2024"');
  });
});

describe('curves for reports and plots', () => {
  const { labels, pds } = normalBook(2, 3000, 1000, 1.1);
  const made = curves(labels, pds);
  const metrics = evaluate(labels, pds, 0.5);

  it('thin the ROC to about 200 points, from corner to corner, losing next to no area', () => {
    expect(made.roc.length).toBeLessThanOrEqual(203);
    expect(made.roc[0]).toEqual({ falsePositiveRate: 0, truePositiveRate: 0, pd: 1 });
    expect(made.roc.at(-1)).toMatchObject({ falsePositiveRate: 1, truePositiveRate: 1 });
    const area = made.roc.slice(1).reduce((sum, p, i) => sum + ((p.falsePositiveRate - made.roc[i]!.falsePositiveRate) * (p.truePositiveRate + made.roc[i]!.truePositiveRate)) / 2, 0);
    expect(Math.abs(area - metrics.auc)).toBeLessThan(0.002);
  });

  it('tell where the KS is', () => {
    expect(made.ks.value).toBe(metrics.ks);
    expect(made.roc).toContainEqual({ falsePositiveRate: made.ks.falsePositiveRate, truePositiveRate: made.ks.truePositiveRate, pd: made.ks.pd });
    const above = (label: number): number => labels.reduce((n, l, i) => n + (l === label && pds[i]! >= made.ks.pd ? 1 : 0), 0);
    expect(above(1) / 1000 - above(0) / 3000).toBeCloseTo(made.ks.value, 12);
  });

  it('have a lift table whose deciles add up', () => {
    expect(made.lift.map(({ rows }) => rows)).toEqual(Array.from({ length: 10 }, () => 400));
    expect(made.lift.reduce((sum, { bads }) => sum + bads, 0)).toBe(1000);
    expect(made.lift[0]!.lift).toBeCloseTo(made.lift[0]!.bads / 400 / 0.25, 12);
    expect(made.lift[3]).toMatchObject({ decile: 4, cumulativeRows: 0.4 });
    expect(made.lift.at(-1)).toMatchObject({ cumulativeRows: 1, gain: 1, cumulativeLift: 1 });
    expect(made.lift.every((row, i) => i === 0 || row.highestPd <= made.lift[i - 1]!.lowestPd)).toBe(true);
  });

  it('show calibration in the bins of the metrics, each rate inside its interval', () => {
    expect(made.calibration).toMatchObject(metrics.calibration);
    for (const { defaultRate, low, high } of made.calibration) expect(low < defaultRate && defaultRate < high).toBe(true);
  });

  it('count every loan once in the score distribution', () => {
    const { edges, goods, bads } = made.distribution;
    expect([goods, bads].map((counts) => counts.reduce((sum, n) => sum + n, 0))).toEqual([3000, 1000]);
    const points = Array.from(pds, (pd) => scorePoints(pd));
    goods.forEach((count, band) => {
      expect(count + bads[band]!).toBe(points.filter((at) => at >= edges[band]! && at < edges[band + 1]!).length);
    });
  });

  it('are plain JSON, whatever the order of the rows and the ties', () => {
    fc.assert(fc.property(twoModels, fc.integer(), ({ labels: some, a }, seed) => {
      const order = new Random(seed).shuffle(some.map((_, i) => i));
      const shown = curves(some, a);
      expect(JSON.parse(JSON.stringify(shown))).toEqual(shown);
      expect(curves(reordered(some, order), reordered(a, order))).toEqual(shown);
      expect(shown.auc).toBeCloseTo(areaUnderCurve(some, a), 12);
    }));
  });
});

describe('bins of equal size', () => {
  it('share a tie out, so that the order of its rows does not matter', () => {
    expect(calibrationBins([1, 1, 0, 0], [0.5, 0.5, 0.5, 0.5], 2)).toEqual([{ count: 2, meanPd: 0.5, defaultRate: 0.5 }, { count: 2, meanPd: 0.5, defaultRate: 0.5 }]);
  });
});
