import { columnsOf, type FeatureSchema } from '../features/schema.js';
import type { ReferenceSet } from './reference.js';

/**
 * `linear`: weight × (value − mean reference value), exact. `expected-integrated-gradients`: numerical path integral.
 * `permutation-shapley`: sampled Shapley values, with their standard errors.
 */
export type ExplanationMethod = 'expected-integrated-gradients' | 'permutation-shapley' | 'linear';

export interface Explanation {
  readonly method: ExplanationMethod;
  /** Mean log-odds of the reference set. */
  readonly baselineLogit: number;
  /** Log-odds of this applicant. */
  readonly logit: number;
  /** What the method left over: logit − baselineLogit − Σ attributions. */
  readonly residual: number;
  /** Log-odds per feature in schema order; positive pushes toward default. All numbers here are whole multiples of 1e-7. */
  readonly attributions: readonly number[];
  /** Standard error of each attribution over other random orders; only where the method samples. */
  readonly standardErrors?: readonly number[];
}

/** Decimal places kept; sums of the recorded numbers are then exact in decimal arithmetic. */
const UNITS = 1e7;

const inUnits = (x: number): number => Math.round(x * UNITS);

/** No negative zero: these numbers go to JSON and back. */
const fromUnits = (units: number): number => units / UNITS + 0;

/** Largest residual that counts as explained: this share of |logit − baselineLogit|, or this much log-odds where that is small. */
export const RESIDUAL_BAR = 0.01;

/** Whether a residual is above `bar` of the difference it belongs to (of 1 where the difference is smaller). */
export const isAbove = (bar: number, residual: number, difference: number): boolean => Math.abs(residual) > bar * Math.max(1, Math.abs(difference));

/** Sums columns to the features a person knows: a one-hot category or a sequence is one feature. */
export const folded = (schema: FeatureSchema, columns: Float64Array): number[] =>
  schema.features.map((feature) => columns.subarray(feature.offset, feature.offset + columnsOf(feature)).reduce((sum, x) => sum + x, 0));

export interface Attributed {
  readonly method: ExplanationMethod;
  readonly logit: number;
  /** Per feature, not yet rounded. */
  readonly attributions: readonly number[];
  readonly standardErrors?: readonly number[];
}

/** Rounds to the recorded units; what rounding and method leave over becomes the residual. */
export function toExplanation({ json }: ReferenceSet, { method, logit, attributions, standardErrors }: Attributed): Explanation {
  const [baselineUnits, logitUnits] = [inUnits(json.baselineLogit), inUnits(logit)];
  const units = attributions.map(inUnits);
  return {
    method,
    baselineLogit: fromUnits(baselineUnits),
    logit: fromUnits(logitUnits),
    residual: fromUnits(logitUnits - baselineUnits - units.reduce((sum, x) => sum + x, 0)),
    attributions: units.map(fromUnits),
    ...(standardErrors && { standardErrors: standardErrors.map((x) => fromUnits(inUnits(x))) }),
  };
}
