import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { decide, defaultDecisionPolicy, encode, encodeInputs, fitFeatureSchema, noveltyOf, parseFeatureSchema, proposeFeatureSpecs, withNovelty, type FeatureSchema, type FieldDescription, type GatheredRecord } from '../../src/scoring/index.js';
import { floatsToBase64 } from '../../src/scoring/base64.js';
import { learnNovelty } from '../../src/scoring/novelty/learn.js';
import { Random } from '../../src/scoring/random.js';
import { hasPublicData, readTaiwan, type TaiwanRow } from './public-data.js';
import { loan, numeric, plainSchema, randomRows, specsOf } from './support.js';

/** Row-major encoded records. */
function encodeRows(schema: FeatureSchema, records: readonly GatheredRecord[]): Float32Array {
  const rows = new Float32Array(records.length * schema.width);
  records.forEach((record, i) => rows.set(encode(schema, record).vector, i * schema.width));
  return rows;
}

/** Share of encoded rows that are novel. */
function novelShare(schema: FeatureSchema, rows: Float32Array): number {
  const count = rows.length / schema.width;
  const flags = Array.from({ length: count }, (_, i) => noveltyOf(schema, rows.subarray(i * schema.width, (i + 1) * schema.width))!.novel);
  return flags.filter(Boolean).length / count;
}

describe('the distance to the training rows', () => {
  it('is Mahalanobis’: in two correlated columns the closed form', () => {
    // Pairs (±1, ±1) and (±½, ∓½): means 0, variances 0.625, covariance 0.375; columns stay in their own deviations.
    const rows = Float32Array.from(Array.from({ length: 25 }, () => [1, 1, -1, -1, 0.5, -0.5, -0.5, 0.5]).flat());
    const schema = withNovelty(plainSchema(2), rows, { shrinkage: 1e-9 });
    const distance = (x: number, y: number): number => noveltyOf(schema, Float32Array.of(x, y))!.distance;
    expect(distance(0, 0)).toBeCloseTo(0, 6);
    expect(distance(1, 1)).toBeCloseTo(Math.sqrt(2 / (0.625 + 0.375)), 5);
    expect(distance(1, -1)).toBeCloseTo(Math.sqrt(2 / (0.625 - 0.375)), 5);
  });

  it('finds values that are each in range but together unseen', () => {
    const random = new Random(4);
    const rows = Float32Array.from(Array.from({ length: 2_000 }, () => random.normal()).flatMap((x) => [x, x + 0.1 * random.normal()]));
    const schema = withNovelty(plainSchema(2), rows);
    expect(noveltyOf(schema, Float32Array.of(1.5, 1.5))).toMatchObject({ novel: false });
    expect(noveltyOf(schema, Float32Array.of(1.5, -1.5))).toMatchObject({ novel: true });
  });

  it('has a threshold that about one in a thousand of new rows exceeds', () => {
    const schema = withNovelty(plainSchema(8), randomRows(1, 4_000, 8));
    const share = novelShare(schema, randomRows(2, 4_000, 8));
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(0.003);
  });

  it('is the same after the schema went through JSON', () => {
    const schema = withNovelty(plainSchema(5), randomRows(1, 200, 5));
    const reread = parseFeatureSchema(JSON.parse(JSON.stringify(schema)));
    fc.assert(fc.property(fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 5, maxLength: 5 }), (values) => {
      expect(noveltyOf(reread, Float32Array.from(values))).toEqual(noveltyOf(schema, Float32Array.from(values)));
    }));
  });

  it('survives constant, copied, one-hot and rare columns', () => {
    const records = Array.from({ length: 500 }, (_, i) => loan({ flat: 7, a: i % 17, b: i % 17, kind: i === 0 ? 'RARE' : ['A', 'B'][i % 2]! }));
    const kind = numeric('kind', { type: 'categorical', transform: 'one-hot' });
    const fitted = fitFeatureSchema(specsOf(numeric('flat'), numeric('a'), numeric('b'), kind), records, { minCategoryRows: 1 });
    const schema = withNovelty(fitted, encodeRows(fitted, records));
    expect(records.every((record) => Number.isFinite(noveltyOf(schema, encode(schema, record).vector)!.distance))).toBe(true);
    expect(noveltyOf(schema, encodeInputs(schema, [7, 16, 0, 'A']).vector)!.novel).toBe(true);
  });

  it('is unknown where none was learned: too few rows, too many columns, or a schema without it', () => {
    expect(noveltyOf(plainSchema(2), Float32Array.of(0, 0))).toBeUndefined();
    expect(learnNovelty(randomRows(1, 49, 2), 2)).toBeUndefined();
    expect(learnNovelty(new Float32Array(513 * 60), 513)).toBeUndefined();
  });

  const schema = withNovelty(plainSchema(2), randomRows(1, 100, 2));
  const { novelty } = schema;
  it.each([
    [{ mean: floatsToBase64(Float32Array.of(0)) }, 'do not fit 2 columns'],
    [{ factor: floatsToBase64(Float32Array.of(1, Number.NaN, 1)) }, 'must be finite, with a positive diagonal'],
    [{ factor: floatsToBase64(Float32Array.of(1, 0, 0)) }, 'must be finite, with a positive diagonal'],
    [{ mean: '***' }, 'novelty.mean'],
    [{ threshold: 0 }, 'novelty.threshold'],
  ])('with unsound constants (%#) is refused when read', (parts, sentence) => {
    expect(() => parseFeatureSchema({ ...schema, novelty: { ...novelty, ...parts } })).toThrow(sentence);
  });
});

describe('a novel applicant', () => {
  const policy = { ...defaultDecisionPolicy(0.1), referWhen: ['NOVEL' as const] };

  it('is referred to a person where the policy says so', () => {
    expect(decide(0.01, ['NOVEL'], policy)).toEqual({ decision: 'REFER', cause: 'INPUT_FLAGGED' });
    expect(decide(0.01, ['MISSING'], policy).decision).toBe('APPROVE');
    expect(decide(0.01, ['NOVEL'], defaultDecisionPolicy(0.1)).decision).toBe('APPROVE');
  });
});

const MONTHS = [0, 2, 3, 4, 5, 6];
const STATUS: Record<string, string> = { '-2': 'NOT_USED', '-1': 'PAID_IN_FULL', '0': 'PARTLY_PAID' };
const record = ({ fields }: TaiwanRow): GatheredRecord =>
  loan({ creditLimit: fields['LIMIT_BAL']! }, MONTHS.map((month, i) => {
    const pay = fields[`PAY_${month}`]!;
    return { balance: fields[`BILL_AMT${i + 1}`]!, amountPaid: fields[`PAY_AMT${i + 1}`]!, daysPastDue: 30 * Math.max(0, Number(pay)), status: STATUS[pay] ?? 'LATE' };
  }));

const FIELDS: FieldDescription[] = [
  { path: 'loan.creditLimit', label: 'Credit limit', type: 'numeric' },
  { path: 'repayments.balance', label: 'Balance', type: 'numeric' },
  { path: 'repayments.amountPaid', label: 'Amount paid', type: 'numeric' },
  { path: 'repayments.daysPastDue', label: 'Days past due', type: 'numeric' },
  { path: 'repayments.status', label: 'Repayment status', type: 'categorical' },
];

/** The records with every field taken from another record: each value is real, together they are nobody's. */
function shuffled(records: readonly GatheredRecord[], random: Random): GatheredRecord[] {
  const other = (): Uint32Array => random.shuffle(Uint32Array.from(records, (_, i) => i));
  const limits = other();
  const periods = MONTHS.map(() => ({ balance: other(), amountPaid: other(), daysPastDue: other(), status: other() }));
  return records.map((_, i) => loan(records[limits[i]!]!.loan, periods.map((from, period) =>
    Object.fromEntries(Object.entries(from).map(([field, order]) => [field, records[order[i]!]!.repayments[period]![field]!])))));
}

(hasPublicData ? describe : describe.skip)('novelty on the Taiwan set (skipped where ../shared/data is absent)', () => {
  it('flags fewer than one in 200 hold-out rows, and more than half of the rows whose fields were shuffled', () => {
    const rows = readTaiwan(5_000);
    const part = (name: string): GatheredRecord[] => rows.filter((row) => row.part === name).map(record);
    const training = part('train');
    const fitted = fitFeatureSchema(proposeFeatureSpecs(FIELDS), training);
    const schema = withNovelty(fitted, encodeRows(fitted, training));
    const holdout = part('holdout');
    expect(novelShare(schema, encodeRows(schema, holdout))).toBeLessThan(0.005);
    expect(novelShare(schema, encodeRows(schema, shuffled(holdout, new Random(5))))).toBeGreaterThan(0.5);
  });
});
