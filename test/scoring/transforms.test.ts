import { describe, expect, it } from '@jest/globals';
import { columnNames, encode, encodeInputs, fitFeatureSchema, InputRefused, parseFeatureSchema, type FeatureSchema, type GatheredRecord, type InputValue } from '../../src/scoring/index.js';
import { loan, numeric, specsOf } from './support.js';

const rows = 60;
const labels = Array.from({ length: rows }, (_, i) => (i % 3 === 0 ? 1 : 0));
const records = Array.from({ length: rows }, (_, i): GatheredRecord => ({
  customer: {},
  loan: { amount: i % 12 === 0 ? null : i, kind: i % 12 === 0 ? null : ['A', 'B', 'C'][i % 3]!, secured: i % 12 === 0 ? null : i % 2 === 0 },
  repayments: Array.from({ length: i % 12 === 0 ? 1 : 2 }, (__, period) => ({ balance: i + period, status: ['OK', 'LATE'][(i + period) % 2]!, autoPay: (i + period) % 3 === 0 })),
}));

const NUMERIC = ['none', 'standardise', 'robust', 'log', 'quantile', 'weight-of-evidence'] as const;
const sequence = (field: string, elements: string, transform: string): Record<string, unknown> => ({ type: 'sequence', elements, source: { path: `repayments.${field}`, last: 2 }, transform });
const combinations: [string, Record<string, unknown>, InputValue, InputValue][] = [
  ...NUMERIC.map((transform): [string, Record<string, unknown>, InputValue, InputValue] => [`a number under ${transform}`, { source: { path: 'loan.amount' }, transform }, 17, 'seventeen']),
  ...NUMERIC.map((transform): [string, Record<string, unknown>, InputValue, InputValue] => [`a sequence of numbers under ${transform}`, sequence('balance', 'numeric', transform), [17, null], [17, 'x']]),
  ...['one-hot', 'weight-of-evidence'].map((transform): [string, Record<string, unknown>, InputValue, InputValue] => [`a category under ${transform}`, { source: { path: 'loan.kind' }, type: 'categorical', transform }, 'B', 4]),
  ...['one-hot', 'weight-of-evidence'].map((transform): [string, Record<string, unknown>, InputValue, InputValue] => [`a sequence of categories under ${transform}`, sequence('status', 'categorical', transform), ['OK', null], ['OK', 1]]),
  ...['one-hot', 'none', 'weight-of-evidence'].map((transform): [string, Record<string, unknown>, InputValue, InputValue] => [`a boolean under ${transform}`, { source: { path: 'loan.secured' }, type: 'boolean', transform }, true, 'true']),
  ...['one-hot', 'none', 'weight-of-evidence'].map((transform): [string, Record<string, unknown>, InputValue, InputValue] => [`a sequence of booleans under ${transform}`, sequence('autoPay', 'boolean', transform), [true, null], [1, true]]),
];
const fit = (parts: Record<string, unknown>): FeatureSchema => fitFeatureSchema(specsOf(numeric('f', { missing: { rule: 'indicator' }, ...parts })), records, { labels });

describe.each(combinations)('%s', (_, parts, value, wrong) => {
  const schema = fit(parts);

  it('fits, encodes to finite numbers, survives JSON and gives the same bits again', () => {
    const reread = parseFeatureSchema(JSON.parse(JSON.stringify(schema)));
    expect(reread).toEqual(schema);
    expect(columnNames(schema)).toHaveLength(schema.width);
    for (const record of records) {
      const first = encode(schema, record);
      expect(first.vector.every(Number.isFinite)).toBe(true);
      expect(encodeInputs(reread, first.inputs.map((input) => input.value)).vector).toEqual(first.vector);
    }
  });

  it('tells two different values apart, and a missing one is flagged', () => {
    expect(new Set(records.map((record) => encode(schema, record).vector.join())).size).toBeGreaterThan(1);
    expect(encodeInputs(schema, [value]).vector).toHaveLength(schema.width);
    expect(encode(schema, loan({})).inputs[0]!.flags).toEqual(['MISSING']);
  });

  it('refuses a value of the wrong type, and a missing one where it is required, naming the feature', () => {
    expect(() => encodeInputs(schema, [wrong])).toThrow(InputRefused);
    expect(() => encodeInputs(schema, [wrong])).toThrow('correct the value of feature f.');
    const required = fitFeatureSchema(specsOf(numeric('f', { missing: { rule: 'required' }, ...parts })), records.filter((__, i) => i % 12 !== 0), { labels: labels.filter((__, i) => i % 12 !== 0) });
    expect(() => encode(required, loan({}))).toThrow('"f" is required, but it is missing; supply a value for feature f.');
  });
});

describe('the transform none', () => {
  const schema = fit({ source: { path: 'loan.amount' }, transform: 'none', bounds: { min: 0, max: 50 } });
  const numberOf = (amount: number | string | null): number => encode(schema, loan({ amount })).vector[0]!;

  it('passes the raw number through, for models trained elsewhere', () => {
    expect([numberOf(0), numberOf(17.5), numberOf('49.25')]).toEqual([0, 17.5, 49.25]);
  });

  it('keeps the rules of bounds, missing values and finite numbers', () => {
    expect(encode(schema, loan({ amount: 51 }))).toMatchObject({ vector: Float32Array.of(50, 0), inputs: [{ flags: ['OUT_OF_RANGE'] }] });
    expect([...encode(schema, loan({})).vector]).toEqual([30, 1]);
    for (const absurd of [Number.NaN, Infinity, -Infinity, 1e39, -2e30]) expect(() => numberOf(absurd)).toThrow('must be a finite number of at most 1e30');
  });

  it('makes a boolean 0 or 1', () => {
    const flag = fit({ source: { path: 'loan.secured' }, type: 'boolean', transform: 'none' });
    expect([true, false].map((secured) => encode(flag, loan({ secured })).vector[0])).toEqual([1, 0]);
  });
});

const fitted = (transform: string): FeatureSchema =>
  fitFeatureSchema(specsOf(numeric('amount', { transform })), [1, 2, 3, 4, 100].map((amount) => loan({ amount })));
const scaled = (transform: string, amount: number): number => encode(fitted(transform), loan({ amount })).vector[0]!;

describe('a scaling of numbers', () => {
  it('that is robust takes the median and the quartiles, which an outlier does not move', () => {
    expect([1, 3, 4].map((x) => scaled('robust', x))).toEqual([-1, 0, 0.5]);
  });

  it('that is logarithmic has mean 0 and deviation 1 over the training rows', () => {
    const values = [1, 2, 3, 4, 100].map((x) => scaled('log', x));
    expect(values.reduce((sum, x) => sum + x, 0) / 5).toBeCloseTo(0, 6);
    expect(values.reduce((sum, x) => sum + x * x, 0) / 5).toBeCloseTo(1, 6);
  });
});
