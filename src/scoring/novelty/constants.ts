import { z } from 'zod';
import { floatsFromBase64 } from '../base64.js';

/** Learned constants of the distance to the training rows; matrices are base64 of little-endian float32. */
export const noveltyShape = z.strictObject({
  method: z.literal('mahalanobis'),
  /** Mean of each column, `width` numbers. */
  mean: z.base64(),
  /** Cholesky factor L of the shrunk covariance: its lower triangle, row by row. distance² = ‖L⁻¹·(x − mean)‖². */
  factor: z.base64(),
  /** A distance above this is novel. */
  threshold: z.number().positive(),
});

/** Part of a feature schema. */
export type Novelty = z.infer<typeof noveltyShape>;

export interface NoveltyConstants {
  readonly mean: Float32Array;
  readonly factor: Float32Array;
}

/** Beyond this width the matrix would outweigh the model; no novelty is learned then. */
export const MAX_NOVELTY_WIDTH = 512;

export const decodeNovelty = ({ mean, factor }: Novelty): NoveltyConstants => ({ mean: floatsFromBase64(mean), factor: floatsFromBase64(factor) });

/** What does not fit a schema of this width, or undefined. */
export function noveltyProblem(novelty: Novelty, width: number): string | undefined {
  const { mean, factor } = decodeNovelty(novelty);
  if (width > MAX_NOVELTY_WIDTH) return `the novelty of more than ${MAX_NOVELTY_WIDTH} columns is not supported`;
  if (mean.length !== width || factor.length !== (width * (width + 1)) / 2) return `the constants of the novelty do not fit ${width} columns`;
  const sound = mean.every(Number.isFinite) && factor.every(Number.isFinite) && mean.every((_, r) => factor[(r * (r + 3)) / 2]! > 0);
  return sound ? undefined : 'the constants of the novelty must be finite, with a positive diagonal';
}

/** Dot product of `count` numbers of the factor from `k` with those solved so far; four sums, as one would wait for each addition. */
function dot(factor: Float32Array, k: number, solved: Float64Array, count: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < count; i += 4) {
    a += factor[k + i]! * solved[i]!;
    b += factor[k + i + 1]! * solved[i + 1]!;
    c += factor[k + i + 2]! * solved[i + 2]!;
    d += factor[k + i + 3]! * solved[i + 3]!;
  }
  for (; i < count; i++) a += factor[k + i]! * solved[i]!;
  return a + b + (c + d);
}

/**
 * Mahalanobis distance of the encoded row at `at`, by forward substitution. Sums are in double precision and in a
 * fixed order, so the same everywhere.
 * @param solved scratch, as long as a row
 */
export function distanceTo({ mean, factor }: NoveltyConstants, rows: Float32Array, at: number, solved: Float64Array): number {
  let squared = 0;
  let k = 0;
  for (let r = 0; r < mean.length; r++) {
    const y = (rows[at + r]! - mean[r]! - dot(factor, k, solved, r)) / factor[k + r]!;
    solved[r] = y;
    squared += y * y;
    k += r + 1;
  }
  return Math.sqrt(squared);
}
