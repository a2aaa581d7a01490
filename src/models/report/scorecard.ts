import { describeSchema, type FeatureSchema, type ReadReport } from '../../scoring/index.js';
import { toFeature, type FeatureBin } from '../feature.types.js';
import type { Scorecard, ScorecardBin } from './report.types.js';

/** A scorecard as it is printed: its columns, with points for each bin that the feature schema holds. */
export function toScorecard({ basePoints, columns }: NonNullable<ReadReport['scorecard']>, schema: FeatureSchema): Scorecard {
  const binsOf = new Map<string, readonly FeatureBin[]>();
  for (const feature of describeSchema(schema).features.map(toFeature)) {
    // Under weight of evidence a feature has one column for each period.
    feature.columns.forEach((column, period) => binsOf.set(column, feature.bins.filter((bin) => bin.period === period)));
  }
  return {
    basePoints,
    columns: columns.map(({ feature, label, column, coefficient, points }) => {
      const bins = (binsOf.get(column) ?? []).map((bin): ScorecardBin => Object.assign({ points: points * bin.woe + 0 }, bin));
      return { feature, label, column, coefficient, points, bins };
    }),
  };
}
