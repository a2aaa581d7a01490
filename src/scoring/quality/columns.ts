import type { GatheredValue, InputValue } from '../features/gathered.js';
import { isSentinel, toNumber } from '../features/source.js';
import { isNumeric, periodsOf, type FeatureSpec } from '../features/spec.js';
import type { RawRows } from '../features/learn.js';

/** One value per row: a feature, or one period of a sequence. */
export interface Column {
  readonly spec: FeatureSpec;
  /** `name`, or `name[2]` for a period. */
  readonly title: string;
  readonly numeric: boolean;
  /** Numbers; for categories their place in `levels`. NaN where missing or a sentinel. */
  readonly values: Float64Array;
  readonly missing: number;
  /** Distinct categories in order of appearance; empty for numbers. */
  readonly levels: readonly string[];
}

/** The columns of one feature, newest period first. */
export interface FeatureColumns {
  readonly spec: FeatureSpec;
  /** Place in the rows. */
  readonly index: number;
  readonly columns: readonly Column[];
}

const element = (value: InputValue | undefined, period: number): GatheredValue =>
  Array.isArray(value) ? (value[period] ?? null) : ((value ?? null) as GatheredValue);

function columnAt(spec: FeatureSpec, rows: RawRows, index: number, period: number): Column {
  const numeric = isNumeric(spec);
  const places = new Map<string, number>();
  const code = (raw: GatheredValue): number => {
    if (raw === null || isSentinel(spec, raw)) return Number.NaN;
    if (numeric) return toNumber(spec, raw)!;
    const level = String(raw);
    if (!places.has(level)) places.set(level, places.size);
    return places.get(level)!;
  };
  const values = Float64Array.from(rows, (row) => code(element(row[index], period)));
  const missing = values.reduce((count, x) => count + (Number.isNaN(x) ? 1 : 0), 0);
  const title = spec.type === 'sequence' ? `${spec.name}[${period}]` : spec.name;
  return { spec, title, numeric, values, missing, levels: [...places.keys()] };
}

/** Raw rows, column by column. @throws InputRefused for a number that is none */
export const columnsOfRows = (specs: readonly FeatureSpec[], rows: RawRows): FeatureColumns[] =>
  specs.map((spec, index) => ({ spec, index, columns: Array.from({ length: periodsOf(spec) }, (_, period) => columnAt(spec, rows, index, period)) }));

/** Inner edges of at most `bins` parts of equal size of the known values; ties make fewer. */
export function edgesOf(sorted: Float64Array, bins: number): Float64Array {
  const edges = Array.from({ length: bins - 1 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / bins)]!);
  return Float64Array.from(new Set(sorted.length === 0 ? [] : edges));
}

/** The bin of a number: how many edges lie at or below it. */
export function binOf(edges: Float64Array, x: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Share as a person reads it: "12.3 %". */
export const percent = (share: number): string => `${Math.round(share * 1_000) / 10} %`;
