import type { Queryable } from '../platform/index.js';
import { PREDICTION_COLUMNS, type PredictionColumns } from '../predictions/index.js';

/** A prediction as it is stored. */
export interface StoredPrediction {
  readonly columns: PredictionColumns;
  readonly salt: Buffer;
  readonly body: Buffer;
  /** False where a time is not one that was written: those are of whole milliseconds. */
  readonly exact: boolean;
}

const TIMES: ReadonlySet<string> = new Set(['as_of', 'created_at', 'recorded_at']);

/** Times as microseconds, since a Date would hide the last three digits. */
const CELLS = PREDICTION_COLUMNS.map((name) => (TIMES.has(name) ? `extract(epoch FROM p.${name}) * 1000000` : `p.${name}`)).join(', ');

interface Packed {
  readonly rows: readonly unknown[][] | null;
  readonly lengths: Buffer;
  readonly bytes: Buffer;
}

/** In few values for all of them: a value for each column of each row would cost more to read than to compare. */
export async function storedPredictions(db: Queryable, ids: readonly string[]): Promise<StoredPrediction[]> {
  const [packed] = await db.query<Packed>(
    `SELECT json_agg(cells ORDER BY id, customer_id) AS rows, string_agg(int4send(octet_length(row_salt)) || int4send(octet_length(body)), '' ORDER BY id, customer_id) AS lengths,
       string_agg(row_salt || body, '' ORDER BY id, customer_id) AS bytes
     FROM (SELECT p.id, p.customer_id, p.row_salt, p.body, json_build_array(${CELLS}) AS cells FROM predictions p WHERE p.id = ANY($1::uuid[])) s`, [ids]);
  const { rows, lengths, bytes } = packed!;
  let at = 0;
  return (rows ?? []).map((cells, n): StoredPrediction => {
    const salt = bytes.subarray(at, (at += lengths.readInt32BE(8 * n)));
    const body = bytes.subarray(at, (at += lengths.readInt32BE(8 * n + 4)));
    const { columns, exact } = columnsOf(cells);
    return { columns, exact, salt, body };
  });
}

function columnsOf(cells: readonly unknown[]): Pick<StoredPrediction, 'columns' | 'exact'> {
  const columns: Record<string, unknown> = {};
  let exact = true;
  for (const [index, name] of PREDICTION_COLUMNS.entries()) {
    const cell = cells[index];
    if (!TIMES.has(name) || cell === null) {
      columns[name] = cell;
      continue;
    }
    const whole = typeof cell === 'number' && cell % 1_000 === 0;
    exact &&= whole;
    columns[name] = new Date(whole ? cell / 1_000 : 0);
  }
  return { columns: columns as unknown as PredictionColumns, exact };
}
