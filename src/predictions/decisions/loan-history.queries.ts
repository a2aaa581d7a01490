import { actedBefore, effectiveBy, momentKey, recordedBefore, type LoaderDefinition, type Moment, type Queryable } from '../../platform/index.js';
import { RECORDED, type PredictionRow } from '../history/prediction.queries.js';
import { DECIDES } from '../history/deciding.js';
import { dated, endsOf } from './file.queries.js';
import type { CounterofferRow, DecisionOfLoan, LoanHistory, NoticeRow } from './loan-history.rows.js';

const overrideOf = (before: string): string => `json_build_object('decision', o.decision, 'reasonCode', o.reason_code, 'recordedAt', o.recorded_at, 'expiresAt', ${endsOf(before)})`;

const COUNTEROFFER = `json_build_object('customerId', c.customer_id, 'id', c.id, 'predictionId', c.prediction_id, 'offeredAt', c.offered_at, 'recordedAt', c.recorded_at,
  'amount', c.amount::text, 'currency', c.currency, 'terms', encode(c.terms, 'base64'), 'reasonCode', c.reason_code,
  'acceptedAt', a.accepted_at, 'acceptanceRecordedAt', a.recorded_at)`;
const counteroffers = (before: string): string => `counteroffers c LEFT JOIN counteroffer_acceptances a ON a.customer_id = c.customer_id AND a.counteroffer_id = c.id AND a.recorded_at < ${before}`;

const NOTICE = `json_build_object('id', n.id, 'kind', n.kind, 'sendBy', n.send_by, 'sentAt', n.sent_at, 'channel', n.channel)`;

const listOf = (item: string, from: string, alias: string, before: string): string =>
  `(SELECT json_agg(${item} ORDER BY ${alias}.id) FROM ${from} WHERE ${alias}.customer_id = p.customer_id AND ${alias}.prediction_id = p.id AND ${alias}.recorded_at < ${before})`;

const decisionOf = (before: string): string => `json_build_object('id', p.id, 'purpose', p.purpose, 'decision', p.decision, 'createdAt', p.created_at, 'recordedAt', ${RECORDED},
  'overrides', ${listOf(overrideOf(before), 'decision_overrides o', 'o', before)}, 'counteroffers', ${listOf(COUNTEROFFER, counteroffers(before), 'c', before)},
  'notices', ${listOf(NOTICE, 'adverse_action_notices n', 'n', before)})`;

/** Up to when the history goes, in SQL. */
interface Bounds {
  readonly acted: string;
  readonly recorded: string;
  readonly effective: string;
}

const ALWAYS = `'infinity'::timestamptz`;

/** All that was decided about each loan of a relation `l (customer_id, loan_id)`; all of it, unless told otherwise. */
export const historyColumns = ({ acted, recorded, effective }: Bounds = { acted: ALWAYS, recorded: ALWAYS, effective: ALWAYS }): string => `
  (SELECT json_agg(${decisionOf(acted)} ORDER BY p.id) FROM predictions p WHERE p.customer_id = l.customer_id AND p.loan_id = l.loan_id AND ${DECIDES} AND ${RECORDED} < ${acted}) AS decisions,
  (SELECT f.completed_at FROM loan_facts f WHERE f.customer_id = l.customer_id AND f.loan_id = l.loan_id AND f.recorded_at < ${recorded} AND f.effective_at <= ${effective}
   ORDER BY f.effective_at DESC, f.recorded_at DESC, f.id DESC LIMIT 1) AS completed_at`;

type Listed = 'overrides' | 'counteroffers' | 'notices';

export interface HistoryRow {
  /** JSON: what is empty is null, and times are text. */
  readonly decisions: readonly (Omit<DecisionOfLoan, Listed> & { readonly [List in Listed]: DecisionOfLoan[List] | null })[];
  readonly completed_at: Date | null;
}

type OfLoan = Pick<PredictionRow, 'customer_id' | 'id' | 'loan_id'> & { readonly moment: Moment };

/** One statement for a page of predictions, which may be of few loans. */
export async function loanHistories(db: Queryable, predictions: readonly OfLoan[]): Promise<LoanHistory[]> {
  const asked = new Map(predictions.map((row) => [loanKey(row), row]));
  const loans = [...asked.values()];
  const bounds = [actedBefore, recordedBefore, effectiveBy].map((boundOf) => loans.map(({ moment }) => boundOf(moment)));
  const rows = await db.query<HistoryRow & { place: string }>(
    `SELECT l.place, ${historyColumns({ acted: 'l.acted', recorded: 'l.recorded', effective: 'l.effective' })}
     FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[]) WITH ORDINALITY AS l (customer_id, loan_id, acted, recorded, effective, place)`,
    [loans.map((row) => row.customer_id), loans.map((row) => row.loan_id), ...bounds],
  );
  const found = new Map(rows.map((row) => [loanKey(loans[Number(row.place) - 1]!), historyOf(row)]));
  return predictions.map((row) => found.get(loanKey(row))!);
}

const loanKey = ({ customer_id, loan_id, moment }: OfLoan): string => `${customer_id} ${loan_id} ${momentKey(moment)}`;

/** By prediction: one that was made within the request sees a history with itself in it. */
export const loanHistoryOf: LoaderDefinition<OfLoan, LoanHistory> = {
  cacheKey: ({ customer_id, id, moment }) => `${customer_id} ${id} ${momentKey(moment)}`,
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
