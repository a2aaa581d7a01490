import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { asWeightOfEvidence, encode, encodeInputs, fitFeatureSchema, parseFeatureSchema, type Evidence, type FeatureSchema, type FitOptions, type GatheredValue } from '../../src/scoring/index.js';
import { binNumbers, BINNING, weightOfEvidence } from '../../src/scoring/features/binning.js';
import { loan, numeric, specsOf } from './support.js';

interface Cell {
  readonly value: GatheredValue;
  readonly goods: number;
  readonly bads: number;
}

/** A schema of one feature, learned from a table of counts. */
function fitTable(parts: Record<string, unknown>, cells: readonly Cell[], options: FitOptions = {}): FeatureSchema {
  const rows = cells.flatMap(({ value, goods, bads }) => Array.from({ length: goods + bads }, (_, i) => ({ value, label: i < bads ? 1 : 0 })));
  const spec = numeric('f', { transform: 'weight-of-evidence', missing: { rule: 'indicator', sentinels: [-9] }, ...parts });
  return fitFeatureSchema(specsOf(spec), rows.map(({ value }) => loan({ f: value })), { labels: rows.map(({ label }) => label), ...options });
}

const evidenceOf = (schema: FeatureSchema): Evidence => schema.features[0]!.woe![0]!;
const weight = (schema: FeatureSchema, f: GatheredValue): number => encode(schema, loan({ f })).vector[0]!;
const flags = (schema: FeatureSchema, f: GatheredValue): readonly string[] => encode(schema, loan({ f })).inputs[0]!.flags;

/** Ages of 2,000 loans with 194 defaults; each group stands here at its lower end. */
const AGE: readonly Cell[] = [
  { value: null, goods: 42, bads: 8 },
  { value: 18, goods: 152, bads: 48 },
  { value: 23, goods: 246, bads: 54 },
  { value: 27, goods: 405, bads: 45 },
  { value: 30, goods: 475, bads: 25 },
  { value: 35, goods: 339, bads: 11 },
  { value: 44, goods: 147, bads: 3 },
];
/** By hand: 100 · ln((bads / 194) / (goods / 1806)), the missing ones last. */
const BY_HAND = [107.83, 71.47, 3.38, -71.34, -119.71, -166.08, 57.28];
const plain = { binning: { smoothing: 0, leastShare: 0.01 } };

describe('weight of evidence', () => {
  const age = fitTable({}, AGE, plain);

  it('is ln(share of bads / share of goods), with the sign that makes riskier higher', () => {
    evidenceOf(age).bins.forEach(({ woe }, i) => expect(100 * woe).toBeCloseTo(BY_HAND[i]!, 1));
    expect(evidenceOf(age).iv).toBeCloseTo(0.6502, 4);
    expect(weight(age, 25)).toBeCloseTo(0.7147, 3);
  });

  it('stores everything that a scorecard is printed from', () => {
    expect(evidenceOf(age).bins).toMatchObject([
      { kind: 'range', from: null, below: 23, rows: 200, bads: 48 },
      { kind: 'range', from: 23, below: 27, rows: 300, bads: 54 },
      { kind: 'range', from: 27, below: 30, rows: 450, bads: 45 },
      { kind: 'range', from: 30, below: 35, rows: 500, bads: 25 },
      { kind: 'range', from: 35, below: 44, rows: 350, bads: 11 },
      { kind: 'range', from: 44, below: null, rows: 150, bads: 3 },
      { kind: 'missing', rows: 50, bads: 8 },
    ]);
  });

  it('adds rows of the average default rate, so that no weight is infinite: by hand (0 + 10·0.25) / (5 + 10·0.75) against 25 / 75', () => {
    const context = { total: { rows: 100, bads: 25 }, options: BINNING };
    expect(weightOfEvidence({ rows: 5, bads: 0 }, context)).toBeCloseTo(Math.log((2.5 / 12.5) * 3), 12);
    expect(weightOfEvidence({ rows: 0, bads: 0 }, context)).toBeCloseTo(0, 12);
    expect(weightOfEvidence({ rows: 8, bads: 2 }, context)).toBeCloseTo(0, 12);
  });

  it('merges a bin below the least share of rows with its nearest neighbour', () => {
    const merged = evidenceOf(fitTable({}, AGE, { binning: { smoothing: 0, leastShare: 0.09 } }));
    expect(merged.bins.map((bin) => (bin.kind === 'range' ? bin.below : bin.kind))).toEqual([23, 27, 30, 35, null, 'missing']);
  });

  it('merges a bin below the least share of either outcome too', () => {
    const merged = evidenceOf(fitTable({}, AGE, { binning: { smoothing: 0, leastShare: 0.01, leastOutcomeShare: 0.05 } }));
    expect(merged.bins.map((bin) => (bin.kind === 'range' ? bin.below : bin.kind))).toEqual([23, 27, 30, 35, null, 'missing']);
  });

  it('starts numbers from at most 20 bins of equal size', () => {
    const many = Array.from({ length: 2_000 }, (_, i) => ({ value: i, goods: 1, bads: i % 3 === 0 ? 1 : 0 }));
    expect(evidenceOf(fitTable({}, many, { binning: { leastShare: 0 } })).bins).toHaveLength(20);
  });

  it('keeps two bins that separate the outcomes perfectly', () => {
    const { bins, iv } = evidenceOf(fitTable({}, Array.from({ length: 40 }, (_, i) => ({ value: i, goods: i < 24 ? 10 : 0, bads: i < 24 ? 0 : 10 }))));
    expect(bins).toMatchObject([{ below: 24, rows: 240, bads: 0 }, { from: 24, rows: 160, bads: 160 }]);
    expect(iv).toBeGreaterThan(0.5);
  });

  it('gives a value that many share a bin of its own', () => {
    const zeros = [{ value: 0, goods: 300, bads: 10 }, ...Array.from({ length: 100 }, (_, i) => ({ value: i + 1, goods: 3, bads: 3 }))];
    expect(evidenceOf(fitTable({}, zeros)).bins[0]).toMatchObject({ from: null, below: 1, rows: 310, bads: 10 });
  });
});

describe('a missing value under weight of evidence', () => {
  it('or a sentinel has the bin of what was missing in training', () => {
    const schema = fitTable({}, AGE, plain);
    expect([weight(schema, null), weight(schema, -9)]).toEqual([expect.closeTo(0.5728, 4), expect.closeTo(0.5728, 4)]);
    expect([flags(schema, null), flags(schema, -9)]).toEqual([['MISSING'], ['SENTINEL']]);
  });

  it('weighs 0 when training had none', () => {
    expect(weight(fitTable({}, AGE.slice(1)), null)).toBe(0);
  });

  it('takes the bin of its stand-in under another rule', () => {
    const schema = fitTable({ missing: { rule: 'constant', value: 44 } }, AGE, plain);
    expect(weight(schema, null)).toBe(weight(schema, 44));
    expect(evidenceOf(schema).bins.at(-1)).toMatchObject({ kind: 'range', rows: 200, bads: 11 });
  });
});

describe('a declared trend', () => {
  // Rates 10 %, 30 %, 20 %, 40 %: the middle two break the rise and are pooled to 25 %.
  const cells = [[1, 10], [2, 30], [3, 20], [4, 40]].map(([value, bads]) => ({ value: value!, goods: 100 - bads!, bads: bads! }));

  it('pools neighbours that break it', () => {
    const { bins } = evidenceOf(fitTable({ monotone: 'increasing' }, cells));
    expect(bins.map(({ rows, bads }) => [rows, bads])).toEqual([[100, 10], [200, 50], [100, 40]]);
    expect(evidenceOf(fitTable({}, cells)).bins).toHaveLength(4);
  });

  it('against the data leaves one bin that weighs nothing', () => {
    const { bins, iv } = evidenceOf(fitTable({ monotone: 'decreasing' }, [cells[0]!, cells[2]!, cells[3]!]));
    expect(bins).toHaveLength(1);
    expect(iv).toBeCloseTo(0, 12);
  });

  it('holds for any data', () => {
    const sample = fc.array(fc.record({ x: fc.integer({ min: 0, max: 40 }), bad: fc.boolean() }), { minLength: 2, maxLength: 200 });
    fc.assert(fc.property(sample, fc.constantFrom('increasing' as const, 'decreasing' as const), (rows, monotone) => {
      const labels = Uint8Array.from(rows, ({ bad }) => (bad ? 1 : 0));
      const bads = labels.reduce((a, b) => a + b, 0);
      fc.pre(bads > 0 && bads < rows.length);
      const { bins, iv } = binNumbers(Float64Array.from(rows, ({ x }) => x), labels, { rows: 0, bads: 0 }, monotone, { total: { rows: rows.length, bads }, options: BINNING });
      const sign = monotone === 'increasing' ? 1 : -1;
      expect(bins.every(({ woe }, i) => i === 0 || sign * woe >= sign * bins[i - 1]!.woe)).toBe(true);
      expect(bins.reduce((sum, bin) => sum + bin.rows, 0)).toBe(rows.length);
      expect(iv).toBeGreaterThanOrEqual(-1e-12);
    }));
  });
});

describe('a category under weight of evidence', () => {
  const cells = [
    { value: 'OWN', goods: 500, bads: 50 }, { value: 'RENT', goods: 300, bads: 100 },
    { value: 'X', goods: 10, bads: 5 }, { value: 'Y', goods: 9, bads: 6 }, { value: 'Z', goods: 12, bads: 8 },
  ];
  const parts = { type: 'categorical', missing: { rule: 'indicator' } };
  const schema = fitTable(parts, cells);

  it('that is rare shares a bin with the other rare ones', () => {
    expect(evidenceOf(schema).bins.map((bin) => (bin.kind === 'categories' ? bin.categories : bin.kind))).toEqual([['OWN'], ['RENT'], ['X', 'Y', 'Z']]);
    expect(weight(schema, 'X')).toBe(weight(schema, 'Z'));
    expect(flags(schema, 'X')).toEqual([]);
  });

  it('unknown to training weighs 0 and is flagged', () => {
    expect([weight(schema, 'CASTLE'), flags(schema, 'CASTLE')]).toEqual([0, ['UNKNOWN_CATEGORY']]);
  });

  it('of a boolean that training never saw is flagged too', () => {
    const always = fitTable({ type: 'boolean', missing: { rule: 'indicator' } }, [{ value: true, goods: 90, bads: 10 }]);
    expect([flags(always, true), flags(always, false)]).toEqual([[], ['UNKNOWN_CATEGORY']]);
  });
});

const history = (field: string): Record<string, unknown> =>
  numeric(field, { type: 'sequence', source: { path: `repayments.${field}`, last: 2 }, missing: { rule: 'indicator' }, transform: field === 'status' ? 'one-hot' : 'log' });

describe('a history under weight of evidence', () => {
  it('has bins for each period, of numbers and of categories alike', () => {
    const records = Array.from({ length: 400 }, (_, i) => loan({}, [{ balance: i, status: i % 4 === 0 ? 'LATE' : 'OK' }, { balance: -i, status: 'OK' }]));
    const labels = records.map((_, i) => (i >= 300 || i % 8 === 0 ? 1 : 0));
    const schema = fitFeatureSchema(asWeightOfEvidence(specsOf(history('balance'), history('status'))), records, { labels });
    expect(schema.width).toBe(4);
    const { vector } = encodeInputs(schema, [[399, -399], ['LATE', 'OK']]);
    expect([vector[0]! > 0, vector[1]! > 0, vector[2]! > 0, vector[3]]).toEqual([true, true, true, 0]);
  });
});

describe('fitting weight of evidence', () => {
  const records = [1, 2, 3].map((f) => loan({ f }));
  const specs = specsOf(numeric('f', { transform: 'weight-of-evidence' }));

  it.each([
    [undefined, 'give the labels of the training rows'],
    [[0, 1], '3 training rows but 2 labels'],
    [[0, 0, 0], 'rows of both outcomes'],
    [[0, 1, 2], 'label of training row 2 is 2'],
  ])('with the labels %p is refused', (labels, sentence) => {
    expect(() => fitFeatureSchema(specs, records, labels === undefined ? {} : { labels })).toThrow(sentence);
  });

  const schema = fitTable({ monotone: 'decreasing' }, AGE);
  const feature = schema.features[0]!;
  const [first, ...rest] = feature.woe![0]!.bins;
  const withBins = (bins: unknown[]): unknown => ({ ...schema, features: [{ ...feature, woe: [{ iv: 0, bins }] }] });

  it.each([
    [withBins(rest), 'bins with gaps'],
    [withBins([first]), 'bins with gaps'],
    [withBins([first, first, ...rest]), 'bins with gaps'],
    [withBins([{ ...first, woe: -9 }, ...rest]), 'bins whose risk is not decreasing'],
    [withBins([first, ...rest, rest.at(-1)]), 'two bins for missing values'],
    [withBins([{ kind: 'categories', categories: ['A'], rows: 1, bads: 0, woe: 0 }]), 'bins of another type'],
    [{ ...schema, features: [{ ...feature, woe: [] }] }, 'needs the bins of 1 period'],
    [{ ...schema, features: [{ ...feature, spec: { ...feature.spec, transform: 'none' } }] }, 'has bins but no transform'],
  ])('bins that contradict each other (%#) are refused when read', (json, sentence) => {
    expect(() => parseFeatureSchema(json)).toThrow(sentence);
  });
});
