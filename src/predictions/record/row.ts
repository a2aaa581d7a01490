import { randomBytes } from 'node:crypto';
import type { AuditEvent } from '../../audit/index.js';
import { copyRows, sha256, type Cell, type Transaction } from '../../platform/index.js';

export type Purpose = 'ORIGINATION' | 'ACCOUNT_REVIEW' | 'WHAT_IF';
export type PredictionStatus = 'SCORED' | 'REFUSED' | 'FAILED';

/** The clear columns of a prediction: what it can be found by. */
export interface PredictionColumns {
  readonly customer_id: string;
  readonly id: string;
  readonly loan_id: string;
  readonly model_id: string | null;
  readonly version_id: string | null;
  readonly deployment_id: string | null;
  readonly actor_id: string;
  readonly request_id: string | null;
  readonly job_id: string | null;
  readonly purpose: Purpose;
  readonly status: PredictionStatus;
  readonly decision: string | null;
  readonly grade: string | null;
  readonly pd: number | null;
  readonly score_points: number | null;
  readonly as_of: Date;
  readonly created_at: Date;
  /** Of a challenger: the prediction that decided. */
  readonly shadow_of: string | null;
  /** Of a challenger: what its policy would have decided. */
  readonly would_decide: string | null;
  /** The database's clock under the model's lock; null in records of earlier releases. */
  readonly recorded_at: Date | null;
}

/** What is known before the transaction begins. */
export type NewColumns = Omit<PredictionColumns, 'recorded_at'>;

/** A prediction ready to be stored, with what its audit leaf says beside the columns. */
export interface PredictionRecord {
  readonly columns: NewColumns;
  readonly ciphertext: Buffer;
  readonly commitment: Buffer;
  readonly artefact: string | null;
  readonly dossier: string | null;
}

/** The columns of the first release: in every digest, null or not. */
const FIRST_COLUMNS = [
  'customer_id', 'id', 'loan_id', 'model_id', 'version_id', 'deployment_id', 'actor_id', 'request_id', 'job_id', 'purpose',
  'status', 'decision', 'grade', 'pd', 'score_points', 'as_of', 'created_at',
] as const satisfies readonly (keyof PredictionColumns)[];

/** Columns that came later: in the digest where they are not null, so that older rows keep theirs. */
const LATER_COLUMNS = ['shadow_of', 'would_decide', 'recorded_at'] as const satisfies readonly (keyof PredictionColumns)[];

export const COLUMNS = [...FIRST_COLUMNS, ...LATER_COLUMNS] as const;

const SALT_BYTES = 16;

/** The clear columns as their digest takes them. */
export function columnsInDigest(columns: PredictionColumns): Partial<PredictionColumns> {
  const present = [...FIRST_COLUMNS, ...LATER_COLUMNS.filter((name) => columns[name] != null)];
  return Object.fromEntries(present.map((name) => [name, columns[name]]));
}

/** SHA-256(row salt ‖ canonical(clear columns)): what the leaf says of the columns, without telling them. */
export const columnsDigest = (salt: Uint8Array, columns: PredictionColumns): Buffer =>
  sha256(Buffer.concat([salt, Buffer.from(canonicalColumns(columns))]));

const LATER: ReadonlySet<string> = new Set(LATER_COLUMNS);
const SORTED = [...COLUMNS].sort().map((name) => ({ name, key: `${JSON.stringify(name)}:`, later: LATER.has(name) }));

/**
 * RFC 8785 of {@link columnsInDigest}: of a flat object of texts, numbers and times it is JSON with the names in order. Spelt
 * out, and a test compares it with the library: it is made for every row of a log that is verified.
 */
export function canonicalColumns(columns: PredictionColumns): string {
  const members: string[] = [];
  for (const { name, key, later } of SORTED) {
    const value = columns[name];
    if (!later || value != null) members.push(key + (typeof value === 'string' ? JSON.stringify(value) : value instanceof Date ? `"${value.toISOString()}"` : String(value)));
  }
  return `{${members.join(',')}}`;
}

/** Stores predictions and returns the events that witness them, for the same transaction. */
export async function insertPredictions(tx: Transaction, records: readonly PredictionRecord[], recordedAt: Date): Promise<AuditEvent[]> {
  const salted = records.map((record) => ({ record, columns: { ...record.columns, recorded_at: recordedAt }, salt: randomBytes(SALT_BYTES) }));
  await copyRows(
    tx,
    'predictions',
    [...COLUMNS, 'row_salt', 'body'],
    salted.map(({ record, columns, salt }): Cell[] => [...COLUMNS.map((name) => columns[name]), salt, record.ciphertext]),
  );
  return salted.map(({ record, columns, salt }) => eventOf(record, columns, salt));
}

function eventOf({ ciphertext, commitment, artefact, dossier }: PredictionRecord, columns: PredictionColumns, salt: Buffer): AuditEvent {
  return {
    type: 'PREDICTION_RECORDED',
    id: columns.id,
    actor: columns.actor_id,
    time: columns.created_at,
    payload: {
      artefact,
      dossier,
      deployment: columns.deployment_id,
      status: columns.status,
      record: sha256(ciphertext).toString('hex'),
      commitment: commitment.toString('hex'),
      columns: columnsDigest(salt, columns).toString('hex'),
    },
  };
}
