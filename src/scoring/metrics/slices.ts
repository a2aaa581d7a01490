import { badInput } from '../../base/index.js';
import { areaUnderCurve } from './auc.js';

/** PDs with their outcomes, row by row. */
export interface ScoredRows {
  /** 1 = default, 0 = good. */
  readonly labels: ArrayLike<number>;
  /** 0…1 */
  readonly pds: ArrayLike<number>;
}

/** How a model does on a part of the rows. */
export interface Slice {
  /** Value of the attribute, or the vintage, such as 2024-Q3. */
  readonly name: string;
  readonly rows: number;
  readonly bads: number;
  readonly defaultRate: number;
  readonly meanPd: number;
  /** Null where only one outcome occurs. */
  readonly auc: number | null;
  /** Share of the rows with a PD below the threshold. */
  readonly approvalRate: number;
}

export interface GroupSlice extends Slice {
  /** Approval rate ÷ that of the group approved most often; null when nobody is approved. */
  readonly approvalRatio: number | null;
  /** Whether the ratio is below the configured least one. */
  readonly belowLeastRatio: boolean;
}

export interface GroupReport {
  /** By name. */
  readonly groups: readonly GroupSlice[];
  /** Too small to judge. */
  readonly skipped: readonly { readonly name: string; readonly rows: number }[];
  readonly leastRows: number;
  readonly leastRatio: number;
}

/** The "four-fifths" convention; no statute sets it. */
export const LEAST_RATIO = 0.8;

export interface GroupOptions {
  /** Smaller groups are named, not measured. Default 100. */
  readonly leastRows?: number;
  /** An approval ratio below it is marked. Default LEAST_RATIO. */
  readonly leastRatio?: number;
}

/** Rows of each name, by name. */
function rowsByName(names: ArrayLike<string>): [string, number[]][] {
  const rows = new Map<string, number[]>();
  for (let row = 0; row < names.length; row++) {
    const name = names[row]!;
    const known = rows.get(name);
    if (known === undefined) rows.set(name, [row]);
    else known.push(row);
  }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
}

function requireOneEach(names: ArrayLike<unknown>, { labels, pds }: ScoredRows, what: string): void {
  if (labels.length !== pds.length || names.length !== pds.length) {
    throw badInput(`There are ${pds.length} PDs, ${labels.length} labels and ${names.length} ${what}; give one of each per row.`);
  }
}

function sliceOf(name: string, rows: readonly number[], scored: ScoredRows, threshold: number): Slice {
  const labels = Uint8Array.from(rows, (row) => scored.labels[row]!);
  const pds = Float64Array.from(rows, (row) => scored.pds[row]!);
  const bads = labels.reduce((sum, label) => sum + label, 0);
  const auc = areaUnderCurve(labels, pds);
  return {
    name,
    rows: rows.length,
    bads,
    defaultRate: bads / rows.length,
    meanPd: pds.reduce((sum, pd) => sum + pd, 0) / rows.length,
    auc: Number.isNaN(auc) ? null : auc,
    approvalRate: pds.filter((pd) => pd < threshold).length / rows.length,
  };
}

/**
 * A model by the groups of any attribute.
 * @param groups the group of each row; give rows without a known group a name of their own, such as "unknown"
 * @param threshold a PD below it is approved
 * @throws BAD_INPUT on unequal lengths, labels other than 0 and 1, and PDs that are not finite
 */
export function byGroup(scored: ScoredRows, groups: ArrayLike<string>, threshold: number, { leastRows = 100, leastRatio = LEAST_RATIO }: GroupOptions = {}): GroupReport {
  requireOneEach(groups, scored, 'groups');
  const parts = rowsByName(groups);
  const slices = parts.filter(([, rows]) => rows.length >= leastRows).map(([name, rows]) => sliceOf(name, rows, scored, threshold));
  const most = slices.reduce((highest, { approvalRate }) => Math.max(highest, approvalRate), 0);
  const withRatio = (slice: Slice): GroupSlice => {
    const approvalRatio = most === 0 ? null : slice.approvalRate / most;
    return { ...slice, approvalRatio, belowLeastRatio: approvalRatio !== null && approvalRatio < leastRatio };
  };
  const skipped = parts.filter(([, rows]) => rows.length < leastRows).map(([name, rows]) => ({ name, rows: rows.length }));
  return { groups: slices.map(withRatio), skipped, leastRows, leastRatio };
}

export type VintagePeriod = 'month' | 'quarter';

/** Vintage of an ISO date or instant: 2024-03 or 2024-Q1. */
function vintageOf(date: string, row: number, period: VintagePeriod): string {
  const parts = /^(\d{4})-(0[1-9]|1[0-2])-\d{2}/.exec(date);
  if (parts === null) throw badInput(`The decision date of row ${row} is "${date}"; vintages need dates such as 2024-03-31.`);
  return period === 'month' ? `${parts[1]}-${parts[2]}` : `${parts[1]}-Q${Math.ceil(Number(parts[2]) / 3)}`;
}

/**
 * A model by the time of decision, oldest first.
 * @param decidedOn ISO date or instant of each row; the date as written counts
 * @param threshold a PD below it is approved
 * @throws BAD_INPUT as byGroup does, and on a text that is no ISO date
 */
export function byVintage(scored: ScoredRows, decidedOn: ArrayLike<string>, threshold: number, period: VintagePeriod = 'quarter'): Slice[] {
  requireOneEach(decidedOn, scored, 'decision dates');
  const vintages = Array.from(decidedOn, (date, row) => vintageOf(date, row, period));
  return rowsByName(vintages).map(([name, rows]) => sliceOf(name, rows, scored, threshold));
}
