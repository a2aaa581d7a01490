import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { checkParity, compileModel, loadScorer, MAX_ONNX_BYTES, type Member, type Scorer } from '../../src/scoring/index.js';
import { decodeModel, encodeModel, type ModelMessage } from '../../src/scoring/onnx/proto.js';
import { randomMember, randomOnnx, randomRows, sentenceOf } from './support.js';

const WIDTH = 7;
const shapes: [string, number[], number][] = [
  ['no hidden layer', [], 3],
  ['one network of one hidden layer', [5], 1],
  ['two networks of two hidden layers', [8, 5], 2],
  ['four networks of three hidden layers', [8, 6, 4], 4],
];

/** The ensemble in plain double arithmetic. */
function expectedLogit(hidden: number[], members: number, row: Float32Array): number {
  const logits = Array.from({ length: members }, (_, m) => {
    const { layers } = randomMember(m + 1, [WIDTH, ...hidden, 1]);
    return layers.reduce<number[]>((x, layer, l) => Array.from({ length: layer.units }, (_u, u) => {
      const sum = x.reduce((total, value, i) => total + value * layer.weights[i * layer.units + u]!, layer.bias[u]!);
      return l + 1 < layers.length ? Math.max(sum, 0) : sum;
    }), [...row])[0]!;
  });
  return 1.3 * (logits.reduce((a, b) => a + b, 0) / members) - 0.4;
}

describe.each(shapes)('a compiled model with %s', (_, hidden, members) => {
  let scorer: Scorer;
  beforeAll(async () => {
    scorer = await loadScorer({ onnx: randomOnnx(WIDTH, hidden, members), schema: { width: WIDTH } });
  });
  afterAll(() => scorer.dispose());

  it('gives the mean of the members, calibrated', async () => {
    const rows = randomRows(1, 50, WIDTH);
    const { logit, probability } = await scorer.run(rows, 50);
    logit.forEach((z, i) => {
      expect(z).toBeCloseTo(expectedLogit(hidden, members, rows.subarray(i * WIDTH, (i + 1) * WIDTH)), 5);
      expect(probability[i]).toBeCloseTo(1 / (1 + Math.exp(-z)), 6);
    });
  });

  it('gives the gradient of the logit, as finite differences do', async () => {
    const row = randomRows(2, 1, WIDTH);
    const step = 1e-4;
    const { gradient } = await scorer.run(row, 1);
    for (let c = 0; c < WIDTH; c++) {
      const moved = (by: number): Float32Array => row.map((x, i) => (i === c ? x + by : x));
      const slope = (expectedLogit(hidden, members, moved(step)) - expectedLogit(hidden, members, moved(-step))) / (2 * step);
      expect(gradient![c]).toBeCloseTo(slope, 2);
    }
  });
});

describe('a row of a model of usual size', () => {
  const width = 66;

  it('is scored with the same bits alone and in any batch', async () => {
    const scorer = await loadScorer({ onnx: randomOnnx(width, [32, 16], 4), schema: { width } });
    const rows = randomRows(3, 70, width);
    const all = await scorer.run(rows, 70);
    await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: 69 }), fc.integer({ min: 1, max: 70 }), async (from, size) => {
      const to = Math.min(70, from + size);
      const part = await scorer.run(rows.slice(from * width, to * width), to - from);
      expect(part.logit).toEqual(all.logit.slice(from, to));
      expect(part.probability).toEqual(all.probability.slice(from, to));
      expect(part.gradient).toEqual(all.gradient!.slice(from * width, to * width));
    }), { examples: [[0, 1], [69, 1], [0, 2]] });
    await scorer.dispose();
  });
});

describe('a scorer', () => {
  const load = (): Promise<Scorer> => loadScorer({ onnx: randomOnnx(WIDTH, [4]), schema: { width: WIDTH } });

  it('names its runtime', async () => {
    expect((await load()).runtime).toMatch(/^onnxruntime-node \d+\.\d+\.\d+ cpu \w+-\w+$/u);
  });

  it('leaves the gradient out when it is not wanted', async () => {
    expect((await (await load()).run(randomRows(1, 3, WIDTH), 3, { gradient: false })).gradient).toBeUndefined();
  });

  it('gives nothing for no rows', async () => {
    expect((await (await load()).run(new Float32Array(), 0)).logit).toHaveLength(0);
  });

  it.each([
    [new Float32Array(WIDTH - 1), 'needs 7 numbers, but it has 6'],
    [new Float32Array(WIDTH).fill(Number.NaN), 'Row 0, column 0 is not a finite number'],
    [new Float32Array(WIDTH).fill(1e39), 'not a finite number'],
  ])('refuses a matrix it cannot score (%#)', async (matrix, sentence) => {
    await expect((await load()).run(matrix, 1)).rejects.toThrow(sentence);
  });

  it('refuses to pass on an output that is not finite', async () => {
    const huge = randomMember(1, [WIDTH, 1]);
    huge.layers[0]!.weights.fill(1e30);
    const scorer = await loadScorer({ onnx: compileModel({ width: WIDTH, members: [huge], calibration: { kind: 'platt', slope: 1, intercept: 0 } }), schema: { width: WIDTH } });
    await expect(scorer.run(new Float32Array(WIDTH).fill(1e20), 1)).rejects.toThrow('no score may be made from it');
  });
});

describe('an ONNX file from elsewhere', () => {
  const sound = randomOnnx(WIDTH, [4]);
  const changed = (change: (model: ModelMessage) => void): Uint8Array => {
    const model = decodeModel(sound);
    change(model);
    return encodeModel(model);
  };
  const withNaN = (): Uint8Array => {
    const member = randomMember(1, [WIDTH, 4, 1]);
    member.layers[0]!.weights[3] = Number.NaN;
    return compileModel({ width: WIDTH, members: [member], calibration: { kind: 'platt', slope: 1, intercept: 0 } });
  };
  const overflowing = (): Member => {
    const member = randomMember(1, [WIDTH, 4, 1]);
    for (const { weights } of member.layers) weights.fill(1e30);
    member.layers[0]!.bias.fill(1);
    return member;
  };
  const floatData = (value: number) => changed(({ graph }) => Object.assign(graph!.initializer![0]!, { raw_data: new Uint8Array(), float_data: Array.from({ length: WIDTH * 8 }, () => value) }));

  it('is accepted when it is what Assay itself compiles', async () => {
    const scorer = await loadScorer({ onnx: changed(() => {}), schema: { width: WIDTH } });
    expect(scorer.hasGradient).toBe(true);
  });

  it.each<[string, () => Uint8Array, string]>([
    ['empty', () => new Uint8Array(), 'not one whole ONNX file'],
    ['cut short', () => sound.slice(0, sound.length - 40), 'not one whole ONNX file'],
    ['text', () => new TextEncoder().encode('{"model": true}'), 'not one whole ONNX file'],
    ['with bytes after its end', () => Uint8Array.from([...sound, 0, 1, 2, 3]), 'not one whole ONNX file'],
    ['two files in one', () => Uint8Array.from([...sound, ...sound]), 'not one whole ONNX file'],
    ['too large', () => new Uint8Array(MAX_ONNX_BYTES + 1), 'export a smaller model'],
    ['with NaN weights', withNaN, 'hold NaN or infinity'],
    ['with infinite weights in another encoding', () => floatData(Number.POSITIVE_INFINITY), 'hold NaN or infinity'],
    ['with infinite half-precision weights', () => changed(({ graph }) => void graph!.initializer!.push({ name: 'half', dims: [1], data_type: 10, raw_data: Uint8Array.of(0x00, 0x7c) })), 'hold NaN or infinity'],
    ['with weights in another file', () => changed(({ graph }) => Object.assign(graph!.initializer![0]!, { data_location: 1, external_data: [{ key: 'location', value: '/etc/passwd' }] })), 'lie in another file'],
    ['with a custom operator', () => changed(({ graph }) => Object.assign(graph!.node![0]!, { domain: 'com.evil' })), 'operator domain "com.evil"'],
    ['importing a custom domain', () => changed((model) => void model.opset_import!.push({ domain: 'com.evil', version: 1 })), 'operator domain "com.evil"'],
    ['with an unknown operator', () => changed(({ graph }) => Object.assign(graph!.node![0]!, { op_type: 'Launch' })), 'the operator "Launch" is not among those'],
    ['without a probability', () => changed(({ graph }) => Object.assign(graph!, { output: graph!.output!.filter(({ name }) => name !== 'probability') })), 'no output "probability"'],
    ['with another input', () => changed(({ graph }) => Object.assign(graph!.input![0]!, { name: 'x' })), 'no input "features"'],
    ['that gives NaN', () => compileModel({ width: WIDTH, members: [overflowing()], calibration: { kind: 'platt', slope: 1, intercept: 0 } }), 'not finite'],
    ['whose probability is its logit', () => changed(({ graph }) => {
      for (const node of graph!.node!) if (node.output[0] === 'probability') node.input[0] = 'logit';
    }), 'not the sigmoid'],
  ])('that is %s is refused with a sentence', async (_, bytes, sentence) => {
    await expect(loadScorer({ onnx: bytes(), schema: { width: WIDTH } })).rejects.toThrow(sentence);
  });

  it('of another width than the schema is refused', async () => {
    await expect(loadScorer({ onnx: sound, schema: { width: WIDTH + 1 } })).rejects.toThrow('has 7 columns but the feature schema has 8');
  });

  it('damaged at any byte is refused with a sentence or still gives finite scores', async () => {
    await fc.assert(fc.asyncProperty(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const damaged = sound.slice();
      damaged[at]! ^= flip;
      const outcome = await loadScorer({ onnx: damaged, schema: { width: WIDTH } }).then(
        async (scorer) => (await scorer.run(randomRows(1, 2, WIDTH), 2)).logit.every(Number.isFinite),
        (error: Error) => /^(The ONNX model|The ONNX Runtime|The model)/u.test(error.message),
      );
      expect(outcome).toBe(true);
    }), { numRuns: 60, seed: 7 });
  });
});

describe('parity', () => {
  const onnx = randomOnnx(WIDTH, [4]);
  const rows = randomRows(5, 20, WIDTH);
  const probabilities = async (): Promise<Float32Array> => (await (await loadScorer({ onnx, schema: { width: WIDTH } })).run(rows, 20)).probability;

  it('passes when both agree', async () => {
    expect(await checkParity(onnx, { rows, width: WIDTH, probabilities: await probabilities() })).toEqual({ rows: 20, maxAbsDifference: 0, bar: 1e-5, passed: true });
  });

  it('fails when one probability differs by more than the bar', async () => {
    const other = await probabilities();
    other[7]! += 1e-4;
    const report = await checkParity(onnx, { rows, width: WIDTH, probabilities: other });
    expect(report.passed).toBe(false);
    expect(report.maxAbsDifference).toBeCloseTo(1e-4, 6);
  });

  it('needs a sample', async () => {
    expect(await sentenceOf(() => checkParity(onnx, { rows, width: WIDTH, probabilities: new Float32Array() }))).toContain('at least one row');
  });
});
