import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { rmSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { LayersModel, Tensor } from '@tensorflow/tfjs';
import { compileLayersModel, compileModel, loadScorer, readLayersModelFolder, type Calibration, type Member, type Scorer } from '../../src/scoring/index.js';
import type { Tf } from '../../src/scoring/training/backend.js';
import { layersModelOf } from '../../src/scoring/training/layers-model.js';
import { windowsOf } from '../../src/scoring/layers-model/windows.js';
import { applied, folderOf, saved, seeded } from './layers-model-support.js';
import { randomConvolutionalMember, randomMember, randomRows, sentenceOf } from './support.js';

const WIDTH = 12;
const ROWS = 60;
// The plain JavaScript backend: it has the gradient of every layer.
const tf = createRequire(import.meta.url)('@tensorflow/tfjs') as Tf;
const L = tf.layers;

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

const sigmoid = (): ReturnType<typeof L.dense> => L.dense({ units: 1, activation: 'sigmoid' });
type Layers = NonNullable<NonNullable<Parameters<Tf['sequential']>[0]>['layers']>;
const sequential = (...layers: Layers): LayersModel => tf.sequential({ layers });
const conv = (args: Omit<Parameters<typeof L.conv1d>[0], 'filters'>): LayersModel =>
  sequential(L.reshape({ targetShape: [6, 2], inputShape: [WIDTH] }), L.conv1d({ filters: 3, ...args }), L.flatten(), sigmoid());
const pooling = (...layers: Layers): LayersModel =>
  sequential(L.conv1d({ filters: 3, kernelSize: 2, padding: 'same', activation: 'tanh', inputShape: [6, 2] }), ...layers, sigmoid());

function branches(): LayersModel {
  const input = tf.input({ shape: [WIDTH] });
  const shared = L.dense({ units: 5, activation: 'tanh' });
  const [a, b] = [applied(input, shared), applied(input, L.dense({ units: WIDTH, activation: 'relu' }), shared)];
  const merged = [L.add(), L.average(), L.multiply(), L.maximum()].map((layer) => applied([a, b], layer));
  return tf.model({ inputs: input, outputs: applied(merged, L.concatenate(), L.dropout({ rate: 0.5 }), sigmoid()) });
}

function sequencesJoined(): LayersModel {
  const input = tf.input({ shape: [6, 2] });
  const [a, b] = [applied(input, L.conv1d({ filters: 3, kernelSize: 1 })), applied(input, L.conv1d({ filters: 2, kernelSize: 3, padding: 'same', activation: 'selu' }))];
  const wide = applied([a, b], L.concatenate({ axis: -1 }), L.batchNormalization());
  const long = applied([wide, applied(wide, L.dense({ units: 5, activation: 'elu' }))], L.concatenate({ axis: 1 }));
  return tf.model({ inputs: input, outputs: applied(long, L.globalAveragePooling1d({}), L.dense({ units: 2, activation: 'softmax' })) });
}

const activations = ['relu', 'relu6', 'elu', 'selu', 'tanh', 'sigmoid', 'hardSigmoid', 'softplus', 'softsign', 'swish', 'linear'] as const;
const models: [string, () => LayersModel][] = [
  ...activations.map((activation): [string, () => LayersModel] => [`the activation ${activation}`, () => sequential(L.dense({ units: 9, activation, inputShape: [WIDTH] }), sigmoid())]),
  ['activation layers', () => sequential(L.dense({ units: 9, inputShape: [WIDTH] }), L.leakyReLU({ alpha: 0.2 }), L.dense({ units: 8 }), L.elu(), L.dense({ units: 7 }), L.reLU({ maxValue: 0.7 }), L.dense({ units: 1 }), L.activation({ activation: 'sigmoid' }))],
  ['a softmax of two', () => sequential(L.dense({ units: 4, activation: 'tanh', inputShape: [WIDTH] }), L.dense({ units: 2 }), L.softmax())],
  ['noise and dropout', () => sequential(L.gaussianNoise({ stddev: 1, inputShape: [WIDTH] }), L.dense({ units: 6, activation: 'relu', useBias: false }), L.gaussianDropout({ rate: 0.2 }), L.alphaDropout({ rate: 0.1 }), sigmoid())],
  ['batch normalisation', () => sequential(L.batchNormalization({ inputShape: [WIDTH] }), L.dense({ units: 6, activation: 'relu' }), L.batchNormalization(), sigmoid())],
  ['batch normalisation without scale and centre', () => sequential(L.dense({ units: 6, activation: 'tanh', inputShape: [WIDTH] }), L.batchNormalization({ scale: false, center: false }), sigmoid())],
  ['a valid convolution', () => conv({ kernelSize: 3, activation: 'relu' })],
  ['a strided convolution', () => conv({ kernelSize: 3, strides: 2, useBias: false })],
  ['a padded convolution', () => conv({ kernelSize: 4, padding: 'same', activation: 'elu' })],
  ['a padded and strided convolution', () => conv({ kernelSize: 3, padding: 'same', strides: 2, activation: 'tanh' })],
  ['a dilated convolution', () => conv({ kernelSize: 2, dilationRate: 2, activation: 'relu' })],
  ['maxima of windows', () => pooling(L.maxPooling1d({ poolSize: 3, strides: 1 }), L.flatten())],
  ['means of windows', () => pooling(L.averagePooling1d({ poolSize: 2 }), L.flatten())],
  ['the maximum of all steps', () => pooling(L.globalMaxPooling1d({}))],
  ['the mean of all steps', () => pooling(L.globalAveragePooling1d({}))],
  ['branches that meet, and a shared layer', branches],
  ['sequences joined both ways', sequencesJoined],
];

/** What TensorFlow.js itself cannot differentiate; finite differences alone check it. */
const WITHOUT_GRADIENT = new Set(['batch normalisation without scale and centre', 'a dilated convolution']);

const inputOf = (model: LayersModel, rows: Float32Array): Tensor => tf.tensor(rows, [rows.length / WIDTH, ...(model.inputs[0]!.shape.slice(1) as number[])]);

/** The probability of a default by TensorFlow. */
function probabilityOf(model: LayersModel, x: Tensor): Tensor {
  const output = model.predict(x) as Tensor;
  return output.slice([0, output.shape[1]! - 1], [-1, 1]).flatten();
}

/** Central differences of the compiled logit; undefined at kinks. */
async function centralDifferences(scorer: Scorer, row: Float32Array): Promise<(number | undefined)[]> {
  const step = 2 ** -7;
  const moved = Array.from(row, (_, c) => [step, -step].map((by) => row.map((x, i) => (i === c ? x + by : x)))).flat();
  const { logit } = await scorer.run(Float32Array.from([...row, ...moved.flatMap((one) => Array.from(one))]), 1 + moved.length, { gradient: false });
  return Array.from(row, (_, c) => {
    const [up, down] = [(logit[1 + 2 * c]! - logit[0]!) / step, (logit[0]! - logit[2 + 2 * c]!) / step];
    return Math.abs(up - down) > 0.02 * Math.max(1, Math.abs(up)) ? undefined : (up + down) / 2;
  });
}

const most = (gaps: Iterable<number>): number => Math.max(...gaps);

describe.each(models)('a LayersModel with %s', (name, make) => {
  const rows = randomRows(6, ROWS, WIDTH);
  let model: LayersModel;
  let scorer: Scorer;
  beforeAll(async () => {
    model = seeded(tf, make(), 11);
    const folder = folderOf(await saved(model));
    scorer = await loadScorer({ onnx: compileLayersModel(await readLayersModelFolder(folder), WIDTH), schema: { width: WIDTH } });
    rmSync(dirname(folder), { recursive: true });
  });

  it('scores as TensorFlow does', async () => {
    const { probability } = await scorer.run(rows, ROWS);
    const expected = tf.tidy(() => probabilityOf(model, inputOf(model, rows)).dataSync());
    expect(most(probability.map((p, i) => Math.abs(p - expected[i]!)))).toBeLessThan(1e-5);
    expect(new Set(probability).size).toBeGreaterThan(ROWS / 2);
  });

  if (!WITHOUT_GRADIENT.has(name)) it('has the gradient that TensorFlow gives', async () => {
    const { probability: p, gradient } = await scorer.run(rows, ROWS);
    const slopes = tf.tidy(() => tf.grad((x) => probabilityOf(model, x).sum())(inputOf(model, rows)).dataSync());
    expect(most(slopes.map((slope, i) => Math.abs(slope - gradient![i]! * p[Math.floor(i / WIDTH)]! * (1 - p[Math.floor(i / WIDTH)]!))))).toBeLessThan(1e-4);
  });

  it('has the gradient that finite differences give', async () => {
    const { gradient } = await scorer.run(rows.slice(0, 4 * WIDTH), 4);
    const differences = (await Promise.all([0, 1, 2, 3].map((i) => centralDifferences(scorer, rows.slice(i * WIDTH, (i + 1) * WIDTH))))).flat();
    const gaps = differences.flatMap((slope, i) => (slope === undefined ? [] : [Math.abs(slope - gradient![i]!) / Math.max(1, Math.abs(slope))]));
    expect(most(gaps)).toBeLessThan(0.02);
    expect(gaps.length).toBeGreaterThan(0.75 * differences.length);
  });

  it('scores a row with the same bits alone and in any batch', async () => {
    const all = await scorer.run(rows, ROWS);
    for (const i of [0, 1, 37, ROWS - 1]) {
      const alone = await scorer.run(rows.slice(i * WIDTH, (i + 1) * WIDTH), 1);
      expect([alone.logit[0], alone.probability[0], ...alone.gradient!]).toEqual([all.logit[i], all.probability[i], ...all.gradient!.slice(i * WIDTH, (i + 1) * WIDTH)]);
    }
  });
});

const overSteps = (steps: number): LayersModel => sequential(L.conv1d({ filters: 3, kernelSize: 3, activation: 'relu', inputShape: [steps, 2] }), L.flatten(), L.dense({ units: 1, activation: 'sigmoid' }));

// TensorFlow.js reads causal convolutions of Keras but does not compute them: the definition is compared, zeros before the first step.
describe('a causal convolution', () => {
  it('is the valid one over steps with zeros before them', async () => {
    const padded = seeded(tf, overSteps(8), 3);
    const { json, weights } = await saved(padded);
    const causal = JSON.parse(JSON.stringify(json).replace('"valid"', '"causal"').replace('[null,8,2]', '[null,6,2]')) as typeof json;
    const folder = folderOf({ json: causal, weights });
    const scorer = await loadScorer({ onnx: compileLayersModel(await readLayersModelFolder(folder), WIDTH), schema: { width: WIDTH } });
    rmSync(dirname(folder), { recursive: true });
    const rows = randomRows(9, 20, WIDTH);
    const { probability } = await scorer.run(rows, 20);
    const expected = tf.tidy(() => (padded.predict(inputOf(overSteps(6), rows).pad([[0, 0], [2, 0], [0, 0]])) as Tensor).dataSync());
    expect(most(probability.map((p, i) => Math.abs(p - expected[i]!)))).toBeLessThan(1e-5);
  });
});

describe('windows over steps', () => {
  it.each([
    ['valid', { size: 3, stride: 2, dilation: 1, padding: 'valid' }, [[0, 1, 2], [2, 3, 4]]],
    ['same, the odd step of padding at the end', { size: 4, stride: 1, dilation: 1, padding: 'same' }, [[-1, 0, 1, 2], [0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, -1], [3, 4, -1, -1]]],
    ['causal', { size: 2, stride: 2, dilation: 2, padding: 'causal' }, [[-1, 0], [0, 2], [2, 4]]],
    ['none, where the window is longer', { size: 6, stride: 1, dilation: 1, padding: 'valid' }, []],
  ] as const)('are as TensorFlow places them: %s', (_, plan, windows) => {
    expect(windowsOf(5, plan)).toEqual(windows);
  });
});

describe('a model of Assay, written as a LayersModel and read again', () => {
  const platt: Calibration = { kind: 'platt', slope: 1.3, intercept: -0.4 };
  const isotonic: Calibration = { kind: 'isotonic', knots: [-1, 0, 1], values: [-2, 0.1, 0.9] };
  it.each<[string, Member[], Calibration]>([
    ['a perceptron', [randomMember(1, [20, 6, 4, 1]), randomMember(2, [20, 6, 4, 1])], platt],
    ['a convolution, isotonic', [randomConvolutionalMember(1, [6]), randomConvolutionalMember(2, [6])], isotonic],
    ['a scorecard, isotonic', [randomMember(3, [20, 1])], isotonic],
  ])('scores and explains as before: %s', async (_, members, calibration) => {
    const model = { width: 20, members, calibration };
    const rows = randomRows(2, 50, 20);
    const [direct, again] = await Promise.all([compileModel(model), compileLayersModel(await layersModelOf(tf, model), 20)].map(async (onnx) => (await loadScorer({ onnx, schema: { width: 20 } })).run(rows, 50)));
    expect(most(direct!.logit.map((z, i) => Math.abs(z - again!.logit[i]!)))).toBeLessThan(1e-4);
    expect(most(direct!.gradient!.map((g, i) => Math.abs(g - again!.gradient![i]!)))).toBeLessThan(1e-4);
  });
});

async function linear(units: number): Promise<Uint8Array> {
  const folder = folderOf(await saved(seeded(tf, sequential(L.dense({ units, inputShape: [WIDTH] })), 4)));
  return readLayersModelFolder(folder).finally(() => rmSync(dirname(folder), { recursive: true }));
}

describe('a LayersModel whose output is linear', () => {
  it('is a logit only when the caller says so', async () => {
    const document = await linear(1);
    expect(await sentenceOf(() => compileLayersModel(document, WIDTH))).toContain('say that its output is a logit');
    const scorer = await loadScorer({ onnx: compileLayersModel(document, WIDTH, { output: 'logit' }), schema: { width: WIDTH } });
    expect((await scorer.run(randomRows(1, 3, WIDTH), 3)).gradient).toHaveLength(3 * WIDTH);
  });

  it('must be one number', async () => {
    const document = await linear(3);
    expect(await sentenceOf(() => compileLayersModel(document, WIDTH, { output: 'logit' }))).toContain('3 numbers a row');
  });

  it('is not a probability that is called a logit', async () => {
    const folder = folderOf(await saved(sequential(L.dense({ units: 1, activation: 'sigmoid', inputShape: [WIDTH] }))));
    const document = await readLayersModelFolder(folder);
    rmSync(dirname(folder), { recursive: true });
    expect(await sentenceOf(() => compileLayersModel(document, WIDTH, { output: 'logit' }))).toContain('is a probability, not a logit');
  });
});
