import { directionOf } from './scaling.js';
import { columnsOf, type FeatureSchema, type FittedFeature } from './schema.js';
import { isNumeric, periodsOf } from './spec.js';

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/** Where the columns of one period begin. */
const startOf = ({ offset, columnsPerPeriod }: FittedFeature, period: number): number => offset + period * columnsPerPeriod;

/** How the risk must move with the value column of one period. */
function trendOf({ spec, numeric, woe }: FittedFeature, period: number): -1 | 0 | 1 {
  if (spec.monotone === undefined || !isNumeric(spec)) return 0;
  // Bins of a declared feature already follow the trend in their weights, and a higher weight is a higher risk.
  if (woe !== undefined) return 1;
  const direction = directionOf(numeric![period]!.scaling);
  return spec.monotone === 'increasing' ? direction : ((-direction + 0) as -1 | 0 | 1);
}

/**
 * What the declared trends ask of a model, column by column of its input (length `schema.width`):
 * +1 the risk may not fall as the column rises, −1 it may not rise, 0 nothing is declared (columns for "missing" too).
 */
export function monotoneColumns(schema: FeatureSchema): Int8Array {
  const columns = new Int8Array(schema.width);
  for (const feature of schema.features) {
    for (let period = 0; period < periodsOf(feature.spec); period++) columns[startOf(feature, period)] = trendOf(feature, period);
  }
  return columns;
}

export interface SequenceColumns {
  /** [period][channel]: columns of the model input, newest period first; every period has the same channels. */
  readonly columns: readonly (readonly number[])[];
  /** Every other column, ascending. */
  readonly staticColumns: readonly number[];
}

/**
 * Which columns form repayment histories. The longest histories of the schema become channels, one or more columns each;
 * shorter ones (a ratio that needs the period before, say) and everything else are static.
 * @returns undefined when no feature has two periods or more
 */
export function sequenceColumns(schema: FeatureSchema): SequenceColumns | undefined {
  const periods = schema.features.reduce((most, { spec }) => Math.max(most, periodsOf(spec)), 1);
  if (periods < 2) return undefined;
  const isChannel = (feature: FittedFeature): boolean => periodsOf(feature.spec) === periods;
  const channels = schema.features.filter(isChannel);
  return {
    columns: range(0, periods).map((period) => channels.flatMap((feature) => range(startOf(feature, period), feature.columnsPerPeriod))),
    staticColumns: schema.features.filter((feature) => !isChannel(feature)).flatMap((feature) => range(feature.offset, columnsOf(feature))),
  };
}
