import { z } from 'zod';
import { normalQuantile } from '../numbers.js';
import type { Transform } from './spec.js';

const finite = z.number();

/** Learned constants that turn one raw number into one model input of about unit spread. */
export const scalingShape = z.discriminatedUnion('kind', [
  /** x itself; what weight of evidence looks up in its bins */
  z.strictObject({ kind: z.literal('none') }),
  /** (x − centre) / spread */
  z.strictObject({ kind: z.literal('linear'), centre: finite, spread: z.number().positive() }),
  /** (sign(x)·ln(1 + |x| / unit) − centre) / spread */
  z.strictObject({ kind: z.literal('log'), unit: z.number().positive(), centre: finite, spread: z.number().positive() }),
  /** piecewise linear through (knots[i], scores[i]); knots strictly rise */
  z.strictObject({ kind: z.literal('quantile'), knots: z.array(finite).min(1), scores: z.array(finite).min(1) }),
]);

export type Scaling = z.infer<typeof scalingShape>;

/** Linear interpolation in an ascending array at rank share q in [0, 1] (type 7 of Hyndman & Fan). */
export function quantileOf(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) return 0;
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (at - below);
}

const signedLog = (x: number, unit: number): number => Math.sign(x) * Math.log1p(Math.abs(x) / unit);

function meanAndDeviation(values: ArrayLike<number>): { mean: number; deviation: number } {
  const n = values.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += values[i]! / n;
  let variance = 0;
  for (let i = 0; i < n; i++) variance += (values[i]! - mean) ** 2 / n;
  return { mean, deviation: Math.sqrt(variance) };
}

/** A spread of zero (constant in training) must not divide: the value then simply stays at its distance from the centre. */
const positive = (...candidates: number[]): number => candidates.find((c) => Number.isFinite(c) && c > 1e-12) ?? 1;

const QUANTILES = 48;

/** Knots at even ranks; equal values share one knot at the middle of their ranks, so point masses keep their own score. */
function fitQuantile(sorted: ArrayLike<number>): Scaling {
  const groups = new Map<number, number[]>();
  for (let i = 0; i <= QUANTILES; i++) {
    const q = i / QUANTILES;
    const x = quantileOf(sorted, q);
    groups.set(x, [...(groups.get(x) ?? []), q]);
  }
  const knots = [...groups.keys()];
  const scores = knots.map((x) => {
    const ranks = groups.get(x)!;
    const middle = (ranks[0]! + ranks[ranks.length - 1]!) / 2;
    return normalQuantile(Math.min(Math.max(middle, 0.004), 0.996));
  });
  return { kind: 'quantile', knots, scores };
}

function fitLog(sorted: ArrayLike<number>): Scaling {
  const magnitudes = Float64Array.from(sorted, Math.abs).filter((x) => x > 0).sort();
  const unit = positive(quantileOf(magnitudes, 0.5) / 10);
  const { mean, deviation } = meanAndDeviation(Float64Array.from(sorted, (x) => signedLog(x, unit)));
  return { kind: 'log', unit, centre: mean, spread: positive(deviation) };
}

/** Learns a scaling from the known training values in ascending order (possibly none). */
export function fitScaling(transform: Transform, sorted: ArrayLike<number>): Scaling {
  const { mean, deviation } = meanAndDeviation(sorted);
  switch (transform) {
    case 'none':
    case 'one-hot':
    case 'weight-of-evidence':
      return { kind: 'none' };
    case 'standardise':
      return { kind: 'linear', centre: mean, spread: positive(deviation) };
    case 'robust': {
      const range = quantileOf(sorted, 0.75) - quantileOf(sorted, 0.25);
      return { kind: 'linear', centre: quantileOf(sorted, 0.5), spread: positive(range, deviation) };
    }
    case 'log':
      return fitLog(sorted);
    case 'quantile':
      return sorted.length === 0 ? { kind: 'linear', centre: 0, spread: 1 } : fitQuantile(sorted);
  }
}

function interpolate(knots: readonly number[], scores: readonly number[], x: number): number {
  const last = knots.length - 1;
  if (x <= knots[0]!) return scores[0]!;
  if (x >= knots[last]!) return scores[last]!;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (knots[middle]! <= x) low = middle;
    else high = middle;
  }
  const share = (x - knots[low]!) / (knots[high]! - knots[low]!);
  return scores[low]! + share * (scores[high]! - scores[low]!);
}

/** Applies a learned scaling to a finite number. */
export function scale(scaling: Scaling, x: number): number {
  switch (scaling.kind) {
    case 'none':
      return x;
    case 'linear':
      return (x - scaling.centre) / scaling.spread;
    case 'log':
      return (signedLog(x, scaling.unit) - scaling.centre) / scaling.spread;
    case 'quantile':
      return interpolate(scaling.knots, scaling.scores, x);
  }
}

/** +1 where the scaled number never falls as the raw one rises, −1 where it never rises, 0 where it does both. */
export function directionOf(scaling: Scaling): 1 | -1 | 0 {
  if (scaling.kind !== 'quantile') return 1;
  const steps = scaling.scores.slice(1).map((score, i) => score - scaling.scores[i]!);
  return steps.every((step) => step >= 0) ? 1 : steps.every((step) => step <= 0) ? -1 : 0;
}
