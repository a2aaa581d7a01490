import type { Rule } from './elementwise.js';
import { factOf, type Fact, type Operator } from './operator.js';
import { atMost, fixed, isOne, numberOf, plus, times, volume, type Shape, type Size } from './size.js';

const OPEN = (fact: Fact): Fact => ({ shape: undefined, size: atMost(fact.size) });

/** The length that −1 stands for: what is left of the numbers. */
function remaining(size: Size, others: Size): Size {
  if (others.factor === 0) return fixed(0);
  const degree = size.degree - others.degree;
  const factor = size.factor / others.factor;
  const exact = degree >= 0 && Number.isInteger(factor) && !size.loose && !others.loose;
  return exact ? { factor, degree, loose: false } : { factor: Math.ceil(factor), degree: Math.max(degree, 0), loose: true };
}

const reshape: Rule = (op) => {
  const fact = op.input(0);
  const target = op.ints('shape')?.map(fixed) ?? op.input(1).contents;
  if (target === undefined || target.some((size) => size === undefined)) return [OPEN(fact)];
  const copied = target.map((size, i) => (numberOf(size) === 0 && op.int('allowzero', 0) === 0 ? (fact.shape?.[i] ?? op.refuse('copies an axis that is not there')) : size!));
  const others = copied.filter((size) => size.factor !== -1).reduce(times, fixed(1));
  return [factOf(copied.map((size) => (size.factor === -1 ? remaining(fact.size, others) : size)))];
};

const flatten: Rule = (op) => {
  const shape = op.shape(0);
  const given = op.int('axis', 1);
  const axis = given === shape.length ? given : op.axis(given, shape.length);
  return [factOf([volume(shape.slice(0, axis)), volume(shape.slice(axis))])];
};

const squeeze: Rule = (op) => {
  const shape = op.shape(0);
  const axes = op.numbers('axes', 1)?.map((axis) => op.axis(axis, shape.length));
  return [factOf(shape.filter((size, i) => (axes === undefined ? !isOne(size) : !axes.includes(i))))];
};

const unsqueeze: Rule = (op) => {
  const axes = op.numbers('axes', 1) ?? op.refuse('names no axes');
  const result: Size[] = [...op.shape(0)];
  const places = axes.map((axis) => op.axis(axis, result.length + axes.length)).sort((a, b) => a - b);
  for (const place of places) result.splice(place, 0, fixed(1));
  return [factOf(result)];
};

const transpose: Rule = (op) => {
  const shape = op.shape(0);
  const order = op.ints('perm') ?? [...shape.keys()].reverse();
  return [factOf(order.map((axis) => shape[op.axis(axis, shape.length)]!))];
};

const concat: Rule = (op) => {
  const shapes = op.inputs.map((_, i) => op.shape(i));
  const axis = op.axis(op.int('axis', 1), shapes[0]!.length);
  return [factOf(shapes[0]!.map((size, i) => (i === axis ? shapes.map((shape) => shape[axis] ?? op.refuse('joins tensors of unequal axes')).reduce(plus) : size)))];
};

const split: Rule = (op) => {
  const shape = op.shape(0);
  const axis = op.axis(op.int('axis', 0), shape.length);
  const parts = op.numbers('split', 1);
  const even = numberOf(shape[axis]);
  const length = (i: number): Size =>
    parts?.[i] !== undefined ? fixed(parts[i]) : even !== undefined && even % op.outputs === 0 ? fixed(even / op.outputs) : atMost(shape[axis]!);
  return Array.from({ length: op.outputs }, (_, i) => factOf(shape.with(axis, length(i))));
};

/** Numbers in start…end by step along an axis of known length. */
function sliced(length: number, start: number, end: number, step: number): number {
  const at = (x: number, low: number, high: number): number => Math.min(Math.max(x < 0 ? x + length : x, low), high);
  const distance = step > 0 ? at(end, 0, length) - at(start, 0, length) : at(start, 0, length - 1) - at(end, -1, length - 1);
  return Math.max(0, Math.ceil(distance / Math.abs(step)));
}

const slice: Rule = (op) => {
  const shape = op.shape(0);
  const list = (name: string, input: number): readonly (Size | undefined)[] | undefined => op.ints(name)?.map(fixed) ?? op.inputs[input]?.contents;
  const [starts, ends, axes, steps] = [list('starts', 1), list('ends', 2), list('axes', 3), list('steps', 4)];
  const openAxes = (op.inputs[3] !== undefined && axes === undefined) || starts === undefined;
  if (openAxes) return [factOf(shape.map(atMost))];
  const result = [...shape];
  starts.forEach((start, i) => {
    const axis = op.axis(axes === undefined ? i : (numberOf(axes[i]) ?? op.refuse('takes its axes from the data')), shape.length);
    const [length, from, to, step] = [shape[axis], start, ends?.[i], op.inputs[4] === undefined ? fixed(1) : steps?.[i]].map(numberOf);
    const known = length !== undefined && from !== undefined && to !== undefined && step !== undefined && step !== 0;
    result[axis] = known ? fixed(sliced(length, from, to, step)) : atMost(shape[axis]!);
  });
  return [factOf(result)];
};

const gather: Rule = (op) => {
  const data = op.shape(0);
  const axis = op.axis(op.int('axis', 0), data.length);
  return [factOf([...data.slice(0, axis), ...op.shape(1), ...data.slice(axis + 1)])];
};

const gatherElements: Rule = (op) => [factOf(op.shape(1))];

const gatherNd: Rule = (op) => {
  const indices = op.shape(1);
  const depth = numberOf(indices.at(-1)) ?? op.refuse('reads as many axes as the data say');
  return [factOf([...indices.slice(0, -1), ...op.shape(0).slice(op.int('batch_dims', 0) + depth)])];
};

/** Operators that arrange numbers anew and never add any. */
export const RESHAPING: [string, Rule][] = [
  ['Reshape', reshape], ['Flatten', flatten], ['Squeeze', squeeze], ['Unsqueeze', unsqueeze], ['Transpose', transpose], ['Concat', concat],
  ['Split', split], ['Slice', slice], ['Gather', gather], ['GatherElements', gatherElements], ['GatherND', gatherNd],
];

/** A whole list of lengths that is known beforehand. */
export function lengths(op: Operator, input: number): Shape {
  const contents = op.input(input).contents ?? op.refuse('takes its size from the data');
  return contents.map((size) => size ?? op.refuse('takes its size from the data'));
}
