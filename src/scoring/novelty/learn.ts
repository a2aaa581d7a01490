import { floatsToBase64 } from '../base64.js';
import { quantileOf } from '../features/scaling.js';
import { distanceTo, MAX_NOVELTY_WIDTH, type Novelty, type NoveltyConstants } from './constants.js';
import { combine, factorise, momentsOf, type Moments } from './moments.js';

export interface NoveltyOptions {
  /** Share of the training rows that may lie beyond the threshold. Default 0.001. */
  readonly beyond?: number;
  /** Weight of independent columns in the covariance, above 0 up to 1. Default 0.003. */
  readonly shrinkage?: number;
}

const FOLDS = 5;

/** Fewer rows say nothing about a quantile in the tail. */
const FEWEST_ROWS = 50;

/** Unit of each column: its deviation, or 1 for a column of zeros and ones, where a rare 1 would else be a world away. */
function scalesOf(rows: Float32Array, width: number, { rows: count, sums, products }: Moments): Float64Array {
  return Float64Array.from(sums, (sum, c) => {
    const variance = products[(c * (c + 3)) / 2]! / count - (sum / count) ** 2;
    let binary = true;
    for (let at = c; at < rows.length && binary; at += width) binary = rows[at] === 0 || rows[at] === 1;
    return !binary && variance > 1e-12 ? Math.sqrt(variance) : 1;
  });
}

/** Distances of every `FOLDS`-th row from `first`. */
function distances(constants: NoveltyConstants, rows: Float32Array, width: number, first: number): number[] {
  const scratch = new Float64Array(width);
  const found: number[] = [];
  for (let at = first * width; at < rows.length; at += FOLDS * width) found.push(distanceTo(constants, rows, at, scratch));
  return found;
}

/**
 * Learns how far from the training rows is too far: Mahalanobis distance under a shrunk covariance. The threshold is
 * a high quantile of distances that are measured fold by fold with the constants of the other folds, so that it holds
 * for rows not trained on.
 * @param rows row-major encoded training rows only, n × width
 * @returns undefined for fewer than 50 rows or more than 512 columns
 */
export function learnNovelty(rows: Float32Array, width: number, { beyond = 0.001, shrinkage = 0.003 }: NoveltyOptions = {}): Novelty | undefined {
  if (rows.length / width < FEWEST_ROWS || width > MAX_NOVELTY_WIDTH) return undefined;
  const folds = Array.from({ length: FOLDS }, (_, fold) => momentsOf(rows, width, fold, FOLDS));
  const all = folds.reduce((a, b) => combine(a, b, 1));
  const scales = scalesOf(rows, width, all);
  const heldOut = folds.flatMap((part, fold) => distances(factorise(combine(all, part, -1), scales, shrinkage), rows, width, fold));
  const { mean, factor } = factorise(all, scales, shrinkage);
  const threshold = quantileOf(Float64Array.from(heldOut).sort(), 1 - beyond);
  return { method: 'mahalanobis', mean: floatsToBase64(mean), factor: floatsToBase64(factor), threshold: Math.max(threshold, Number.MIN_VALUE) };
}
