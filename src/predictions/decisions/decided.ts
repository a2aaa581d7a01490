import { lockThing } from '../../customers/index.js';
import { encodeGlobalId, notFound, PRESENT, type Context, type Queryable, type Transaction } from '../../platform/index.js';
import type { Decision } from '../../scoring/index.js';
import { demandOwn, refusedBy } from '../../security/index.js';
import { DECIDES } from '../history/deciding.js';
import type { PredictionRow } from '../history/prediction.queries.js';
import type { PredictionRef } from '../record/recorder.js';
import { COLUMNS } from '../record/row.js';
import { effectiveOf, type Effective } from './effective.js';
import { decisionFiles, openReviewsOfLoan } from './file.queries.js';
import type { DecisionFile, OverrideRow, ReviewRow } from './file.rows.js';

/** A prediction that decided something. */
export type DecidingRow = PredictionRow & { readonly decision: Decision; readonly purpose: 'ORIGINATION' | 'ACCOUNT_REVIEW' };

/** The same as {@link DECIDES}. */
export const decides = (row: PredictionRow): row is DecidingRow => row.decision !== null && row.purpose !== 'WHAT_IF';

/** A decision as an act finds it, with all that people did about it. */
export interface Decided {
  readonly ref: PredictionRef;
  readonly row: DecidingRow;
  readonly file: DecisionFile;
  readonly effective: Effective<OverrideRow>;
  /** The open reviews of its loan, oldest first: of this decision, or of one that it came after. */
  readonly openReviews: readonly ReviewRow[];
}

export const effectiveDecision = (row: DecidingRow, file: DecisionFile, now: Date): Effective<OverrideRow> =>
  effectiveOf({ decision: row.decision, decidedAt: row.created_at }, file.overrides, now);

/**
 * Finds a decision and locks it with the others on its loan, so that acts on them happen one after another.
 * @throws NOT_FOUND where there is none, or it is not the actor's to see; REFUSED for a prediction that decided nothing
 */
export async function lockDecided(tx: Transaction, ctx: Context, ref: PredictionRef): Promise<Decided> {
  demandOwn(ctx, ref.customerId);
  const [row] = await tx.query<PredictionRow>(`SELECT ${COLUMNS.join(', ')} FROM predictions WHERE customer_id = $1 AND id = $2`, [ref.customerId, ref.id]);
  if (!row) throw notFound('There is no such prediction.');
  if (!decides(row)) throw decidedNothing();
  await lockThing(tx, 'decisions of loan', row.loan_id);
  const [file] = await decisionFiles(tx, [{ ...row, moment: PRESENT }]);
  return { ref, row, file: file!, effective: effectiveDecision(row, file!, ctx.now()), openReviews: await openReviewsOfLoan(tx, row) };
}

const decidedNothing = (): Error =>
  refusedBy('DECISIONS_ONLY', {
    says: 'The prediction decided nothing: it is a what-if, or gave no decision.',
    remedy: 'Name the prediction whose decision the customer was given.',
    who: 'whoever acts',
  });

async function newestId(db: Queryable, { row }: Decided): Promise<string | undefined> {
  const [newest] = await db.query<{ id: string }>(
    `SELECT p.id FROM predictions p WHERE p.customer_id = $1 AND p.loan_id = $2 AND ${DECIDES} ORDER BY p.id DESC LIMIT 1`,
    [row.customer_id, row.loan_id],
  );
  return newest?.id;
}

/** The newest decision of the loan: this one, unless the loan was decided anew since. */
export async function newestDecided(tx: Transaction, ctx: Context, decided: Decided): Promise<Decided> {
  const id = await newestId(tx, decided);
  return id === undefined || id === decided.row.id ? decided : lockDecided(tx, ctx, { customerId: decided.ref.customerId, id });
}

/**
 * @param remedy what to do with the newest decision instead, as one would tell it
 * @throws REFUSED where the loan was decided anew since
 */
export async function requireNewest(db: Queryable, decided: Decided, remedy: { readonly act: string; readonly who: string }): Promise<void> {
  const { row: { customer_id: customerId, id } } = decided;
  const newest = await newestId(db, decided);
  if (newest === undefined || newest === id) return;
  throw refusedBy('NEWEST_DECISION', {
    says: 'The loan has been decided anew since this prediction.',
    remedy: `${remedy.act} its newest decision, ${encodeGlobalId({ type: 'Prediction', customerId, id: newest })}: latestPrediction of the loan tells it.`,
    who: remedy.who,
  });
}

interface LoanWorth {
  readonly principal: string;
  readonly currency: string;
}

/** The most that was lent or applied for since the decision, what was true then included: it does not help to lower it for a moment. */
export async function worthOf(db: Queryable, { row }: Decided): Promise<LoanWorth> {
  const [worth] = await db.query<LoanWorth>(
    `SELECT (SELECT max(f.principal) FROM facts_since_decision($1, $2) f) AS principal, l.currency FROM loans l WHERE l.customer_id = $1 AND l.id = $3`,
    [row.customer_id, row.id, row.loan_id],
  );
  if (!worth) throw notFound('The loan of this prediction is not recorded any more.');
  return worth;
}
