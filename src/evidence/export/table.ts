import { parquetWriteBuffer, type BasicType } from 'hyparquet-writer';
import type { PredictionRow } from '../../predictions/index.js';

/** A prediction with what its record held; null where the customer was erased. */
export interface TableRow {
  readonly row: PredictionRow;
  readonly leafIndex: number;
  readonly body: string | null;
}

type Column = readonly [name: string, type: BasicType, value: (row: TableRow) => unknown];

const part = ({ body }: TableRow, name: string): unknown => (body === null ? null : ((JSON.parse(body) as Record<string, unknown>)[name] ?? null));
const clear = (name: keyof PredictionRow, type: BasicType): Column => [name, type, ({ row }) => row[name]];
const sealed = (name: string): Column => [name, 'STRING', (row) => jsonOf(part(row, name))];
const jsonOf = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

/** Columns as a data scientist would ask for them; what is nested stays JSON. */
const COLUMNS: readonly Column[] = [
  clear('id', 'STRING'), clear('customer_id', 'STRING'), clear('loan_id', 'STRING'), clear('model_id', 'STRING'), clear('version_id', 'STRING'), clear('deployment_id', 'STRING'),
  clear('purpose', 'STRING'), clear('status', 'STRING'), clear('decision', 'STRING'), clear('grade', 'STRING'), clear('pd', 'DOUBLE'), clear('score_points', 'DOUBLE'),
  clear('as_of', 'TIMESTAMP'), clear('created_at', 'TIMESTAMP'), clear('recorded_at', 'TIMESTAMP'), clear('shadow_of', 'STRING'), clear('would_decide', 'STRING'),
  ['leaf_index', 'INT64', ({ leafIndex }) => BigInt(leafIndex)],
  sealed('inputs'), sealed('outputs'), sealed('explanation'), sealed('reasons'), sealed('problem'), sealed('runtime'),
];

/** The rows as Apache Parquet, one group. */
export const asParquet = (rows: readonly TableRow[]): Uint8Array =>
  new Uint8Array(parquetWriteBuffer({ columnData: COLUMNS.map(([name, type, value]) => ({ name, type, data: rows.map((row) => value(row) ?? null), nullable: true })), createdBy: 'assay' }));
