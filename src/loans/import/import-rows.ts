import { sha256, type Context, type Transaction } from '../../platform/index.js';
import type { KeyRing } from '../../security/index.js';
import { rejectedRow, type BookEntry, type BookRow, type RejectedRow } from './book-row.js';
import { invalidRow } from './check-row.js';
import { recordBook, type ImportResult, type OnError } from './import-book.js';
import type { OnRepeatedCustomer } from './placing.js';
import { RejectsList } from './rejects.js';

export interface RowsToImport {
  readonly rows: readonly BookRow[];
  readonly onError: OnError;
  readonly onRepeatedCustomer: OnRepeatedCustomer;
  readonly synthetic: boolean;
  /** What the caller calls the rows, in sentences about them. */
  readonly name: string;
}

export interface RowsImportResult extends ImportResult {
  rejections: RejectedRow[];
}

/**
 * Imports rows that are at hand, by the same rules and on the same way as a file. `line` of a row is its number among
 * the rows; a rejected row comes back with its reason.
 * @throws as {@link recordBook}
 */
export async function importRows(tx: Transaction, ctx: Context, keys: KeyRing, request: RowsToImport): Promise<RowsImportResult> {
  const { rows, name, ...how } = request;
  const rejects = new RejectsList();
  const source = { kind: 'ROWS', name, sha256: sha256(JSON.stringify(rows)).toString('hex') } as const;
  const result = await recordBook(tx, ctx, keys, { ...how, rows: checked(rows), source, rejects });
  return { ...result, rejections: rejects.rejected };
}

async function* checked(rows: readonly BookRow[]): AsyncGenerator<BookEntry> {
  for (const row of rows) {
    const entry = { row, raw: '' };
    const reason = invalidRow(row);
    yield reason === undefined ? entry : { rejected: rejectedRow(entry, reason) };
  }
}
