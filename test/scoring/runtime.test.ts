import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compileModel, loadRuntime, type Calibration, type Scorer } from '../../src/scoring/index.js';
import { loadTensorFlow } from '../../src/scoring/training/backend.js';
import { layersModelOf } from '../../src/scoring/training/layers-model.js';
import { randomMember, randomRows, sentenceOf } from './support.js';

const WIDTH = 12;
const ROWS = 300;
const calibration: Calibration = { kind: 'platt', slope: 1.2, intercept: -0.3 };
const parts = { width: WIDTH, members: [randomMember(1, [WIDTH, 8, 4, 1]), randomMember(2, [WIDTH, 8, 4, 1])], calibration };
const schema = { width: WIDTH };
const artefacts = async () => {
  const { tf } = await loadTensorFlow();
  return { onnx: compileModel(parts), layersModel: await layersModelOf(tf, parts), schema };
};

const largest = (a: Float32Array, b: Float32Array): number => a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

describe('one version on both runtimes', () => {
  let onnx: Scorer;
  let tensorflow: Scorer;
  beforeAll(async () => {
    const stored = await artefacts();
    [onnx, tensorflow] = [await loadRuntime('onnx', stored), await loadRuntime('tensorflow', stored)];
  });
  afterAll(() => Promise.all([onnx.dispose(), tensorflow.dispose()]));

  it('gives the same probabilities, log-odds and gradients within 1e-5', async () => {
    const rows = randomRows(4, ROWS, WIDTH);
    const [a, b] = [await onnx.run(rows, ROWS), await tensorflow.run(rows, ROWS)];
    expect(largest(a.probability, b.probability)).toBeLessThanOrEqual(1e-5);
    expect(largest(a.logit, b.logit)).toBeLessThanOrEqual(1e-5);
    expect(largest(a.gradient!, b.gradient!)).toBeLessThanOrEqual(1e-5);
  });

  it('gives the same bits whether the gradient is asked for or not (onnx)', async () => {
    const rows = randomRows(5, ROWS, WIDTH);
    const [all, score] = [await onnx.run(rows, ROWS), await onnx.run(rows, ROWS, { gradient: false })];
    expect([score.probability, score.logit]).toEqual([all.probability, all.logit]);
  });

  it('names the runtime for the record', () => {
    expect(onnx.runtime).toMatch(/^onnxruntime-node \d+\.\d+\.\d+ cpu \w+-\w+$/u);
    expect(tensorflow.runtime).toMatch(/^tfjs \d+\.\d+\.\d+ (tensorflow|wasm|cpu) \w+-\w+$/u);
  });

  it('frees every tensor of a run', async () => {
    const { tf } = await loadTensorFlow();
    const before = tf.memory().numTensors;
    await tensorflow.run(randomRows(1, 3, WIDTH), 3);
    expect(tf.memory().numTensors).toBe(before);
  });

  describe.each(['onnx', 'tensorflow'] as const)('the contract, kept by %s', (name) => {
    const scorer = (): Scorer => (name === 'onnx' ? onnx : tensorflow);

    it('leaves the gradient out when it is not wanted', async () => {
      expect((await scorer().run(randomRows(1, 3, WIDTH), 3, { gradient: false })).gradient).toBeUndefined();
    });

    it('gives nothing for no rows', async () => {
      expect((await scorer().run(new Float32Array(), 0)).logit).toHaveLength(0);
    });

    it.each([
      [new Float32Array(WIDTH - 1), 'needs 12 numbers, but it has 11'],
      [new Float32Array(WIDTH).fill(Number.NaN), 'Row 0, column 0 is not a finite number'],
      [new Float32Array(WIDTH).fill(1e39), 'not a finite number'],
    ])('refuses a matrix it cannot score (%#)', async (matrix, sentence) => {
      await expect(scorer().run(matrix, 1)).rejects.toThrow(sentence);
    });

    it('refuses to pass on an output that is not finite', async () => {
      await expect(scorer().run(new Float32Array(WIDTH).fill(3e38), 1)).rejects.toThrow('no score may be made from it');
    });
  });
});

describe('TensorFlow as a runtime', () => {
  it.each<[string, (stored: Awaited<ReturnType<typeof artefacts>>) => Parameters<typeof loadRuntime>[1], string]>([
    ['a version without a LayersModel', ({ onnx }) => ({ onnx, schema }), 'use the runtime onnx'],
    ['what is no JSON', (stored) => ({ ...stored, layersModel: new Uint8Array([1, 2]) }), 'is not JSON'],
    ['another document', (stored) => ({ ...stored, layersModel: new TextEncoder().encode('{}') }), 'LayersModel is not valid at modelTopology'],
    ['a model of another width', (stored) => ({ ...stored, schema: { width: 5 } }), 'has 12 columns but the feature schema has 5'],
  ])('refuses %s', async (_, change, sentence) => {
    const changed = change(await artefacts());
    expect(await sentenceOf(() => loadRuntime('tensorflow', changed))).toContain(sentence);
  });
});
