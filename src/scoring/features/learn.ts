import { badInput } from '../../base/index.js';
import { binCategories, binNumbers, MOST_CATEGORIES, type BinningContext, type Tally } from './binning.js';
import type { Evidence } from './evidence.js';
import type { GatheredValue, InputValue } from './gathered.js';
import { fitScaling, quantileOf } from './scaling.js';
import type { FittedFeature, NumericPeriod } from './schema.js';
import { isSentinel, toNumber } from './source.js';
import { elementKind, isNumeric, periodsOf, type FeatureSpec } from './spec.js';

/** Raw values of the training rows: one array per row, one value per model feature. */
export type RawRows = readonly (readonly InputValue[])[];

/** The training rows of one feature, period by period. */
export interface TrainingValues {
  readonly spec: FeatureSpec;
  readonly rows: RawRows;
  /** Place of the feature in each row. */
  readonly index: number;
  /** 1 = default; needed by weight of evidence. */
  readonly labels: ArrayLike<number> | undefined;
}

export interface LearnSettings {
  readonly boundsMargin: number;
  readonly minCategoryRows: number;
  readonly binning: BinningContext['options'];
}

export type Learned = Pick<FittedFeature, 'numeric' | 'categories' | 'fill' | 'missingColumn' | 'woe'>;

const atPeriod = (value: InputValue | undefined, period: number): GatheredValue =>
  Array.isArray(value) ? (value[period] ?? null) : ((value ?? null) as GatheredValue);

/** The raw value of each row in one period; null where it is missing or a sentinel. */
function valuesAt({ spec, rows, index }: TrainingValues, period: number): GatheredValue[] {
  return rows.map((row) => {
    const raw = atPeriod(row[index], period);
    return isSentinel(spec, raw) ? null : raw;
  });
}

const clamp = (x: number, { min, max }: { min: number; max: number }): number => Math.min(Math.max(x, min), max);

function learnNumber(spec: FeatureSpec, sorted: Float64Array, margin: number): NumericPeriod {
  const low = sorted[0] ?? 0;
  const high = sorted[sorted.length - 1] ?? 0;
  const room = (high - low) * margin;
  const { min, max } = spec.bounds ?? { min: low - room, max: high + room };
  const fill = spec.missing.rule === 'constant' ? Number(spec.missing.value) : quantileOf(sorted, 0.5);
  const inside = spec.bounds ? sorted.map((x) => clamp(x, { min, max })) : sorted;
  return { min, max, fill, scaling: fitScaling(spec.transform, inside) };
}

/** Totals for weights of evidence. @throws BAD_INPUT without outcomes of both kinds */
function outcomesOf({ spec, rows, labels }: TrainingValues): { labels: Uint8Array; total: Tally } {
  if (labels === undefined) throw badInput(`Feature "${spec.name}" is binned by weight of evidence, which is learned from outcomes; give the labels of the training rows.`);
  if (labels.length !== rows.length) throw badInput(`There are ${rows.length} training rows but ${labels.length} labels; give one label per row.`);
  const odd = Array.from(labels).findIndex((label) => label !== 0 && label !== 1);
  if (odd >= 0) throw badInput(`The label of training row ${odd} is ${labels[odd]}; a label is 1 (default) or 0 (good).`);
  const sound = Uint8Array.from(labels);
  const bads = sound.reduce((sum, label) => sum + label, 0);
  if (bads === 0 || bads === rows.length) throw badInput(`Feature "${spec.name}" is binned by weight of evidence, but of ${rows.length} training rows ${bads} defaulted; it needs rows of both outcomes.`);
  return { labels: sound, total: { rows: rows.length, bads } };
}

/** Bins the values of one period as they will be encoded: with their stand-ins, within their bounds. */
type Binner = (values: readonly GatheredValue[], period: number) => Evidence;

function binnerOf(training: TrainingValues, learned: Learned, settings: LearnSettings): Binner {
  const { spec } = training;
  const { labels, total } = outcomesOf(training);
  const context: BinningContext = { total, options: settings.binning };
  const ownBin = spec.missing.rule === 'indicator';
  const missingTally = (values: readonly GatheredValue[]): Tally => {
    const missing = labels.filter((_, i) => ownBin && values[i] === null);
    return { rows: missing.length, bads: missing.reduce((sum, label) => sum + label, 0) };
  };
  if (!isNumeric(spec)) {
    return (values) => binCategories(tallied(ownBin ? values : values.map((value) => value ?? learned.fill ?? null), labels), missingTally(values), context);
  }
  return (values, period) => {
    const constants = learned.numeric![period]!;
    const numbers = values.map((value) => toNumber(spec, value) ?? (ownBin ? null : constants.fill));
    const known = Float64Array.from(numbers.filter((x) => x !== null), (x) => clamp(x, constants));
    return binNumbers(known, labels.filter((_, i) => numbers[i] !== null), missingTally(values), spec.monotone, context);
  };
}

function tallied(values: readonly GatheredValue[], labels: Uint8Array): Map<string, Tally> {
  const tallies = new Map<string, Tally>();
  values.forEach((value, i) => {
    if (value === null) return;
    const before = tallies.get(String(value)) ?? { rows: 0, bads: 0 };
    tallies.set(String(value), { rows: before.rows + 1, bads: before.bads + labels[i]! });
  });
  return tallies;
}

type Counts = ReadonlyMap<string, number>;

function countValues(periods: readonly (readonly GatheredValue[])[]): Counts {
  const counts = new Map<string, number>();
  for (const value of periods.flat()) if (value !== null) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  return counts;
}

function frequentCategories(counts: Counts, least: number): string[] {
  const frequent = [...counts].filter(([, n]) => n >= least).sort((a, b) => b[1] - a[1]).slice(0, MOST_CATEGORIES);
  return frequent.map(([category]) => category).sort();
}

const mostFrequent = (counts: Counts): string | undefined => [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0];

function learnUnbinned(spec: FeatureSpec, periods: readonly (readonly GatheredValue[])[], settings: LearnSettings): Learned {
  const binned = spec.transform === 'weight-of-evidence';
  const missingColumn = !binned && spec.missing.rule === 'indicator' && periods.some((values) => values.includes(null));
  if (isNumeric(spec)) {
    const sorted = (values: readonly GatheredValue[]): Float64Array => Float64Array.from(values.map((value) => toNumber(spec, value)).filter((x) => x !== null)).sort();
    return { numeric: periods.map((values) => learnNumber(spec, sorted(values), settings.boundsMargin)), missingColumn };
  }
  const counts = countValues(periods);
  const fill = spec.missing.rule === 'constant' ? spec.missing.value : mostFrequent(counts);
  if (elementKind(spec) === 'boolean') return { missingColumn, fill: fill === true || fill === 'true' };
  if (binned) return { missingColumn, fill: String(fill ?? '') };
  const categories = frequentCategories(counts, settings.minCategoryRows);
  // Without any category the feature keeps one idle column, so that inputs and schema stay in step.
  return { missingColumn: missingColumn || categories.length === 0, categories, fill: String(fill ?? '') };
}

/** Learns the constants of one feature from its training rows. @throws BAD_INPUT where weight of evidence lacks outcomes */
export function learn(training: TrainingValues, settings: LearnSettings): Learned {
  const { spec } = training;
  const periods = Array.from({ length: periodsOf(spec) }, (_, period) => valuesAt(training, period));
  const learned = learnUnbinned(spec, periods, settings);
  return spec.transform === 'weight-of-evidence' ? { ...learned, woe: periods.map(binnerOf(training, learned, settings)) } : learned;
}
