import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BookEntry, BookRow, RejectedRow } from '../../src/loans/import/index.js';

/** A mapping as a person would write it, for files with the columns of {@link HEADER}. */
export function plainMapping(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: 'plain',
    title: 'A plain book',
    customer: {
      externalId: { column: 'customer' },
      identity: { name: { column: 'name' } },
      attributes: { income: { column: 'income', type: 'numeric', label: 'Income', missing: [-9] } },
      protected: { sex: { column: 'sex', type: 'categorical', label: 'Sex', codes: { F: 'female', M: 'male' } } },
    },
    loan: plainLoan(),
    outcome: { defaulted: { column: 'bad' }, knownAt: { const: '2024-12-31' } },
    ...changes,
  };
}

export function plainLoan(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    externalId: { column: 'loan' },
    effectiveAt: { column: 'decided' },
    product: { const: 'car-loan' },
    kind: { const: 'INSTALMENT' },
    status: { const: 'APPLICATION' },
    currency: { column: 'currency' },
    principal: { column: 'amount' },
    termMonths: { column: 'term' },
    ...changes,
  };
}

export const HEADER = 'customer,name,income,sex,loan,decided,currency,amount,term,bad';
export const GOOD_ROW = 'c1,Ada,3000,F,l1,2024-01-31,EUR,12000.50,48,0';

/** GOOD_ROW with some cells replaced, by column name. */
export function row(cells: Record<string, string> = {}): string {
  const good = GOOD_ROW.split(',');
  return HEADER.split(',').map((column, i) => cells[column] ?? good[i]!).join(',');
}

/** Runs `use` with a folder that is gone afterwards. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-book-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function withFile<T>(content: string | Buffer, use: (path: string) => Promise<T>, name = 'book.csv'): Promise<T> {
  return inFolder(async (folder) => {
    const path = join(folder, name);
    await writeFile(path, content);
    return use(path);
  });
}

/** Takes all entries apart into rows and rejections. */
export async function sorted(entries: AsyncIterable<BookEntry>): Promise<{ rows: BookRow[]; rejected: RejectedRow[] }> {
  const rows: BookRow[] = [];
  const rejected: RejectedRow[] = [];
  for await (const entry of entries) {
    if ('row' in entry) rows.push(entry.row);
    else rejected.push(entry.rejected);
  }
  return { rows, rejected };
}
