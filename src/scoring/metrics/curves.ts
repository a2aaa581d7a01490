import { DEFAULT_SCALE, scorePoints, type PointsScale } from '../decision/points.js';
import { rocCurve, separation, type RocPoint } from './auc.js';
import { equalMassBins, type MassBin } from './bins.js';
import type { CalibrationBin } from './evaluate.js';
import { wilsonInterval } from './proportion.js';
import { stepsOfPds, type Steps } from './steps.js';

export interface CalibrationInterval extends CalibrationBin {
  /** Wilson interval of the default rate, 95 %. */
  readonly low: number;
  readonly high: number;
}

/** One of ten equal parts of the rows by falling PD. */
export interface LiftRow {
  /** 1 is the riskiest tenth. */
  readonly decile: number;
  readonly rows: number;
  readonly bads: number;
  readonly highestPd: number;
  readonly lowestPd: number;
  readonly meanPd: number;
  readonly defaultRate: number;
  /** Default rate ÷ that of all rows. */
  readonly lift: number;
  /** Share of all rows in this tenth and the riskier ones. */
  readonly cumulativeRows: number;
  /** Share of all bads found among them. */
  readonly gain: number;
  /** gain ÷ cumulativeRows */
  readonly cumulativeLift: number;
}

/** Rows per band of score points; higher points, less risk. */
export interface ScoreDistribution {
  /** Rising, one more than the bands. */
  readonly edges: readonly number[];
  readonly goods: readonly number[];
  readonly bads: readonly number[];
}

/** What reports and plots show of PDs against outcomes; plain JSON. */
export interface Curves {
  readonly rows: number;
  readonly bads: number;
  readonly auc: number;
  /** At most about 200 points, from (0, 0) to (1, 1), with the point of the KS among them. */
  readonly roc: readonly RocPoint[];
  /** Where the two distributions are furthest apart. */
  readonly ks: RocPoint & { readonly value: number };
  readonly lift: readonly LiftRow[];
  /** Ten bins of equal size by rising PD. */
  readonly calibration: readonly CalibrationInterval[];
  readonly distribution: ScoreDistribution;
}

const ROC_POINTS = 200;

const gap = ({ truePositiveRate, falsePositiveRate }: RocPoint): number => Math.abs(truePositiveRate - falsePositiveRate);

const widest = (points: readonly RocPoint[]): RocPoint => points.reduce((best, point) => (gap(point) > gap(best) ? point : best));

const along = ({ truePositiveRate, falsePositiveRate }: RocPoint): number => Math.floor(((truePositiveRate + falsePositiveRate) / 2) * ROC_POINTS);

/** Along the curve, where TPR + FPR grows by 1 %: no point left out is further than that from a kept one. */
const thinned = (points: readonly RocPoint[], kept: RocPoint): RocPoint[] =>
  points.filter((point, i) => i === 0 || i === points.length - 1 || point === kept || along(point) > along(points[i - 1]!));

function liftTable(bins: readonly MassBin[], { bad, good }: Steps): LiftRow[] {
  const rows = bad + good;
  let [counted, found] = [0, 0];
  return bins.map(({ count, bads, meanScore, highest, lowest }, i) => {
    counted += count;
    found += bads;
    const [cumulativeRows, gain, defaultRate] = [counted / rows, found / bad, bads / count];
    return {
      decile: i + 1, rows: count, bads, highestPd: highest, lowestPd: lowest, meanPd: meanScore, defaultRate,
      lift: defaultRate / (bad / rows), cumulativeRows, gain, cumulativeLift: gain / cumulativeRows,
    };
  });
}

const withInterval = ({ count, bads, meanScore }: MassBin): CalibrationInterval => ({ count, meanPd: meanScore, defaultRate: bads / count, ...wilsonInterval(bads, count) });

const BAND_WIDTHS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 500];
const BANDS = 40;

/** Certain PDs have no points; drawn as these. */
const drawable = (pd: number): number => Math.min(Math.max(pd, 1e-6), 1 - 1e-6);

function scoreDistribution({ scores, bads, goods }: Steps, scale: PointsScale): ScoreDistribution {
  const points = Array.from(scores, (pd) => scorePoints(drawable(pd), scale));
  const [low, high] = [points[0]!, points.at(-1)!];
  const width = BAND_WIDTHS.find((candidate) => (high - low) / candidate <= BANDS) ?? (high - low) / BANDS;
  const from = Math.floor(low / width);
  const bands = Math.floor(high / width) - from + 1;
  const inBand = (counts: Uint32Array): number[] => {
    const totals = Array.from({ length: bands }, () => 0);
    points.forEach((at, step) => (totals[Math.floor(at / width) - from]! += counts[step]!));
    return totals;
  };
  return { edges: Array.from({ length: bands + 1 }, (_, i) => (from + i) * width), goods: inBand(goods), bads: inBand(bads) };
}

/**
 * ROC, KS, lift, calibration and score distribution of PDs against known outcomes.
 * @param labels 1 = default, 0 = good; both must occur
 * @param pds probabilities, 0…1
 * @param scale of the score points in the distribution
 * @throws BAD_INPUT as evaluate does
 */
export function curves(labels: ArrayLike<number>, pds: ArrayLike<number>, scale: PointsScale = DEFAULT_SCALE): Curves {
  const steps = stepsOfPds(labels, pds);
  const points = rocCurve(steps);
  const ks = widest(points);
  const bins = equalMassBins(steps, 10);
  return {
    rows: steps.bad + steps.good,
    bads: steps.bad,
    auc: separation(steps).auc,
    roc: thinned(points, ks),
    ks: { ...ks, value: gap(ks) },
    lift: liftTable(bins, steps),
    calibration: bins.map(withInterval).reverse(),
    distribution: scoreDistribution(steps, scale),
  };
}
