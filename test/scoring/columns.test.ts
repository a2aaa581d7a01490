import { describe, expect, it } from '@jest/globals';
import { asWeightOfEvidence, columnNames, describeSchema, fitFeatureSchema, monotoneColumns, parseFeatureSchema, sequenceColumns, type FeatureSchema, type GatheredRecord } from '../../src/scoring/index.js';
import { loan, numeric, specsOf } from './support.js';

const records = Array.from({ length: 40 }, (_, i): GatheredRecord =>
  loan({ amount: i, kind: i % 2 === 0 ? 'A' : 'B' }, Array.from({ length: i === 0 ? 2 : 3 }, (__, period) => ({ balance: i + period, paid: i, status: i % 3 === 0 ? 'LATE' : 'OK' }))));
const labels = records.map((_, i) => (i > 25 ? 1 : 0));
const history = (field: string, last: number, parts: object = {}): Record<string, unknown> =>
  numeric(field, { type: 'sequence', source: { path: `repayments.${field}`, last }, missing: { rule: 'indicator' }, ...parts });
const specs = specsOf(
  numeric('amount', { monotone: 'decreasing', transform: 'quantile' }),
  numeric('kind', { type: 'categorical', transform: 'one-hot' }),
  history('balance', 3, { monotone: 'increasing', transform: 'log' }),
  history('paid', 2),
  history('status', 3, { transform: 'one-hot' }),
);
const schema = fitFeatureSchema(specs, records);
const names = columnNames(schema);
const named = (columns: readonly number[]): (string | undefined)[] => columns.map((column) => names[column]);

const described = (of: FeatureSchema) => Object.fromEntries(describeSchema(of).features.map((feature) => [feature.name, feature]));

/** The schema as if another tool had scaled the amount by these scores. */
const withScores = (scores: number[]): unknown => {
  const [amount, ...rest] = schema.features;
  const numericPart = [{ ...amount!.numeric![0]!, scaling: { kind: 'quantile', knots: [0, 1, 2], scores } }];
  return { ...schema, features: [{ ...amount!, numeric: numericPart }, ...rest] };
};

describe('the trends that columns must follow', () => {
  it('are +1 where the risk rises with a declared feature, −1 where it falls, 0 elsewhere', () => {
    const trends = monotoneColumns(schema);
    expect(Object.fromEntries(names.flatMap((name, i) => (trends[i] === 0 ? [] : [[name, trends[i]]])))).toEqual({ amount: -1, 'balance[0]': 1, 'balance[1]': 1, 'balance[2]': 1 });
  });

  it('leave the column for "missing" free', () => {
    expect(names).toContain('balance[2]=missing');
    expect(monotoneColumns(schema)[names.indexOf('balance[2]=missing')]).toBe(0);
  });

  it('are +1 under weight of evidence, whose weights rise with the risk', () => {
    const weights = fitFeatureSchema(asWeightOfEvidence(specs), records, { labels });
    expect([...monotoneColumns(weights)]).toEqual([1, 0, 1, 1, 1, 0, 0, 0, 0, 0]);
  });

  it('turn round where the scaling of a schema from elsewhere falls', () => {
    expect(monotoneColumns(parseFeatureSchema(withScores([2, 1, 0])))[0]).toBe(1);
    expect(monotoneColumns(parseFeatureSchema(withScores([0, 1, 2])))[0]).toBe(-1);
  });

  it('contradict a scaling that rises and falls', () => {
    expect(() => parseFeatureSchema(withScores([0, 2, 1]))).toThrow('constants that contradict each other');
  });
});

describe('the columns of repayment histories', () => {
  const columns = sequenceColumns(schema)!;

  it('are the channels of the longest histories, newest period first', () => {
    expect(columns.columns).toHaveLength(3);
    expect(named(columns.columns[1]!)).toEqual(['balance[1]', 'balance[1]=missing', 'status[1]=LATE', 'status[1]=OK', 'status[1]=missing']);
    expect(new Set(columns.columns.map((period) => period.length))).toEqual(new Set([5]));
  });

  it('leave shorter histories and everything else static', () => {
    expect(named(columns.staticColumns)).toEqual(['amount', 'kind=A', 'kind=B', 'paid[0]', 'paid[1]']);
  });

  it('hold every column of the input once', () => {
    expect([...columns.columns.flat(), ...columns.staticColumns].sort((a, b) => a - b)).toEqual(Array.from({ length: schema.width }, (_, i) => i));
  });

  it('do not exist where no feature has two periods', () => {
    expect(sequenceColumns(fitFeatureSchema(specs.slice(0, 2), records))).toBeUndefined();
  });
});

describe('the description of a schema', () => {
  const detailed = specsOf(
    numeric('amount', { label: 'Amount', labels: { zh: '金额' }, unit: 'EUR', mutable: true, monotone: 'increasing', bounds: { min: 0, max: 50 } }),
    history('ratio', 3, { source: { path: 'repayments.paid', last: 3, per: ['repayments.balance', 'loan.amount'], perLag: 1 } }),
    numeric('mean', { source: { path: 'repayments.balance', last: 3, aggregate: 'mean' } }),
    numeric('kind', { type: 'categorical', transform: 'one-hot', missing: { rule: 'indicator', sentinels: ['?'] } }),
  );
  it('says of each feature where it comes from, its rules, learned range and columns', () => {
    const { amount, kind } = described(fitFeatureSchema(detailed, records));
    expect(amount).toEqual({
      name: 'amount', label: 'Amount', labels: { zh: '金额' }, type: 'numeric', elements: 'numeric', unit: 'EUR', transform: 'standardise', reasonCode: 'AMOUNT',
      monotone: 'increasing', mutable: true, source: 'loan.amount', missing: { rule: 'median' }, bounds: [{ min: 0, max: 50 }], fill: [19.5],
      columns: ['amount'], offset: 0, categories: [], bins: [],
    });
    expect(kind).toMatchObject({ categories: ['A', 'B'], fill: ['A'], missing: { rule: 'indicator', sentinels: ['?'] }, unit: null, monotone: null });
  });

  it('puts sources into words', () => {
    const { ratio, mean } = described(fitFeatureSchema(detailed, records));
    expect(ratio!.source).toBe('repayments.paid ÷ repayments.balance or else loan.amount 1 period earlier, newest 3 periods');
    expect(mean!.source).toBe('mean of repayments.balance, newest 3 periods');
  });

  it('shows the bins under weight of evidence, and is plain JSON', () => {
    const description = describeSchema(fitFeatureSchema(asWeightOfEvidence(detailed), records, { labels }));
    expect(description.features[0]!.bins[0]!.bins.length).toBeGreaterThan(1);
    expect(description.features.map(({ columns }) => columns.length)).toEqual([1, 3, 1, 1]);
    expect(description).toMatchObject({ trainingRows: 40, width: 6, noveltyThreshold: null });
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
  });
});
