import { badInput } from '../../platform/index.js';
import { areaUnderCurve, rank, rocCurve } from './auc.js';

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

export interface Metrics {
  readonly rows: number;
  readonly bads: number;
  readonly auc: number;
  /** 2·AUC − 1 */
  readonly gini: number;
  /** max |F_bad − F_good| */
  readonly ks: number;
  /** Mean squared error of the PD. */
  readonly brier: number;
  readonly logLoss: number;
  /** A PD at or above it is predicted bad. */
  readonly threshold: number;
  readonly accuracy: number;
  /** Share of predicted bads that defaulted; 0 when none is predicted. */
  readonly precision: number;
  /** Share of bads that were predicted. */
  readonly recall: number;
  readonly f1: number;
  readonly confusion: Confusion;
  /** Ten bins of equal size, by rising PD. */
  readonly calibration: readonly CalibrationBin[];
  /** Expected calibration error: mean |mean PD − default rate| over the bins, weighted by count. */
  readonly ece: number;
}

function confusionAt(labels: ArrayLike<number>, pds: ArrayLike<number>, threshold: number): Confusion {
  const counts = { truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0 };
  for (let i = 0; i < labels.length; i++) {
    if (pds[i]! >= threshold) counts[labels[i] === 1 ? 'truePositives' : 'falsePositives']++;
    else counts[labels[i] === 1 ? 'falseNegatives' : 'trueNegatives']++;
  }
  return counts;
}

function mean(length: number, term: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += term(i);
  return sum / length;
}

/** Probability kept off 0 and 1, where the logarithm is infinite. */
const inside = (p: number): number => Math.min(Math.max(p, 1e-15), 1 - 1e-15);

/** Bins of equal size by rising PD; a bin is never empty. */
export function calibrationBins(labels: ArrayLike<number>, pds: ArrayLike<number>, bins = 10): CalibrationBin[] {
  const { scores, labels: ordered } = rank(labels, pds);
  const n = scores.length;
  const edges = [...new Set(Array.from({ length: bins + 1 }, (_, b) => Math.round((b * n) / bins)))];
  const fromWorst = edges.slice(1).map((to, b): CalibrationBin => {
    const from = edges[b]!;
    const count = to - from;
    return { count, meanPd: mean(count, (i) => scores[from + i]!), defaultRate: mean(count, (i) => ordered[from + i]!) };
  });
  return fromWorst.reverse();
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

function atThreshold(confusion: Confusion, rows: number): Pick<Metrics, 'accuracy' | 'precision' | 'recall' | 'f1'> {
  const { truePositives: tp, falsePositives: fp, falseNegatives: fn, trueNegatives: tn } = confusion;
  return { accuracy: (tp + tn) / rows, precision: ratio(tp, tp + fp), recall: ratio(tp, tp + fn), f1: ratio(2 * tp, 2 * tp + fp + fn) };
}

/**
 * Measures PDs against known outcomes.
 * @param labels 1 = default, 0 = good; both must occur
 * @param pds probabilities, 0…1
 * @throws BAD_INPUT on unequal lengths, values out of range, or only one kind of outcome
 */
export function evaluate(labels: ArrayLike<number>, pds: ArrayLike<number>, threshold: number): Metrics {
  const ranked = rank(labels, pds);
  const rows = labels.length;
  if (ranked.bad === 0 || ranked.good === 0) throw badInput(`Of ${rows} loans ${ranked.bad} defaulted; metrics need loans of both outcomes.`);
  if (ranked.scores[0]! > 1 || ranked.scores[rows - 1]! < 0) throw badInput('A PD lies outside 0…1; give probabilities, not scores.');
  const auc = areaUnderCurve(labels, pds);
  const confusion = confusionAt(labels, pds, threshold);
  const calibration = calibrationBins(labels, pds);
  return {
    rows,
    bads: ranked.bad,
    auc,
    gini: 2 * auc - 1,
    ks: rocCurve(ranked).reduce((most, p) => Math.max(most, Math.abs(p.truePositiveRate - p.falsePositiveRate)), 0),
    brier: mean(rows, (i) => (pds[i]! - labels[i]!) ** 2),
    logLoss: mean(rows, (i) => -Math.log(inside(labels[i] === 1 ? pds[i]! : 1 - pds[i]!))),
    threshold,
    ...atThreshold(confusion, rows),
    confusion,
    calibration,
    ece: calibration.reduce((sum, bin) => sum + (bin.count / rows) * Math.abs(bin.meanPd - bin.defaultRate), 0),
  };
}
