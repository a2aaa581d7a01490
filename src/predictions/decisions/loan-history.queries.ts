import type { LoaderDefinition, Queryable } from '../../platform/index.js';
import type { PredictionRow } from '../history/prediction.queries.js';
import { DECIDES } from '../history/deciding.js';
import { dated } from './file.queries.js';
import type { CounterofferRow, DecisionOfLoan, LoanHistory, NoticeRow } from './loan-history.rows.js';

const OVERRIDE = `json_build_object('decision', o.decision, 'reasonCode', o.reason_code, 'recordedAt', o.recorded_at, 'expiresAt', override_ends(o))`;

const COUNTEROFFER = `json_build_object('customerId', c.customer_id, 'id', c.id, 'predictionId', c.prediction_id, 'offeredAt', c.offered_at, 'recordedAt', c.recorded_at,
  'amount', c.amount::text, 'currency', c.currency, 'terms', encode(c.terms, 'base64'), 'reasonCode', c.reason_code,
  'acceptedAt', a.accepted_at, 'acceptanceRecordedAt', a.recorded_at)`;
const COUNTEROFFERS = 'counteroffers c LEFT JOIN counteroffer_acceptances a ON a.customer_id = c.customer_id AND a.counteroffer_id = c.id';

const NOTICE = `json_build_object('id', n.id, 'kind', n.kind, 'sendBy', n.send_by, 'sentAt', n.sent_at, 'channel', n.channel)`;

const listOf = (item: string, from: string, alias: string): string =>
  `(SELECT json_agg(${item} ORDER BY ${alias}.id) FROM ${from} WHERE ${alias}.customer_id = p.customer_id AND ${alias}.prediction_id = p.id)`;

const DECISION = `json_build_object('id', p.id, 'purpose', p.purpose, 'decision', p.decision, 'createdAt', p.created_at, 'recordedAt', coalesce(p.recorded_at, p.created_at),
  'overrides', ${listOf(OVERRIDE, 'decision_overrides o', 'o')}, 'counteroffers', ${listOf(COUNTEROFFER, COUNTEROFFERS, 'c')}, 'notices', ${listOf(NOTICE, 'adverse_action_notices n', 'n')})`;

/** All that was decided about each loan of a relation `l (customer_id, loan_id)`. */
export const historyColumns = `
  (SELECT json_agg(${DECISION} ORDER BY p.id) FROM predictions p WHERE p.customer_id = l.customer_id AND p.loan_id = l.loan_id AND ${DECIDES}) AS decisions,
  (SELECT f.completed_at FROM loan_facts f WHERE f.customer_id = l.customer_id AND f.loan_id = l.loan_id
   ORDER BY f.effective_at DESC, f.recorded_at DESC, f.id DESC LIMIT 1) AS completed_at`;

type Listed = 'overrides' | 'counteroffers' | 'notices';

export interface HistoryRow {
  /** JSON: what is empty is null, and times are text. */
  readonly decisions: readonly (Omit<DecisionOfLoan, Listed> & { readonly [List in Listed]: DecisionOfLoan[List] | null })[];
  readonly completed_at: Date | null;
}

type OfLoan = Pick<PredictionRow, 'customer_id' | 'id' | 'loan_id'>;

/** One statement for a page of predictions, which may be of few loans. */
export async function loanHistories(db: Queryable, predictions: readonly OfLoan[]): Promise<LoanHistory[]> {
  const rows = await db.query<HistoryRow & { customer_id: string; loan_id: string }>(
    `SELECT l.customer_id, l.loan_id, ${historyColumns} FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[]) AS asked (customer_id, loan_id)) l`,
    [predictions.map((row) => row.customer_id), predictions.map((row) => row.loan_id)],
  );
  const found = new Map(rows.map((row) => [loanKey(row), historyOf(row)]));
  return predictions.map((row) => found.get(loanKey(row))!);
}

const loanKey = ({ customer_id, loan_id }: Pick<OfLoan, 'customer_id' | 'loan_id'>): string => `${customer_id} ${loan_id}`;

/** By prediction: one that was made within the request sees a history with itself in it. */
export const loanHistoryOf: LoaderDefinition<OfLoan, LoanHistory> = {
  cacheKey: ({ customer_id, id }) => `${customer_id} ${id}`,
  load: (ctx, predictions) => loanHistories(ctx.db, predictions),
};

export const historyOf = ({ decisions, completed_at: completedAt }: HistoryRow): LoanHistory => ({
  completedAt,
  decisions: decisions.map((decision) => ({
    ...dated(decision, ['createdAt', 'recordedAt']),
    overrides: (decision.overrides ?? []).map((row) => dated(row, ['recordedAt', 'expiresAt'])),
    counteroffers: (decision.counteroffers ?? []).map((row): CounterofferRow => dated(row, ['offeredAt', 'recordedAt', 'acceptedAt', 'acceptanceRecordedAt'])),
    notices: (decision.notices ?? []).map((row): NoticeRow => dated(row, ['sentAt'])),
  })),
});
