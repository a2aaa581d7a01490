import { stepsOf, type Steps } from './steps.js';

export interface RocPoint {
  /** Share of goods scored at or above the threshold. */
  readonly falsePositiveRate: number;
  /** Share of bads scored at or above the threshold. */
  readonly truePositiveRate: number;
  /** The threshold; 1 at the origin, above all PDs (those of 1 apart). */
  readonly pd: number;
}

/** One point per distinct PD, tied rows together, from (0, 0) to (1, 1). */
export function rocCurve({ scores, bads, goods, bad, good }: Steps): RocPoint[] {
  const points: RocPoint[] = [{ falsePositiveRate: 0, truePositiveRate: 0, pd: 1 }];
  let [badsAbove, goodsAbove] = [0, 0];
  for (let step = 0; step < bads.length; step++) {
    badsAbove += bads[step]!;
    goodsAbove += goods[step]!;
    points.push({ falsePositiveRate: goodsAbove / good, truePositiveRate: badsAbove / bad, pd: scores[step]! });
  }
  return points;
}

/** AUC and KS (max |F_bad − F_good|) in one pass; AUC is NaN when only one class is present. */
export function separation({ bads, goods, bad, good }: Steps): { auc: number; ks: number } {
  let [badsAbove, goodsAbove, won, ks] = [0, 0, 0, 0];
  for (let step = 0; step < bads.length; step++) {
    won += goods[step]! * (badsAbove + bads[step]! / 2);
    badsAbove += bads[step]!;
    goodsAbove += goods[step]!;
    const apart = badsAbove / bad - goodsAbove / good;
    if (apart > ks) ks = apart;
    else if (-apart > ks) ks = -apart;
  }
  return { auc: won / (bad * good), ks };
}

/**
 * Area under the ROC curve: the chance that a bad scores above a good, ties counted half.
 * NaN when only one class is present.
 * @param labels 1 = default, 0 = good
 * @throws BAD_INPUT on unequal lengths, non-finite scores or labels other than 0 and 1
 */
export const areaUnderCurve = (labels: ArrayLike<number>, scores: ArrayLike<number>): number => separation(stepsOf(labels, scores)).auc;
