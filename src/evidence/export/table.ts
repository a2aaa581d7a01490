import { parquetWriteBuffer, type BasicType } from 'hyparquet-writer';
import type { PredictionRow } from '../../predictions/index.js';

/** A prediction with what its record held; null where the customer was erased. */
export interface TableRow {
  readonly row: PredictionRow;
  readonly leafIndex: number;
  readonly body: string | null;
}

type Body = Readonly<Record<string, unknown>>;
type Column = readonly [name: string, type: BasicType, value: (row: TableRow, body: Body) => unknown];

const clear = (name: keyof PredictionRow, type: BasicType): Column => [name, type, ({ row }) => row[name]];
const sealed = (name: string): Column => [name, 'STRING', (_, body) => (body[name] == null ? null : JSON.stringify(body[name]))];

/** Columns as a data scientist would ask for them; what is nested stays JSON. */
const COLUMNS: readonly Column[] = [
  clear('id', 'STRING'), clear('customer_id', 'STRING'), clear('loan_id', 'STRING'), clear('model_id', 'STRING'), clear('version_id', 'STRING'), clear('deployment_id', 'STRING'),
  clear('purpose', 'STRING'), clear('status', 'STRING'), clear('decision', 'STRING'), clear('grade', 'STRING'), clear('pd', 'DOUBLE'), clear('score_points', 'DOUBLE'),
  clear('as_of', 'TIMESTAMP'), clear('created_at', 'TIMESTAMP'), clear('recorded_at', 'TIMESTAMP'), clear('shadow_of', 'STRING'), clear('would_decide', 'STRING'),
  ['leaf_index', 'INT64', ({ leafIndex }) => BigInt(leafIndex)],
  sealed('inputs'), sealed('outputs'), sealed('explanation'), sealed('reasons'), sealed('problem'), sealed('runtime'),
];

/** The rows as Apache Parquet, one group. */
export function asParquet(rows: readonly TableRow[]): Uint8Array {
  const columnData = COLUMNS.map(([name, type]) => ({ name, type, data: [] as unknown[], nullable: true }));
  for (const row of rows) {
    const body = row.body === null ? {} : (JSON.parse(row.body) as Body);
    for (const [index, [, , value]] of COLUMNS.entries()) columnData[index]!.data.push(value(row, body) ?? null);
  }
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: 'assay' }));
}
