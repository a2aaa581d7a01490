import { internal, type Transaction } from '../platform/index.js';

const KEY = `hashtextextended('model ' || $1, 0)`;

/** For what changes which version of a model is live. Held until the transaction ends. */
export const lockExclusive = async (tx: Transaction, modelId: string): Promise<void> =>
  void (await tx.query(`SELECT pg_advisory_xact_lock(${KEY})`, [modelId]));

/** For recording predictions: many at a time, but none while the live version changes. Held until the transaction ends. */
export const lockShared = async (tx: Transaction, modelId: string): Promise<void> =>
  void (await tx.query(`SELECT pg_advisory_xact_lock_shared(${KEY})`, [modelId]));

export interface ReadUnderLock {
  /** Counts the changes of what is live: the same as at routing means that the route holds. */
  readonly epoch: string;
  /** The database's clock, in whole milliseconds as everything that is told and digested. */
  readonly at: Date;
}

/** Read it after the lock, in a statement of its own: one that waited for the lock would still see what was before. */
export async function readUnderLock(tx: Transaction, modelId: string): Promise<ReadUnderLock> {
  const [row] = await tx.query<ReadUnderLock>(
    `SELECT deployment_epoch AS epoch, date_trunc('milliseconds', clock_timestamp()) AS at FROM models WHERE id = $1`,
    [modelId],
  );
  if (!row) throw internal(`Model ${modelId} is routed to but not registered.`);
  return row;
}

/** The database's clock in whole milliseconds. */
export async function databaseClock(tx: Transaction): Promise<Date> {
  const [row] = await tx.query<{ at: Date }>(`SELECT date_trunc('milliseconds', clock_timestamp()) AS at`);
  return row!.at;
}
