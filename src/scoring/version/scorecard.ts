import { internal } from '../../base/index.js';
import { applyCalibration } from '../calibration/apply.js';
import { DEFAULT_SCALE, type PointsScale } from '../decision/points.js';
import type { Evidence, EvidenceBin } from '../features/evidence.js';
import type { FeatureSchema, FittedFeature } from '../features/schema.js';
import type { TrainedModel } from '../training/types.js';

/** One line of a printed scorecard. */
export interface ScorecardBin {
  /** "20 to below 45", "LATE, WRITTEN_OFF", "missing". */
  readonly label: string;
  /** Training rows, and defaults among them. */
  readonly rows: number;
  readonly bads: number;
  /** Weight of evidence; above 0 is riskier than the average applicant. */
  readonly woe: number;
  /** What it adds to the base points; riskier bins take points away. */
  readonly points: number;
}

/** One attribute of a scorecard: a feature, or one period of a history. */
export interface ScorecardFeature {
  readonly feature: string;
  readonly label: string;
  /** Of a history: 0 is the newest. */
  readonly period?: number;
  readonly informationValue: number;
  /** Calibrated log-odds per unit of evidence; 0 where the others already say it. */
  readonly coefficient: number;
  readonly bins: readonly ScorecardBin[];
}

/** A logistic scorecard as it can be printed: points = basePoints + the points of one bin of each feature. */
export interface Scorecard {
  readonly scale: PointsScale;
  /** Points where every attribute has the evidence of the average applicant. */
  readonly basePoints: number;
  readonly features: readonly ScorecardFeature[];
}

const number = (x: number): string => String(Number(x.toPrecision(6)));

function labelOf(bin: EvidenceBin): string {
  if (bin.kind === 'missing') return 'missing';
  if (bin.kind === 'categories') return bin.categories.join(', ');
  const { from, below } = bin;
  if (from === null) return below === null ? 'any value' : `below ${number(below)}`;
  return below === null ? `${number(from)} and above` : `${number(from)} to below ${number(below)}`;
}

function featureOf({ spec, columnsPerPeriod, offset }: FittedFeature, { bins, iv }: Evidence, period: number, line: Line): ScorecardFeature {
  const coefficient = line.weights[offset + period * columnsPerPeriod]! * line.slope;
  return {
    feature: spec.name,
    label: spec.label,
    ...(spec.type === 'sequence' && { period }),
    informationValue: iv,
    coefficient,
    bins: bins.map((bin) => ({ label: labelOf(bin), rows: bin.rows, bads: bin.bads, woe: bin.woe, points: -line.pointsPerLogOdds * coefficient * bin.woe + 0 })),
  };
}

interface Line {
  readonly weights: Float32Array;
  readonly slope: number;
  readonly pointsPerLogOdds: number;
}

/**
 * The scorecard of a trained logistic model on weight of evidence; undefined for other families, and where isotonic
 * calibration bends the line. b = doubling / ln 2, base = points + b·ln(odds) − b·intercept, bin = −b·coefficient·woe.
 */
export function scorecardOf({ family, members, calibration }: TrainedModel, schema: FeatureSchema, scale: PointsScale = DEFAULT_SCALE): Scorecard | undefined {
  if (family !== 'scorecard' || calibration.kind !== 'platt') return undefined;
  const layer = members[0]?.layers[0];
  if (layer === undefined || members.length !== 1) throw internal('A scorecard has one member with one layer.');
  const pointsPerLogOdds = scale.doubling / Math.LN2;
  const line = { weights: layer.weights, slope: calibration.slope, pointsPerLogOdds };
  const features = schema.features.flatMap((feature) => (feature.woe ?? []).map((evidence, period) => featureOf(feature, evidence, period, line)));
  return { scale, basePoints: scale.points + pointsPerLogOdds * (Math.log(scale.odds) - applyCalibration(calibration, layer.bias[0]!)), features };
}
