import { unpackLeaf, verifyTree, type Entry, type TreeCheck, type TreeCounts } from '../audit/index.js';
import type { BulkReader, Queryable } from '../platform/index.js';
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

/** What is known from elsewhere than the database. */
export interface Kept extends Pick<TreeCheck, 'anchors' | 'receipts' | 'trusted' | 'uncompared'> {
  /** Nobody integrates events at present, so that some have waited for long is no problem. */
  readonly nobodyIntegrates?: boolean;
}

/** Told at most: after that, more of the same says nothing new. */
const MOST_TOLD = 100;

/** Longer than this nothing waits while a server runs. */
const LATE_SECONDS = 60;

/** Events that are read at once. */
const BATCH = 2_000;

/** How far the time at which an event was taken in may lie from the one in its leaf: clocks differ by little, but a transaction that imports a book can last. */
const [MOST_HOURS_AFTER, MOST_HOURS_BEFORE] = [1, 24];

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
  const entries = async (batch: readonly Pick<Entry, 'type' | 'leaf'>[]): Promise<void> => {
    governance.add(batch);
    await predictions.compare(batch);
  };
  const counts = await verifyTree(db, { problem, ...kept, entries, progress: (done) => progress(done, total!.count) });
  await predictions.nothingUnwitnessed();
  await nothingBeforeTheFirst(db, problem);
  let [waiting, late] = [0, 0];
  for await (const batch of waitingEvents(db)) {
    await entries(batch);
    waiting += batch.length;
    late += batch.filter((one) => one.late).length;
  }
  await governance.compare();
  await timesOfLeaves(db, problem);
  if (late > 0 && !kept.nobodyIntegrates) problem(`${late} events have waited for more than ${LATE_SECONDS} s to be integrated. A running server does that; if one runs, its log tells why not.`);
  return { ...counts, predictions: predictions.verified, rows: governance.verified, waiting, problems, problemCount };
}

interface Waiting extends Pick<Entry, 'type' | 'leaf'> {
  /** Or said to come yet: it has a wrong time then, and would otherwise wait unseen. */
  readonly late: boolean;
}

/** Events that are not in the tree yet; what they tell of is verified all the same. */
async function* waitingEvents(db: BulkReader): AsyncGenerator<Waiting[]> {
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const batch = await db.copyOut(
      `SELECT i.id, i.type, i.leaf, (i.recorded_at NOT BETWEEN now() - interval '${LATE_SECONDS} seconds' AND now() + interval '${LATE_SECONDS} seconds')::integer::bigint AS late
       FROM audit_intake i WHERE i.id > '${after}' AND NOT EXISTS (SELECT FROM log_standing e WHERE e.intake_id = i.id) ORDER BY i.id LIMIT ${BATCH}`,
      (row) => ({ id: row.uuid()!, type: row.text() ?? '', leaf: unpackLeaf(row.bytes() ?? Buffer.alloc(0)), late: row.integer() !== 0 }));
    if (batch.length > 0) yield batch;
    if (batch.length < BATCH) return;
    after = batch.at(-1)!.id;
  }
}

const shifted = (hours: number): string => `(recorded_at + interval '${hours} hours')`;

const near = (told: string, at: (hours: number) => string): string => `${told} BETWEEN ${at(-MOST_HOURS_AFTER)} AND ${at(MOST_HOURS_BEFORE)}`;

/** Whether the time in a leaf is near: of one that is packed in milliseconds; of another as text, where what is no time is near none. */
const NEAR = {
  packed: near(`('x' || encode(substr(leaf, 3, 6), 'hex'))::bit(48)::bigint`, (hours) => `extract(epoch FROM ${shifted(hours)}) * 1000`),
  json: near(`encode(substr(leaf, position('"time":"'::bytea IN leaf) + 8, 24), 'escape')`, (hours) => `(to_char(${shifted(hours)} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') COLLATE "C")`),
};

/**
 * When an event was taken in is told beside its leaf, and by it exports are cut: no hash binds it, but the time in the leaf is
 * bound. Within the statement, since there is one for each prediction.
 */
async function timesOfLeaves(db: Queryable, problem: (text: string) => void): Promise<void> {
  const [wrong] = await db.query<{ count: number; first: string | null }>(
    `SELECT count(*)::int AS count, min(id::text) AS first FROM audit_intake WHERE (CASE WHEN substr(leaf, 1, 1) = '\\x01' THEN ${NEAR.packed} ELSE ${NEAR.json} END) IS NOT TRUE`);
  if (wrong!.count > 0) problem(`${wrong!.count} events are said to have been taken in at another time than their leaves tell, such as ${wrong!.first}.`);
}

/** What the others say of those before them, their first entries repeat; the first has none before it. */
async function nothingBeforeTheFirst(db: Queryable, problem: (text: string) => void): Promise<void> {
  const [first] = await db.query('SELECT FROM log_epochs WHERE epoch = 1 AND (predecessor IS NOT NULL OR kept IS NOT NULL)');
  if (first) problem('Epoch 1 of the log is said to follow another one. It is the first.');
}
