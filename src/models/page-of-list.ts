import { badInput, type Page, type PageRequest } from '../platform/index.js';

const DEFAULT_SIZE = 20;

/** A page of a short list that is in memory already, ordered by id; its cursors are ids. */
export function pageOfList<Row extends { id: string }>(rows: readonly Row[], { first, last, after, before }: PageRequest): Page<Row> {
  if (first != null && last != null) throw badInput('Pass first or last, not both.');
  const from = after == null ? 0 : placeOf(rows, after) + 1;
  const to = before == null ? rows.length : placeOf(rows, before);
  const between = rows.slice(from, Math.max(from, to));
  const shown = last == null ? between.slice(0, first ?? DEFAULT_SIZE) : between.slice(Math.max(0, between.length - last));
  const start = last == null ? from : from + between.length - shown.length;
  return {
    rows: shown.map((row) => ({ row, cursor: Buffer.from(row.id).toString('base64url') })),
    hasPrevious: start > 0,
    hasNext: start + shown.length < rows.length,
    count: async () => rows.length,
  };
}

function placeOf(rows: readonly { id: string }[], cursor: string): number {
  const id = Buffer.from(cursor, 'base64url').toString('utf8');
  const place = rows.findIndex((row) => row.id === id);
  if (place < 0) throw badInput(`"${cursor.slice(0, 80)}" is not a cursor of this list. Pass a cursor as a page returned it.`);
  return place;
}
