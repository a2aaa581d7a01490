import type { Queryable } from './database.js';
import { badInput } from './errors.js';

/** Relay's arguments; exactly one direction at a time. */
export interface PageRequest {
  readonly first?: number | undefined;
  readonly after?: string | undefined;
  readonly last?: number | undefined;
  readonly before?: string | undefined;
}

export interface Page<Row> {
  readonly rows: readonly { row: Row; cursor: string }[];
  readonly hasNext: boolean;
  readonly hasPrevious: boolean;
  readonly count: () => Promise<number>;
}

/**
 * A list that can be paged by key. `key` is the SQL text of what it is ordered by and must, together with `id`,
 * order the rows totally; both must be selected under the aliases `page_key` and `page_id` as text.
 */
export interface PagedQuery {
  readonly select: string;
  readonly from: string;
  readonly where: readonly string[];
  readonly parameters: readonly unknown[];
  readonly key: { sql: string; type: 'uuid' | 'text' | 'timestamptz' };
  readonly id: { sql: string };
  readonly descending?: boolean;
}

const DEFAULT_SIZE = 20;

/** Keyset paging: the cost of a page does not depend on how far into the list it is. */
export async function fetchPage<Row>(db: Queryable, query: PagedQuery, request: PageRequest): Promise<Page<Row>> {
  if (request.first !== undefined && request.last !== undefined) throw badInput('Pass first or last, not both.');
  const backward = request.last !== undefined || (request.before !== undefined && request.first === undefined);
  const size = request.first ?? request.last ?? DEFAULT_SIZE;
  const parameters = [...query.parameters];
  const where = [...query.where];
  const descending = query.descending ?? false;
  const bound = (cursor: string | undefined, beyond: boolean): void => {
    if (cursor === undefined) return;
    const [key, id] = decodeCursor(cursor);
    parameters.push(key, id);
    const pair = `($${parameters.length - 1}::${query.key.type}, $${parameters.length}::uuid)`;
    where.push(`(${query.key.sql}, ${query.id.sql}) ${beyond === descending ? '<' : '>'} ${pair}`);
  };
  bound(request.after, true);
  bound(request.before, false);
  const order = descending === backward ? 'ASC' : 'DESC';
  const found = await db.query<Row & { page_key: string; page_id: string }>(
    `SELECT ${query.select}, (${query.key.sql})::text AS page_key, (${query.id.sql})::text AS page_id
     FROM ${query.from} ${whereSql(where)}
     ORDER BY ${query.key.sql} ${order}, ${query.id.sql} ${order} LIMIT ${size + 1}`,
    parameters,
  );
  const more = found.length > size;
  const rows = found.slice(0, size);
  if (backward) rows.reverse();
  return {
    rows: rows.map((row) => ({ row, cursor: encodeCursor(row.page_key, row.page_id) })),
    hasNext: backward ? request.before !== undefined : more,
    hasPrevious: backward ? more : request.after !== undefined,
    count: () => countOf(db, query),
  };
}

async function countOf(db: Queryable, query: PagedQuery): Promise<number> {
  const [row] = await db.query<{ count: string }>(`SELECT count(*) FROM ${query.from} ${whereSql(query.where)}`, query.parameters);
  return Number(row!.count);
}

const whereSql = (where: readonly string[]): string => (where.length > 0 ? `WHERE ${where.join(' AND ')}` : '');

const encodeCursor = (key: string, id: string): string => Buffer.from(JSON.stringify([key, id])).toString('base64url');

function decodeCursor(cursor: string): [key: string, id: string] {
  try {
    const [key, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[];
    if (typeof key === 'string' && typeof id === 'string' && /^[0-9a-f-]{36}$/.test(id)) return [key, id];
  } catch {
    // falls through to the one sentence about cursors
  }
  throw badInput(`"${cursor.slice(0, 80)}" is not a cursor of this list. Pass a cursor as a page returned it.`);
}
