import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { columnNames, encode, encodeInputs, fitFeatureSchema, InputRefused, parseFeatureSchema, parseFeatureSpecs, type FeatureSchema, type GatheredRecord, type InputValue } from '../../src/scoring/index.js';
import { loan, numeric, schemaOf, specsOf } from './support.js';

const history = (balances: (number | string | null)[], status: (string | null)[] = []): GatheredRecord['repayments'] =>
  balances.map((balance, i) => ({ balance, status: status[i] ?? null, amountPaid: typeof balance === 'number' ? balance / 10 : null }));

const ten = Array.from({ length: 11 }, (_, i) => loan({ amount: i, kind: i % 2 === 0 ? 'A' : 'B', secured: i > 5 }));
const category = numeric('kind', { type: 'categorical', transform: 'one-hot', missing: { rule: 'indicator' } });
const secured = numeric('secured', { type: 'boolean', transform: 'one-hot' });

const valueOf = (schema: FeatureSchema, fields: GatheredRecord['loan']): number => encode(schema, loan(fields)).vector[0]!;
const flagsOf = (schema: FeatureSchema, fields: GatheredRecord['loan']): readonly string[] => encode(schema, loan(fields)).inputs[0]!.flags;

/** The raw value that a source takes from a record. */
const resolve = (source: object, record: GatheredRecord, parts: object = {}): InputValue =>
  encode(schemaOf([numeric('f', { source, ...parts })], [record]), record).inputs[0]!.value;

describe('a number', () => {
  const schema = schemaOf([numeric('amount')], ten);

  it('is standardised with the mean and deviation of the training rows', () => {
    expect(valueOf(schema, { amount: 5 })).toBe(0);
    expect(valueOf(schema, { amount: 10 })).toBeCloseTo(5 / Math.sqrt(10), 6);
  });

  it('may be a decimal string, as money is', () => {
    expect(valueOf(schema, { amount: '7.50' })).toBe(valueOf(schema, { amount: 7.5 }));
  });

  it('that is missing becomes the training median and is flagged', () => {
    expect(encode(schema, loan({}))).toMatchObject({ vector: Float32Array.of(0), inputs: [{ name: 'amount', value: null, flags: ['MISSING'] }] });
  });

  it('outside the range of training, with a small margin, is clipped and flagged', () => {
    expect(flagsOf(schema, { amount: 10.4 })).toEqual([]);
    expect(flagsOf(schema, { amount: 11 })).toEqual(['OUT_OF_RANGE']);
    expect(valueOf(schema, { amount: 1e29 })).toBe(valueOf(schema, { amount: 10.5 }));
  });

  it('outside bounds given by a person is clipped to those', () => {
    const bounded = schemaOf([numeric('amount', { bounds: { min: 0, max: 4 } })], ten);
    expect(flagsOf(bounded, { amount: 5 })).toEqual(['OUT_OF_RANGE']);
  });

  it.each([
    [Number.NaN, 'finite'],
    [Number.POSITIVE_INFINITY, 'finite'],
    [Number.NEGATIVE_INFINITY, 'finite'],
    [1e39, 'finite'],
    [-2e30, 'finite'],
    ['1e39', 'finite'],
    ['abc', 'must be a number, but it is the text "abc"'],
    ['NaN', 'must be a number'],
    ['', 'must be a number'],
    [true, 'must be a number'],
  ])('that is %p is refused, naming the feature', (amount, sentence) => {
    const refuse = (): unknown => encode(schema, loan({ amount }));
    expect(refuse).toThrow(sentence);
    expect(refuse).toThrow(InputRefused);
    expect(refuse).toThrow(expect.objectContaining({ code: 'BAD_INPUT', feature: 'amount' }));
  });

  it('that is required and missing is refused', () => {
    const required = schemaOf([numeric('amount', { missing: { rule: 'required', sentinels: [-9] } })], ten);
    expect(() => encode(required, loan({ amount: null }))).toThrow('"amount" is required, but it is missing; supply a value for feature amount.');
    expect(() => encode(required, loan({ amount: -9 }))).toThrow('required');
  });

  it('equal to a sentinel counts as missing, shows the sentinel and has its own flag', () => {
    const guarded = schemaOf([numeric('amount', { missing: { rule: 'constant', value: 5, sentinels: [-9, 'n/a'] } })], [...ten, loan({ amount: -9 })]);
    expect(encode(guarded, loan({ amount: -9 }))).toMatchObject({ vector: Float32Array.of(0), inputs: [{ value: -9, flags: ['SENTINEL'] }] });
    expect(flagsOf(guarded, { amount: 'n/a' })).toEqual(['SENTINEL']);
  });

  it('constant in training does not divide by zero', () => {
    const flat = schemaOf([numeric('amount')], [loan({ amount: 3 }), loan({ amount: 3 })]);
    expect(valueOf(flat, { amount: 3 })).toBe(0);
    expect(flagsOf(flat, { amount: 4 })).toEqual(['OUT_OF_RANGE']);
  });

  it('never seen in training encodes to zero', () => {
    expect(valueOf(schemaOf([numeric('amount')], [loan({})]), {})).toBe(0);
  });

  it('is not read from the prototype of the record', () => {
    const inherited = schemaOf([numeric('constructor', { source: { path: 'loan.constructor' } })], ten);
    expect(flagsOf(inherited, {})).toEqual(['MISSING']);
  });

  it.each(['standardise', 'robust', 'log', 'quantile'])('keeps its order under the transform %s', (transform) => {
    const ordered = schemaOf([numeric('amount', { transform })], ten);
    const value = fc.double({ min: -20, max: 20, noNaN: true });
    fc.assert(fc.property(value, value, (a, b) => a > b || valueOf(ordered, { amount: a }) <= valueOf(ordered, { amount: b })));
  });

  it('under the transform quantile has normal scores: its median at 0, its tails near ±2.65', () => {
    const many = schemaOf([numeric('amount', { transform: 'quantile' })], Array.from({ length: 1_001 }, (_, i) => loan({ amount: i ** 3 })));
    expect(valueOf(many, { amount: 500 ** 3 })).toBeCloseTo(0, 6);
    expect(valueOf(many, { amount: 1_000 ** 3 })).toBeCloseTo(2.652, 3);
    expect(valueOf(many, { amount: 841.34 ** 3 })).toBeCloseTo(1, 1);
  });
});

describe('a category', () => {
  const schema = schemaOf([category], [...ten, loan({}), loan({ kind: null })]);

  it('has one column each, and one for missing when training had missing values', () => {
    expect(columnNames(schema)).toEqual(['kind=A', 'kind=B', 'kind=missing']);
    expect([...encode(schema, loan({ kind: 'B' })).vector]).toEqual([0, 1, 0]);
    expect([...encode(schema, loan({})).vector]).toEqual([0, 0, 1]);
  });

  it('unknown to training is all zeros and flagged', () => {
    expect(encode(schema, loan({ kind: 'Z' }))).toMatchObject({ vector: Float32Array.of(0, 0, 0), inputs: [{ value: 'Z', flags: ['UNKNOWN_CATEGORY'] }] });
  });

  it('of the wrong type is refused', () => {
    expect(() => encode(schema, loan({ kind: 3 }))).toThrow('one of its categories as text');
  });

  it('too rare in training has no column', () => {
    const rare = fitFeatureSchema(specsOf(category), [...ten, loan({ kind: 'C' })], { minCategoryRows: 2 });
    expect(columnNames(rare)).toEqual(['kind=A', 'kind=B']);
  });
});

describe('a boolean', () => {
  const schema = schemaOf([secured], ten);

  it('is 0 or 1, and missing the more frequent of both', () => {
    expect([true, false, null].map((value) => valueOf(schema, { secured: value }))).toEqual([1, 0, 0]);
  });

  it('of the wrong type is refused', () => {
    expect(() => encode(schema, loan({ secured: 'yes' }))).toThrow('must be true or false, but it is "yes"');
  });
});

describe('a repayment history', () => {
  const record = loan({ creditLimit: null, principal: '1000' }, history([500, 300, null, 0]));

  it.each([
    ['max', 500], ['min', 0], ['mean', 800 / 3], ['sum', 800], ['last', 500], ['count-positive', 2], ['trend', 164.28571428571428],
  ])('is folded by %s over the known periods', (aggregate, expected) => {
    expect(resolve({ path: 'repayments.balance', last: 4, aggregate }, record)).toBeCloseTo(Number(expected), 9);
  });

  it('looks at the newest k periods only', () => {
    expect(resolve({ path: 'repayments.balance', last: 2, aggregate: 'min' }, record)).toBe(300);
  });

  it('is divided by the first denominator that is present', () => {
    const source = { path: 'repayments.balance', last: 6, per: ['loan.creditLimit', 'loan.principal'] };
    expect(resolve(source, record, { type: 'sequence' })).toEqual([0.5, 0.3, null, 0, null, null]);
  });

  it('is divided period by period, with a lag, and by zero gives missing', () => {
    const source = { path: 'repayments.amountPaid', last: 3, per: 'repayments.balance', perLag: 1 };
    expect(resolve(source, loan({}, history([500, 300, 0])), { type: 'sequence' })).toEqual([50 / 300, null, null]);
  });

  it('of sentinels folds to missing', () => {
    const source = { path: 'repayments.balance', aggregate: 'mean' };
    expect(resolve(source, loan({}, history([-9, '-9.00'])), { missing: { rule: 'median', sentinels: [-9] } })).toBeNull();
  });

  it('of categories has one column per category and period, newest first', () => {
    const spec = numeric('s', { source: { path: 'repayments.status', last: 2 }, type: 'sequence', transform: 'one-hot', missing: { rule: 'indicator' } });
    const schema = schemaOf([spec], [loan({}, history([1, 2], ['OK', 'LATE'])), loan({}, history([1], ['OK']))]);
    expect(columnNames(schema)).toEqual(['s[0]=LATE', 's[0]=OK', 's[0]=missing', 's[1]=LATE', 's[1]=OK', 's[1]=missing']);
    expect([...encode(schema, loan({}, history([1], ['LATE']))).vector]).toEqual([1, 0, 0, 0, 0, 1]);
  });

  it('that is empty is missing', () => {
    expect(resolve({ path: 'repayments.balance', last: 4, aggregate: 'max' }, loan({}))).toBeNull();
  });
});

describe('re-encoding recorded inputs', () => {
  const schema = schemaOf(
    [
      numeric('amount', { transform: 'log', missing: { rule: 'indicator', sentinels: [-9] } }),
      category,
      secured,
      numeric('h', { source: { path: 'repayments.balance', last: 3, per: 'loan.amount' }, type: 'sequence', transform: 'quantile' }),
      numeric('trend', { source: { path: 'repayments.balance', aggregate: 'trend' }, transform: 'robust' }),
    ],
    ten.map((record, i) => ({ ...record, repayments: history([i, i * i, 5]) })).concat(loan({})),
  );
  const amount = fc.option(fc.oneof(fc.double({ min: -1e30, max: 1e30, noNaN: true }), fc.constant(-9), fc.constant('-0.00'), fc.constant(-0)));
  const record = fc
    .tuple(amount, fc.option(fc.constantFrom('A', 'B', 'Z')), fc.option(fc.boolean()), fc.array(fc.option(fc.double({ min: -1e12, max: 1e12, noNaN: true })), { maxLength: 5 }))
    .map(([value, kind, isSecured, balances]) => loan({ amount: value, kind, secured: isSecured }, history(balances)));

  it('gives the same bits and flags from what went through JSON', () => {
    fc.assert(fc.property(record, (gathered) => {
      const first = encode(schema, gathered);
      const again = encodeInputs(schema, JSON.parse(JSON.stringify(first.inputs.map(({ value }) => value))) as InputValue[]);
      expect(Buffer.from(again.vector.buffer).equals(Buffer.from(first.vector.buffer))).toBe(true);
      expect(again.inputs).toEqual(first.inputs);
    }));
  });

  it('always gives finite numbers', () => {
    fc.assert(fc.property(record, (gathered) => encode(schema, gathered).vector.every(Number.isFinite)));
  });

  it('works from a schema that went through JSON', () => {
    const reread = parseFeatureSchema(JSON.parse(JSON.stringify(schema)));
    expect(reread).toEqual(schema);
  });

  it('refuses another number of inputs, and a sequence of another length', () => {
    expect(() => encodeInputs(schema, [1])).toThrow('holds 1 inputs but the feature schema has 5');
    expect(() => encodeInputs(schema, [1, 'A', true, [1], 2])).toThrow('a list of 3 periods');
    expect(() => encodeInputs(schema, [[1], 'A', true, [1, 2, 3], 2])).toThrow('must be a single value');
  });
});

describe('a feature spec', () => {
  it.each([
    [[numeric('a'), numeric('a')], 'the feature name "a" is used twice'],
    [[], 'at least one feature'],
    [[numeric('a', { source: { path: 'a' } })], 'a source path reads customer.<field>'],
    [[numeric('a', { source: { path: 'repayments.balance' } })], 'needs an aggregate'],
    [[numeric('a', { type: 'sequence' })], 'a sequence reads repayments'],
    [[numeric('a', { type: 'sequence', source: { path: 'repayments.balance' } })], 'the number of periods'],
    [[numeric('a', { transform: 'one-hot' })], 'numeric values take the transform "none", "standardise", "robust", "log", "quantile", "weight-of-evidence", not "one-hot"'],
    [[numeric('a', { type: 'categorical' })], 'categorical values take the transform "one-hot", "weight-of-evidence", not "standardise"'],
    [[numeric('a', { type: 'categorical', transform: 'none' })], 'not "none"'],
    [[numeric('a', { type: 'boolean', transform: 'log' })], 'boolean values take the transform'],
    [[numeric('a', { type: 'sequence', source: { path: 'repayments.balance', last: 2 }, transform: 'weight-of-evidence' })], 'needs "elements"'],
    [[numeric('a', { type: 'sequence', source: { path: 'repayments.balance', last: 2 }, elements: 'categorical' })], 'categorical values take'],
    [[numeric('a', { elements: 'numeric' })], 'what the periods of a sequence hold'],
    [[numeric('a', { type: 'boolean', transform: 'one-hot', monotone: 'increasing' })], '"monotone" applies to numbers only'],
    [[numeric('a', { type: 'boolean', transform: 'one-hot', bounds: { min: 0, max: 1 } })], 'bounds apply to numbers only'],
    [[numeric('a', { type: 'boolean', transform: 'one-hot', source: { path: 'loan.a', per: 'loan.b' } })], 'only numbers can be divided'],
    [[numeric('a', { labels: { fr: 'montant' } })], 'at [0].labels'],
    [[numeric('a', { missing: { rule: 'constant' } })], 'needs a "value"'],
    [[numeric('a', { missing: { rule: 'constant', value: 'x' } })], 'must have the type of the feature'],
    [[numeric('a', { bounds: { min: 1, max: 1 } })], 'min below max'],
    [[numeric('a', { transform: 'weight-of-dreams' })], 'at [0].transform'],
    ['text', 'list of features is not valid'],
  ])('%# is refused with a sentence', (json, sentence) => {
    expect(() => parseFeatureSpecs(json)).toThrow(sentence);
  });

  it('that is protected never becomes a model input', () => {
    const schema = schemaOf([numeric('amount'), numeric('sex', { protected: true })], ten);
    expect(schema.features.map(({ spec }) => spec.name)).toEqual(['amount']);
    expect(() => schemaOf([numeric('sex', { protected: true })], ten)).toThrow('all of them are protected');
  });
});

describe('a feature schema', () => {
  const schema = schemaOf([numeric('amount'), category], ten);
  const [amount, kind] = schema.features;

  it.each([
    [{ width: 9 }, 'the features fill 3 columns but the width says 9'],
    [{ features: [kind, amount] }, 'must start at column 0'],
    [{ features: [{ ...amount, numeric: [] }, kind] }, 'needs the constants of 1 period'],
    [{ features: [{ ...amount, spec: { ...amount!.spec, protected: true } }, kind] }, 'cannot be a model input'],
    [{ features: [{ ...amount, columnsPerPeriod: 2 }, kind] }, 'wrong number of columns'],
    [{ version: 2 }, 'version'],
  ])('that contradicts itself (%#) is refused', (parts, sentence) => {
    expect(() => parseFeatureSchema({ ...schema, ...parts })).toThrow(sentence);
  });
});
