import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { adoptOnnx, checkSourceParity, encodeSourceSample, loadScorer, parseFeatureSchema, parseSourceSample, type AdoptOptions, type Calibration, type FeatureSchema, type ScorerOutput, type SourceSample } from '../../src/scoring/index.js';
import { decodeExactly, decodeModel, DOUBLE, encodeModel, INT64, type ModelMessage } from '../../src/scoring/onnx/proto.js';
import { doubles, floats, integers, modelOf, operator, tensor, type GraphParts } from './onnx-support.js';
import { randomRows, sentenceOf } from './support.js';

const FOLDER = new URL('../../../test/fixtures/models/', import.meta.url);
const jsonOf = (name: string): unknown => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));

interface Fixture {
  readonly onnx: Uint8Array;
  readonly schema: FeatureSchema;
  readonly sample: SourceSample;
}

const fixture = (name: string): Fixture => ({
  onnx: new Uint8Array(readFileSync(new URL(`${name}.onnx`, FOLDER))),
  schema: parseFeatureSchema(jsonOf(`${name}.features.json`)),
  sample: parseSourceSample(jsonOf(`${name}.sample.json`)),
});

const MODELS: [string, Partial<AdoptOptions>][] = [
  ['pytorch-logit', {}],
  ['pytorch-sigmoid', {}],
  ['pytorch-softmax', {}],
  ['xgboost-classifier', {}],
  ['xgboost-margin', { outputIs: 'logit' }],
  ['sklearn-forest', {}],
  ['sklearn-boosting', {}],
  ['sklearn-logistic', {}],
];

async function scored(onnx: Uint8Array, rows: Float32Array, width: number): Promise<ScorerOutput> {
  const scorer = await loadScorer({ onnx, schema: { width } });
  try {
    return await scorer.run(rows, rows.length / width);
  } finally {
    await scorer.dispose();
  }
}

describe.each(MODELS)('a model made by %s', (name, options) => {
  const { onnx, schema, sample } = fixture(name);
  const { width } = schema;
  const adopted = adoptOnnx(onnx, { width, ...options }).onnx;
  const { rows } = encodeSourceSample(schema, sample);

  it('gives the probabilities of its library within 1e-5 on every row, extremes included', async () => {
    expect(await checkSourceParity(adopted, schema, sample)).toMatchObject({ rows: 240, bar: 1e-5, passed: true });
  });

  it('loses nothing when it is read and written again', async () => {
    expect(encodeModel(decodeExactly(onnx))).toHaveLength(onnx.length);
    const again = adoptOnnx(encodeModel(decodeExactly(onnx)), { width, ...options }).onnx;
    expect(await scored(again, rows, width)).toEqual(await scored(adopted, rows, width));
  });

  it('scores a row with the same bits alone and in a batch', async () => {
    const all = await scored(adopted, rows, width);
    for (const i of [0, 7, 100, 239]) {
      const alone = await scored(adopted, rows.slice(i * width, (i + 1) * width), width);
      expect([alone.probability[0], alone.logit[0]]).toEqual([all.probability[i], all.logit[i]]);
    }
  });
});

/** w·x + b as [N, 1], for graphs of the test's own. */
const linear = (output: string) => operator('Gemm', ['x', 'w', 'b'], [output]);
const weights = [floats('w', [3, 1], [0.5, -1, 2]), floats('b', [1], [0.25])];
const rows = randomRows(1, 40, 3);
const z = Array.from({ length: 40 }, (_, i) => 0.5 * rows[3 * i]! - rows[3 * i + 1]! + 2 * rows[3 * i + 2]! + 0.25);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const graph = (parts: Partial<GraphParts>): Uint8Array => modelOf({ nodes: [linear('z')], weights, outputs: [tensor('z', ['N', 1])], ...parts });
const linearLogit = (): Uint8Array => graph({});

async function expectLogits(onnx: Uint8Array, expected: readonly number[], digits = 5): Promise<ScorerOutput> {
  const output = await scored(onnx, rows, 3);
  expected.forEach((x, i) => {
    expect(output.logit[i]).toBeCloseTo(x, digits);
    expect(output.probability[i]).toBeCloseTo(sigmoid(x), 6);
  });
  return output;
}

describe('a graph of another shape', () => {
  const two = [floats('w', [3, 2], [0.5, 0, -1, 0.3, 2, 1]), floats('b', [2], [0.25, -0.1])];
  const difference = Array.from(z, (_, i) => 0.3 * rows[3 * i + 1]! + rows[3 * i + 2]! - 0.1 - z[i]!);

  it.each<[string, Uint8Array, Partial<AdoptOptions>, readonly number[]]>([
    ['one log-odds that is said to be one', linearLogit(), { outputIs: 'logit' }, z],
    ['an output named logit', graph({ nodes: [linear('logit')], outputs: [tensor('logit', ['N', 1])] }), {}, z],
    ['a sigmoid as the last operator', graph({ nodes: [linear('z'), operator('Sigmoid', ['z'], ['p'])], outputs: [tensor('p', ['N', 1])] }), {}, z],
    ['a probability [N, 1] under the name probability', graph({ nodes: [linear('logit'), operator('Sigmoid', ['logit'], ['probability'])], outputs: [tensor('probability', ['N', 1])] }), {}, z],
    ['inner values with the names Assay uses', graph({ nodes: [linear('features'), operator('Neg', ['features'], ['gradient']), operator('Neg', ['gradient'], ['probability'])], outputs: [tensor('probability', ['N', 1])] }), { outputIs: 'logit' }, z],
    ['two log-odds', graph({ weights: two, outputs: [tensor('z', ['N', 2])] }), { outputIs: 'logit' }, difference],
    ['a softmax of two', graph({ weights: two, nodes: [linear('z'), operator('Softmax', ['z'], ['p'], { axis: 1 })], outputs: [tensor('p', ['N', 2])] }), {}, difference],
    ['a label beside the score', graph({ nodes: [linear('z'), operator('Cast', ['z'], ['label'], { to: INT64 })], outputs: [tensor('label', ['N', 1], INT64), tensor('z', ['N', 1])] }), { outputIs: 'logit' }, z],
    ['float64 throughout', graph({ inputs: [tensor('x', ['N', 3], DOUBLE)], weights: [doubles('w', [3, 1], [0.5, -1, 2]), doubles('b', [1], [0.25])], outputs: [tensor('z', ['N', 1], DOUBLE)] }), { outputIs: 'logit' }, z],
    ['two outputs of which one is named', graph({ nodes: [linear('z'), operator('Neg', ['z'], ['other'])], outputs: [tensor('other', ['N', 1]), tensor('z', ['N', 1])] }), { output: 'z', outputIs: 'logit' }, z],
    ['a shape that its exporter computes', graph({ nodes: [linear('z'), operator('Shape', ['z'], ['s']), operator('Gather', ['s', 'zero'], ['n']), operator('Reshape', ['z', 'n'], ['flat'])], weights: [...weights, integers('zero', [0])], outputs: [tensor('flat', ['N'])] }), { outputIs: 'logit' }, z],
  ])('is adopted: %s', async (_, onnx, options, expected) => {
    await expectLogits(adoptOnnx(onnx, { width: 3, ...options }).onnx, expected);
  });

  it('keeps log-odds finite where a probability is 0 or 1', async () => {
    const steps = graph({ nodes: [linear('z'), operator('HardSigmoid', ['z'], ['p'])], outputs: [tensor('p', ['N', 1])] });
    const { onnx, notes } = adoptOnnx(steps, { width: 3, outputIs: 'probability' });
    const { probability, logit } = await scored(onnx, Float32Array.of(0, 0, 90, 0, 90, 0), 3);
    expect([...probability]).toEqual([1, 0]);
    expect(logit[0]).toBeCloseTo(16.6355, 3);
    expect(logit[1]).toBeCloseTo(-16.6355, 3);
    expect(notes.join(' ')).toContain('within ±16.64');
  });

  it('keeps a gradient that it has', async () => {
    const own = graph({ nodes: [linear('logit'), operator('Mul', ['x', 'nought'], ['zeros']), operator('Add', ['zeros', 'slopes'], ['gradient'])], weights: [...weights, floats('nought', [1], [0]), floats('slopes', [1, 3], [0.5, -1, 2])], outputs: [tensor('logit', ['N', 1]), tensor('gradient', ['N', 3])] });
    const { gradient } = await expectLogits(adoptOnnx(own, { width: 3, calibrate: { kind: 'platt', slope: 2, intercept: 1 } }).onnx, z.map((x) => 2 * x + 1));
    expect(Array.from(gradient!.subarray(0, 3))).toEqual([1, -2, 4]);
  });
});

/** The map through (−1, −2), (0, −0.5) and (2, 0.5). */
const through = (x: number): number => (x < -1 ? x - 1 : x < 0 ? -0.5 + 1.5 * x : x < 2 ? -0.5 + x / 2 : x - 1.5);

describe('a calibration put behind a model', () => {
  const isotonic: Calibration = { kind: 'isotonic', knots: [-1, 0, 2], values: [-2, -0.5, 0.5] };

  it('scales log-odds (Platt)', async () => {
    await expectLogits(adoptOnnx(linearLogit(), { width: 3, outputIs: 'logit', calibrate: { kind: 'platt', slope: 0.7, intercept: -0.2 } }).onnx, z.map((x) => 0.7 * x - 0.2));
  });

  it('follows the knots, and goes on with slope 1 beyond them (isotonic)', async () => {
    await expectLogits(adoptOnnx(linearLogit(), { width: 3, outputIs: 'logit', calibrate: isotonic }).onnx, z.map(through));
  });

  it('is put behind a model that was adopted before', async () => {
    const once = adoptOnnx(linearLogit(), { width: 3, outputIs: 'logit' }).onnx;
    const { onnx, notes } = adoptOnnx(once, { width: 3, calibrate: isotonic });
    await expectLogits(onnx, z.map(through));
    expect(notes.at(-1)).toBe('A calibration (isotonic) was put behind the log-odds.');
  });
});

describe('a graph that cannot be adopted', () => {
  it.each<[string, Uint8Array, Partial<AdoptOptions>, string]>([
    ['a score that could be either', linearLogit(), {}, 'say which with outputIs'],
    ['three classes', graph({ weights: [floats('w', [3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]), floats('b', [3], [0, 0, 0])], outputs: [tensor('z', ['N', 3])] }), {}, 'has 3 numbers for each row'],
    ['several scores', graph({ nodes: [linear('z'), operator('Neg', ['z'], ['other'])], outputs: [tensor('other', ['N', 1]), tensor('z', ['N', 1])] }), {}, 'name it with output'],
    ['an output that is not there', linearLogit(), { output: 'score' }, 'it has no output "score"; its outputs are "z"'],
    ['an input that is not there', linearLogit(), { input: 'y' }, 'it has no input "y"; its inputs are "x"'],
    ['one input per column', graph({ inputs: [tensor('x', ['N', 3]), tensor('y', ['N', 1])] }), {}, 'it has 2 inputs ("x", "y")'],
    ['another width', linearLogit(), { width: 4 }, 'has 3 columns but the feature schema has 4'],
    ['a fixed number of rows', graph({ inputs: [tensor('x', [1, 3])] }), {}, 'takes exactly 1 rows; export with a free number of rows (in PyTorch: dynamic_axes)'],
    ['text', graph({ inputs: [tensor('x', ['N', 3], 8)] }), {}, 'neither float32 nor float64'],
    ['an old operator set', graph({ opset: 7 }), {}, 'uses operator set 7; export it with opset 9 or later'],
    ['log-odds that a sigmoid makes', graph({ nodes: [linear('z'), operator('Sigmoid', ['z'], ['p'])], outputs: [tensor('p', ['N', 1])] }), { outputIs: 'logit' }, 'say outputIs probability'],
  ])('is refused with what to do: %s', async (_, onnx, options, sentence) => {
    expect(await sentenceOf(() => adoptOnnx(onnx, { width: 3, ...options }))).toContain(sentence);
  });

  it('is refused when what is said to be a probability is none', async () => {
    const onnx = adoptOnnx(linearLogit(), { width: 3, outputIs: 'probability' }).onnx;
    expect(await sentenceOf(() => loadScorer({ onnx, schema: { width: 3 } }))).toContain('not the sigmoid of its "logit"');
  });
});

describe('the sample of the source library', () => {
  const { schema, sample, onnx } = fixture('sklearn-logistic');

  it.each<[unknown, string]>([
    [{ ...sample, probabilities: sample.probabilities.slice(1) }, 'there are 240 rows but 239 probabilities'],
    [{ ...sample, probabilities: sample.probabilities.with(3, 1.5) }, 'not valid at probabilities[3]'],
    [{ rows: [], probabilities: [] }, 'not valid at source'],
  ])('is refused when it is no sample (%#)', async (json, sentence) => {
    expect(await sentenceOf(() => parseSourceSample(json))).toContain(sentence);
  });

  it('is refused when a row does not fit the schema', async () => {
    expect(await sentenceOf(() => encodeSourceSample(schema, { ...sample, rows: sample.rows.with(5, [1]) }))).toContain('Row 5 of the sample has 1 values but the feature schema has 7');
  });

  it('fails a model whose weights were changed', async () => {
    const changed: ModelMessage = decodeModel(onnx);
    const intercepts = changed.graph!.node!.flatMap(({ attribute = [] }) => attribute).find(({ name }) => name === 'intercepts')!;
    intercepts.floats = intercepts.floats!.map((x) => x * 1.01);
    const adopted = adoptOnnx(encodeModel(changed), { width: schema.width }).onnx;
    expect((await checkSourceParity(adopted, schema, sample)).passed).toBe(false);
  });
});
