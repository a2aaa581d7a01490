/**
 * How long something is, as a function of the rows N of a batch: factor · N^degree.
 * `loose` means at most that; a length may then not be computed with further, except upwards.
 */
export interface Size {
  readonly factor: number;
  readonly degree: number;
  readonly loose: boolean;
}

export type Shape = readonly Size[];

export const fixed = (factor: number): Size => ({ factor, degree: 0, loose: false });

/** The rows of a batch. */
export const ROWS: Size = { factor: 1, degree: 1, loose: false };

export const atMost = (size: Size): Size => ({ ...size, loose: true });

export const isOne = (size: Size): boolean => size.factor === 1 && size.degree === 0;

export const same = (a: Size, b: Size): boolean => a.factor === b.factor && a.degree === b.degree;

/** The number where the size is one whatever the batch, else undefined. */
export const numberOf = (size: Size | undefined): number | undefined => (size !== undefined && size.degree === 0 && !size.loose ? size.factor : undefined);

export const times = (a: Size, b: Size): Size => ({ factor: a.factor * b.factor, degree: a.degree + b.degree, loose: a.loose || b.loose });

/** Sum; of unequal degrees a bound, since N ≥ 1. */
export const plus = (a: Size, b: Size): Size => {
  const mixed = a.degree !== b.degree && a.factor !== 0 && b.factor !== 0;
  return { factor: a.factor + b.factor, degree: a.factor === 0 ? b.degree : b.factor === 0 ? a.degree : Math.max(a.degree, b.degree), loose: a.loose || b.loose || mixed };
};

/** Numbers in a tensor of this shape. */
export const volume = (shape: Shape): Size => shape.reduce(times, fixed(1));

/** The longer of two lengths that must be equal unless one of them is 1. */
function broadcastSize(a: Size, b: Size): Size {
  if (isOne(a) && !a.loose) return b;
  if ((isOne(b) && !b.loose) || same(a, b)) return a;
  return { factor: Math.max(a.factor, b.factor), degree: Math.max(a.degree, b.degree), loose: true };
}

/** The shape that two shapes broadcast to, aligned at their last axes. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const at = (shape: Shape, i: number): Size => shape[i - rank + shape.length] ?? fixed(1);
  return Array.from({ length: rank }, (_, i) => broadcastSize(at(a, i), at(b, i)));
}
