import { verifyTree, type Anchor, type Entry, type KeptReceipt, type TreeCounts } from '../audit/index.js';
import type { BulkReader } from '../platform/index.js';
import { GovernanceRows } from './verify-rows.js';
import { PredictionRows } from './verify-predictions.js';

export interface LogVerification extends TreeCounts {
  /** Predictions whose rows fit their leaves, or were looked at for it. */
  readonly predictions: number;
  /** Rows of governance, likewise. */
  readonly rows: number;
  /** Events that are not in the tree yet. */
  readonly waiting: number;
  /** What does not fit, the first of it. */
  readonly problems: readonly string[];
  readonly problemCount: number;
}

export interface Kept {
  readonly anchors?: readonly Anchor[];
  readonly receipts?: readonly KeptReceipt[];
}

/** Told at most: after that, more of the same says nothing new. */
const MOST_TOLD = 100;

/** Longer than this nothing waits while a server runs. */
const LATE_SECONDS = 60;

/**
 * Verifies the whole log from the database: the tree from its entries, then every row of a prediction and of governance from
 * the leaves. Memory stays flat but for a digest of each row of governance.
 * @param db one moment of the database ({@link Database.snapshot}), so that what is written meanwhile is no difference
 * @param kept checkpoints from elsewhere that the tree must be the one of, and receipts whose leaves must be in it
 */
export async function verifyLog(db: BulkReader, progress: (done: number, of: number) => void = () => undefined, kept: Kept = {}): Promise<LogVerification> {
  const problems: string[] = [];
  let problemCount = 0;
  const problem = (text: string): void => {
    problemCount += 1;
    if (problems.length < MOST_TOLD) problems.push(text);
  };
  const [total] = await db.query<{ count: number }>('SELECT count(*)::int AS count FROM log_entries');
  const [predictions, governance] = [new PredictionRows(db, problem), new GovernanceRows(db, problem)];
  const entries = async (batch: readonly Entry[]): Promise<void> => {
    governance.add(batch);
    await predictions.compare(batch);
  };
  const counts = await verifyTree(db, { problem, ...kept, entries, progress: (done) => progress(done, total!.count) });
  await predictions.nothingUnwitnessed();
  governance.add(await db.query<Pick<Entry, 'type' | 'leaf'>>(`SELECT type, leaf FROM audit_intake i WHERE type = 'ROW_WRITTEN' AND NOT EXISTS (SELECT FROM log_standing e WHERE e.intake_id = i.id)`));
  await governance.compare();
  const [waiting] = await db.query<{ count: number; late: number }>(
    `SELECT count(*)::int AS count, count(*) FILTER (WHERE i.recorded_at < now() - $1 * interval '1 second')::int AS late FROM audit_intake i WHERE NOT EXISTS (SELECT FROM log_standing e WHERE e.intake_id = i.id)`, [LATE_SECONDS]);
  if (waiting!.late > 0) problem(`${waiting!.late} events have waited for more than ${LATE_SECONDS} s to be integrated. A running server does that; if one runs, its log tells why not.`);
  return { ...counts, predictions: predictions.verified, rows: governance.verified, waiting: waiting!.count, problems, problemCount };
}
