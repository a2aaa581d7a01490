import { separation } from './auc.js';
import { equalMassBins, type MassBin } from './bins.js';
import { stepsOf, stepsOfPds, type Steps } from './steps.js';

export interface CalibrationBin {
  readonly count: number;
  readonly meanPd: number;
  readonly defaultRate: number;
}

export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

/** The single numbers that describe PDs against outcomes. */
export interface Measures {
  readonly auc: number;
  /** 2·AUC − 1 */
  readonly gini: number;
  /** max |F_bad − F_good| */
  readonly ks: number;
  /** Mean squared error of the PD. */
  readonly brier: number;
  readonly logLoss: number;
  readonly accuracy: number;
  /** Share of predicted bads that defaulted; 0 when none is predicted. */
  readonly precision: number;
  /** Share of bads that were predicted. */
  readonly recall: number;
  readonly f1: number;
  /** Expected calibration error: mean |mean PD − default rate| over ten bins of equal size, weighted by count. */
  readonly ece: number;
}

export interface Metrics extends Measures {
  readonly rows: number;
  readonly bads: number;
  /** A PD at or above it is predicted bad. */
  readonly threshold: number;
  readonly confusion: Confusion;
  /** Ten bins of equal size, by rising PD. */
  readonly calibration: readonly CalibrationBin[];
}

function confusionAt({ scores, bads, goods, bad, good }: Steps, threshold: number): Confusion {
  let [truePositives, falsePositives] = [0, 0];
  for (let step = 0; step < scores.length && scores[step]! >= threshold; step++) {
    truePositives += bads[step]!;
    falsePositives += goods[step]!;
  }
  return { truePositives, falsePositives, trueNegatives: good - falsePositives, falseNegatives: bad - truePositives };
}

/** Probability kept off 0 and 1, where the logarithm is infinite. */
const inside = (p: number): number => Math.min(Math.max(p, 1e-15), 1 - 1e-15);

/** Log loss of one bad and of one good at each step; computed once for all resamples of a bootstrap. */
export interface Costs {
  readonly ofBad: Float64Array;
  readonly ofGood: Float64Array;
}

export const costsOf = (scores: Float64Array): Costs => ({
  ofBad: scores.map((pd) => -Math.log(inside(pd))),
  ofGood: scores.map((pd) => -Math.log(inside(1 - pd))),
});

function losses({ scores, bads, goods, bad, good }: Steps, { ofBad, ofGood }: Costs): { brier: number; logLoss: number } {
  let [squares, logs] = [0, 0];
  for (let step = 0; step < scores.length; step++) {
    const pd = scores[step]!;
    squares += bads[step]! * (1 - pd) * (1 - pd) + goods[step]! * pd * pd;
    logs += bads[step]! * ofBad[step]! + goods[step]! * ofGood[step]!;
  }
  return { brier: squares / (bad + good), logLoss: logs / (bad + good) };
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

function atThreshold({ truePositives: tp, falsePositives: fp, falseNegatives: fn, trueNegatives: tn }: Confusion): Pick<Measures, 'accuracy' | 'precision' | 'recall' | 'f1'> {
  return { accuracy: (tp + tn) / (tp + fp + fn + tn), precision: ratio(tp, tp + fp), recall: ratio(tp, tp + fn), f1: ratio(2 * tp, 2 * tp + fp + fn) };
}

const calibrationError = (bins: readonly MassBin[], rows: number): number =>
  bins.reduce((sum, { count, bads, meanScore }) => sum + Math.abs(count * meanScore - bads), 0) / rows;

/** All single numbers of PDs counted by step; both outcomes must occur. */
export function measure(steps: Steps, threshold: number, costs = costsOf(steps.scores)): Measures {
  const { auc, ks } = separation(steps);
  const ece = calibrationError(equalMassBins(steps, 10), steps.bad + steps.good);
  return { auc, gini: 2 * auc - 1, ks, ...losses(steps, costs), ...atThreshold(confusionAt(steps, threshold)), ece };
}

const calibrationOf = (steps: Steps, bins: number): CalibrationBin[] =>
  equalMassBins(steps, bins)
    .map(({ count, bads, meanScore }) => ({ count, meanPd: meanScore, defaultRate: bads / count }))
    .reverse();

/** Bins of equal size by rising PD; a bin is never empty, and tied PDs share the default rate of their tie. */
export const calibrationBins = (labels: ArrayLike<number>, pds: ArrayLike<number>, bins = 10): CalibrationBin[] => calibrationOf(stepsOf(labels, pds), bins);

/**
 * Measures PDs against known outcomes.
 * @param labels 1 = default, 0 = good; both must occur
 * @param pds probabilities, 0…1
 * @throws BAD_INPUT on unequal lengths, values out of range, or only one kind of outcome
 */
export function evaluate(labels: ArrayLike<number>, pds: ArrayLike<number>, threshold: number): Metrics {
  return metricsOf(stepsOfPds(labels, pds), threshold);
}

/** The metrics of PDs counted by step. */
export function metricsOf(steps: Steps, threshold: number): Metrics {
  return {
    rows: steps.bad + steps.good,
    bads: steps.bad,
    threshold,
    ...measure(steps, threshold),
    confusion: confusionAt(steps, threshold),
    calibration: calibrationOf(steps, 10),
  };
}
