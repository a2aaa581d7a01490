import type { TensorMessage } from '../proto.js';
import { atMost, broadcast, fixed, numberOf, plus, times, type Shape, type Size } from './size.js';
import type { Rule } from './elementwise.js';
import { factOf, type Operator } from './operator.js';
import { lengths } from './reshaping.js';

const expand: Rule = (op) => [factOf(broadcast(op.shape(0), lengths(op, 1)))];

const constantOfShape: Rule = (op) => [factOf(lengths(op, 0))];

const tile: Rule = (op) => {
  const repeats = lengths(op, 1);
  return [factOf(op.shape(0).map((size, i) => times(size, repeats[i] ?? fixed(1))))];
};

const range: Rule = (op) => {
  const [start, limit, delta] = [0, 1, 2].map((i) => numberOf(lengths(op, i)[0]) ?? op.refuse('takes its length from the data'));
  const count = Math.max(0, Math.ceil((limit! - start!) / delta!));
  return [factOf([fixed(Number.isFinite(count) ? count : op.refuse('has no end'))])];
};

const pad: Rule = (op) => {
  if (op.inputs[3] !== undefined) op.refuse('pads chosen axes');
  const pads = op.numbers('pads', 1) ?? op.refuse('has no pads');
  const shape = op.shape(0);
  return [factOf(shape.map((size, i) => plus(size, fixed(Math.max(0, (pads[i] ?? 0) + (pads[i + shape.length] ?? 0))))))];
};

const oneHot: Rule = (op) => {
  const indices = op.shape(0);
  const axis = op.axis(op.int('axis', -1), indices.length + 1);
  return [factOf(indices.toSpliced(axis, 0, lengths(op, 1)[0] ?? op.refuse('has no depth')))];
};

function matrixProduct(op: Operator, a: Shape, b: Shape): Shape {
  const [left, right] = [a.length === 1 ? [fixed(1), ...a] : a, b.length === 1 ? [...b, fixed(1)] : b];
  const rows = a.length === 1 ? [] : [left.at(-2) ?? op.refuse('multiplies a single number')];
  const columns = b.length === 1 ? [] : [right.at(-1) ?? op.refuse('multiplies a single number')];
  return [...broadcast(left.slice(0, -2), right.slice(0, -2)), ...rows, ...columns];
}

const matMul: Rule = (op) => [factOf(matrixProduct(op, op.shape(0), op.shape(1)))];

const gemm: Rule = (op) => {
  const rows = op.shape(0)[op.int('transA', 0) === 0 ? 0 : 1];
  const columns = op.shape(1)[op.int('transB', 0) === 0 ? 1 : 0];
  if (rows === undefined || columns === undefined) return op.refuse('multiplies what is no matrix');
  return [factOf([rows, columns])];
};

const reduce: Rule = (op) => {
  const shape = op.shape(0);
  const axes = op.numbers('axes', 1)?.map((axis) => op.axis(axis, shape.length));
  const all = axes === undefined || axes.length === 0;
  if (all && op.int('noop_with_empty_axes', 0) !== 0) return [factOf(shape)];
  const gone = (i: number): boolean => all || axes.includes(i);
  const keep = op.int('keepdims', 1) !== 0;
  return [factOf(shape.flatMap((size, i) => (gone(i) ? (keep ? [fixed(1)] : []) : [size])))];
};

const argument: Rule = (op) => {
  const shape = op.shape(0);
  const axis = op.axis(op.int('axis', 0), shape.length);
  return [factOf(op.int('keepdims', 1) === 0 ? shape.toSpliced(axis, 1) : shape.with(axis, fixed(1)))];
};

const topK: Rule = (op) => {
  const shape = op.shape(0);
  const axis = op.axis(op.int('axis', -1), shape.length);
  const most = factOf(shape.with(axis, atMost(shape[axis]!)));
  return [most, most];
};

/** Length of an axis after a window has slid over it; without padding by `SAME` at most the padded length. */
function windowed(op: Operator, size: Size, i: number, axes: number, kernel: number): Size {
  const pads = op.ints('pads') ?? [];
  const padded = plus(size, fixed((pads[i] ?? 0) + (pads[i + axes] ?? 0)));
  const length = numberOf(padded);
  const stride = op.ints('strides')?.[i] ?? 1;
  const span = (op.ints('dilations')?.[i] ?? 1) * (kernel - 1) + 1;
  const plain = op.text('auto_pad', 'NOTSET') === 'NOTSET' && op.int('ceil_mode', 0) === 0;
  return length !== undefined && plain ? fixed(Math.max(0, Math.floor((length - span) / stride) + 1)) : atMost(padded);
}

const convolution: Rule = (op) => {
  const [rows, , ...space] = op.shape(0);
  const [filters, , ...kernel] = op.shape(1);
  if (rows === undefined || filters === undefined) return op.refuse('convolves what has no channels');
  return [factOf([rows, filters, ...space.map((size, i) => windowed(op, size, i, space.length, numberOf(kernel[i]) ?? 1))])];
};

const pooling: Rule = (op) => {
  const [rows, channels, ...space] = op.shape(0);
  if (rows === undefined || channels === undefined) return op.refuse('pools what has no channels');
  const fact = factOf([rows, channels, ...space.map((size, i) => windowed(op, size, i, space.length, op.ints('kernel_shape')?.[i] ?? 1))]);
  return Array.from({ length: op.outputs }, () => fact);
};

const globalPooling: Rule = (op) => [factOf(op.shape(0).map((size, i) => (i < 2 ? size : fixed(1))))];

/** LSTM, GRU and RNN over [periods, rows, inputs]. */
const recurrent: Rule = (op) => {
  const [periods, rows] = op.shape(0);
  if (periods === undefined || rows === undefined || op.int('layout', 0) !== 0) return op.refuse('reads no [periods, rows, inputs]');
  const directions = fixed(op.text('direction', 'forward') === 'bidirectional' ? 2 : 1);
  const hidden = fixed(op.int('hidden_size', 0));
  const last = factOf([directions, rows, hidden]);
  return [factOf([periods, directions, rows, hidden]), last, last];
};

const dimsOf = (tensor: TensorMessage | undefined): Shape | undefined => tensor && (tensor.dims ?? []).map(fixed);

const constant: Rule = (op) => {
  const list = op.attribute('value_floats')?.floats ?? op.ints('value_ints') ?? op.attribute('value_strings')?.strings;
  return [factOf(dimsOf(op.attribute('value')?.t) ?? (list === undefined ? [] : [fixed(list.length)]))];
};

const shapeOf: Rule = (op) => [factOf([fixed(op.shape(0).slice(op.int('start', 0), op.attribute('end')?.i).length)])];

const REDUCTIONS = 'ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare'.split(' ');

/** Operators whose results can be longer than what they read, and those that fold. */
export const GROWING: [string, Rule][] = [
  ['Expand', expand], ['ConstantOfShape', constantOfShape], ['Tile', tile], ['Range', range], ['Pad', pad], ['OneHot', oneHot], ['MatMul', matMul], ['Gemm', gemm],
  ...REDUCTIONS.map((name): [string, Rule] => [name, reduce]), ['ArgMax', argument], ['ArgMin', argument], ['TopK', topK],
  ['Conv', convolution], ['MaxPool', pooling], ['AveragePool', pooling], ['GlobalMaxPool', globalPooling], ['GlobalAveragePool', globalPooling],
  ['LSTM', recurrent], ['GRU', recurrent], ['RNN', recurrent], ['Constant', constant], ['Shape', shapeOf], ['Size', () => [factOf([])]],
];

