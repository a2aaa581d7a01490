import { psi } from '../metrics/psi.js';
import { binOf, edgesOf, percent, type Column, type FeatureColumns } from './columns.js';
import { rateSpread } from './row-checks.js';
import { reached } from './thresholds.js';
import type { Finding, Limits, QualityInput, QuarterSummary, Thresholds } from './types.js';

const quarterIndex = (time: Date): number => time.getUTCFullYear() * 4 + Math.floor(time.getUTCMonth() / 3);
const quarterName = (index: number): string => `${Math.floor(index / 4)}-Q${(index % 4) + 1}`;

/** Rows and outcomes by calendar quarter of the decision; quarters without a loan between the first and the last too. */
export function summariseQuarters(times: readonly Date[], labels: Uint8Array): QuarterSummary[] {
  const indices = times.map(quarterIndex);
  const first = indices.reduce((a, b) => Math.min(a, b), Infinity);
  const last = indices.reduce((a, b) => Math.max(a, b), -Infinity);
  const quarters = Array.from({ length: Math.max(0, last - first + 1) }, () => ({ rows: 0, bads: 0 }));
  indices.forEach((index, i) => {
    quarters[index - first]!.rows++;
    quarters[index - first]!.bads += labels[i]!;
  });
  return quarters.map(({ rows, bads }, i) => ({ quarter: quarterName(first + i), rows, bads, labelRate: bads / Math.max(1, rows) }));
}

/** Holes in the history, and default rates that move. */
export function checkQuarters(quarters: readonly QuarterSummary[], { quarterRates, rateRows }: Thresholds): Finding[] {
  const empty = quarters.filter(({ rows }) => rows === 0).map(({ quarter }) => quarter);
  const counted = quarters.filter(({ rows }) => rows >= rateRows).sort((a, b) => a.labelRate - b.labelRate);
  const spread = rateSpread(counted);
  const apart = reached(quarterRates, spread);
  const [low, high] = [counted[0], counted.at(-1)];
  return [
    ...(empty.length > 0 ? [{ check: 'time-gap' as const, severity: 'MEDIUM' as const, message: `No loan was decided in ${empty.join(', ')}; find out whether the import is complete.`, value: empty.length, threshold: 1 }] : []),
    ...(apart ? [{ check: 'time-label-rate' as const, message: `The default rate is ${percent(low!.labelRate)} in ${low!.quarter} and ${percent(high!.labelRate)} in ${high!.quarter}; make sure that young loans had time to default, and measure on a split by time.`, value: spread, ...apart }] : []),
  ];
}

const DATE = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2})?)?$/u;

/** The time that a value states, if it is one; a date counts from its first moment. */
function statedTime(value: string | undefined): number {
  return value !== undefined && DATE.test(value) ? Date.parse(value) : Number.NaN;
}

/** Rows of the feature that hold something later than the decision: by its `knownAt`, or because the value itself is a later date. */
function lateRows({ index, columns }: FeatureColumns, times: readonly Date[], knownAt: QualityInput['knownAt']): number {
  const stated = columns.filter(({ numeric }) => !numeric).map(({ levels, values }) => ({ values, times: levels.map(statedTime) }));
  return times.reduce((late, decided, i) => {
    const known = knownAt?.[i]?.[index];
    const isLate = (known != null && known > decided) || stated.some((column) => column.times[column.values[i]!]! > decided.getTime());
    return late + (isLate ? 1 : 0);
  }, 0);
}

/** Values that could only be known after the decision. */
export function checkKnown(features: readonly FeatureColumns[], times: readonly Date[], knownAt: QualityInput['knownAt'], { knownLate }: Thresholds): Finding[] {
  return features.flatMap((feature) => {
    const late = lateRows(feature, times, knownAt);
    const value = late / Math.max(1, times.length);
    const crossed = reached(knownLate, value);
    if (crossed === undefined) return [];
    const message = `Feature ${feature.spec.name} holds values from after the decision in ${late} of ${times.length} rows; no applicant can be scored with them: take the value as of the decision, or leave it out.`;
    return [{ check: 'known-after-decision' as const, feature: feature.spec.name, message, value, ...crossed }];
  });
}

/** Outcomes that were known before the loan was decided. */
export function checkOutcomeTimes(times: readonly Date[], outcomeTimes: readonly (Date | null)[], { knownLate }: Thresholds): Finding[] {
  const early = times.filter((decided, i) => outcomeTimes[i] != null && outcomeTimes[i] < decided).length;
  const value = early / Math.max(1, times.length);
  const crossed = reached(knownLate, value);
  if (crossed === undefined) return [];
  return [{ check: 'outcome-before-decision', message: `The outcome of ${early} of ${times.length} loans was known before the loan was decided; correct the dates in the mapping.`, value, ...crossed }];
}

const BINS = 10;

function shares(bins: Float64Array, count: number): Float64Array {
  const counts = new Float64Array(count);
  for (const bin of bins) counts[bin]!++;
  return counts.map((n) => n / Math.max(1, bins.length));
}

const known = (values: Float64Array): Float64Array => values.filter((x) => !Number.isNaN(x));

interface Drift {
  readonly value: number;
  /** What samples of this size show without any drift, at about three deviations. */
  readonly noise: number;
}

/** PSI of two samples over `count` bins. Without drift it is about χ² with count − 1 degrees of freedom, times 1/n + 1/m. */
function driftOf(earlier: Float64Array, later: Float64Array, count: number): Drift {
  if (earlier.length === 0 || later.length === 0 || count < 2) return { value: 0, noise: 0 };
  const freedom = count - 1;
  const noise = (freedom + 3 * Math.sqrt(2 * freedom)) * (1 / earlier.length + 1 / later.length);
  return { value: psi(shares(earlier, count), shares(later, count)), noise };
}

/** Over ten bins of equal size in the earlier half; categories bin by bin. */
function valueDrift({ numeric, levels }: Column, earlier: Float64Array, later: Float64Array): Drift {
  if (!numeric) return driftOf(known(earlier), known(later), levels.length);
  const edges = edgesOf(known(earlier).sort(), BINS);
  const binned = (values: Float64Array): Float64Array => known(values).map((x) => binOf(edges, x));
  return driftOf(binned(earlier), binned(later), edges.length + 1);
}

const missingFlags = (values: Float64Array): Float64Array => values.map((x) => (Number.isNaN(x) ? 1 : 0));

const missingDrift = (earlier: Float64Array, later: Float64Array): Drift => driftOf(missingFlags(earlier), missingFlags(later), 2);

/** The worst period of a feature that moved more than chance. */
function worstDrift(columns: readonly Column[], measure: (column: Column) => Drift): { title: string; value: number } | undefined {
  const moved = columns.map((column) => ({ title: column.title, ...measure(column) })).filter(({ value, noise }) => value > noise);
  return moved.sort((a, b) => b.value - a.value)[0];
}

function driftFinding(check: 'drift' | 'missing-drift', feature: string, found: { title: string; value: number } | undefined, limits: Limits, what: (title: string) => string): Finding[] {
  const crossed = found && reached(limits, found.value);
  if (found === undefined || crossed === undefined) return [];
  return [{ check, feature, message: `${what(found.title)} changed between the earlier and the later half of the loans (PSI ${found.value.toFixed(3)}); find out why, and prefer a split by time.`, value: found.value, ...crossed }];
}

/** Whether the values, or their being missing, moved between the earlier and the later half of the decisions. */
export function checkDrift(features: readonly FeatureColumns[], times: readonly Date[], { psi: limits }: Thresholds): Finding[] {
  const sorted = Float64Array.from(times, (time) => time.getTime()).sort();
  const middle = sorted[sorted.length >> 1] ?? 0;
  // Where most loans share the first time, those are the earlier half.
  const within = sorted[0]! < middle ? (time: number) => time < middle : (time: number) => time <= middle;
  const isEarlier = Uint8Array.from(times, (time) => (within(time.getTime()) ? 1 : 0));
  if (!isEarlier.includes(0)) return [];
  return features.flatMap(({ spec, columns }) => {
    const halves = new Map(columns.map((column) => [column, [column.values.filter((_, i) => isEarlier[i] === 1), column.values.filter((_, i) => isEarlier[i] === 0)] as const]));
    const values = worstDrift(columns, (column) => valueDrift(column, ...halves.get(column)!));
    const missing = worstDrift(columns, (column) => missingDrift(...halves.get(column)!));
    return [
      ...driftFinding('drift', spec.name, values, limits, (title) => `The distribution of ${title}`),
      ...driftFinding('missing-drift', spec.name, missing, limits, (title) => `How often ${title} is missing`),
    ];
  });
}
