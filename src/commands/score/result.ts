import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

/** What became of one loan. */
export interface ScoredLoan {
  /** The caller's own id. */
  readonly loan: string;
  readonly status: 'SCORED' | 'REFUSED' | 'FAILED' | 'NOT_FOUND';
  readonly decision: string | null;
  readonly grade: string | null;
  /** Probability of default, 0…1. */
  readonly pd: number | null;
  readonly points: number | null;
  readonly reasons: readonly { readonly code: string; readonly text: string }[];
  /** Why there is no score. */
  readonly problem: string | null;
}

const MOST_REASONS = 4;
const HEADER = ['loan', 'status', 'decision', 'grade', 'pd', 'points', ...Array.from({ length: MOST_REASONS }, (_, at) => [`reason${at + 1}_code`, `reason${at + 1}`]).flat(), 'problem'];

const cell = (value: string | number | null): string => {
  const text = String(value ?? '');
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const line = (cells: readonly (string | number | null)[]): string => `${cells.map(cell).join(',')}\n`;

const cellsOf = ({ loan, status, decision, grade, pd, points, reasons, problem }: ScoredLoan): (string | number | null)[] => [
  loan, status, decision, grade, pd, points,
  ...Array.from({ length: MOST_REASONS }, (_, at) => [reasons[at]?.code ?? null, reasons[at]?.text ?? null]).flat(),
  problem,
];

/** Writes results as CSV, one loan a line. */
export async function writeCsv(path: string, results: Iterable<ScoredLoan>): Promise<void> {
  const file = createWriteStream(path);
  file.write(line(HEADER));
  for (const result of results) if (!file.write(line(cellsOf(result)))) await once(file, 'drain');
  file.end();
  await once(file, 'finish');
}

/** Results for a person: a line for each loan, its reasons or its problem under it. */
export function tableOf(results: readonly ScoredLoan[]): string {
  const wide = Math.max(4, ...results.map(({ loan }) => loan.length));
  const head = `${'loan'.padEnd(wide)}  decision  grade  PD         points\n`;
  return head + results.map((result) => rowOf(result, wide)).join('');
}

function rowOf({ loan, status, decision, grade, pd, points, reasons, problem }: ScoredLoan, wide: number): string {
  if (status !== 'SCORED') return `${loan.padEnd(wide)}  ${status}: ${problem ?? ''}\n`;
  const numbers = `${(decision ?? '').padEnd(8)}  ${(grade ?? '').padEnd(5)}  ${`${(100 * pd!).toFixed(4)} %`.padEnd(9)}  ${points!.toFixed(1)}`;
  return `${loan.padEnd(wide)}  ${numbers}\n${reasons.map(({ code, text }) => `  - ${text}  [${code}]\n`).join('')}`;
}

export const countsOf = (results: readonly ScoredLoan[]): Record<'scored' | 'refused' | 'failed' | 'notFound', number> => {
  const of = (status: ScoredLoan['status']): number => results.filter((result) => result.status === status).length;
  return { scored: of('SCORED'), refused: of('REFUSED'), failed: of('FAILED'), notFound: of('NOT_FOUND') };
};
