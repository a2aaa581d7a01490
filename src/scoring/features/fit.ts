import { badInput } from '../../platform/index.js';
import type { GatheredRecord, GatheredValue, InputValue } from './gathered.js';
import { fitScaling, quantileOf } from './scaling.js';
import { columnsOf, type FeatureSchema, type FittedFeature, type NumericPeriod } from './schema.js';
import { isSentinel, resolveSource, toNumber } from './source.js';
import { isNumeric, periodsOf, type FeatureSpec, type Transform } from './spec.js';

export interface FitOptions {
  /** A learned range reaches this share of the observed range beyond its ends. Default 0.05. */
  readonly boundsMargin?: number;
  /** A category seen in fewer training rows has no column and is flagged as unknown. Default 10, or 1 % of fewer than 1,000 rows. */
  readonly minCategoryRows?: number;
}

/** Raw values of the training rows: one array per row, one value per model feature. */
export type RawRows = readonly (readonly InputValue[])[];

/** The features that reach the model: protected ones are kept for fairness reports only. */
export const modelFeatures = (specs: readonly FeatureSpec[]): FeatureSpec[] => specs.filter((spec) => spec.protected !== true);

const atPeriod = (value: InputValue | undefined, period: number): GatheredValue =>
  Array.isArray(value) ? (value[period] ?? null) : ((value ?? null) as GatheredValue);

function knownNumbers(spec: FeatureSpec, rows: RawRows, index: number, period: number): Float64Array {
  const known: number[] = [];
  for (const row of rows) {
    const raw = atPeriod(row[index], period);
    const number = isSentinel(spec, raw) ? null : toNumber(spec, raw);
    if (number !== null) known.push(number);
  }
  return Float64Array.from(known).sort();
}

function fitPeriod(spec: FeatureSpec, sorted: Float64Array, margin: number): NumericPeriod {
  const low = sorted[0] ?? 0;
  const high = sorted[sorted.length - 1] ?? 0;
  const room = (high - low) * margin;
  const { min, max } = spec.bounds ?? { min: low - room, max: high + room };
  const fill = spec.missing.rule === 'constant' ? Number(spec.missing.value) : quantileOf(sorted, 0.5);
  const inside = spec.bounds ? sorted.map((x) => Math.min(Math.max(x, min), max)) : sorted;
  return { min, max, fill, scaling: fitScaling(spec.transform as Exclude<Transform, 'one-hot'>, inside) };
}

type Counts = ReadonlyMap<string, number>;

const anyMissing = (spec: FeatureSpec, rows: RawRows, index: number): boolean =>
  rows.some((row) => Array.from({ length: periodsOf(spec) }, (_, period) => atPeriod(row[index], period)).some((raw) => raw === null || isSentinel(spec, raw)));

function countValues(spec: FeatureSpec, rows: RawRows, index: number): Counts {
  const counts = new Map<string, number>();
  for (const row of rows) {
    for (let period = 0; period < periodsOf(spec); period++) {
      const raw = atPeriod(row[index], period);
      if (raw !== null && !isSentinel(spec, raw)) counts.set(String(raw), (counts.get(String(raw)) ?? 0) + 1);
    }
  }
  return counts;
}

const MOST_CATEGORIES = 256;

function frequentCategories(counts: Counts, least: number): string[] {
  const frequent = [...counts].filter(([, n]) => n >= least).sort((a, b) => b[1] - a[1]).slice(0, MOST_CATEGORIES);
  return frequent.map(([category]) => category).sort();
}

const mostFrequent = (counts: Counts): string | undefined => [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0];

type Learned = Pick<FittedFeature, 'numeric' | 'categories' | 'fill' | 'missingColumn'>;

function learn(spec: FeatureSpec, rows: RawRows, index: number, options: Required<FitOptions>): Learned {
  const missingColumn = spec.missing.rule === 'indicator' && anyMissing(spec, rows, index);
  if (isNumeric(spec)) {
    const numeric = Array.from({ length: periodsOf(spec) }, (_, period) => fitPeriod(spec, knownNumbers(spec, rows, index, period), options.boundsMargin));
    return { numeric, missingColumn };
  }
  const counts = countValues(spec, rows, index);
  const fill = spec.missing.rule === 'constant' ? spec.missing.value : mostFrequent(counts);
  if (spec.type === 'boolean') return { missingColumn, fill: fill === true || fill === 'true' };
  const categories = frequentCategories(counts, options.minCategoryRows);
  // Without any category the feature keeps one idle column, so that inputs and schema stay in step.
  return { missingColumn: missingColumn || categories.length === 0, categories, fill: String(fill ?? '') };
}

const place = (spec: FeatureSpec, offset: number, learned: Learned): FittedFeature => ({
  spec,
  offset,
  columnsPerPeriod: (learned.categories?.length ?? 1) + (learned.missingColumn ? 1 : 0),
  ...learned,
});

/**
 * Learns the constants of a feature schema from raw values that were already taken from their sources.
 * @param rows training rows only, values in the order of `modelFeatures(specs)`
 */
export function fitFeatureSchemaFromRaw(specs: readonly FeatureSpec[], rows: RawRows, options: FitOptions = {}): FeatureSchema {
  const settings = { boundsMargin: 0.05, minCategoryRows: Math.max(1, Math.min(10, Math.floor(rows.length / 100))), ...options };
  let offset = 0;
  const features = modelFeatures(specs).map((spec, index): FittedFeature => {
    const feature = place(spec, offset, learn(spec, rows, index, settings));
    offset += columnsOf(feature);
    return feature;
  });
  if (features.length === 0) throw badInput('No feature is left for the model: all of them are protected; declare at least one that is not.');
  return { version: 1, trainingRows: rows.length, width: offset, features };
}

/**
 * Learns a feature schema: medians, scalings, ranges and categories. Give it the training rows only.
 * @throws BAD_INPUT when no usable feature remains; InputRefused when a value is of the wrong type
 */
export function fitFeatureSchema(specs: readonly FeatureSpec[], trainingRecords: Iterable<GatheredRecord>, options?: FitOptions): FeatureSchema {
  const inputs = modelFeatures(specs);
  const rows: InputValue[][] = [];
  for (const record of trainingRecords) rows.push(inputs.map((spec) => resolveSource(spec, record)));
  return fitFeatureSchemaFromRaw(specs, rows, options);
}
