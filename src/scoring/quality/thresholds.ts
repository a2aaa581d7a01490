import type { Limits, Severity, Thresholds } from './types.js';

/** Any row at all. */
const ANY = 1e-9;

const limits = (high: number | null, medium: number | null, low: number | null): Limits => ({ high, medium, low });

/**
 * HIGH is kept for what would make the figures or the model untrue. PSI bands by convention 0.10 and 0.25; single
 * columns of honest books rarely exceed an AUC of 0.75; below 20 outcomes of a kind, the fewest that training takes, no metric means anything.
 */
export const THRESHOLDS: Thresholds = {
  missing: limits(null, 0.95, 0.5),
  categories: limits(null, 50, null),
  leakAuc: limits(0.95, 0.85, null),
  presenceAuc: limits(0.95, 0.85, null),
  knownLate: limits(ANY, null, null),
  duplicateRows: limits(null, 0.05, ANY),
  conflictingRows: limits(null, 0.01, ANY),
  labelRateLow: limits(null, 0.005, 0.02),
  labelRateHigh: limits(null, 0.6, 0.4),
  outcomes: limits(20, 200, null),
  groupRows: limits(null, 30, 100),
  groupRates: limits(null, 2, 1.5),
  quarterRates: limits(null, 2, null),
  rateRows: 100,
  psi: limits(null, 0.25, 0.1),
};

export interface Crossed {
  readonly severity: Severity;
  readonly threshold: number;
}

function crossed({ high, medium, low }: Limits, crosses: (limit: number) => boolean): Crossed | undefined {
  const levels: [Severity, number | null][] = [['HIGH', high], ['MEDIUM', medium], ['LOW', low]];
  const found = levels.find(([, limit]) => limit !== null && crosses(limit));
  return found && { severity: found[0], threshold: found[1]! };
}

/** The most severe limit that the value reaches or exceeds. */
export const reached = (limit: Limits, value: number): Crossed | undefined => crossed(limit, (threshold) => value >= threshold);

/** The most severe limit that the value stays below. */
export const fallenBelow = (limit: Limits, value: number): Crossed | undefined => crossed(limit, (threshold) => value < threshold);
