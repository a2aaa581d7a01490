import type { BulkReader, RowReader } from '../platform/index.js';
import { PREDICTION_COLUMNS, type PredictionColumns } from '../predictions/index.js';

/** A prediction as it is stored. */
export interface StoredPrediction {
  readonly columns: PredictionColumns;
  readonly salt: Buffer;
  readonly body: Buffer;
  /** False where a time is not one that was written: those are of whole milliseconds. */
  readonly exact: boolean;
}

type Name = keyof PredictionColumns;

const TIMES: ReadonlySet<Name> = new Set(['as_of', 'created_at', 'recorded_at'] satisfies Name[]);
const NUMBERS: ReadonlySet<Name> = new Set(['pd', 'score_points'] satisfies Name[]);
const TEXTS: ReadonlySet<Name> = new Set(['request_id', 'purpose', 'status', 'decision', 'grade', 'would_decide'] satisfies Name[]);

const READERS = PREDICTION_COLUMNS.map((name): ((row: RowReader) => unknown) => {
  if (TIMES.has(name)) return timeOf;
  if (NUMBERS.has(name)) return (row) => row.double() ?? null;
  return TEXTS.has(name) ? (row) => row.text() ?? null : (row) => row.uuid() ?? null;
});

const SELECT = PREDICTION_COLUMNS.map((name) => `p.${name}`).join(', ');

/** What was taken away with the rule that it must be there. */
const NOTHING = Buffer.alloc(0);

/** @param ids UUIDs, which are written into the statement */
export const storedPredictions = (db: BulkReader, ids: readonly string[]): Promise<StoredPrediction[]> =>
  db.copyOut(`SELECT p.row_salt, p.body, ${SELECT} FROM predictions p WHERE p.id = ANY('{${ids.join(',')}}'::uuid[]) ORDER BY p.id, p.customer_id`, (row) => {
    const [salt, body] = [row.bytes() ?? NOTHING, row.bytes() ?? NOTHING];
    const columns: Partial<Record<Name, unknown>> = {};
    let exact = true;
    for (const [index, name] of PREDICTION_COLUMNS.entries()) {
      const value = READERS[index]!(row);
      exact &&= value !== undefined;
      columns[name] = value;
    }
    return { salt, body, exact, columns: columns as PredictionColumns };
  });

/** Undefined for a time within a millisecond: a Date would hide its last three digits. */
function timeOf(row: RowReader): Date | null | undefined {
  const microseconds = row.microseconds();
  if (microseconds === undefined) return null;
  return microseconds % 1_000n === 0n ? new Date(Number(microseconds / 1_000n)) : undefined;
}
