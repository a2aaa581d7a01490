/** Calibrated log-odds = slope · logit + intercept; slope > 0 keeps the order of applicants. */
export interface Platt {
  readonly kind: 'platt';
  readonly slope: number;
  readonly intercept: number;
}

/**
 * Calibrated log-odds as a strictly increasing, continuous, piecewise-linear map of the raw logit through
 * (knots[i], values[i]); beyond the ends it goes on with slope 1.
 */
export interface Isotonic {
  readonly kind: 'isotonic';
  /** Raw logits, strictly rising; at least two. */
  readonly knots: readonly number[];
  /** Calibrated log-odds, strictly rising. */
  readonly values: readonly number[];
}

/** How raw log-odds of a model become calibrated ones. */
export type Calibration = Platt | Isotonic;
