import type { Queryable } from '../../platform/index.js';

/** A tree under an origin of its own. */
export interface Epoch {
  readonly epoch: number;
  readonly reason: string;
  /** The last known checkpoint of the epoch before; null in the first. */
  readonly predecessor: string | null;
  /** How many entries of the epoch before stand; null in the first. */
  readonly kept: number | null;
  readonly recordedAt: Date;
}

export async function currentEpoch(db: Queryable): Promise<number> {
  const [row] = await db.query<{ epoch: number }>('SELECT max(epoch) AS epoch FROM log_epochs');
  return row!.epoch;
}

/** How many entries of an epoch stand; undefined for the newest, of which all do. */
export async function keptOf(db: Queryable, epoch: number): Promise<number | undefined> {
  const [row] = await db.query<{ kept: string }>('SELECT kept FROM log_epochs WHERE epoch = $1', [epoch + 1]);
  return row && Number(row.kept);
}

/** From the first on. */
export async function epochsOf(db: Queryable): Promise<Epoch[]> {
  const rows = await db.query<Omit<Epoch, 'kept' | 'recordedAt'> & { kept: string | null; recorded_at: Date }>('SELECT epoch, reason, predecessor, kept, recorded_at FROM log_epochs ORDER BY epoch');
  return rows.map(({ epoch, reason, predecessor, kept, recorded_at }) => ({ epoch, reason, predecessor, kept: kept === null ? null : Number(kept), recordedAt: recorded_at }));
}
