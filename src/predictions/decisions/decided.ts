import { lockThing } from '../../customers/index.js';
import { notFound, type Context, type Queryable, type Transaction } from '../../platform/index.js';
import type { Decision } from '../../scoring/index.js';
import { demandOwn, refusedBy } from '../../security/index.js';
import type { PredictionRow } from '../history/prediction.queries.js';
import type { PredictionRef } from '../record/recorder.js';
import { COLUMNS } from '../record/row.js';
import { effectiveOf, type Effective } from './effective.js';
import { decisionFiles } from './file.queries.js';
import type { DecisionFile, OverrideRow } from './file.rows.js';

/** A prediction that decided something. */
export type DecidingRow = PredictionRow & { readonly decision: Decision; readonly purpose: 'ORIGINATION' | 'ACCOUNT_REVIEW' };

/** Which predictions decide, in SQL over `predictions p`, the same as {@link decides}. */
export const DECIDES = `p.decision IS NOT NULL AND p.purpose <> 'WHAT_IF'`;

export const decides = (row: PredictionRow): row is DecidingRow => row.decision !== null && row.purpose !== 'WHAT_IF';

/** A decision as an act finds it, with all that people did about it. */
export interface Decided {
  readonly ref: PredictionRef;
  readonly row: DecidingRow;
  readonly file: DecisionFile;
  readonly effective: Effective<OverrideRow>;
}

export const effectiveDecision = (row: DecidingRow, file: DecisionFile, now: Date): Effective<OverrideRow> =>
  effectiveOf({ decision: row.decision, decidedAt: row.created_at }, file.overrides, now);

/**
 * Finds a decision and locks it, so that acts on it happen one after another.
 * @throws NOT_FOUND where there is none, or it is not the actor's to see; REFUSED for a prediction that decided nothing
 */
export async function lockDecided(tx: Transaction, ctx: Context, ref: PredictionRef): Promise<Decided> {
  demandOwn(ctx, ref.customerId);
  await lockThing(tx, 'decision', ref.id);
  const [row] = await tx.query<PredictionRow>(`SELECT ${COLUMNS.join(', ')} FROM predictions WHERE customer_id = $1 AND id = $2`, [ref.customerId, ref.id]);
  if (!row) throw notFound('There is no such prediction.');
  if (!decides(row)) throw decidedNothing();
  const [file] = await decisionFiles(tx, [row]);
  return { ref, row, file: file!, effective: effectiveDecision(row, file!, ctx.now()) };
}

const decidedNothing = (): Error =>
  refusedBy('DECISIONS_ONLY', {
    says: 'The prediction decided nothing: it is a what-if, or gave no decision.',
    remedy: 'Name the prediction whose decision the customer was given.',
    who: 'whoever acts',
  });

/** @throws REFUSED where the loan was decided anew since */
export async function requireNewest(db: Queryable, { row }: Decided): Promise<void> {
  const [newest] = await db.query<{ id: string }>(
    `SELECT p.id FROM predictions p WHERE p.customer_id = $1 AND p.loan_id = $2 AND ${DECIDES} ORDER BY p.id DESC LIMIT 1`,
    [row.customer_id, row.loan_id],
  );
  if (newest?.id === row.id) return;
  throw refusedBy('NEWEST_DECISION', {
    says: 'The loan has been decided anew since this prediction.',
    remedy: 'Override the newest decision: see latestPrediction of the loan.',
    who: 'UNDERWRITER',
  });
}

/** The review that is open, if one is. */
export const openReviewOf = ({ file }: Pick<Decided, 'file'>) => file.reviews.find(({ outcome }) => outcome === null);

interface LoanWorth {
  readonly principal: string;
  readonly currency: string;
}

/** What is lent or applied for, as it stands now. */
export async function worthOf(db: Queryable, { row }: Decided): Promise<LoanWorth> {
  const [worth] = await db.query<LoanWorth>(
    `SELECT f.principal, l.currency FROM loans l
     CROSS JOIN LATERAL (SELECT principal FROM loan_facts n WHERE n.customer_id = l.customer_id AND n.loan_id = l.id
                         ORDER BY n.effective_at DESC, n.recorded_at DESC, n.id DESC LIMIT 1) f
     WHERE l.customer_id = $1 AND l.id = $2`,
    [row.customer_id, row.loan_id],
  );
  if (!worth) throw notFound('The loan of this prediction is not recorded any more.');
  return worth;
}
