import { badInput } from '../../platform/index.js';

/** Scores and labels ordered by score, highest first. */
export interface Ranked {
  readonly scores: Float64Array;
  readonly labels: Uint8Array;
  readonly bad: number;
  readonly good: number;
}

/**
 * Orders labelled scores from the highest.
 * @param labels 1 = default, 0 = good
 * @throws BAD_INPUT on unequal lengths, non-finite scores or labels other than 0 and 1
 */
export function rank(labels: ArrayLike<number>, scores: ArrayLike<number>): Ranked {
  if (labels.length !== scores.length) throw badInput(`There are ${labels.length} labels but ${scores.length} scores; give one score per label.`);
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i);
  for (const i of order) {
    if (!Number.isFinite(scores[i])) throw badInput(`Score ${i} is not a finite number; metrics need finite scores.`);
    if (labels[i] !== 0 && labels[i] !== 1) throw badInput(`Label ${i} is ${labels[i]}; a label is 1 (default) or 0 (good).`);
  }
  order.sort((a, b) => scores[b]! - scores[a]!);
  const ordered = Uint8Array.from(order, (i) => labels[i]!);
  const bad = ordered.reduce((sum, label) => sum + label, 0);
  return { scores: Float64Array.from(order, (i) => scores[i]!), labels: ordered, bad, good: ordered.length - bad };
}

export interface RocPoint {
  /** Share of goods scored at or above the threshold. */
  readonly falsePositiveRate: number;
  /** Share of bads scored at or above the threshold. */
  readonly truePositiveRate: number;
}

/** One point per distinct score, tied scores together, from (0, 0) to (1, 1). */
export function rocCurve({ scores, labels, bad, good }: Ranked): RocPoint[] {
  const points: RocPoint[] = [{ falsePositiveRate: 0, truePositiveRate: 0 }];
  let bads = 0;
  for (let i = 0; i < labels.length; i++) {
    bads += labels[i]!;
    if (i + 1 < labels.length && scores[i + 1] === scores[i]) continue;
    points.push({ falsePositiveRate: (i + 1 - bads) / good, truePositiveRate: bads / bad });
  }
  return points;
}

/**
 * Area under the ROC curve: the chance that a bad scores above a good, ties counted half.
 * NaN when only one class is present.
 */
export function areaUnderCurve(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  const ranked = rank(labels, scores);
  if (ranked.bad === 0 || ranked.good === 0) return Number.NaN;
  const points = rocCurve(ranked);
  return points.slice(1).reduce((area, p, i) => {
    const before = points[i]!;
    return area + ((p.falsePositiveRate - before.falsePositiveRate) * (p.truePositiveRate + before.truePositiveRate)) / 2;
  }, 0);
}
