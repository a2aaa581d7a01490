import type { Calibration, Isotonic } from './types.js';

/** Index of the last knot at or below x; -1 below the first. */
function knotBelow(knots: readonly number[], x: number): number {
  let [low, high] = [-1, knots.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (knots[middle]! <= x) low = middle;
    else high = middle;
  }
  return low;
}

function applyIsotonic({ knots, values }: Isotonic, x: number): number {
  const below = knotBelow(knots, x);
  if (below < 0) return values[0]! + (x - knots[0]!);
  if (below === knots.length - 1) return values[below]! + (x - knots[below]!);
  const share = (x - knots[below]!) / (knots[below + 1]! - knots[below]!);
  return values[below]! + share * (values[below + 1]! - values[below]!);
}

/**
 * Calibrated log-odds of a raw logit.
 * @param logit raw log-odds, any finite number
 */
export const applyCalibration = (calibration: Calibration, logit: number): number =>
  calibration.kind === 'platt' ? calibration.slope * logit + calibration.intercept : applyIsotonic(calibration, logit);
