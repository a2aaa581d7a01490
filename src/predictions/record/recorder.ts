import { recordEvents } from '../../audit/index.js';
import { bodyHash, type Transaction, type IdempotentRequest } from '../../platform/index.js';
import { insertPredictions, type PredictionRecord } from './row.js';

/** Which prediction answers a request: the result that a repeated request gets. */
export interface PredictionRef {
  readonly customerId: string;
  readonly id: string;
}

export interface Recordable {
  readonly record: PredictionRecord;
  /** What its challengers said: stored with it, or not at all. */
  readonly beside: readonly PredictionRecord[];
  /** Absent: the caller did not ask for safe repetition. */
  readonly request: IdempotentRequest | undefined;
}

/**
 * Stores a batch: idempotency rows, predictions, audit intake, in the caller's one transaction.
 * @param recordedAt the database's clock, read under the locks
 * @returns the ids of the predictions that were stored; the others lost the race for their requestId to another
 * transaction, whose result is the answer
 */
export async function recordBatch(tx: Transaction, batch: readonly Recordable[], recordedAt: Date): Promise<Set<string>> {
  const won = await claimRequests(tx, batch);
  const stored = batch.filter(({ record, request }) => request === undefined || won.has(record.columns.id));
  await recordEvents(tx, await insertPredictions(tx, stored.flatMap(({ record, beside }) => [record, ...beside]), recordedAt));
  return new Set(stored.map(({ record }) => record.columns.id));
}

/** Claims are made in one order everywhere, so that two batches cannot wait for each other. */
async function claimRequests(tx: Transaction, batch: readonly Recordable[]): Promise<Set<string>> {
  const claims = batch
    .filter((item): item is Recordable & { request: IdempotentRequest } => item.request !== undefined)
    .sort((a, b) => compare(keyOf(a), keyOf(b)));
  if (claims.length === 0) return new Set();
  const rows = await tx.query<{ id: string }>(
    `INSERT INTO idempotency (principal_id, request_id, operation, body_hash, result)
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::jsonb[])
     ON CONFLICT DO NOTHING RETURNING result ->> 'id' AS id`,
    [
      claims.map(({ record }) => record.columns.actor_id),
      claims.map(({ request }) => request.requestId),
      claims.map(({ request }) => request.operation),
      claims.map(({ request }) => bodyHash(request)),
      claims.map(({ record }) => JSON.stringify({ customerId: record.columns.customer_id, id: record.columns.id } satisfies PredictionRef)),
    ],
  );
  return new Set(rows.map(({ id }) => id));
}

const keyOf = ({ record, request }: Recordable & { request: IdempotentRequest }): string => `${record.columns.actor_id} ${request.requestId}`;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
