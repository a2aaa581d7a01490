import * as fc from 'fast-check';
import { Random } from '../../src/scoring/random.js';

export interface ScoredBook {
  readonly labels: Uint8Array;
  /** True log-odds of default, given the score. */
  readonly logits: Float64Array;
  readonly pds: Float64Array;
}

/**
 * Scores that are normal with variance 1 and means `distance` apart for bads and goods, turned into true PDs by Bayes:
 * AUC = Φ(distance / √2), KS = 2·Φ(distance / 2) − 1, and perfectly calibrated.
 */
export function normalBook(seed: number, goods: number, bads: number, distance: number): ScoredBook {
  const random = new Random(seed);
  const labels = Uint8Array.from({ length: goods + bads }, (_, i) => (i < bads ? 1 : 0));
  const logits = Float64Array.from(labels, (label) => distance * (random.normal() + label * distance) - (distance * distance) / 2 + Math.log(bads / goods));
  return { labels, logits, pds: logits.map((logit) => 1 / (1 + Math.exp(-logit))) };
}

const row = fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 10 }));

/** Two of each outcome at least, PDs of two models with many ties. */
export const twoModels = fc.array(row, { maxLength: 50 }).map((rows) => {
  const all = [[0, 3, 4], [0, 5, 2], [1, 7, 7], [1, 2, 9], ...rows] as const;
  return { labels: all.map(([label]) => label), a: all.map(([, a]) => a / 10), b: all.map(([, , b]) => b / 10) };
});

/** The rows in another order. */
export const reordered = <T>(items: ArrayLike<T>, order: ArrayLike<number>): T[] => Array.from(order, (i) => items[i]!);
