import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import type { NoveltyConstants } from './constants.js';

/** Counts, sums and sums of products of columns: moments of parts add up and subtract. */
export interface Moments {
  readonly rows: number;
  readonly sums: Float64Array;
  /** Lower triangle, row by row. */
  readonly products: Float64Array;
}

/** Moments of every `step`-th row from `first`. */
export function momentsOf(rows: Float32Array, width: number, first: number, step: number): Moments {
  const sums = new Float64Array(width);
  const products = new Float64Array((width * (width + 1)) / 2);
  let count = 0;
  for (let at = first * width; at < rows.length; at += step * width, count++) {
    for (let r = 0, k = 0; r < width; r++) {
      const x = rows[at + r]!;
      sums[r]! += x;
      // Most one-hot columns are 0.
      if (x === 0) k += r + 1;
      else for (let c = 0; c <= r; c++) products[k++]! += x * rows[at + c]!;
    }
  }
  return { rows: count, sums, products };
}

/** a + sign · b */
export const combine = (a: Moments, b: Moments, sign: 1 | -1): Moments => ({
  rows: a.rows + sign * b.rows,
  sums: a.sums.map((x, i) => x + sign * b.sums[i]!),
  products: a.products.map((x, i) => x + sign * b.products[i]!),
});

/**
 * Mean and Cholesky factor of the covariance, shrunk toward independent columns: after division by `scales`,
 * (1 − λ)·Σ + λ·I. The shrinkage bounds what a direction without variance (a constant column, the sum of a one-hot
 * group) can contribute, so the matrix is positive definite whatever the columns.
 */
export function factorise({ rows, sums, products }: Moments, scales: Float64Array, shrinkage: number): NoveltyConstants {
  const width = sums.length;
  const mean = Float32Array.from(sums, (sum) => sum / rows);
  const covariance = new Matrix(width, width);
  for (let r = 0, k = 0; r < width; r++) {
    for (let c = 0; c <= r; c++) {
      const shared = (products[k++]! / rows - (sums[r]! / rows) * (sums[c]! / rows)) / (scales[r]! * scales[c]!);
      const shrunk = (1 - shrinkage) * shared + (r === c ? shrinkage : 0);
      covariance.set(r, c, shrunk);
      covariance.set(c, r, shrunk);
    }
  }
  const lower = new CholeskyDecomposition(covariance).lowerTriangularMatrix;
  const factor = new Float32Array(products.length);
  for (let r = 0, k = 0; r < width; r++) for (let c = 0; c <= r; c++) factor[k++] = lower.get(r, c) * scales[r]!;
  return { mean, factor };
}
