import { internal, type Transaction } from '../platform/index.js';

const KEY = `hashtextextended('model ' || $1, 0)`;

/** For what changes which version of a model is live. Held until the transaction ends. */
export const lockExclusive = async (tx: Transaction, modelId: string): Promise<void> =>
  void (await tx.query(`SELECT pg_advisory_xact_lock(${KEY})`, [modelId]));

/** For recording predictions: many at a time, but none while the live version changes. Held until the transaction ends. */
export const lockShared = async (tx: Transaction, modelId: string): Promise<void> =>
  void (await tx.query(`SELECT pg_advisory_xact_lock_shared(${KEY})`, [modelId]));

/** Counts the changes of what is live. Read it under the lock: the same as at routing means that the route holds. */
export async function currentEpoch(tx: Transaction, modelId: string): Promise<string> {
  const [row] = await tx.query<{ epoch: string }>('SELECT deployment_epoch AS epoch FROM models WHERE id = $1', [modelId]);
  if (!row) throw internal(`Model ${modelId} is routed to but not registered.`);
  return row.epoch;
}
