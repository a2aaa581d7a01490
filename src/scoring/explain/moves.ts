import type { GatheredValue, InputValue } from '../features/gathered.js';
import type { FeatureSchema, FittedFeature } from '../features/schema.js';
import { isNumeric } from '../features/spec.js';
import { encodeFeature, knownCategories, knownNumbers } from './substitute.js';
import type { Typical } from './typical.js';

/** One feature with another value. */
export interface Move {
  /** Of the feature in the schema. */
  readonly index: number;
  readonly from: GatheredValue;
  readonly to: number | string | boolean;
  /** Typical spreads between from and to; another category counts as 1. */
  readonly cost: number;
  /** The whole raw value; of a sequence only the newest period differs. */
  readonly value: InputValue;
  readonly columns: Float32Array;
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** What a number may become, and in what steps. */
export interface NumberRoom extends Range {
  readonly current: number;
  /** Width of the middle half of approved applicants. */
  readonly spread: number;
  readonly whole: boolean;
}

const newestOf = (value: InputValue): GatheredValue => (Array.isArray(value) ? ((value as readonly GatheredValue[])[0] ?? null) : (value as GatheredValue));

const withNewest = (value: InputValue, to: number | string | boolean): InputValue => (Array.isArray(value) ? [to, ...(value as readonly GatheredValue[]).slice(1)] : to);

/** Learned bounds are a little wider than what was seen; that alone must not make an amount or a count negative. */
const WIDENING = 0.06;

/** Tukey's fences around the middle half of approved applicants: beyond them hardly one of them is found. */
function fences(typical: Typical): Range {
  if (typical.kind !== 'range') return { min: -Infinity, max: Infinity };
  const reach = 1.5 * (typical.p75 - typical.p25);
  return { min: typical.p25 - reach, max: typical.p75 + reach };
}

function plausible({ spec, numeric }: FittedFeature, { min: low, max: high }: Range): Range {
  const { min, max } = numeric![0]!;
  const barelyNegative = spec.bounds === undefined && min < 0 && -min <= WIDENING * (max - min);
  return { min: Math.max(barelyNegative ? 0 : min, low), max: Math.min(max, high) };
}

/** Whether only whole numbers occur, as far as the applicant's value and the quartiles of approved applicants tell. A ratio is never taken for one. */
function isWhole({ spec }: FittedFeature, current: number, typical: Typical): boolean {
  if (spec.source.aggregate === 'count-positive') return true;
  return spec.unit !== 'ratio' && typical.kind === 'range' && [current, typical.p25, typical.median, typical.p75].every(Number.isInteger);
}

/** Room of a number to move in; undefined where the (newest) value is missing or the feature is no number. */
export function roomOf(feature: FittedFeature, value: InputValue, typical: Typical, asked: Range | undefined): NumberRoom | undefined {
  const current = isNumeric(feature.spec) ? knownNumbers(feature.spec, newestOf(value))[0] : undefined;
  if (current === undefined) return undefined;
  const { min, max } = plausible(feature, asked ?? fences(typical));
  const { monotone } = feature.spec;
  const middle = typical.kind === 'range' ? typical.p75 - typical.p25 : 0;
  return {
    current,
    min: monotone === 'decreasing' ? Math.max(min, current) : min,
    max: monotone === 'increasing' ? Math.min(max, current) : max,
    spread: middle > 0 ? middle : Math.max((max - min) / 4, Number.EPSILON),
    whole: isWhole(feature, current, typical),
  };
}

export function moveTo(schema: FeatureSchema, index: number, value: InputValue, to: number | string | boolean, spread: number): Move {
  const from = newestOf(value);
  const changed = withNewest(value, to);
  const cost = typeof to === 'number' ? Math.abs(to - Number(from)) / spread : 1;
  return { index, from, to, cost, value: changed, columns: encodeFeature(schema.features[index]!, changed) };
}

const STEPS = 16;

/** Values toward both ends of the room, denser near the current one. */
function targets({ current, min, max, whole }: NumberRoom): number[] {
  const toward = (end: number): number[] => Array.from({ length: STEPS }, (_, k) => current + (end - current) * ((k + 1) / STEPS) ** 2);
  const inside = [...toward(min), ...toward(max)].map((x) => (whole ? (x < current ? Math.floor(x) : Math.ceil(x)) : x)).filter((x) => x >= min && x <= max && x !== current);
  return [...new Set(inside)];
}

/** All moves of one feature that are tried first, cheapest first. */
export function movesOf(schema: FeatureSchema, index: number, value: InputValue, typical: Typical, asked: Range | undefined): Move[] {
  const feature = schema.features[index]!;
  const from = newestOf(value);
  const room = roomOf(feature, value, typical, asked);
  if (room) return targets(room).map((to) => moveTo(schema, index, value, to, room.spread)).sort((a, b) => a.cost - b.cost);
  if (isNumeric(feature.spec) || from === null) return [];
  return knownCategories(feature).filter((to) => to !== from).map((to) => moveTo(schema, index, value, to, 1));
}
