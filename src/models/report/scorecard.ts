import { describeSchema, type FeatureSchema, type ReadReport } from '../../scoring/index.js';
import { toFeature } from '../feature.types.js';
import type { Scorecard, ScorecardBin } from './report.types.js';

/** A scorecard as it is printed: its columns, with the points of each bin beside what the feature schema says of the bin. */
export function toScorecard({ basePoints, scale, features }: NonNullable<ReadReport['scorecard']>, schema: FeatureSchema): Scorecard {
  const described = new Map(describeSchema(schema).features.map(toFeature).map((feature) => [feature.name, feature]));
  return {
    basePoints,
    columns: features.map(({ feature, label, period = 0, coefficient, bins }) => {
      // Under weight of evidence a feature has one column for each period.
      const { columns = [], bins: known = [] } = described.get(feature) ?? {};
      const own = known.filter((bin) => bin.period === period);
      return {
        feature,
        label,
        column: columns[period] ?? feature,
        coefficient,
        points: (-scale.doubling / Math.LN2) * coefficient + 0,
        bins: bins.flatMap(({ points }, at): ScorecardBin[] => (own[at] ? [Object.assign({ points }, own[at])] : [])),
      };
    }),
  };
}
