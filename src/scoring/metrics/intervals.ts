import { badInput } from '../../base/index.js';
import { quantileOf } from '../features/scaling.js';
import { Random } from '../random.js';
import { costsOf, measure, metricsOf, type Measures, type Metrics } from './evaluate.js';
import { stepsOfPds, type Steps } from './steps.js';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  /** Resamples, 100…10,000. Default 400. */
  readonly resamples?: number;
  /** Coverage, above 0 and below 1. Default 0.95. */
  readonly level?: number;
  readonly seed: number;
}

export interface MetricsWithIntervals extends Metrics {
  readonly intervals: Readonly<Record<keyof Measures, Interval>>;
  readonly level: number;
  readonly resamples: number;
}

/** The step of every row of one outcome. */
function rowsOf(counts: Uint32Array): Uint32Array {
  const rows = new Uint32Array(counts.reduce((sum, count) => sum + count, 0));
  let at = 0;
  counts.forEach((count, step) => {
    rows.fill(step, at, at + count);
    at += count;
  });
  return rows;
}

function draw(rows: Uint32Array, steps: number, random: Random): Uint32Array {
  const counts = new Uint32Array(steps);
  for (let i = 0; i < rows.length; i++) counts[rows[(random.uniform() * rows.length) >>> 0]!]!++;
  return counts;
}

/** Rows sorted once; a resample is only new counts per distinct PD. */
function resampledMeasures(steps: Steps, threshold: number, resamples: number, random: Random): Measures[] {
  const [bads, goods] = [rowsOf(steps.bads), rowsOf(steps.goods)];
  const length = steps.scores.length;
  const costs = costsOf(steps.scores);
  return Array.from({ length: resamples }, () => measure({ ...steps, bads: draw(bads, length, random), goods: draw(goods, length, random) }, threshold, costs));
}

/** KS and ECE are largest or summed absolute deviations: the noise of resampling adds to them, on top of the noise of the sample. */
const INFLATED: ReadonlySet<keyof Measures> = new Set<keyof Measures>(['ks', 'ece']);

const MEASURES = ['auc', 'gini', 'ks', 'brier', 'logLoss', 'accuracy', 'precision', 'recall', 'f1', 'ece'] as const satisfies readonly (keyof Measures)[];

function intervalOf(metric: keyof Measures, estimate: number, resampled: readonly Measures[], level: number): Interval {
  const sorted = Float64Array.from(resampled, (measures) => measures[metric]).sort();
  const excess = INFLATED.has(metric) ? sorted.reduce((sum, value) => sum + value, 0) / sorted.length - estimate : 0;
  const at = (q: number): number => quantileOf(sorted, q) - excess;
  const tail = (1 - level) / 2;
  return INFLATED.has(metric) ? { low: Math.max(0, at(tail)), high: Math.min(1, at(1 - tail)) } : { low: at(tail), high: at(1 - tail) };
}

/**
 * Metrics with bootstrap percentile intervals (Efron & Tibshirani 1993, chapter 13), resampled within each outcome so
 * that every resample has the observed default rate. For KS and ECE, which resampling inflates, the percentiles are
 * moved down by the mean excess of the resamples over the estimate, the bootstrap estimate of bias.
 * The threshold is taken as given: its own uncertainty is not part of the intervals.
 * @param labels 1 = default, 0 = good; both must occur
 * @param pds probabilities, 0…1
 * @throws BAD_INPUT as evaluate does, and on options out of range
 */
export function evaluateWithIntervals(labels: ArrayLike<number>, pds: ArrayLike<number>, threshold: number, options: BootstrapOptions): MetricsWithIntervals {
  const { resamples = 400, level = 0.95, seed } = options;
  if (!(resamples >= 100 && resamples <= 10_000)) throw badInput(`Bootstrap intervals need 100 to 10,000 resamples, not ${resamples}.`);
  if (!(level > 0 && level < 1)) throw badInput(`The level of an interval is ${level}; give a share between 0 and 1, such as 0.95.`);
  const steps = stepsOfPds(labels, pds);
  const metrics = metricsOf(steps, threshold);
  const resampled = resampledMeasures(steps, threshold, resamples, new Random(seed));
  const entries = MEASURES.map((metric) => [metric, intervalOf(metric, metrics[metric], resampled, level)] as const);
  return { ...metrics, intervals: Object.fromEntries(entries) as Record<keyof Measures, Interval>, level, resamples };
}
