import { escapeIdentifier, type ClientBase } from 'pg';
import { internal } from '../../base/index.js';

/** A table as it is dumped: its columns that are stored, not made. */
export interface Table {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
}

/** A partition, by which rows of its range are found. */
export interface Partition {
  readonly schema: string;
  readonly name: string;
  readonly parent: string;
  readonly bound: string;
}

export interface Scope {
  /** Every table of this schema … */
  readonly schema: string;
  /** … but these, which migrations keep … */
  readonly without: readonly string[];
  /** … and these of others, as schema.table. */
  readonly besides: readonly string[];
}

export const nameOf = ({ schema, name }: Pick<Table, 'schema' | 'name'>): string => `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;

export const columnsOf = ({ columns }: Table): string => columns.map(escapeIdentifier).join(', ');

/**
 * What refers to another table comes after it. Columns that hold the number of a transaction are left out: such a number
 * says nothing in another server, where rows get that of the transaction that restores them.
 */
export async function tablesIn(client: ClientBase, { schema, without, besides }: Scope): Promise<Table[]> {
  const { rows } = await client.query<Table & { refers: string[] }>(
    `SELECT n.nspname AS schema, c.relname AS name,
       ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.atttypid <> 'xid8'::regtype ORDER BY a.attnum) AS columns,
       ARRAY(SELECT DISTINCT quote_ident(fn.nspname) || '.' || quote_ident(f.relname) FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
             WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid <> c.oid) AS refers
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND ((n.nspname = $1 AND c.relname <> ALL($2)) OR n.nspname || '.' || c.relname = ANY($3))
     ORDER BY 1, 2`, [schema, without, besides]);
  const names = new Set(rows.map((row) => `${row.schema}.${row.name}`));
  const [left, done, sorted] = [[...rows], new Set<string>(), [] as Table[]];
  while (left.length > 0) {
    const at = left.findIndex(({ refers }) => refers.every((other) => done.has(other) || !names.has(other)));
    if (at < 0) throw internal(`These tables refer to one another in a circle: ${left.map(({ name }) => name).join(', ')}.`);
    const [{ schema: of, name, columns }] = left.splice(at, 1) as [Table & { refers: string[] }];
    done.add(`${of}.${name}`);
    sorted.push({ schema: of, name, columns });
  }
  return sorted;
}

export async function partitionsIn(client: ClientBase, schema: string): Promise<Partition[]> {
  const { rows } = await client.query<Partition>(
    `SELECT n.nspname AS schema, c.relname AS name, p.relname AS parent, pg_get_expr(c.relpartbound, c.oid) AS bound
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_class p ON p.oid = i.inhparent
     WHERE c.relispartition AND c.relkind = 'r' AND n.nspname = $1 ORDER BY 2`, [schema]);
  return rows;
}

/** A sequence and the number it gave last; null where it gave none. */
export interface Sequence {
  readonly schema: string;
  readonly name: string;
  readonly last: string | null;
}

export async function sequencesIn(client: ClientBase, schema: string): Promise<Sequence[]> {
  const { rows } = await client.query<Sequence>('SELECT schemaname AS schema, sequencename AS name, last_value::text AS last FROM pg_sequences WHERE schemaname = $1 ORDER BY 2', [schema]);
  return rows;
}
