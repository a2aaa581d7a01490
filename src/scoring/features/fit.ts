import { badInput } from '../../base/index.js';
import { BINNING, type BinningOptions } from './binning.js';
import type { GatheredRecord, InputValue } from './gathered.js';
import { learn, type Learned, type RawRows } from './learn.js';
import { columnsOf, type FeatureSchema, type FittedFeature } from './schema.js';
import { resolveSource } from './source.js';
import type { FeatureSpec } from './spec.js';

export type { RawRows } from './learn.js';

export interface FitOptions {
  /** A learned range reaches this share of the observed range beyond its ends. Default 0.05. */
  readonly boundsMargin?: number;
  /** A one-hot category seen in fewer training rows has no column and is flagged as unknown. Default 10, or 1 % of fewer than 1,000 rows. */
  readonly minCategoryRows?: number;
  /** Outcomes of the training rows, 1 = default; weight of evidence cannot do without. */
  readonly labels?: ArrayLike<number>;
  /** How weight-of-evidence bins are made. */
  readonly binning?: BinningOptions;
}

/** The features that reach the model: protected ones are kept for fairness reports only. */
export const modelFeatures = (specs: readonly FeatureSpec[]): FeatureSpec[] => specs.filter((spec) => spec.protected !== true);

const place = (spec: FeatureSpec, offset: number, learned: Learned): FittedFeature => ({
  spec,
  offset,
  columnsPerPeriod: (learned.categories?.length ?? 1) + (learned.missingColumn ? 1 : 0),
  ...learned,
});

/**
 * Learns the constants of a feature schema from raw values that were already taken from their sources.
 * @param rows training rows only, values in the order of `modelFeatures(specs)`
 * @throws BAD_INPUT when no usable feature remains, or weight of evidence lacks outcomes of both kinds
 */
export function fitFeatureSchemaFromRaw(specs: readonly FeatureSpec[], rows: RawRows, { labels, binning, ...options }: FitOptions = {}): FeatureSchema {
  const minCategoryRows = Math.max(1, Math.min(10, Math.floor(rows.length / 100)));
  const settings = { boundsMargin: 0.05, minCategoryRows, ...options, binning: { ...BINNING, ...binning } };
  let offset = 0;
  const features = modelFeatures(specs).map((spec, index): FittedFeature => {
    const feature = place(spec, offset, learn({ spec, rows, index, labels }, settings));
    offset += columnsOf(feature);
    return feature;
  });
  if (features.length === 0) throw badInput('No feature is left for the model: all of them are protected; declare at least one that is not.');
  return { version: 1, trainingRows: rows.length, width: offset, features };
}

/**
 * Learns a feature schema: medians, scalings, ranges, categories and bins. Give it the training rows only.
 * @throws BAD_INPUT when no usable feature remains; InputRefused when a value is of the wrong type
 */
export function fitFeatureSchema(specs: readonly FeatureSpec[], trainingRecords: Iterable<GatheredRecord>, options?: FitOptions): FeatureSchema {
  const inputs = modelFeatures(specs);
  const rows: InputValue[][] = [];
  for (const record of trainingRecords) rows.push(inputs.map((spec) => resolveSource(spec, record)));
  return fitFeatureSchemaFromRaw(specs, rows, options);
}
