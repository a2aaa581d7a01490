import { describe, expect, it } from '@jest/globals';
import { inspectOnnx, rehearseInProcess } from '../../src/scoring/index.js';
import { DOUBLE, encodeModel, FLOAT, FLOAT16, INT64, type ModelMessage, type NodeMessage, type TensorMessage } from '../../src/scoring/onnx/proto.js';
import { floats, integers, operator, tensor } from './onnx-support.js';
import { randomOnnx, sentenceOf } from './support.js';

const WIDTH = 3;
const usual = [floats('w', [WIDTH, 1], [1, 2, 3]), integers('flat', [-1])];
const score = (from: string): NodeMessage[] => [operator('Reshape', [from, 'flat'], ['logit']), operator('Sigmoid', ['logit'], ['probability'])];

interface Parts {
  readonly nodes?: NodeMessage[];
  readonly weights?: TensorMessage[];
  /** The value that becomes the score. */
  readonly from?: string;
  readonly change?: (model: ModelMessage) => void;
}

/** A sound linear model, with something added. */
function model({ nodes = [], weights = [], from = 'z', change = () => {} }: Parts): Uint8Array {
  const message: ModelMessage = {
    ir_version: 8,
    opset_import: [{ domain: '', version: 17 }, { domain: 'ai.onnx.ml', version: 3 }],
    graph: {
      name: 'g', node: [operator('MatMul', ['features', 'w'], ['z']), ...nodes, ...score(from)], initializer: [...usual, ...weights],
      input: [tensor('features', ['N', WIDTH])], output: [tensor('probability', ['N']), tensor('logit', ['N'])],
    },
  };
  change(message);
  return encodeModel(message);
}

const inspect = (bytes: Uint8Array): Promise<string> => sentenceOf(() => inspectOnnx(bytes, WIDTH));

it('a sound model passes', () => {
  expect(inspectOnnx(model({}), WIDTH)).toMatchObject({ outputs: ['probability', 'logit'], hasGradient: false, loneRowDiffers: false });
});

describe('a stored tensor', () => {
  const infinity = Uint8Array.of(0, 0, 0x80, 0x7f);

  it.each<[string, TensorMessage, string]>([
    ['shorter than it declares', floats('t', [4], [1, 2, 3]), 'declare 4 numbers but hold 3'],
    ['longer than it declares', floats('t', [2], [1, 2, 3]), 'declare 2 numbers but hold 3'],
    ['with half a number at its end', { name: 't', dims: [1], data_type: FLOAT, raw_data: new Uint8Array(6) }, 'declare 1 numbers but hold another amount'],
    ['that declares 8 GB and holds nothing', { name: 't', dims: [2 ** 31], data_type: FLOAT }, 'declare 2147483648 numbers and at most'],
    ['whose dimensions overflow', { name: 't', dims: [2 ** 32, 2 ** 32], data_type: FLOAT }, 'numbers and at most'],
    ['with a negative dimension', { name: 't', dims: [-4, -1], data_type: FLOAT, float_data: [1, 2, 3, 4] }, 'a dimension is a whole number from 0'],
    ['stored twice', { name: 't', dims: [1], data_type: FLOAT, float_data: [1], raw_data: new Uint8Array(4) }, 'hold another amount'],
    ['of an unknown element type', { name: 't', dims: [1], data_type: 99, raw_data: new Uint8Array(4) }, 'stored as element type 99'],
    ['with infinity in bytes', { name: 't', dims: [1], data_type: FLOAT, raw_data: infinity }, 'hold NaN or infinity'],
    ['with NaN in a list', floats('t', [1], [Number.NaN]), 'hold NaN or infinity'],
    ['with NaN in float64', { name: 't', dims: [1], data_type: DOUBLE, double_data: [Number.NaN] }, 'hold NaN or infinity'],
    ['with infinity in half precision kept as integers', { name: 't', dims: [1], data_type: FLOAT16, int32_data: [0x7c00] }, 'hold NaN or infinity'],
    ['with infinity in bfloat16', { name: 't', dims: [1], data_type: 16, raw_data: Uint8Array.of(0x80, 0x7f) }, 'hold NaN or infinity'],
    ['outside the file', { name: 't', dims: [1], data_type: FLOAT, data_location: 1, external_data: [{ key: 'location', value: '../../etc/passwd' }] }, 'lie in another file'],
    ['in segments', { name: 't', dims: [1], data_type: FLOAT, float_data: [1], segment: { begin: 0, end: 1 } }, 'cut into segments'],
  ])('is refused: %s', async (_, extra, sentence) => {
    expect(await inspect(model({ weights: [extra] }))).toContain(sentence);
  });

  it('is checked inside operators too', async () => {
    expect(await inspect(model({ nodes: [operator('Constant', [], ['c'], { value: { dims: [2 ** 31], data_type: FLOAT } })] }))).toContain('declare 2147483648 numbers');
    expect(await inspect(model({ nodes: [{ ...operator('Constant', [], ['c']), attribute: [{ name: 'value_floats', type: 6, floats: [Number.NEGATIVE_INFINITY] }] }] }))).toContain('"value_floats" holds NaN or infinity');
  });

  it('is refused when it is sparse', async () => {
    expect(await inspect(model({ change: ({ graph }) => Object.assign(graph!, { sparse_initializer: [{ dims: [2 ** 31] }] }) }))).toContain('export them dense');
  });
});

describe('an operator that would take memory when it runs', () => {
  const huge = integers('s', [2 ** 31]);
  const doubling = Array.from({ length: 31 }, (_, i) => operator('Concat', [i === 0 ? 'z' : `d${i}`, i === 0 ? 'z' : `d${i}`], [`d${i + 1}`], { axis: 1 }));

  it.each<[string, Parts, string]>([
    ['8 GB from a constant shape', { nodes: [operator('ConstantOfShape', ['s'], ['c'])], weights: [huge] }, 'beyond 16777216 numbers of constants'],
    ['8 GB by Expand', { nodes: [operator('Expand', ['z', 's'], ['e'])], weights: [huge] }, 'beyond 131072 numbers for one row'],
    ['8 GB by Tile', { nodes: [operator('Tile', ['z', 's'], ['e'])], weights: [integers('s', [1, 2 ** 31])] }, 'beyond 131072 numbers for one row'],
    ['8 GB by Pad', { nodes: [operator('Pad', ['z', 's'], ['e'])], weights: [integers('s', [0, 0, 0, 2 ** 31])] }, 'beyond 131072 numbers for one row'],
    ['8 GB by Range', { nodes: [operator('Range', ['a', 's', 'b'], ['e'])], weights: [integers('a', [0]), huge, integers('b', [1])] }, 'beyond 16777216 numbers of constants'],
    ['8 GB by OneHot', { nodes: [operator('Cast', ['z'], ['i'], { to: INT64 }), operator('OneHot', ['i', 's', 'v'], ['e'])], weights: [huge, floats('v', [2], [0, 1])] }, 'beyond 131072 numbers for one row'],
    ['a size that the data choose', { nodes: [operator('Cast', ['z'], ['i'], { to: INT64 }), operator('Reshape', ['i', 'flat'], ['j']), operator('ConstantOfShape', ['j'], ['e'])] }, 'takes its size from the data'],
    ['a range that the data choose', { nodes: [operator('Range', ['z', 'z', 'z'], ['e'])] }, 'takes its size from the data'],
    ['a window by the data', { nodes: [operator('Cast', ['z'], ['i'], { to: INT64 }), operator('Pad', ['z', 'i'], ['e'])] }, 'takes its pads from the data'],
    ['doubling thirty-one times', { nodes: doubling }, 'beyond 131072 numbers for one row'],
    ['every row against every other', { nodes: [operator('Transpose', ['z'], ['t']), operator('MatMul', ['z', 't'], ['e'])] }, 'grows with the square of the number of rows'],
    ['an outer product of constants', { nodes: [operator('Mul', ['a', 'b'], ['e'])], weights: [floats('a', [5_000, 1], Array.from({ length: 5_000 }, () => 1)), floats('b', [1, 5_000], Array.from({ length: 5_000 }, () => 1))] }, 'beyond 16777216 numbers of constants'],
    ['resizing', { nodes: [operator('Resize', ['z', '', 'w'], ['e'])] }, '"Resize" is not among those whose memory can be bounded'],
  ])('is refused: %s', async (_, parts, sentence) => {
    expect(await inspect(model(parts))).toContain(sentence);
  });

  it('is allowed where the size follows from the shape of the input', () => {
    const nodes = [operator('Shape', ['features'], ['s']), operator('ConstantOfShape', ['s'], ['zeros']), operator('ReduceSum', ['zeros', 'last'], ['none'], { keepdims: 1 }), operator('Add', ['z', 'none'], ['sum'])];
    expect(inspectOnnx(model({ nodes, weights: [integers('last', [1])], from: 'sum' }), WIDTH).hasGradient).toBe(false);
  });
});

describe('a graph', () => {
  const body = { name: 'b', node: [operator('Identity', ['q'], ['r'])], input: [], output: [] };
  const nested = (depth: number): ModelMessage['graph'] => ({ name: 'n', node: [operator('If', ['c'], ['o'], { then_branch: depth === 0 ? body : nested(depth - 1)! })] });

  it.each<[string, Parts, string]>([
    ['that loops', { nodes: [operator('Loop', ['', '', 'z'], ['e'], { body })] }, 'it branches or loops (Loop)'],
    ['that scans', { nodes: [operator('Scan', ['z'], ['e'], { body })] }, 'it branches or loops (Scan)'],
    ['that branches', { nodes: [operator('If', ['z'], ['e'], { then_branch: body, else_branch: body })] }, 'it branches or loops (If)'],
    ['nested too deep', { nodes: nested(10)!.node! }, 'nested more than 8 deep'],
    ['nested absurdly deep', { nodes: nested(25)!.node! }, 'not one whole ONNX file'],
    ['that draws random numbers', { nodes: [operator('RandomNormalLike', ['z'], ['e'])] }, 'it draws random numbers'],
    ['left in training mode', { nodes: [operator('Dropout', ['z', 'w', 'w'], ['e'])] }, 'may run in training mode'],
    ['of very many operators', { nodes: Array.from({ length: 20_001 }, (_, i) => operator('Neg', ['z'], [`n${i}`])) }, 'operators and at most 20000 are allowed'],
    ['of a custom domain', { nodes: [operator('Neg', ['z'], ['e'], {}, 'com.evil')] }, 'operator domain "com.evil"'],
    ['with functions of its own', { change: (m) => Object.assign(m, { functions: [{ name: 'Neg', domain: '' }] }) }, 'functions of its own'],
    ['with a training graph', { change: (m) => Object.assign(m, { training_info: [{}] }) }, 'holds a training graph'],
    ['out of order', { nodes: [operator('Neg', ['later'], ['e']), operator('Neg', ['z'], ['later'])] }, 'reads "later", which nothing before it gives'],
    ['with one score for all rows', { nodes: [operator('ReduceMean', ['z'], ['e'])], from: 'e' }, 'one number for each row are needed'],
    ['with as many scores as columns', { nodes: [operator('Neg', ['features'], ['e'])], from: 'e' }, 'has the shape [3·N], but one number for each row'],
    ['with a gradient of another width', { nodes: [operator('Neg', ['z'], ['gradient'])], change: ({ graph }) => void graph!.output!.push(tensor('gradient', ['N', WIDTH])) }, '3 numbers for each row are needed'],
    ['for a fixed number of rows', { change: ({ graph }) => Object.assign(graph!, { input: [tensor('features', [1, WIDTH])] }) }, 'takes exactly 1 rows'],
  ])('is refused: %s', async (_, parts, sentence) => {
    expect(await inspect(model(parts))).toContain(sentence);
  });

  it('is refused when it hides a field that ONNX does not define', async () => {
    const sound = model({});
    expect(await inspect(Uint8Array.from([...sound, 0xf2, 0x07, 1, 65]))).toContain('not one whole ONNX file');
  });

  it('is refused before it is decoded when it has millions of parts', async () => {
    const integers2 = { ...integers('t', []), int64_data: Array.from({ length: 4_000_001 }, () => 1) };
    expect(await inspect(model({ weights: [integers2] }))).toContain('not one whole ONNX file');
  });
});

/** One split on the second column. */
const trees = (change: Partial<Record<string, number[]>> = {}): NodeMessage => {
  const lists = { nodes_treeids: [0, 0, 0], nodes_nodeids: [0, 1, 2], nodes_featureids: [1, 0, 0], nodes_truenodeids: [1, 0, 0], nodes_falsenodeids: [2, 0, 0], target_treeids: [0, 0], target_nodeids: [1, 2], target_ids: [0, 0], ...change };
  const node = operator('TreeEnsembleRegressor', ['features'], ['e'], { n_targets: 1, ...lists }, 'ai.onnx.ml');
  const modes = ['BRANCH_LEQ', 'LEAF', 'LEAF'].map((mode) => Buffer.from(mode));
  node.attribute!.push({ name: 'nodes_modes', type: 8, strings: modes }, { name: 'nodes_values', type: 6, floats: [0.5, 0, 0] }, { name: 'target_weights', type: 6, floats: [-1, 1] });
  return node;
};
const regressor = (coefficients: number[]): NodeMessage => ({
  ...operator('LinearRegressor', ['features'], ['e'], {}, 'ai.onnx.ml'),
  attribute: [{ name: 'coefficients', type: 6, floats: coefficients }],
});

describe('learned trees and weights', () => {
  it('pass when they are sound', () => {
    expect(inspectOnnx(model({ nodes: [trees()], from: 'e' }), WIDTH).loneRowDiffers).toBe(false);
    expect(inspectOnnx(model({ nodes: [regressor([1, 2, 3])], from: 'e' }), WIDTH).loneRowDiffers).toBe(true);
  });

  it.each<[string, NodeMessage, string]>([
    ['a feature beyond the input', trees({ nodes_featureids: [3, 0, 0] }), 'has 3 in nodes_featureids, where 0…2 are possible'],
    ['a feature before the input', trees({ nodes_featureids: [-1, 0, 0] }), 'has -1 in nodes_featureids'],
    ['a target that is not there', trees({ target_ids: [0, 7] }), 'has 7 in target_ids, where 0…0 are possible'],
    ['lists of unequal length', trees({ nodes_truenodeids: [1, 0] }), 'has 3 nodes but not as many nodes_truenodeids'],
    ['leaves without a place', trees({ target_nodeids: [1] }), 'leaf weights but not as many places'],
    ['too few coefficients', regressor([1, 2]), 'has 2 coefficients where 1 × 3 are needed'],
    ['NaN coefficients', regressor([1, 2, Number.NaN]), '"coefficients" holds NaN or infinity'],
  ])('are refused: %s', async (_, node, sentence) => {
    expect(await inspect(model({ nodes: [node], from: 'e' }))).toContain(sentence);
  });
});

describe('the first run, in a process of its own', () => {
  const sound = randomOnnx(40, [16]);

  it('lets a sound model pass', async () => {
    await expect(rehearseInProcess(sound, 40)).resolves.toBeUndefined();
  });

  it('refuses what inspection refuses, without a process', async () => {
    expect(await sentenceOf(() => rehearseInProcess(new Uint8Array([1]), 40))).toContain('not one whole ONNX file');
  });

  it('hands on the refusal of the process', async () => {
    const overflow = model({ nodes: [operator('Exp', ['z'], ['a']), operator('Exp', ['a'], ['b']), operator('Exp', ['b'], ['e'])], from: 'e' });
    expect(await sentenceOf(() => rehearseInProcess(overflow, WIDTH))).toContain('not finite');
  });

  it('stops a model that takes too long', async () => {
    expect(await sentenceOf(() => rehearseInProcess(sound, 40, { seconds: 0.01, megabytes: 2_048 }))).toContain('not loaded and run within 0.01 seconds');
  });

  it('stops a model that takes too much memory', async () => {
    expect(await sentenceOf(() => rehearseInProcess(sound, 40, { seconds: 30, megabytes: 30 }))).toContain('takes more than 30 MB of memory');
  });
});
