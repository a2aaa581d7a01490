import { describe, expect, it } from '@jest/globals';
import { globalImportance, partialDependence } from '../../src/scoring/index.js';
import { analyticScorer } from './explain-support.js';
import { loan, numeric, plainSchema, randomRows, schemaOf } from './support.js';

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

describe('global importance', () => {
  it('is the mean size of the attributions, its share of all, and the mean with sign, strongest first', () => {
    const explained = [{ attributions: [1, -3, 0] }, { attributions: [-1, -5, 0] }];
    expect(globalImportance(explained, plainSchema(3))).toEqual([
      { feature: 'x1', label: 'x1', meanAbsolute: 4, share: 0.8, meanSigned: -4 },
      { feature: 'x0', label: 'x0', meanAbsolute: 1, share: 0.2, meanSigned: 0 },
      { feature: 'x2', label: 'x2', meanAbsolute: 0, share: 0, meanSigned: 0 },
    ]);
  });

  it('needs explanations, of this schema', () => {
    expect(() => globalImportance([], plainSchema(1))).toThrow('at least one explained row');
    expect(() => globalImportance([{ attributions: [1, 2] }], plainSchema(1))).toThrow('Explanation 0 has 2 attributions');
  });
});

describe('partial dependence', () => {
  const schema = plainSchema(2);
  const rows = Array.from({ length: 200 }, (_, i) => [...randomRows(i + 1, 1, 2)]);
  const scorer = analyticScorer({ width: 2, logit: ([a, b]) => 2 * a! - a! * b! });

  it('is the mean over rows with the feature at each value of its grid, with the spread over individuals', async () => {
    const [curve] = await partialDependence(scorer, schema, rows, { features: ['x0'], gridSize: 5 });
    expect(curve).toMatchObject({ feature: 'x0', label: 'x0', varies: 'value' });
    expect(curve!.points).toHaveLength(5);
    const values = rows.map(([a]) => a!).sort((a, b) => a - b);
    expect(curve!.points[2]!.value).toBeCloseTo((values[99]! + values[100]!) / 2, 9);
    for (const { value, meanPd, meanLogit, p10, p90 } of curve!.points) {
      const logits = rows.map(([, b]) => 2 * Number(value) - Number(value) * b!);
      expect(meanLogit).toBeCloseTo(mean(logits), 4);
      expect(meanPd).toBeCloseTo(mean(logits.map(sigmoid)), 5);
      const pds = logits.map(sigmoid).sort((a, b) => a - b);
      // Rank 0.1 · 199 = 19.9, rank 0.9 · 199 = 179.1.
      expect(p10).toBeCloseTo(pds[19]! + 0.9 * (pds[20]! - pds[19]!), 5);
      expect(p90).toBeCloseTo(pds[179]! + 0.1 * (pds[180]! - pds[179]!), 5);
    }
  });

  it('takes categories for a grid, shifts the periods of a sequence together, and replaces the newest category', async () => {
    const features = [
      numeric('kind', { type: 'categorical', transform: 'one-hot' }),
      numeric('use', { type: 'sequence', source: { path: 'repayments.use', last: 2 } }),
      numeric('status', { type: 'sequence', transform: 'one-hot', source: { path: 'repayments.status', last: 2 } }),
    ];
    const records = ['A', 'B', 'A', 'B'].map((kind, i) => loan({ kind }, [1, -1].map((x) => ({ use: i % 2 ? x : -x, status: kind === 'A' ? 'LATE' : 'PAID' }))));
    const folded = schemaOf(features, records);
    // Columns: kind=A, kind=B, use[0], use[1], status[0]=LATE, PAID, status[1]=LATE, PAID
    const watching = analyticScorer({ width: 8, logit: ([a, , newest, older, late, , lateBefore]) => 10 * a! + newest! - 3 * older! + 100 * late! + 1_000 * lateBefore! });
    const raw = [['A', [3, 1], ['PAID', 'LATE']], ['B', [5, null], ['LATE', 'PAID']]] as const;
    const [kind, use, status] = await partialDependence(watching, folded, raw, { gridSize: 2 });
    expect(kind).toMatchObject({ varies: 'value', points: [{ value: 'A' }, { value: 'B' }] });
    expect(kind!.points[0]!.meanLogit - kind!.points[1]!.meanLogit).toBeCloseTo(10, 4);
    expect(use!.varies).toBe('mean-of-periods');
    expect(status).toMatchObject({ varies: 'newest-period', points: [{ value: 'LATE' }, { value: 'PAID' }] });
    expect(status!.points[0]!.meanLogit - status!.points[1]!.meanLogit).toBeCloseTo(100, 3);
  });

  it('shifts all known periods of a sequence by the same amount', async () => {
    const folded = schemaOf([numeric('use', { type: 'sequence', source: { path: 'repayments.use', last: 2 }, bounds: { min: -9, max: 9 } })], [-1, 1].map((x) => loan({}, [{ use: x }, { use: x }])));
    const difference = analyticScorer({ width: 2, logit: ([newest, older]) => newest! - older! });
    const level = analyticScorer({ width: 2, logit: ([newest, older]) => (newest! + older!) / 2 });
    const raw = [[[3, 1]], [[0, -2]]];
    expect((await partialDependence(difference, folded, raw, { gridSize: 3 }))[0]!.points.map(({ meanLogit }) => meanLogit)).toEqual([2, 2, 2].map((x) => expect.closeTo(x, 5)));
    for (const { value, meanLogit } of (await partialDependence(level, folded, raw, { gridSize: 3 }))[0]!.points) expect(meanLogit).toBeCloseTo(Number(value), 5);
  });

  it('samples rows by seed, survives JSON, and refuses what it cannot do', async () => {
    const run = (seed: number) => partialDependence(scorer, schema, rows, { rows: 50, gridSize: 4, seed });
    const curves = await run(1);
    expect(await run(1)).toEqual(curves);
    expect(await run(2)).not.toEqual(curves);
    expect(JSON.parse(JSON.stringify(curves))).toEqual(curves);
    await expect(partialDependence(scorer, schema, rows, { features: ['nope'] })).rejects.toThrow('no feature "nope"');
    await expect(partialDependence(scorer, schema, [])).rejects.toThrow('needs rows');
  });
});
