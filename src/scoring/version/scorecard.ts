import { internal } from '../../platform/index.js';
import { applyCalibration } from '../calibration/apply.js';
import { DEFAULT_SCALE, type PointsScale } from '../decision/points.js';
import { columnNames, columnsOf, type FeatureSchema } from '../features/schema.js';
import type { TrainedModel } from '../training/types.js';

/** One model input of a scorecard: what a unit of it is worth. */
export interface ScorecardColumn {
  readonly feature: string;
  readonly label: string;
  /** As columnNames says, e.g. `status[0]`. */
  readonly column: string;
  /** Calibrated log-odds per unit of the encoded input; for weight of evidence, per unit of evidence. */
  readonly coefficient: number;
  /** Score points per unit: −b · coefficient. */
  readonly points: number;
}

/** A logistic scorecard as it can be printed: points = base + Σ points of its columns × their encoded values. */
export interface Scorecard {
  readonly scale: PointsScale;
  /** Points where every encoded input is 0. */
  readonly basePoints: number;
  readonly intercept: number;
  readonly columns: readonly ScorecardColumn[];
}

/**
 * The scorecard of a trained linear model; undefined for other families and where isotonic calibration bends it.
 * b = doubling / ln 2 and base = points + b·ln(odds) − b·intercept, as in decision/points.
 */
export function scorecardOf({ family, members, calibration }: TrainedModel, schema: FeatureSchema, scale: PointsScale = DEFAULT_SCALE): Scorecard | undefined {
  if (family !== 'scorecard' || calibration.kind !== 'platt') return undefined;
  const layer = members[0]?.layers[0];
  if (layer === undefined || members.length !== 1) throw internal('A scorecard has one member with one layer.');
  const b = scale.doubling / Math.LN2;
  const names = columnNames(schema);
  const intercept = applyCalibration(calibration, layer.bias[0]!);
  const columns = schema.features.flatMap((feature) =>
    Array.from({ length: columnsOf(feature) }, (_, i): ScorecardColumn => {
      const coefficient = layer.weights[feature.offset + i]! * calibration.slope;
      return { feature: feature.spec.name, label: feature.spec.label, column: names[feature.offset + i]!, coefficient, points: -b * coefficient + 0 };
    }),
  );
  return { scale, basePoints: scale.points + b * Math.log(scale.odds) - b * intercept, intercept, columns };
}
