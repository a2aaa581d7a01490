import { beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { checkParity, compileModel, loadScorer, type Calibration, type Member, type ScorerOutput, type TrainedModel } from '../../src/scoring/index.js';
import { loadTensorFlow, type Tf } from '../../src/scoring/training/backend.js';
import { layersModelOf, predictWithLayersModel } from '../../src/scoring/training/layers-model.js';
import { differences, referenceLogit } from './reference-model.js';
import { randomConvolutionalMember, randomMember, randomRows } from './support.js';

type Model = Pick<TrainedModel, 'width' | 'members' | 'calibration'>;

const WIDTH = 20;
const platt: Calibration = { kind: 'platt', slope: 1.3, intercept: -0.4 };
const isotonic: Calibration = { kind: 'isotonic', knots: [-1.5, -0.6, -0.55, 0.1, 0.9, 2], values: [-3.2, -2, -1.6, -1.599, 0.2, 0.9] };
const calibrations: [string, Calibration][] = [['Platt', platt], ['isotonic', isotonic]];
const several = (make: (seed: number) => Member): Member[] => [1, 2, 3].map(make);
const families: [string, Member[]][] = [
  ['a scorecard', [randomMember(1, [WIDTH, 1])]],
  ['an ensemble of linear models', several((seed) => randomMember(seed, [WIDTH, 1]))],
  ['a perceptron', several((seed) => randomMember(seed, [WIDTH, 12, 6, 1]))],
  ['a convolution', several((seed) => randomConvolutionalMember(seed, [8]))],
  ['a convolution behind which the logit comes at once', several((seed) => randomConvolutionalMember(seed, []))],
  ['a convolution without static columns', [randomConvolutionalMember(1, [8, 4], [])]],
  ['a convolution beside a perceptron', [randomMember(1, [WIDTH, 5, 1]), randomConvolutionalMember(2, [8, 4])]],
];
const models = families.flatMap(([name, members]) => calibrations.map(([by, calibration]): [string, Model] => [`${name}, ${by}`, { width: WIDTH, members, calibration }]));

/** Ordinary rows, rows at the ends of their clip bounds, and rows so large that the PD saturates. */
function extremeRows(): Float32Array {
  const rows = randomRows(8, 1_200, WIDTH);
  for (let i = 600 * WIDTH; i < 900 * WIDTH; i++) rows[i] = rows[i]! < 0 ? -3 : 3;
  for (let i = 900 * WIDTH; i < 1_200 * WIDTH; i++) rows[i]! *= 1_000;
  return rows;
}

async function score(model: Model, rows: Float32Array): Promise<ScorerOutput> {
  const scorer = await loadScorer({ onnx: compileModel(model), schema: { width: model.width } });
  try {
    return await scorer.run(rows, rows.length / model.width);
  } finally {
    await scorer.dispose();
  }
}

const rowOf = (rows: Float32Array, i: number): Float32Array => rows.subarray(i * WIDTH, (i + 1) * WIDTH);

describe.each(models)('%s', (_, model) => {
  const rows = randomRows(4, 40, WIDTH);
  let output: ScorerOutput;
  beforeAll(async () => {
    output = await score(model, rows);
  });

  it('has the log-odds that its definition gives', () => {
    output.logit.forEach((logit, i) => expect(logit).toBeCloseTo(referenceLogit(model, rowOf(rows, i)), 4));
  });

  it('has the gradient that finite differences of the definition give', () => {
    const slopes = Array.from({ length: 20 }, (_row, i) => differences((row) => referenceLogit(model, row), rowOf(rows, i))).flat();
    const gaps = slopes.flatMap((slope, i) => (slope === undefined ? [] : [Math.abs(output.gradient![i]! - slope) / Math.max(1, Math.abs(slope))]));
    expect(Math.max(...gaps)).toBeLessThan(1e-3);
    // The rest lie within a step of a kink.
    expect(gaps.length).toBeGreaterThan(0.95 * slopes.length);
  });
});

/** A power of two: nothing is rounded by it. */
const LARGE = 2 ** 20;
const times = (values: Float32Array, factor: number): Float32Array => values.map((x) => x * factor);

/** The same function of a ReLU network with activations a million times as large: what goes in more comes out less. */
const enlarged = (member: Member): Member => {
  const [first, ...rest] = member.layers;
  const output = rest.pop();
  if (output === undefined) return member;
  const inner = rest.map(({ weights, bias, inputs, units }) => ({ weights, bias: times(bias, LARGE), inputs, units }));
  const outer = { inputs: output.inputs, units: output.units, bias: output.bias, weights: times(output.weights, 1 / LARGE) };
  return { ...member, layers: [{ ...first!, weights: times(first!.weights, LARGE), bias: times(first!.bias, LARGE) }, ...inner, outer] };
};

describe('TensorFlow and the compiled graph', () => {
  let tf: Tf;
  beforeAll(async () => {
    ({ tf } = await loadTensorFlow());
  });
  const agree = async (model: Model, rows: Float32Array): Promise<void> => {
    const probabilities = await predictWithLayersModel(tf, await layersModelOf(tf, model), rows, model.width);
    expect(await checkParity(compileModel(model), { rows, width: model.width, probabilities })).toMatchObject({ rows: 1_200, passed: true });
  };

  it.each(models)('agree on ordinary, clipped and saturated rows: %s', async (_, model) => {
    const rows = extremeRows();
    await agree(model, rows);
    const { probability } = await score(model, rows);
    expect(probability.filter((p) => p < 1e-6 || p > 1 - 1e-6).length).toBeGreaterThan(100);
  });

  it.each(models.filter(([name]) => name.startsWith('a ')))('agree with weights a million times as large: %s', async (_, model) => {
    await agree({ ...model, members: model.members.map(enlarged) }, extremeRows());
  });
});

describe('isotonic calibration in a graph', () => {
  const identity: Member = { bestEpoch: 0, layers: [{ weights: Float32Array.of(1), bias: new Float32Array(1), inputs: 1, units: 1 }] };
  const mapped = (calibration: Calibration, logits: Float32Array): Promise<ScorerOutput> => score({ width: 1, members: [identity], calibration }, logits);

  it('goes through its knots and on with slope 1', async () => {
    const { logit, gradient } = await mapped(isotonic, Float32Array.of(-101.5, ...isotonic.knots, 102));
    [-103.2, ...isotonic.values, 100.9].forEach((value, i) => expect(logit[i]).toBeCloseTo(value, 4));
    expect([gradient![0], gradient!.at(-1)]).toEqual([1, 1]);
  });

  it('has at a knot the derivative of the piece above it', async () => {
    const { gradient } = await mapped({ kind: 'isotonic', knots: [0, 1, 3], values: [0, 2, 3] }, Float32Array.of(-1, 0, 1, 3));
    expect([...gradient!]).toEqual([1, 2, 0.5, 1]);
  });

  it('keeps the order of applicants, and is exact within 1e-5, for any rising map', async () => {
    const steps = fc.array(fc.tuple(fc.double({ min: 0.01, max: 2, noNaN: true }), fc.double({ min: 0.001, max: 2, noNaN: true })), { minLength: 2, maxLength: 30 });
    const logits = Float32Array.from({ length: 400 }, (_, i) => i / 20 - 10);
    await fc.assert(fc.asyncProperty(steps, async (pairs) => {
      let [knot, value] = [-5, -6];
      const points = pairs.map(([dx, dy]): [number, number] => [(knot += dx), (value += dy)]);
      const calibration: Calibration = { kind: 'isotonic', knots: points.map(([x]) => x), values: points.map(([, y]) => y) };
      const { probability, logit } = await mapped(calibration, logits);
      const model = { members: [identity], calibration };
      const gaps = Array.from(probability, (p, i) => Math.abs(p - 1 / (1 + Math.exp(-referenceLogit(model, [logits[i]!])))));
      expect(Math.max(...gaps)).toBeLessThan(1e-5);
      expect(logit.every((z, i) => i === 0 || z > logit[i - 1]!)).toBe(true);
    }), { numRuns: 25, seed: 5 });
  });
});
