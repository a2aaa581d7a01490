import type { ThresholdChoice } from '../decision/threshold.js';
import type { Curves } from '../metrics/curves.js';
import type { DeLongTest } from '../metrics/delong.js';
import type { Metrics } from '../metrics/evaluate.js';
import type { MetricsWithIntervals } from '../metrics/intervals.js';
import type { GroupReport, Slice } from '../metrics/slices.js';
import type { RungResult } from '../search/ranking.js';
import type { SearchResult, TrialReport } from '../search/types.js';
import type { EpochRecord } from '../training/types.js';
import type { QualityReport } from '../quality/types.js';
import type { CrossValidation } from './cross-validate.js';
import type { Insight } from './insight.js';
import type { Scorecard } from './scorecard.js';

/** How a version does on one set of rows. */
export interface Evaluation {
  readonly measuredOn: 'holdout' | 'training';
  readonly metrics: MetricsWithIntervals;
  readonly curves: Curves;
  /** By protected attribute; empty where none is known. */
  readonly groups: Readonly<Record<string, GroupReport>>;
  /** By quarter of the decision; empty where the times are not known. */
  readonly vintages: readonly Slice[];
}


export interface Stability {
  /** Of the PD, training against hold-out. */
  readonly psi: number;
  /** Inner edges of the PD bins, cut on the training rows. */
  readonly edges: readonly number[];
}

/** The version beside the one that decides today, on the same rows. */
export interface Comparison {
  readonly champion: string;
  /** Rows that both can score. */
  readonly rows: number;
  /** Of the champion. */
  readonly metrics: Metrics;
  readonly curves: Curves;
  /** A is this version, B the champion. */
  readonly test: DeLongTest;
}

/** A trial without how long it took: the same search gives the same report. */
type TimelessResult = Omit<RungResult, 'seconds'>;
export type TimelessTrial = Omit<TrialReport, 'rungs'> & { readonly rungs: readonly TimelessResult[] };

/**
 * All that the making of a version found: the evidence behind its dossier, stored with it as one JSON artefact.
 * Additions are optional: a report of an earlier release stays readable.
 */
export interface VersionReport extends Insight {
  readonly version: 1;
  /** The model family, or `foreign` for a model that was trained elsewhere. */
  readonly family: string;
  readonly rows: { readonly training: number; readonly holdout: number };
  readonly training: Metrics;
  readonly evaluation: Evaluation;
  /** Null without a hold-out. */
  readonly stability: Stability | null;
  /** How the approval line was chosen; absent where a policy was given. */
  readonly threshold?: ThresholdChoice;
  readonly quality: QualityReport;
  /** Of the settings, on folds of the training rows. */
  readonly crossValidation?: CrossValidation;
  readonly history: readonly EpochRecord[];
  readonly search?: Omit<SearchResult, 'run' | 'trials' | 'best'> & { readonly trials: readonly TimelessTrial[]; readonly best: Omit<SearchResult['best'], 'result'> & { readonly result: TimelessResult } };
  readonly scorecard?: Scorecard;
  readonly comparison?: Comparison;
}
