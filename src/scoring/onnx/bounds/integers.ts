import type { Fact, Operator } from './operator.js';
import { fixed, numberOf, plus, times, volume, type Size } from './size.js';

/** Contents of a short integer tensor: lengths of axes on their way into Reshape, Expand and the like. */
type Contents = readonly (Size | undefined)[];

type Follow = (op: Operator, contents: (i: number) => Contents) => Contents;

const LONGEST = 64;

const exact = (size: Size | undefined): Size | undefined => (size === undefined || size.loose ? undefined : size);

/** Element i of a list that may be a single number for all. */
const at = (list: Contents, i: number): Size | undefined => list[list.length === 1 ? 0 : i];

/** Number by number over two lists, one of which may be a single number. */
const pairwise = (combine: (a: Size, b: Size) => Size | undefined): Follow => (_, contents) => {
  const [a, b] = [contents(0), contents(1)];
  return Array.from({ length: Math.max(a.length, b.length) }, (_v, i) => {
    const [left, right] = [at(a, i), at(b, i)];
    return left === undefined || right === undefined ? undefined : exact(combine(left, right));
  });
};

const onNumbers = (combine: (a: number, b: number) => number) => (a: Size, b: Size): Size | undefined => {
  const [left, right] = [numberOf(a), numberOf(b)];
  return left === undefined || right === undefined ? undefined : fixed(combine(left, right));
};

/** Whether two lengths are equal, where that holds for every batch: a multiple of N is never negative. */
function equal(a: Size, b: Size): Size | undefined {
  if (a.degree === b.degree) return fixed(a.factor === b.factor ? 1 : 0);
  return (a.degree === 0 ? a : b).factor < 0 ? fixed(0) : undefined;
}

const first: Follow = (_, contents) => contents(0);

const gather: Follow = (_, contents) => {
  const data = contents(0);
  return contents(1).map((size) => data.at(numberOf(size) ?? data.length));
};

const slice: Follow = (op) => {
  const [start, end, step] = [op.ints('starts')?.[0] ?? numberOf(op.inputs[1]?.contents?.[0]), op.ints('ends')?.[0] ?? numberOf(op.inputs[2]?.contents?.[0]), op.inputs[4]];
  const data = op.input(0).contents!;
  if (start === undefined || end === undefined || (step !== undefined && numberOf(step.contents?.[0]) !== 1)) return data.map(() => undefined);
  return data.slice(start, Math.min(end, data.length));
};

const where: Follow = (_, contents) => {
  const [conditions, yes, no] = [contents(0), contents(1), contents(2)];
  const length = Math.max(conditions.length, yes.length, no.length);
  return Array.from({ length }, (_v, i) => {
    const condition = numberOf(at(conditions, i));
    return condition === undefined ? undefined : at(condition === 0 ? no : yes, i);
  });
};

/** Operators through which lengths are followed. */
const FOLLOWED: Readonly<Record<string, Follow>> = {
  Shape: (op) => op.shape(0).slice(op.int('start', 0), op.attribute('end')?.i).map(exact),
  Size: (op) => [exact(volume(op.shape(0)))],
  Constant: (op) => (op.tensorIntegers('value') ?? op.ints('value_ints') ?? (op.attribute('value_int') && [op.int('value_int', 0)]) ?? []).map(fixed),
  ConstantOfShape: (op, contents) => {
    const length = numberOf(contents(0)[0]) ?? LONGEST + 1;
    return contents(0).length === 1 && length <= LONGEST ? Array.from({ length }, () => fixed(op.tensorIntegers('value')?.[0] ?? 0)) : [];
  },
  Identity: first, Cast: first, Squeeze: first, Unsqueeze: first, Reshape: first, Flatten: first,
  Concat: (op, contents) => op.inputs.flatMap((_, i) => contents(i)),
  Gather: gather,
  Slice: slice,
  Where: where,
  Add: pairwise(plus),
  Mul: pairwise((a, b) => (a.factor < 0 || b.factor < 0 ? onNumbers((x, y) => x * y)(a, b) : times(a, b))),
  Sub: pairwise(onNumbers((a, b) => a - b)),
  Div: pairwise(onNumbers((a, b) => Math.trunc(a / b))),
  Equal: pairwise(equal),
};

/** Which inputs must be known for the contents of the result to be followed. */
const reads: Readonly<Record<string, number>> = { Shape: 0, Size: 0, Constant: 0, ConstantOfShape: 1, Gather: 2, Where: 3, Add: 2, Mul: 2, Sub: 2, Div: 2, Equal: 2 };

/** The integers that an operator gives, as far as they are known without running it. */
export function contentsOf(op: Operator, { size }: Fact): Contents | undefined {
  const follow = FOLLOWED[op.name];
  if (follow === undefined || size.degree > 0 || size.factor > LONGEST) return undefined;
  const needed = op.name === 'Concat' ? op.inputs.length : (reads[op.name] ?? 1);
  if (op.inputs.slice(0, needed).some((input) => input?.contents === undefined)) return undefined;
  const result = follow(op, (i) => op.input(i).contents!);
  return result.length === size.factor ? result : undefined;
}
