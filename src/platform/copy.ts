import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import type { Transaction } from './database.js';
import { badInput, isStorable } from '../base/index.js';

export type Cell = string | number | boolean | Date | Uint8Array | null;

const CHUNK_CHARACTERS = 64 * 1024;

/** The first and the last moment of the years 1 to 9999, which have the same text everywhere. */
const FIRST_MOMENT = Date.parse('0001-01-01T00:00:00.000Z');
const LAST_MOMENT = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Appends rows by COPY, for one row or for millions: the only way rows of the big tables are written.
 * @throws BAD_INPUT, naming the column, for a value that cannot be stored as it is; nothing is altered to fit
 */
export async function copyRows(tx: Transaction, table: string, columns: readonly string[], rows: Iterable<readonly Cell[]>): Promise<void> {
  const sink = tx.connection.query(copyFrom(`COPY ${table} (${columns.join(', ')}) FROM STDIN`));
  await pipeline(Readable.from(chunks(rows, (index) => `${table}.${columns[index] ?? `column ${index + 1}`}`)), sink);
}

/** Rows of one table, ready to be copied. Making them can go on while others are being copied. */
export interface Sheet {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Copies sheets in their order, so that what is referred to comes first. */
export async function copySheets(tx: Transaction, sheets: readonly Sheet[]): Promise<void> {
  for (const { table, columns, rows } of sheets) {
    if (rows.length > 0) await copyRows(tx, table, columns, rows);
  }
}

function* chunks(rows: Iterable<readonly Cell[]>, whereOf: (index: number) => string): Generator<Buffer> {
  let text = '';
  for (const row of rows) {
    for (let index = 0; index < row.length; index += 1) {
      const cellAsText = cellText(row[index]!);
      if (cellAsText === undefined) throw badInput(`${whereOf(index)}: ${whyUnstorable(row[index]!)}`);
      text += index === 0 ? cellAsText : `\t${cellAsText}`;
    }
    text += '\n';
    if (text.length >= CHUNK_CHARACTERS) {
      yield Buffer.from(text);
      text = '';
    }
  }
  if (text) yield Buffer.from(text);
}

/** COPY's text format; undefined for what cannot be stored. */
function cellText(cell: Cell): string | undefined {
  if (cell === null) return '\\N';
  if (typeof cell === 'string') return escapeText(cell);
  if (cell instanceof Date) return isStorableTime(cell.getTime()) ? cell.toISOString() : undefined;
  if (cell instanceof Uint8Array) return `\\\\x${Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength).toString('hex')}`;
  return typeof cell === 'number' && !Number.isFinite(cell) ? undefined : String(cell);
}

const isStorableTime = (time: number): boolean => time >= FIRST_MOMENT && time <= LAST_MOMENT;

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** One test settles nearly every text: only what has something of note in it is looked at closer. */
function escapeText(text: string): string | undefined {
  if (!/[\\\t\n\r\0\uD800-\uDFFF]/.test(text)) return text;
  return isStorable(text) ? text.replaceAll(/[\\\t\n\r]/g, (found) => ESCAPES[found]!) : undefined;
}

function whyUnstorable(cell: Cell): string {
  if (cell instanceof Date && Number.isNaN(cell.getTime())) return 'a date that is none cannot be stored.';
  if (cell instanceof Date) return `the year ${cell.getUTCFullYear()} is outside 1 to 9999.`;
  if (typeof cell === 'number') return `${cell} is not a number that can be stored.`;
  if (String(cell).includes('\0')) return 'the text holds the character NUL, which PostgreSQL cannot store. Remove it.';
  return 'the text holds half of a character pair (a lone surrogate), which is not Unicode. Remove it.';
}
