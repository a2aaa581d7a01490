import { describe, expect, it } from '@jest/globals';
import { asyncProperty, assert, double, integer } from 'fast-check';
import { counterfactual, encodeInputs, loadScorer, type FeatureSchema, type GatheredRecord, type ReferenceSet, type Typical } from '../../src/scoring/index.js';
import { analyticScorer, referenceOf } from './explain-support.js';
import { loan, numeric, randomOnnx, schemaOf } from './support.js';

const BOUNDS = { min: -100, max: 100 };
const LINE = 1 / (1 + Math.exp(-0.5));

/** Raw values −1 and 1: standardised numbers pass through unchanged. */
const book = (names: readonly string[]): GatheredRecord[] => [-1, 1].map((x) => loan(Object.fromEntries(names.map((name) => [name, x]))));

const mutable = (name: string, parts: Record<string, unknown> = {}): Record<string, unknown> => numeric(name, { mutable: true, bounds: BOUNDS, ...parts });

async function stage(features: Record<string, unknown>[], logit: (x: readonly number[]) => number, typical: readonly (readonly [number, number])[], records = book(features.map((f) => String(f['name'])))) {
  const schema = schemaOf(features, records);
  const scorer = analyticScorer({ width: schema.width, logit });
  const plain = await referenceOf(scorer, schema, new Float32Array(2 * schema.width));
  const ranges = schema.features.map((_, i): Typical => (typical[i] ? { kind: 'range', p25: typical[i][0], median: (typical[i][0] + typical[i][1]) / 2, p75: typical[i][1] } : { kind: 'none' }));
  return { schema, scorer, reference: { ...plain, json: { ...plain.json, typical: ranges } } satisfies ReferenceSet };
}

/** Lower risk on both sides. */
const hill = ([a]: readonly number[]): number => 4 - Math.abs(a!);
const sum = (x: readonly number[]): number => x.reduce((total, v) => total + v, 0);

/** Where the only feature ends up. */
async function endOf(parts: Record<string, unknown>): Promise<unknown> {
  const { scorer, schema, reference } = await stage([mutable('a', parts)], hill, [[0, 1]]);
  return (await counterfactual(scorer, schema, reference, [1], LINE, { bounds: { a: BOUNDS } })).changes[0]!.to;
}

describe('a counterfactual', () => {
  it('changes the one feature for which the change is smallest, measured in typical spreads', async () => {
    const { scorer, schema, reference } = await stage([mutable('a'), mutable('b')], sum, [[0.05, 1.05], [-0.95, 1.05]]);
    const found = await counterfactual(scorer, schema, reference, [2.03, 0], LINE);
    expect(found).toMatchObject({ found: true, changes: [{ feature: 'b', from: 0, to: expect.closeTo(-1.6, 9) }] });
    expect(found.pd).toBeLessThan(LINE);
    expect(found.text).toBe('With b of -1.6 instead of 0, the PD would be 60.6 %, below the approval line of 62.25 %.');
  });

  it('changes as few features as the bounds allow', async () => {
    const { scorer, schema, reference } = await stage([mutable('a'), mutable('b'), mutable('c')], sum, [[0, 1], [0, 1], [0, 1]]);
    const bounds = { a: { min: 1, max: 2 }, b: { min: -0.8, max: 9 }, c: { min: -0.8, max: 9 } };
    const names = async (values: number[]) => (await counterfactual(scorer, schema, reference, values, LINE, { bounds })).changes.map(({ feature }) => feature);
    expect(await names([1.2, 0, 0])).toHaveLength(1);
    expect(await names([2, 0, 0])).toHaveLength(2);
    expect(await names([2.4, 0.5, 0.5])).toHaveLength(3);
  });

  it('says "none within bounds" and the lowest PD within them', async () => {
    const { scorer, schema, reference } = await stage([mutable('a'), mutable('b')], sum, [[0, 1], [0, 1]]);
    const nothing = await counterfactual(scorer, schema, reference, [5, 5], LINE, { bounds: { a: { min: 3, max: 6 }, b: { min: 2, max: 6 } } });
    expect(nothing).toMatchObject({ found: false, reason: 'none within bounds', changes: [], pd: expect.closeTo(1 / (1 + Math.exp(-5)), 5) });
    expect(nothing.text).toContain('the lowest PD reached is 99.3 %');
  });

  it('does not go where approved applicants hardly are, unless bounds say that it may', async () => {
    const { scorer, schema, reference } = await stage([mutable('a')], sum, [[2, 4]]);
    // Fences: 2 − 1.5 · 2 = −1 and 4 + 1.5 · 2 = 7; below −1 the PD would be low enough.
    const line = 1 / (1 + Math.exp(1.5));
    expect(await counterfactual(scorer, schema, reference, [3], line)).toMatchObject({ found: false, pd: expect.closeTo(1 / (1 + Math.E), 5) });
    expect(await counterfactual(scorer, schema, reference, [3], line, { bounds: { a: BOUNDS } })).toMatchObject({ found: true });
  });

  it('moves only toward lower risk where the direction is declared', async () => {
    expect(await endOf({})).toBeGreaterThan(3);
    expect(await endOf({ monotone: 'increasing' })).toBeLessThan(-3);
    expect(await endOf({ monotone: 'decreasing' })).toBeGreaterThan(3);
  });

  it('never touches what is not mutable or missing, and says when nothing can change', async () => {
    const { scorer, schema, reference } = await stage([numeric('a', { bounds: BOUNDS }), mutable('b')], sum, [[0, 1], [0, 1]]);
    expect(await counterfactual(scorer, schema, reference, [3, null], LINE)).toMatchObject({ found: false, reason: 'none within bounds' });
    const fixed = await stage([numeric('a')], sum, [[0, 1]]);
    expect(await counterfactual(fixed.scorer, fixed.schema, fixed.reference, [3], LINE)).toMatchObject({ found: false, reason: 'no mutable feature' });
    expect(await counterfactual(scorer, schema, reference, [-3, 0], LINE)).toMatchObject({ found: false, reason: 'already below the line' });
  });

  it('keeps whole numbers whole, and does not make a count negative', async () => {
    const records = Array.from({ length: 40 }, (_, i) => loan({ n: i % 8 }));
    const feature = mutable('n', { transform: 'quantile', bounds: undefined });
    const { scorer, schema, reference } = await stage([feature], ([score]) => 1 + score!, [[1, 5]], records);
    const { changes } = await counterfactual(scorer, schema, reference, [7], 0.6);
    expect(changes[0]!.to).toBe(Math.round(Number(changes[0]!.to)));
    const floor = await counterfactual(scorer, schema, reference, [7], 1e-6);
    expect(floor).toMatchObject({ found: false, pd: expect.closeTo(1 / (1 + Math.exp(-1 - encodeInputs(schema, [0]).vector[0]!)), 6) });
  });

  it('chooses among known categories, and of a sequence changes the newest period', async () => {
    const kind = numeric('kind', { type: 'categorical', transform: 'one-hot', mutable: true, label: 'Housing', labels: { zh: '住房' }, valueLabels: { zh: { own: '自有', rent: '租住' } } });
    const history = mutable('use', { type: 'sequence', source: { path: 'repayments.use', last: 3 }, label: 'Credit utilisation', unit: 'ratio' });
    const records = [...Array.from({ length: 9 }, () => 'own'), 'rent', 'rent'].map((value, i) => loan({ kind: value }, [-1, 1, 1].map((x) => ({ use: i % 2 ? x : -x }))));
    const { schema, scorer, reference } = await stage([kind, history], ([own, , newest]) => 2 - 2 * own! + 0.5 * newest!, [], records);
    const housed = await counterfactual(scorer, schema, reference, ['rent', [0, 0, 0]], LINE, { bounds: { use: { min: -2, max: 2 } }, language: 'zh' });
    expect(housed.changes).toEqual([{ feature: 'kind', label: 'Housing', from: 'rent', to: 'own' }]);
    expect(housed.text).toMatch(/^若住房为 自有（现为 租住），违约概率将为 \d+(\.\d+)?%，低于审批线 62.25%。$/u);
    const newest = await counterfactual(scorer, schema, reference, ['own', [2, 0, 0]], LINE);
    expect(newest).toMatchObject({ found: true, changes: [{ feature: 'use', from: 2, to: expect.any(Number) }] });
    expect(newest.text).toContain('Credit utilisation in the newest period of');
  });

  it('refuses unsound options', async () => {
    const { scorer, schema, reference } = await stage([mutable('a')], sum, [[0, 1]]);
    await expect(counterfactual(scorer, schema, reference, [1], 1.5)).rejects.toThrow('a PD between 0 and 1');
    await expect(counterfactual(scorer, schema, reference, [1], 0.5, { bounds: { z: BOUNDS } })).rejects.toThrow('no such feature');
    await expect(counterfactual(scorer, schema, reference, [1], 0.5, { maxFeatures: 4 })).rejects.toThrow('1 to 3 features');
  });
});

describe('every counterfactual of a network', () => {
  const features = ['a', 'b', 'c', 'd', 'e'].map((name, i) => (i < 3 ? mutable(name, { bounds: { min: -3, max: 3 } }) : numeric(name)));
  const schema: FeatureSchema = schemaOf(features, book(['a', 'b', 'c', 'd', 'e']));

  it('is verified by scoring it, stays within bounds, is deterministic, and cannot do with less of any change', async () => {
    const scorer = await loadScorer({ onnx: randomOnnx(5, [12, 6]), schema });
    const plain = await referenceOf(scorer, schema, new Float32Array(10));
    const reference: ReferenceSet = { ...plain, json: { ...plain.json, typical: schema.features.map(() => ({ kind: 'range', p25: -0.5, median: 0, p75: 0.5 })) } };
    let found = 0;
    const property = asyncProperty(integer({ min: 0, max: 1e6 }), double({ min: -0.6, max: 0, noNaN: true }), async (seed, lower) => {
      const values = features.map((_, i) => Math.sin(seed + i) * 2);
      const pdOf = async (row: readonly number[]): Promise<number> => (await scorer.run(encodeInputs(schema, [...row]).vector, 1)).probability[0]!;
      const before = await pdOf(values);
      const line = before * (1 + lower);
      const result = await counterfactual(scorer, schema, reference, values, line);
      expect(await counterfactual(scorer, schema, reference, values, line)).toEqual(result);
      if (!result.found) return;
      found++;
      const changed = values.map((value, i) => Number(result.changes.find(({ feature }) => feature === features[i]!['name'])?.to ?? value));
      expect(await pdOf(changed)).toBe(result.pd);
      expect(result.pd).toBeLessThan(line);
      for (const { feature, to } of result.changes) {
        expect(['a', 'b', 'c']).toContain(feature);
        expect(Math.abs(Number(to))).toBeLessThanOrEqual(3);
      }
      for (const i of features.keys()) if (result.changes.length > 1 && changed[i] !== values[i]) expect(await pdOf(changed.with(i, values[i]!))).toBeGreaterThanOrEqual(line);
    });
    await assert(property, { numRuns: 30, seed: 3 });
    expect(found).toBeGreaterThan(10);
  });
});
