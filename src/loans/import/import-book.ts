import { recordEvent } from '../../audit/index.js';
import { writeSheets } from '../../customers/index.js';
import { badInput, newId, refused, type Context, type Transaction } from '../../platform/index.js';
import { demand, type KeyRing } from '../../security/index.js';
import { batchesOf, oneAhead } from './batches.js';
import { rejectedRow, type BookEntry, type RejectedRow, type TakenEntry } from './book-row.js';
import { futureFact } from './check-row.js';
import { NOTHING_UNWRITTEN, placeRows, type OnRepeatedCustomer } from './placing.js';
import type { RejectSink } from './rejects.js';
import { makeBatch, type BookCounts, type MadeBatch } from './make-batch.js';

/** What to do about bad rows: import nothing, or import the others. */
export type OnError = 'reject-all' | 'skip';

/** A book to be recorded. */
export interface BookToImport {
  readonly rows: AsyncIterable<BookEntry>;
  readonly onError: OnError;
  readonly onRepeatedCustomer: OnRepeatedCustomer;
  /** The customers are invented. */
  readonly synthetic: boolean;
  /** What is imported; the audit log is told a keyed digest, and not the name, since either may tell of one person. */
  readonly source: { readonly kind: 'FILE' | 'ROWS'; readonly name: string; readonly sha256: string };
  readonly rejects: RejectSink;
  readonly onProgress?: ((rows: number) => void) | undefined;
  /** Stops the import; nothing of it remains. */
  readonly signal?: AbortSignal | undefined;
}

export interface ImportResult extends BookCounts {
  /** Names this import in the audit log. */
  importId: string;
  /** Rows of data seen. */
  rows: number;
  rejected: number;
}

/** Rows that are encoded and copied together. Enough to keep COPY busy, few enough to stay small in memory. */
const BATCH = 2_000;

/** Reasons that a refusal of the whole book repeats. */
const SHOWN_REASONS = 3;

/**
 * Records a whole book in one transaction: all of its rows, all but the bad ones, or nothing.
 * @throws BAD_INPUT when rows were rejected and `onError` is `reject-all`, or when the book cannot be read
 * @throws REFUSED when `signal` stops it
 * @throws CONFLICT when another import records the same external ids at the same time
 */
export async function importBook(ctx: Context, keys: KeyRing, book: BookToImport): Promise<ImportResult> {
  return ctx.db.transaction((tx) => recordBook(tx, ctx, keys, book));
}

/** As {@link importBook}, in a transaction that the caller opened. */
export async function recordBook(tx: Transaction, ctx: Context, keys: KeyRing, book: BookToImport): Promise<ImportResult> {
  demand(ctx, 'book:import');
  const importing = new BookImport(tx, ctx, keys, book);
  try {
    for await (const entries of oneAhead(batchesOf(book.rows, BATCH))) {
      if (book.signal?.aborted) throw refused(`${book.source.name}: the import was stopped; nothing of it was recorded`);
      await importing.take(entries);
    }
    return await importing.finish();
  } finally {
    await importing.settle();
  }
}

class BookImport {
  private readonly counts: BookCounts = { customers: 0, loans: 0, repayments: 0, outcomes: 0 };
  private rows = 0;
  private rejected = 0;
  private readonly reasons: string[] = [];
  /** Made, but not yet being copied. */
  private made: MadeBatch | undefined;
  /** Being copied. */
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly tx: Transaction,
    private readonly ctx: Context,
    private readonly keys: KeyRing,
    private readonly book: BookToImport,
  ) {}

  /**
   * Places a batch, then makes its rows while the rows of the batch before are being copied: this process and the
   * database work at the same time.
   */
  async take(entries: readonly BookEntry[]): Promise<void> {
    await this.writing;
    const { candidates, rejected } = this.sort(entries);
    const unwritten = this.made?.unwritten ?? NOTHING_UNWRITTEN;
    const placed = await placeRows(this.tx, this.keys, candidates, this.book.onRepeatedCustomer, unwritten);
    rejected.push(...placed.refused);
    this.write();
    await this.reject(rejected);
    if (placed.accepted.length > 0) this.made = await makeBatch(this.ctx.actor.id, this.keys, placed.accepted, this.book.synthetic);
    this.rows += entries.length;
    this.book.onProgress?.(this.rows);
  }

  /** Waits until the connection is free, so that a failed import can be rolled back; the failure itself is thrown elsewhere. */
  async settle(): Promise<void> {
    await this.writing.catch(() => undefined);
  }

  async finish(): Promise<ImportResult> {
    await this.writing;
    this.write();
    await this.writing;
    if (this.rejected > 0 && this.book.onError === 'reject-all') throw this.refusal();
    const importId = newId();
    const { kind: source, sha256 } = this.book.source;
    const sourceHmac = await this.keys.fingerprint(['BOOK_IMPORTED', sha256]);
    await recordEvent(this.tx, {
      type: 'BOOK_IMPORTED',
      id: importId,
      actor: this.ctx.actor.id,
      time: this.ctx.now(),
      payload: { source, sourceHmac, ...this.counts, rejected: this.rejected },
    });
    return { importId, rows: this.rows, ...this.counts, rejected: this.rejected };
  }

  /** Starts copying what is made. An early failure waits for whoever awaits it next. */
  private write(): void {
    const { made } = this;
    if (!made) return;
    this.made = undefined;
    this.count(made.counts);
    this.writing = writeSheets(this.tx, made.sheets);
    this.writing.catch(() => undefined);
  }

  private sort(entries: readonly BookEntry[]): { candidates: TakenEntry[]; rejected: RejectedRow[] } {
    const now = this.ctx.now();
    const candidates: TakenEntry[] = [];
    const rejected: RejectedRow[] = [];
    for (const entry of entries) {
      if ('rejected' in entry) {
        rejected.push(entry.rejected);
        continue;
      }
      const reason = futureFact(entry.row, now);
      if (reason === undefined) candidates.push(entry);
      else rejected.push(rejectedRow(entry, reason));
    }
    return { candidates, rejected };
  }

  private async reject(rejected: RejectedRow[]): Promise<void> {
    this.rejected += rejected.length;
    rejected.sort((a, b) => a.line - b.line);
    const shown = rejected.slice(0, SHOWN_REASONS - this.reasons.length);
    this.reasons.push(...shown.map(({ line, reason }) => `line ${line}: ${reason}`));
    await this.book.rejects.add(rejected);
  }

  private count(more: BookCounts): void {
    for (const key of Object.keys(more) as (keyof BookCounts)[]) this.counts[key] += more[key];
  }

  private refusal(): Error {
    const more = this.rejected > this.reasons.length ? [`… and ${this.rejected - this.reasons.length} more`] : [];
    return badInput(
      `${this.book.source.name}: nothing was imported, because ${this.rejected} of ${this.rows} rows were rejected; ` +
        `${this.book.rejects.where}. Mend them, or ${this.book.rejects.toSkip} to import the others.\n${[...this.reasons, ...more].map((line) => `  ${line}`).join('\n')}`,
    );
  }
}
