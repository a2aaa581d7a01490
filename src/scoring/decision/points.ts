import { badInput } from '../../base/index.js';

export interface PointsScale {
  /** Points at the odds below. */
  readonly points: number;
  /** Odds of default (bad : good) that earn them. */
  readonly odds: number;
  /** Points by which the odds of default halve. */
  readonly doubling: number;
}

/** 600 points at odds 1 : 19 (PD 5 %), 50 points to double the odds. */
export const DEFAULT_SCALE: PointsScale = { points: 600, odds: 1 / 19, doubling: 50 };

/**
 * Score points a − b·ln(p / (1 − p)), with b = doubling / ln 2 and a = points + b·ln(odds): more points, less risk.
 * @param pd probability of default, strictly between 0 and 1
 * @throws BAD_INPUT at 0, at 1 and outside
 */
export function scorePoints(pd: number, { points, odds, doubling }: PointsScale = DEFAULT_SCALE): number {
  if (!(pd > 0 && pd < 1)) throw badInput(`The PD is ${pd}; score points exist for probabilities strictly between 0 and 1.`);
  const b = doubling / Math.LN2;
  return points + b * Math.log(odds) - b * Math.log(pd / (1 - pd));
}
