import type { Language } from '../explain/catalogue.js';
import type { Curves } from '../metrics/curves.js';
import type { Interval } from '../metrics/intervals.js';

export interface PlottedModel {
  /** As the legend shows it, such as "candidate" or "champion v3". */
  readonly name: string;
  readonly curves: Curves;
  readonly aucInterval?: Interval;
}

export interface PlottedImportance {
  readonly label: string;
  /** Mean absolute attribution, log-odds. */
  readonly importance: number;
}

export interface PlottedPrediction {
  /** Mean log-odds of the reference applicants. */
  readonly baselineLogit: number;
  /** Log-odds of the applicant. */
  readonly logit: number;
  /** Without a value the name alone stands: where the plot is of nobody in particular. */
  readonly parts: readonly { readonly label: string; readonly value?: string; readonly attribution: number }[];
}

export interface PlottedDependence {
  readonly label: string;
  /** Rising numbers, or categories; PD is the mean with the feature set to `at`. */
  readonly points: readonly { readonly at: number | string; readonly pd: number }[];
}

export interface PlottedEpoch {
  /** Ensemble member, from 1. */
  readonly member: number;
  readonly epoch: number;
  readonly loss: number;
  readonly validationLoss: number;
}

export interface PlottedTrial {
  /** In the order they were tried, from 1. */
  readonly number: number;
  /** Mean AUC over the folds it was measured on. */
  readonly auc: number;
  /** Whether it was measured on all folds; others were given up early. */
  readonly finished: boolean;
}

/** What there is to draw; a part that is absent or empty gives no plot. */
export interface PlotReport {
  /** Default English. Names and labels are drawn as they are given. */
  readonly language?: Language;
  /** The rows the curves were measured on, such as "hold-out, 6,000 loans". */
  readonly subject: string;
  /** The model of the report first; one more, such as the champion, is drawn with it. */
  readonly models: readonly PlottedModel[];
  readonly importance?: readonly PlottedImportance[];
  readonly prediction?: PlottedPrediction;
  readonly dependence?: readonly PlottedDependence[];
  /** PSI by feature or score. */
  readonly drift?: readonly { readonly label: string; readonly psi: number }[];
  readonly history?: readonly PlottedEpoch[];
  readonly trials?: readonly PlottedTrial[];
}

export interface Plot {
  /** File name without ending: roc, calibration, gains, distribution, importance, prediction, dependence, drift, history, trials. */
  readonly name: string;
  /** A self-contained SVG document with title and description. */
  readonly svg: string;
  /** What it shows, with its main figures, in a sentence: for those who do not see it. */
  readonly description: string;
}
