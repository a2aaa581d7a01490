import { badInput } from '../../base/index.js';
import { normalCdf } from '../numbers.js';
import { rankRows } from './steps.js';

export interface DeLongTest {
  readonly aucA: number;
  readonly aucB: number;
  /** aucA − aucB */
  readonly difference: number;
  readonly standardErrorA: number;
  readonly standardErrorB: number;
  /** Covariance of the two AUCs, which were measured on the same rows. */
  readonly covariance: number;
  /** Standard error of the difference. */
  readonly standardError: number;
  /** difference / standardError; null when the AUCs differ without any spread (too few or perfectly separated rows). */
  readonly z: number | null;
  /** Two-sided: the chance of a difference at least as large if the two were equally good; null with z. */
  readonly p: number | null;
}

/** Placement values: for each bad the share of goods below it, for each good the share of bads above it, ties half. */
interface Placements {
  readonly ofBads: Float64Array;
  readonly ofGoods: Float64Array;
  readonly auc: number;
}

function placements(labels: ArrayLike<number>, scores: ArrayLike<number>): Placements {
  const { steps, stepOf } = rankRows(labels, scores);
  const { bads, goods, bad, good } = steps;
  if (bad < 2 || good < 2) throw badInput(`Of ${labels.length} loans ${bad} defaulted; the DeLong test needs at least two loans of each outcome.`);
  const goodsBelow = new Float64Array(bads.length);
  const badsAbove = new Float64Array(bads.length);
  let [above, below] = [0, good];
  for (let step = 0; step < bads.length; step++) {
    goodsBelow[step] = (below - goods[step]! / 2) / good;
    badsAbove[step] = (above + bads[step]! / 2) / bad;
    below -= goods[step]!;
    above += bads[step]!;
  }
  const ofBads = new Float64Array(bad);
  const ofGoods = new Float64Array(good);
  let [b, g] = [0, 0];
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] === 1) ofBads[b++] = goodsBelow[stepOf[row]!]!;
    else ofGoods[g++] = badsAbove[stepOf[row]!]!;
  }
  return { ofBads, ofGoods, auc: ofBads.reduce((sum, share) => sum + share, 0) / bad };
}

/** Sample covariance of two rows of placement values around the AUCs, divided by their number: that of the means. */
function covarianceOfMeans(x: Float64Array, y: Float64Array, meanX: number, meanY: number): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i]! - meanX) * (y[i]! - meanY);
  return sum / (x.length - 1) / x.length;
}

const covarianceOf = (a: Placements, b: Placements): number =>
  covarianceOfMeans(a.ofBads, b.ofBads, a.auc, b.auc) + covarianceOfMeans(a.ofGoods, b.ofGoods, a.auc, b.auc);

function significance(difference: number, standardError: number): Pick<DeLongTest, 'z' | 'p'> {
  if (difference === 0) return { z: 0, p: 1 };
  if (standardError === 0) return { z: null, p: null };
  const z = difference / standardError;
  return { z, p: 2 * normalCdf(-Math.abs(z)) };
}

/**
 * Standard error of one AUC after DeLong, DeLong & Clarke-Pearson (1988).
 * @throws BAD_INPUT with fewer than two rows of an outcome
 */
export function aucStandardError(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  const placed = placements(labels, scores);
  return Math.sqrt(covarianceOf(placed, placed));
}

/**
 * Whether two models differ in AUC on the same rows: the test of DeLong, DeLong & Clarke-Pearson (1988), in
 * O(n log n) from ranks as Sun & Xu (2014) do, with one sort per model.
 * @param labels 1 = default, 0 = good; at least two of each
 * @param scoresA scores or PDs of the first model, higher is riskier
 * @param scoresB those of the second model on the same rows
 * @throws BAD_INPUT on unequal lengths, non-finite scores or too few rows of an outcome
 */
export function deLong(labels: ArrayLike<number>, scoresA: ArrayLike<number>, scoresB: ArrayLike<number>): DeLongTest {
  const [a, b] = [placements(labels, scoresA), placements(labels, scoresB)];
  const [varianceA, varianceB, covariance] = [covarianceOf(a, a), covarianceOf(b, b), covarianceOf(a, b)];
  const difference = a.auc - b.auc;
  // Rounding may leave a variance of zero slightly negative.
  const variance = Math.max(0, varianceA + varianceB - 2 * covariance);
  const standardError = variance < 1e-15 * (varianceA + varianceB) ? 0 : Math.sqrt(variance);
  return {
    aucA: a.auc,
    aucB: b.auc,
    difference,
    standardErrorA: Math.sqrt(varianceA),
    standardErrorB: Math.sqrt(varianceB),
    covariance,
    standardError,
    ...significance(difference, standardError),
  };
}
