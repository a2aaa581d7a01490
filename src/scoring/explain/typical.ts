import { z } from 'zod';
import type { GatheredValue, InputValue } from '../features/gathered.js';
import { quantileOf } from '../features/scaling.js';

export const typicalShape = z.discriminatedUnion('kind', [
  /** Quartiles of the known values, in the unit of the feature. */
  z.strictObject({ kind: z.literal('range'), p25: z.number(), median: z.number(), p75: z.number() }),
  /** The most frequent value, over all periods of a sequence, and its share. */
  z.strictObject({ kind: z.literal('category'), value: z.string(), share: z.number().min(0).max(1) }),
  /** No applicant had a value. */
  z.strictObject({ kind: z.literal('none') }),
]);

/** What approved applicants usually have in one feature. */
export type Typical = z.infer<typeof typicalShape>;

const elements = (value: InputValue): readonly GatheredValue[] => (Array.isArray(value) ? value : [value as GatheredValue]);

/** One number for a value a person reads: the mean of the known periods of a sequence. */
export function numberOf(value: InputValue): number | null {
  const known = elements(value).flatMap((x) => (x === null ? [] : [Number(x)])).filter(Number.isFinite);
  return known.length === 0 ? null : known.reduce((sum, x) => sum + x, 0) / known.length;
}

/** The known categories of a value, newest first. */
export const categoriesOf = (value: InputValue): string[] => elements(value).flatMap((x) => (x === null ? [] : [String(x)]));

function range(values: readonly InputValue[]): Typical {
  const sorted = Float64Array.from(values.map(numberOf).filter((x) => x !== null)).sort();
  if (sorted.length === 0) return { kind: 'none' };
  return { kind: 'range', p25: quantileOf(sorted, 0.25), median: quantileOf(sorted, 0.5), p75: quantileOf(sorted, 0.75) };
}

function mode(values: readonly InputValue[]): Typical {
  const known = values.flatMap(categoriesOf);
  const counts = new Map<string, number>();
  for (const value of known) counts.set(value, (counts.get(value) ?? 0) + 1);
  const top = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0];
  return top === undefined ? { kind: 'none' } : { kind: 'category', value: top[0], share: top[1] / known.length };
}

/** Whether a value is the very category that is typical: then it is no reason that a person could understand. */
export function isTypicalCategory(value: InputValue, typical: Typical): boolean {
  const categories = categoriesOf(value);
  return typical.kind === 'category' && categories.length > 0 && categories.every((category) => category === typical.value);
}

/** Summarises raw values of a population. */
export const typicalOf = (values: readonly InputValue[], numeric: boolean): Typical => (numeric ? range(values) : mode(values));
