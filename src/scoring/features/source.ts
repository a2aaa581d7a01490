import { InputRefused } from '../errors.js';
import type { GatheredFields, GatheredRecord, GatheredValue, InputValue } from './gathered.js';
import { isNumeric, type FeatureSource, type FeatureSpec } from './spec.js';

const DECIMAL = /^[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?$/u;
/** Nothing in lending is larger; beyond it float32 arithmetic overflows silently. */
const LARGEST = 1e30;

function own(fields: GatheredFields | undefined, key: string): GatheredValue {
  return fields !== undefined && Object.hasOwn(fields, key) ? (fields[key] ?? null) : null;
}

/** Reads a path for period `period` (ignored by customer and loan fields). */
function read(record: GatheredRecord, path: string, period: number): GatheredValue {
  const dot = path.indexOf('.');
  const key = path.slice(dot + 1);
  const room = path.slice(0, dot);
  if (room === 'repayments') return own(record.repayments[period], key);
  return own(room === 'loan' ? record.loan : record.customer, key);
}

/**
 * A number from JSON: a number, or a decimal string (money travels as text until it becomes a feature).
 * @throws InputRefused for other types, non-finite numbers and magnitudes above 1e30
 */
export function toNumber(spec: FeatureSpec, value: GatheredValue): number | null {
  if (value === null) return null;
  const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value;
  if (typeof number !== 'number') {
    throw new InputRefused(spec.name, `"${spec.label}" must be a number, but it is ${describe(value)}; correct the value of feature ${spec.name}.`);
  }
  if (!Number.isFinite(number) || Math.abs(number) > LARGEST) {
    throw new InputRefused(spec.name, `"${spec.label}" must be a finite number of at most 1e30, but it is ${describe(value)}; correct the value of feature ${spec.name}.`);
  }
  // JSON has no negative zero; a recorded input must read back as the same bits.
  return number + 0;
}

const describe = (value: GatheredValue): string =>
  typeof value === 'string' ? `the text "${value.slice(0, 40)}"` : typeof value === 'number' ? `the number ${value}` : String(value);

export const isSentinel = (spec: FeatureSpec, value: GatheredValue): boolean =>
  (typeof value === 'number' || typeof value === 'string') && (spec.missing.sentinels?.includes(value) ?? false);

/** A number for arithmetic: sentinels are unknown, whether written as a number or as a decimal string. */
function operand(spec: FeatureSpec, value: GatheredValue): number | null {
  if (isSentinel(spec, value)) return null;
  const number = toNumber(spec, value);
  return isSentinel(spec, number) ? null : number;
}

function divided(spec: FeatureSpec, record: GatheredRecord, period: number): number | null {
  const { path, per, perLag = 0 } = spec.source;
  const numerator = operand(spec, read(record, path, period));
  const candidates = per === undefined ? [] : typeof per === 'string' ? [per] : per;
  for (const candidate of candidates) {
    const denominator = operand(spec, read(record, candidate, period + perLag));
    if (denominator === null) continue;
    return numerator === null || denominator === 0 ? null : tamed(numerator / denominator);
  }
  return null;
}

/** A ratio of two sound numbers may still be absurd (1e20 / 1e-20): that is "unknown", not a refusal. */
const tamed = (ratio: number): number | null => (Math.abs(ratio) <= LARGEST ? ratio + 0 : null);

function element(spec: FeatureSpec, record: GatheredRecord, period: number): GatheredValue {
  if (spec.source.per !== undefined) return divided(spec, record, period);
  const value = read(record, spec.source.path, period);
  return isNumeric(spec) && !isSentinel(spec, value) ? toNumber(spec, value) : value;
}

function slope(values: readonly (number | null)[]): number | null {
  const points = values.flatMap((y, age) => (y === null ? [] : [{ x: -age, y }]));
  if (points.length < 2) return null;
  const meanX = points.reduce((sum, p) => sum + p.x, 0) / points.length;
  const meanY = points.reduce((sum, p) => sum + p.y, 0) / points.length;
  const covariance = points.reduce((sum, p) => sum + (p.x - meanX) * (p.y - meanY), 0);
  return covariance / points.reduce((sum, p) => sum + (p.x - meanX) ** 2, 0) + 0;
}

type Aggregate = NonNullable<FeatureSource['aggregate']>;

const total = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0);

const AGGREGATES: Record<Exclude<Aggregate, 'trend' | 'last'>, (xs: readonly number[]) => number> = {
  max: (xs) => xs.reduce((a, b) => Math.max(a, b)),
  min: (xs) => xs.reduce((a, b) => Math.min(a, b)),
  mean: (xs) => total(xs) / xs.length,
  sum: total,
  'count-positive': (xs) => xs.filter((x) => x > 0).length,
};

function aggregated(spec: FeatureSpec, aggregate: Aggregate, values: readonly GatheredValue[]): GatheredValue {
  if (aggregate === 'last') return values[0] ?? null;
  const numbers = values.map((value) => operand(spec, value));
  if (aggregate === 'trend') return slope(numbers);
  const present = numbers.filter((value) => value !== null);
  return present.length === 0 ? null : AGGREGATES[aggregate](present);
}

/**
 * The raw value of a feature in a gathered record, before missing-value rules and transforms.
 * @returns a JSON scalar, or for a sequence an array of exactly `last` elements (newest first, null where there is no period)
 * @throws InputRefused where a number is not one
 */
export function resolveSource(spec: FeatureSpec, record: GatheredRecord): InputValue {
  const { path, last, aggregate } = spec.source;
  if (!path.startsWith('repayments.')) return element(spec, record, 0);
  const periods = spec.type === 'sequence' ? (last ?? 1) : Math.min(last ?? record.repayments.length, record.repayments.length);
  const values = Array.from({ length: periods }, (_, period) => element(spec, record, period));
  return aggregate === undefined ? values : aggregated(spec, aggregate, values);
}
