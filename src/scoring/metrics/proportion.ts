import { normalQuantile } from '../numbers.js';
import type { Interval } from './intervals.js';

/**
 * Wilson's (1927) score interval of a proportion; stays inside 0…1 and is honest for rates near the ends.
 * @param successes 0…n; may be fractional where ties were shared out
 * @param n trials, above 0
 * @param level coverage, above 0 and below 1
 */
export function wilsonInterval(successes: number, n: number, level = 0.95): Interval {
  const z = normalQuantile((1 + level) / 2);
  const p = successes / n;
  const scale = 1 + (z * z) / n;
  const centre = (p + (z * z) / (2 * n)) / scale;
  const half = (z / scale) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
