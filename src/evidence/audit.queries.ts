import { unpackLeaf } from '../audit/index.js';
import { fetchPage, type Page, type PageRequest, type Queryable } from '../platform/index.js';

export interface EventRow {
  readonly id: string;
  readonly type: string;
  readonly leaf: Buffer;
  readonly recorded_at: Date;
  readonly index: string | null;
  readonly epoch: number | null;
}

const COLUMNS = 'i.id, i.type, i.leaf, i.recorded_at, e.index, e.epoch';
const TABLES = 'audit_intake i LEFT JOIN log_standing e ON e.intake_id = i.id';

export async function findEvent(db: Queryable, id: string): Promise<EventRow | undefined> {
  const [row] = await db.query<EventRow>(`SELECT ${COLUMNS} FROM ${TABLES} WHERE i.id = $1`, [id]);
  return row && unpacked(row);
}

export interface EventFilter {
  readonly types: readonly string[] | undefined;
  readonly since: Date | undefined;
  readonly before: Date | undefined;
}

/** Events by their ids, which are in the order of their times. */
export async function eventPage(db: Queryable, { types, since, before }: EventFilter, request: PageRequest): Promise<Page<EventRow>> {
  const [where, parameters]: [string[], unknown[]] = [[], []];
  const only = (sql: (parameter: string) => string, value: unknown): void => {
    if (value === undefined) return;
    parameters.push(value);
    where.push(sql(`$${parameters.length}`));
  };
  only((parameter) => `i.type = ANY(${parameter}::text[])`, types);
  only((parameter) => `i.recorded_at >= ${parameter}`, since);
  only((parameter) => `i.recorded_at < ${parameter}`, before);
  const page = await fetchPage<EventRow>(db, {
    select: COLUMNS,
    from: TABLES,
    where,
    parameters,
    key: { sql: 'i.id', type: 'uuid' },
    id: { sql: 'i.id' },
    descending: true,
  }, request);
  return { ...page, rows: page.rows.map(({ row, cursor }) => ({ row: unpacked(row), cursor })) };
}

const unpacked = (row: EventRow): EventRow => ({ ...row, leaf: unpackLeaf(row.leaf) });
