import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { syntheticRows } from './synthetic/rows.js';
import { COLUMNS, csvLine } from './synthetic/sheet.js';

export interface SyntheticBook {
  readonly path: string;
  readonly customers?: number;
  readonly seed?: number;
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

const DEFAULT_CUSTOMERS = 10_000;
const DEFAULT_SEED = 20_240_101;
const CUSTOMERS_A_CHUNK = 200;

/**
 * Writes a book of invented customers as CSV, to be read through `mappings/synthetic.json`; the same seed gives the
 * same bytes. The file appears under its name only when it is whole.
 * @returns the number of customers and loans in it
 */
export async function generateSyntheticBook(book: SyntheticBook): Promise<{ customers: number; loans: number }> {
  const { path, customers = DEFAULT_CUSTOMERS, seed = DEFAULT_SEED } = book;
  const counts = { customers, loans: 0 };
  const unfinished = `${path}.part`;
  await pipeline(Readable.from(chunks(customers, seed, counts, book.onProgress)), createWriteStream(unfinished));
  await rename(unfinished, path);
  return counts;
}

function* chunks(
  customers: number,
  seed: number,
  counts: { loans: number },
  onProgress: SyntheticBook['onProgress'],
): Generator<string> {
  let text = `${COLUMNS.join(',')}\n`;
  let done = 0;
  for (const row of syntheticRows(customers, seed)) {
    if (row.loan.id.endsWith('-1') && ++done % CUSTOMERS_A_CHUNK === 0) {
      yield text;
      text = '';
      onProgress?.({ done, total: customers });
    }
    text += csvLine(row);
    counts.loans += 1;
  }
  yield text;
  onProgress?.({ done: customers, total: customers });
}
