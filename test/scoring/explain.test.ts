import { beforeAll, describe, expect, it } from '@jest/globals';
import { chooseReference, compileModel, encodeInputs, explain, loadScorer, parseReferenceSet, reasonsOf, type EncodedInput, type FeatureSchema, type ReferenceSet, type Scorer } from '../../src/scoring/index.js';
import { loan, numeric, plainSchema, randomMember, randomOnnx, randomRows, schemaOf } from './support.js';

const WIDTH = 5;
const ROWS = 400;

interface Stage {
  readonly schema: FeatureSchema;
  readonly scorer: Scorer;
  readonly vectors: Float32Array;
  readonly reference: ReferenceSet;
}

async function stage(onnx: Uint8Array, schema: FeatureSchema = plainSchema(WIDTH), size = 64): Promise<Stage> {
  const scorer = await loadScorer({ onnx, schema });
  const vectors = randomRows(11, ROWS, WIDTH);
  const { probability } = await scorer.run(vectors, ROWS);
  const inputs = (row: number): readonly EncodedInput[] => encodeInputs(schema, [...vectors.subarray(row * WIDTH, (row + 1) * WIDTH)]).inputs;
  const reference = await chooseReference(scorer, schema, { vectors, inputs, pds: probability }, { approveBelow: 0.4 }, size, 1);
  return { schema, scorer, vectors, reference };
}

const decimals = (x: number): bigint => BigInt(Math.round(x * 1e7));

describe('attributions', () => {
  let deep: Stage;
  beforeAll(async () => {
    deep = await stage(randomOnnx(WIDTH, [16, 8], 3));
  });

  it('and residual sum to logit − baseline exactly, in decimal arithmetic', async () => {
    const { scorer, schema, reference, vectors } = deep;
    const explanations = await explain(scorer, schema, reference, vectors.slice(0, 50 * WIDTH), 50);
    for (const { attributions, residual, logit, baselineLogit } of explanations) {
      const sum = attributions.reduce((total, x) => total + decimals(x), decimals(residual));
      expect(sum).toBe(decimals(logit) - decimals(baselineLogit));
    }
  });

  it('leave a residual that shrinks with more steps', async () => {
    const { scorer, schema, reference, vectors } = deep;
    const worst = async (steps: number): Promise<number> =>
      Math.max(...(await explain(scorer, schema, reference, vectors.slice(0, 20 * WIDTH), 20, { steps })).map(({ residual }) => Math.abs(residual)));
    expect(await worst(64)).toBeLessThan((await worst(2)) / 4);
  });

  it('of a linear model are weight × (value − mean reference value), with no residual', async () => {
    const linear = await stage(compileModel({ width: WIDTH, members: [randomMember(4, [WIDTH, 1])], calibration: { kind: 'platt', slope: 2, intercept: 0.3 } }));
    const weights = randomMember(4, [WIDTH, 1]).layers[0]!.weights;
    const { json, matrix } = linear.reference;
    const [explanation] = await explain(linear.scorer, linear.schema, linear.reference, linear.vectors.slice(0, WIDTH), 1);
    for (let c = 0; c < WIDTH; c++) {
      const mean = Array.from({ length: json.size }, (_, m) => matrix[m * WIDTH + c]!).reduce((a, b) => a + b, 0) / json.size;
      expect(explanation!.attributions[c]).toBeCloseTo(2 * weights[c]! * (linear.vectors[c]! - mean), 5);
    }
    expect(Math.abs(explanation!.residual)).toBeLessThan(1e-5);
  });

  it('sample a path finely even with one step, because every reference row is sampled elsewhere', async () => {
    // f(x) = max(0, x − 0.3), from 0 to 1: the attribution is 0.7, while a single midpoint would say 1.
    const kink = { bestEpoch: 1, layers: [{ weights: Float32Array.of(1), bias: Float32Array.of(-0.3), inputs: 1, units: 1 }, { weights: Float32Array.of(1), bias: Float32Array.of(0), inputs: 1, units: 1 }] };
    const schema = plainSchema(1);
    const scorer = await loadScorer({ onnx: compileModel({ width: 1, members: [kink], calibration: { kind: 'platt', slope: 1, intercept: 0 } }), schema });
    const origin = { matrix: new Float32Array(64), json: { version: 1, width: 1, size: 64, baselineLogit: 0, vectors: '', typical: [{ kind: 'none' }] } } satisfies ReferenceSet;
    const [explanation] = await explain(scorer, schema, origin, Float32Array.of(1), 1, { steps: 1 });
    expect(Math.abs(explanation!.attributions[0]! - 0.7)).toBeLessThan(1 / 64);
  });

  it('are the same alone and in any batch', async () => {
    const { scorer, schema, reference, vectors } = deep;
    const together = await explain(scorer, schema, reference, vectors.slice(0, 9 * WIDTH), 9);
    const alone = await explain(scorer, schema, reference, vectors.slice(8 * WIDTH, 9 * WIDTH), 1);
    expect(alone[0]).toEqual(together[8]);
  });

  it('are zero for a feature the model does not use', async () => {
    const member = randomMember(9, [WIDTH, 6, 1]);
    member.layers[0]!.weights.fill(0, 2 * 6, 3 * 6);
    const { scorer, schema, reference, vectors } = await stage(compileModel({ width: WIDTH, members: [member], calibration: { kind: 'platt', slope: 1, intercept: -1 } }));
    for (const { attributions } of await explain(scorer, schema, reference, vectors.slice(0, 10 * WIDTH), 10)) expect(attributions[2]).toBe(0);
  });

  it('fold the columns of a sequence back to one feature', async () => {
    const periods = numeric('h', { source: { path: 'repayments.balance', last: 3 }, type: 'sequence', bounds: { min: -100, max: 100 } });
    const folded = schemaOf([numeric('x', { bounds: { min: -100, max: 100 } }), periods, numeric('y')], [-1, 1].map((x) => loan({ x, y: x }, [{ balance: x }, { balance: x }, { balance: x }])));
    const { scorer, schema, reference, vectors } = deep;
    const [columns] = await explain(scorer, schema, reference, vectors.slice(0, WIDTH), 1);
    const [features] = await explain(scorer, folded, reference, vectors.slice(0, WIDTH), 1);
    const [x, h1, h2, h3, y] = columns!.attributions;
    expect(features!.attributions).toEqual([x!, h1! + h2! + h3!, y!].map((a) => expect.closeTo(a, 6)));
  });
});

describe('a reference set', () => {
  it('holds approved applicants near the line, and survives JSON', async () => {
    const { scorer, schema, reference } = await stage(randomOnnx(WIDTH, [8]));
    const { probability, logit } = await scorer.run(reference.matrix, 64);
    const approved = [...(await scorer.run(randomRows(11, ROWS, WIDTH), ROWS)).probability].filter((p) => p < 0.4).sort((a, b) => b - a);
    expect(Math.max(...probability)).toBeLessThan(0.4);
    expect(Math.min(...probability)).toBeGreaterThanOrEqual(approved[Math.max(64, Math.ceil(approved.length / 4)) - 1]!);
    expect(reference.json.baselineLogit).toBeCloseTo([...logit].reduce((a, b) => a + b, 0) / 64, 9);
    expect(parseReferenceSet(JSON.parse(JSON.stringify(reference.json)), schema)).toEqual(reference);
  });

  it('is refused when nobody is approved, when it is damaged, and with another schema', async () => {
    const { scorer, schema, reference } = await stage(randomOnnx(WIDTH, [8]));
    await expect(chooseReference(scorer, schema, { vectors: new Float32Array(WIDTH), inputs: () => [], pds: [0.9] }, { approveBelow: 0.4 }, 64, 1)).rejects.toThrow('raise the approval line');
    expect(() => parseReferenceSet({ ...reference.json, vectors: 'AAAA' }, schema)).toThrow('damaged');
    expect(() => parseReferenceSet(reference.json, plainSchema(WIDTH + 1))).toThrow('another feature schema');
  });
});

describe('reasons', () => {
  const features = [
    numeric('use', { label: 'Credit utilisation', unit: 'ratio', reasonCode: 'USE' }),
    numeric('balance', { label: 'Balance', unit: 'EUR', reasonCode: 'USE' }),
    numeric('days', { label: 'Days past due', source: { path: 'repayments.days', last: 3 }, type: 'sequence', unit: 'days' }),
    numeric('status', { label: 'Repayment status', source: { path: 'repayments.status', last: 3 }, type: 'sequence', transform: 'one-hot' }),
    numeric('income', { label: 'Income', unit: 'EUR' }),
  ];
  const applicant = loan({ use: 0.92, balance: 12_345.6, income: null }, [{ days: 60, status: 'LATE' }, { days: 30, status: 'LATE' }, { days: 0, status: 'PAID' }]);
  const schema = schemaOf(features, [applicant, loan({ use: 0.1, balance: 3, income: 2 }, [{ days: 0, status: 'PAID' }])]);
  const typical = [
    { kind: 'range', p25: 0.2, median: 0.3, p75: 0.45 },
    { kind: 'range', p25: 100, median: 200, p75: 3_000 },
    { kind: 'range', p25: 0, median: 0, p75: 0 },
    { kind: 'category', value: 'PAID', share: 0.9 },
    { kind: 'range', p25: 2_000, median: 2_500, p75: 4_000 },
  ] as const;
  const reference = { json: { version: 1, width: schema.width, size: 2, baselineLogit: -2, vectors: '', typical: [...typical] }, matrix: new Float32Array() } satisfies ReferenceSet;
  const { inputs } = encodeInputs(schema, [0.92, 12_345.6, [60, 30, 0], ['LATE', 'LATE', 'PAID'], null]);
  const reasons = (attributions: number[], max?: number) => reasonsOf({ attributions }, schema, reference, inputs, max === undefined ? {} : { max });

  it('give the value of the applicant beside what approved applicants have', () => {
    expect(reasons([0.5, 0, 0.4, 0.3, 0.2]).map(({ text }) => text)).toEqual([
      'Credit utilisation 92 % — approved applicants typically 20–45 %',
      'Days past due, on average 30 days — approved applicants typically 0 days',
      'Repayment status, newest first: LATE ×2, PAID — approved applicants typically PAID',
      'Income is missing — approved applicants typically 2,000–4,000 EUR',
    ]);
  });

  it('are ordered by their push toward default, one per reason code', () => {
    expect(reasons([0.2, 0.5, 0.4, 0, 0])).toMatchObject([{ code: 'USE', feature: 'balance', contribution: 0.5 }, { feature: 'days' }]);
  });

  it('leave out what speaks for the applicant, and what hardly counts', () => {
    expect(reasons([1, 0, -3, 0.04, 0.06]).map(({ feature }) => feature)).toEqual(['use', 'income']);
    expect(reasons([-1, -1, -1, -1, 0])).toEqual([]);
  });

  it('never say that a value is what is typical', () => {
    const punctual = encodeInputs(schema, [0.92, 12_345.6, [60, 30, 0], ['PAID', 'PAID', 'PAID'], null]).inputs;
    expect(reasonsOf({ attributions: [0.5, 0, 0, 0.4, 0] }, schema, reference, punctual).map(({ feature }) => feature)).toEqual(['use']);
  });

  it('are at most as many as asked for', () => {
    expect(reasons([0.5, 0, 0.4, 0.3, 0.2], 2)).toHaveLength(2);
  });

  it('need one attribution per feature', () => {
    expect(() => reasons([1])).toThrow('one attribution for each of the 5 features');
  });
});
