import { badInput, isOnCalendar, isStorable } from '../base/index.js';
import type { Queryable } from './database.js';

/** Relay's arguments; exactly one direction at a time. Clients send null for what is not given. */
export interface PageRequest {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
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
  const { first, after, last, before } = withoutNulls(request);
  if (first !== undefined && last !== undefined) throw badInput('Pass first or last, not both.');
  const backward = last !== undefined || (before !== undefined && first === undefined);
  const size = first ?? last ?? DEFAULT_SIZE;
  const parameters = [...query.parameters];
  const where = [...query.where];
  const descending = query.descending ?? false;
  const bound = (cursor: string | undefined, beyond: boolean): void => {
    if (cursor === undefined) return;
    const [key, id] = decodeCursor(cursor, query.key.type);
    parameters.push(key, id);
    const pair = `($${parameters.length - 1}::${query.key.type}, $${parameters.length}::uuid)`;
    where.push(`(${query.key.sql}, ${query.id.sql}) ${beyond === descending ? '<' : '>'} ${pair}`);
  };
  bound(after, true);
  bound(before, false);
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
    hasNext: backward ? before !== undefined : more,
    hasPrevious: backward ? more : after !== undefined,
    count: () => countOf(db, query),
  };
}

async function countOf(db: Queryable, query: PagedQuery): Promise<number> {
  const [row] = await db.query<{ count: string }>(`SELECT count(*) FROM ${query.from} ${whereSql(query.where)}`, query.parameters);
  return Number(row!.count);
}

const whereSql = (where: readonly string[]): string => (where.length > 0 ? `WHERE ${where.join(' AND ')}` : '');

const encodeCursor = (key: string, id: string): string => Buffer.from(JSON.stringify([key, id])).toString('base64url');

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TIME = /^(\d{4}-\d\d-\d\d) ([01]\d|2[0-3])(:[0-5]\d){2}(\.\d{1,6})?[+-](0\d|1[0-4])(:[0-5]\d){0,2}$/;

/** Whether a text is one that PostgreSQL reads as the type: a cursor comes from outside. */
const READABLE: Readonly<Record<PagedQuery['key']['type'], (key: string) => boolean>> = {
  uuid: (key) => UUID.test(key),
  text: isStorable,
  timestamptz: (key) => isOnCalendar(TIME.exec(key)?.[1] ?? ''),
};

function decodeCursor(cursor: string, type: PagedQuery['key']['type']): [key: string, id: string] {
  try {
    const bytes = Buffer.from(cursor, 'base64url');
    const [key, id, ...rest] = JSON.parse(bytes.toString('utf8')) as unknown[];
    const ours = bytes.toString('base64url') === cursor && rest.length === 0 && typeof key === 'string' && typeof id === 'string';
    if (ours && READABLE[type](key) && UUID.test(id)) return [key, id];
  } catch {
    // falls through to the one sentence about cursors
  }
  throw badInput(`${JSON.stringify(cursor.slice(0, 80))} is not a cursor of this list. Pass a cursor as a page returned it.`);
}

interface Given {
  readonly first: number | undefined;
  readonly after: string | undefined;
  readonly last: number | undefined;
  readonly before: string | undefined;
}

const withoutNulls = ({ first, after, last, before }: PageRequest): Given => ({
  first: first ?? undefined,
  after: after ?? undefined,
  last: last ?? undefined,
  before: before ?? undefined,
});
