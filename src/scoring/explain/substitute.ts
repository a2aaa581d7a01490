import { encodeInputs } from '../features/encode.js';
import type { GatheredValue, InputValue } from '../features/gathered.js';
import { columnsOf, type FeatureSchema, type FittedFeature } from '../features/schema.js';
import { isSentinel } from '../features/source.js';
import { elementKind, isNumeric, type FeatureSpec } from '../features/spec.js';

/** Encodes one feature alone. @returns its columns */
export function encodeFeature(feature: FittedFeature, value: InputValue): Float32Array {
  const width = columnsOf(feature);
  return encodeInputs({ version: 1, trainingRows: 0, width, features: [{ ...feature, offset: 0 }] }, [value]).vector;
}

/** Writes one feature's columns into row `row` of a matrix. */
export const writeColumns = (matrix: Float32Array, schema: Pick<FeatureSchema, 'width'>, row: number, feature: FittedFeature, columns: Float32Array): void =>
  matrix.set(columns, row * schema.width + feature.offset);

/** The categories that training has seen often enough to tell apart; of a boolean both. */
export function knownCategories({ spec, categories, woe }: FittedFeature): readonly (string | boolean)[] {
  if (elementKind(spec) === 'boolean') return [false, true];
  return categories ?? woe?.[0]?.bins.flatMap((bin) => (bin.kind === 'categories' ? bin.categories : [])) ?? [];
}

const isKnown = (spec: FeatureSpec, value: GatheredValue): boolean => value !== null && !isSentinel(spec, value);

/** Known numbers of a value; a decimal string counts, missing periods and sentinels do not. */
export const knownNumbers = (spec: FeatureSpec, value: InputValue): number[] =>
  (Array.isArray(value) ? (value as readonly GatheredValue[]) : [value as GatheredValue]).filter((x) => isKnown(spec, x)).map(Number);

/**
 * A value with another level. A scalar becomes the target. Of a numeric sequence all known periods are shifted together
 * so that their mean is the target; missing periods stay missing. Of a sequence of categories the newest period is replaced.
 */
export function substituted(spec: FeatureSpec, value: InputValue, target: number | string | boolean): InputValue {
  if (spec.type !== 'sequence' || !Array.isArray(value)) return target;
  const periods = value as readonly GatheredValue[];
  if (!isNumeric(spec)) return [target, ...periods.slice(1)];
  const known = knownNumbers(spec, periods);
  const shift = Number(target) - known.reduce((sum, x) => sum + x, 0) / Math.max(1, known.length);
  return periods.map((x) => (isKnown(spec, x) ? Number(x) + shift : x));
}
