import type { Criterion, Rung } from './budget.js';
import type { TrialRecord } from './journal.js';

export type FinishedRecord = Extract<TrialRecord, { status: 'FINISHED' }>;

/** A trial in one rung: means over its folds. */
export interface RungResult {
  readonly rung: number;
  readonly folds: number;
  readonly logLoss: number;
  readonly brier: number;
  readonly auc: number;
  /** Standard deviation of the criterion between the folds; null with one fold. */
  readonly deviation: number | null;
  /** Epochs that were trained, all folds and members together. */
  readonly epochs: number;
  readonly seconds: number;
}

const MEASURE = { 'log-loss': 'logLoss', brier: 'brier', auc: 'auc' } as const;

/** The criterion as a number that is better when lower. */
export const costOf = (criterion: Criterion, result: Pick<RungResult, 'logLoss' | 'brier' | 'auc'>): number =>
  criterion === 'auc' ? -result.auc : result[MEASURE[criterion]];

function deviationOf(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1));
}

/** Means over the folds of one rung, or undefined while one of them is missing or failed. Independent of the order of records. */
export function rungResult(records: readonly TrialRecord[], { rung, folds }: Pick<Rung, 'rung' | 'folds'>, criterion: Criterion): RungResult | undefined {
  const finished = records.filter((record): record is FinishedRecord => record.rung === rung && record.status === 'FINISHED').sort((a, b) => a.fold - b.fold);
  if (finished.length < folds) return undefined;
  const sum = (key: 'logLoss' | 'brier' | 'auc' | 'epochs' | 'seconds'): number => finished.reduce((total, record) => total + record[key], 0);
  return {
    rung,
    folds,
    logLoss: sum('logLoss') / folds,
    brier: sum('brier') / folds,
    auc: sum('auc') / folds,
    deviation: deviationOf(finished.map((record) => record[MEASURE[criterion]])),
    epochs: sum('epochs'),
    seconds: sum('seconds'),
  };
}

/** Trial numbers from the best, ties by number; trials without a result are left out. */
export function ranked(results: ReadonlyMap<number, RungResult | undefined>, criterion: Criterion): number[] {
  const complete = [...results].flatMap(([trial, result]) => (result === undefined ? [] : [{ trial, cost: costOf(criterion, result) }]));
  return complete.sort((a, b) => a.cost - b.cost || a.trial - b.trial).map(({ trial }) => trial);
}
