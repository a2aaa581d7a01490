import { badInput } from '../../base/index.js';
import { encodeInputs } from '../features/encode.js';
import type { InputValue } from '../features/gathered.js';
import type { RawRows } from '../features/fit.js';
import { quantileOf } from '../features/scaling.js';
import type { FeatureSchema, FittedFeature } from '../features/schema.js';
import { isNumeric } from '../features/spec.js';
import type { Scorer } from '../onnx/scorer.js';
import { Random } from '../random.js';
import { encodeFeature, knownCategories, knownNumbers, substituted, writeColumns } from './substitute.js';

export interface DependencePoint {
  readonly value: number | string | boolean;
  /** Mean over the sampled rows when the feature has this value in all of them. */
  readonly meanPd: number;
  readonly meanLogit: number;
  /** Individual spread of the PD. */
  readonly p10: number;
  readonly p90: number;
}

/** Partial dependence (Friedman 2001) of the PD on one feature. Plain JSON. */
export interface PartialDependence {
  readonly feature: string;
  readonly label: string;
  readonly unit?: string;
  /** What the grid replaces: the value; all known periods shifted together to this mean; the newest period. */
  readonly varies: 'value' | 'mean-of-periods' | 'newest-period';
  /** Numbers ascending; categories in the order of the schema. */
  readonly points: readonly DependencePoint[];
}

export interface DependenceOptions {
  /** Names of features; default all. */
  readonly features?: readonly string[];
  /** Most points of a grid of numbers. Default 20. */
  readonly gridSize?: number;
  /** Rows sampled. Default 500. */
  readonly rows?: number;
  readonly seed?: number;
}

function sample(rawRows: RawRows, rows: number, seed: number): RawRows {
  if (rawRows.length <= rows) return rawRows;
  const order = new Random(seed).shuffle(Uint32Array.from(rawRows.keys())).slice(0, rows).sort();
  return [...order].map((row) => rawRows[row]!);
}

const meanOf = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;

/** Numbers at even ranks of the rows, from the 1st to the 99th percentile; for a sequence of its means. */
function numericGrid({ spec }: FittedFeature, values: readonly InputValue[], gridSize: number): number[] {
  const sorted = Float64Array.from(values.map((value) => knownNumbers(spec, value)).filter((known) => known.length > 0), meanOf).sort();
  const ranks = Array.from({ length: gridSize }, (_, i) => 0.01 + (0.98 * i) / Math.max(1, gridSize - 1));
  return sorted.length === 0 ? [] : [...new Set(ranks.map((rank) => quantileOf(sorted, rank)))];
}

function gridOf(feature: FittedFeature, values: readonly InputValue[], gridSize: number): readonly (number | string | boolean)[] {
  if (isNumeric(feature.spec)) return numericGrid(feature, values, gridSize);
  return knownCategories(feature);
}

/** Scores all rows with one value of one feature. */
async function pointAt(scorer: Scorer, schema: FeatureSchema, feature: FittedFeature, values: readonly InputValue[], base: Float32Array, value: number | string | boolean): Promise<DependencePoint> {
  const matrix = base.slice();
  values.forEach((own, row) => writeColumns(matrix, schema, row, feature, encodeFeature(feature, substituted(feature.spec, own, value))));
  const { probability, logit } = await scorer.run(matrix, values.length, { gradient: false });
  const sorted = Float64Array.from(probability).sort();
  return { value, meanPd: meanOf(probability), meanLogit: meanOf(logit), p10: quantileOf(sorted, 0.1), p90: quantileOf(sorted, 0.9) };
}

function chosenIndexes(schema: FeatureSchema, names: readonly string[] | undefined): number[] {
  const known = schema.features.map(({ spec }) => spec.name);
  const stranger = names?.find((name) => !known.includes(name));
  if (stranger !== undefined) throw badInput(`Partial dependence: the schema has no feature "${stranger}"; choose among ${known.join(', ')}.`);
  return [...known.keys()].filter((i) => names?.includes(known[i]!) ?? true);
}

/**
 * Partial dependence of the PD on features, over a seeded sample of rows. A feature that no sampled row has a value for gets no points.
 * @param rawRows raw values in schema order, as `encodeInputs` takes them
 * @throws BAD_INPUT for an unknown feature or without rows
 */
export async function partialDependence(scorer: Scorer, schema: FeatureSchema, rawRows: RawRows, { features, gridSize = 20, rows = 500, seed = 1 }: DependenceOptions = {}): Promise<PartialDependence[]> {
  if (rawRows.length === 0) throw badInput('Partial dependence needs rows to average over; give the raw values of training rows.');
  const chosen = sample(rawRows, rows, seed);
  const base = new Float32Array(chosen.length * schema.width);
  chosen.forEach((values, row) => base.set(encodeInputs(schema, values).vector, row * schema.width));
  const curves: PartialDependence[] = [];
  for (const index of chosenIndexes(schema, features)) {
    const feature = schema.features[index]!;
    const { name, label, unit, type } = feature.spec;
    const values = chosen.map((row) => row[index]!);
    const points: DependencePoint[] = [];
    for (const value of gridOf(feature, values, gridSize)) points.push(await pointAt(scorer, schema, feature, values, base, value));
    const varies = type !== 'sequence' ? 'value' : isNumeric(feature.spec) ? 'mean-of-periods' : 'newest-period';
    curves.push({ feature: name, label, ...(unit !== undefined && { unit }), varies, points });
  }
  return curves;
}
