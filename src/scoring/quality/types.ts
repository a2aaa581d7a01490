import type { RawRows } from '../features/learn.js';
import type { FeatureSpec } from '../features/spec.js';

/** HIGH: the figures or the model would not be true, so training stops; MEDIUM: look before you rely on it; LOW: good to know. */
export type Severity = 'HIGH' | 'MEDIUM' | 'LOW';

export const CHECK_NAMES = [
  'missing-values',
  'constant',
  'duplicate-column',
  'high-cardinality',
  'leaking-values',
  'leaking-presence',
  'known-after-decision',
  'outcome-before-decision',
  'duplicate-rows',
  'conflicting-rows',
  'label-rate',
  'few-outcomes',
  'group-size',
  'group-label-rate',
  'time-gap',
  'time-label-rate',
  'drift',
  'missing-drift',
] as const;

export type CheckName = (typeof CHECK_NAMES)[number];

export const isCheckName = (text: string): text is CheckName => (CHECK_NAMES as readonly string[]).includes(text);

export interface Finding {
  readonly check: CheckName;
  readonly severity: Severity;
  /** Name of the feature, or of the protected attribute for the checks of groups; absent where the rows as a whole are meant. */
  readonly feature?: string;
  /** What, where, and what to do. */
  readonly message: string;
  /** The measured figure, and the limit that it crossed. */
  readonly value: number;
  readonly threshold: number;
}

export interface QualityInput {
  readonly specs: readonly FeatureSpec[];
  /** Raw values in the order of `modelFeatures(specs)`. */
  readonly rows: RawRows;
  /** 1 = default, 0 = good. */
  readonly labels: ArrayLike<number>;
  /** When each loan was decided; without it nothing is said about time. */
  readonly decisionTimes?: readonly Date[];
  /** When each outcome became known. */
  readonly outcomeTimes?: readonly (Date | null)[];
  /** Since when each value was known, row by row in the order of the values; null where nobody knows. */
  readonly knownAt?: readonly (readonly (Date | null)[])[];
  /** Protected attributes by name, a value or null per row. */
  readonly groups?: Readonly<Record<string, readonly (string | null)[]>>;
}

export interface GroupSummary {
  readonly attribute: string;
  /** null: the attribute is unknown. */
  readonly group: string | null;
  readonly rows: number;
  readonly bads: number;
  readonly labelRate: number;
}

export interface QuarterSummary {
  /** "2024-Q3", by UTC. */
  readonly quarter: string;
  readonly rows: number;
  readonly bads: number;
  readonly labelRate: number;
}

/** A finding that does not stop training, and why. */
export interface Override {
  readonly check: CheckName;
  readonly feature?: string;
  readonly reason: string;
}

/** Plain JSON with finite numbers: belongs to the dossier. */
export interface QualityReport {
  readonly rows: number;
  readonly bads: number;
  readonly labelRate: number;
  readonly features: number;
  /** HIGH first, then in the order of the checks and features. */
  readonly findings: readonly Finding[];
  readonly groups: readonly GroupSummary[];
  readonly quarters: readonly QuarterSummary[];
  readonly thresholds: Thresholds;
  readonly overrides: readonly Override[];
}

/** A limit for each severity it can give; null switches it off. */
export interface Limits {
  readonly high: number | null;
  readonly medium: number | null;
  readonly low: number | null;
}

export interface Thresholds {
  /** Share of rows (and periods) without a value. */
  readonly missing: Limits;
  /** Distinct categories. */
  readonly categories: Limits;
  /** Area under the ROC curve of one column alone, either way round. */
  readonly leakAuc: Limits;
  /** The same of "is missing" alone. */
  readonly presenceAuc: Limits;
  /** Share of rows with a value known only after the decision. */
  readonly knownLate: Limits;
  /** Share of rows that repeat an earlier row and its outcome. */
  readonly duplicateRows: Limits;
  /** Share of rows whose values also occur with the other outcome. */
  readonly conflictingRows: Limits;
  /** Default rate at or below, and at or above. */
  readonly labelRateLow: Limits;
  readonly labelRateHigh: Limits;
  /** Rows of the rarer outcome, below. */
  readonly outcomes: Limits;
  /** Rows in a group, below. */
  readonly groupRows: Limits;
  /** Highest ÷ lowest default rate among groups, or among quarters, that have enough rows. */
  readonly groupRates: Limits;
  readonly quarterRates: Limits;
  /** Rows that a group or quarter needs for its rate to count. */
  readonly rateRows: number;
  /** Population stability index, later half against earlier half. */
  readonly psi: Limits;
}
