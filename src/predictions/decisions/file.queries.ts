import { inOrder, type LoaderDefinition, type Queryable } from '../../platform/index.js';
import type { PredictionRow } from '../history/prediction.queries.js';
import type { DecisionFile, OverrideRow, ReviewRow } from './file.rows.js';

const OVERRIDE = `json_build_object('customerId', o.customer_id, 'id', o.id, 'predictionId', o.prediction_id, 'replaced', o.replaced, 'decision', o.decision,
  'reasonCode', o.reason_code, 'comment', encode(o.comment, 'base64'), 'madeBy', o.made_by, 'recordedAt', o.recorded_at, 'expiresAt', override_ends(o),
  'proposalId', o.proposal_id, 'confirmedBy', d.decided_by, 'reviewId', o.review_id)`;
const OVERRIDES = 'decision_overrides o LEFT JOIN proposal_decisions d ON d.proposal_id = o.proposal_id';

const REVIEW = `json_build_object('customerId', r.customer_id, 'id', r.id, 'predictionId', r.prediction_id, 'grounds', encode(r.grounds, 'base64'),
  'requestedBy', r.requested_by, 'recordedAt', r.recorded_at, 'dueAt', r.due_at, 'outcome', u.outcome, 'explanation', encode(u.explanation, 'base64'),
  'overrideId', u.override_id, 'resolvedBy', u.resolved_by, 'resolvedAt', u.recorded_at)`;
const REVIEWS = 'decision_reviews r LEFT JOIN decision_review_outcomes u ON u.customer_id = r.customer_id AND u.review_id = r.id';

const listOf = (item: string, from: string, alias: string): string =>
  `(SELECT json_agg(${item} ORDER BY ${alias}.id) FROM ${from} WHERE ${alias}.customer_id = p.customer_id AND ${alias}.prediction_id = p.id)`;

type OfPrediction = Pick<PredictionRow, 'customer_id' | 'id'>;

/** One statement for a page of predictions. */
export async function decisionFiles(db: Queryable, predictions: readonly OfPrediction[]): Promise<DecisionFile[]> {
  const rows = await db.query<{ id: string; overrides: readonly OverrideRow[] | null; reviews: readonly ReviewRow[] | null }>(
    `SELECT p.id, ${listOf(OVERRIDE, OVERRIDES, 'o')} AS overrides, ${listOf(REVIEW, REVIEWS, 'r')} AS reviews
     FROM unnest($1::uuid[], $2::uuid[]) AS p (customer_id, id)`,
    [predictions.map((row) => row.customer_id), predictions.map(({ id }) => id)],
  );
  return inOrder(predictions.map(({ id }) => id), rows, ({ id }) => id).map((row) => ({
    overrides: (row!.overrides ?? []).map((override) => dated(override, ['recordedAt', 'expiresAt'])),
    reviews: (row!.reviews ?? []).map(datedReview),
  }));
}

export const decisionFileOf: LoaderDefinition<OfPrediction, DecisionFile> = {
  cacheKey: ({ customer_id, id }) => `${customer_id} ${id}`,
  load: (ctx, predictions) => decisionFiles(ctx.db, predictions),
};

/** JSON brings times as text. */
export const dated = <Row extends object>(row: Row, times: readonly (keyof Row)[]): Row => ({
  ...row,
  ...Object.fromEntries(times.map((name) => [name, row[name] === null ? null : new Date(row[name] as string)])),
});

const datedReview = (row: ReviewRow): ReviewRow => dated(row, ['recordedAt', 'dueAt', 'resolvedAt']);

/** Where an open review, or one that is overdue, is looked for. */
export const OPEN_REVIEW = 'u.outcome IS NULL';

/** Reviews as a list to page through, each as one JSON object. */
export const reviewList = { select: `${REVIEW} AS review`, from: REVIEWS, key: { sql: 'r.id', type: 'uuid' }, id: { sql: 'r.id' } } as const;

export const reviewOf = ({ review }: { readonly review: ReviewRow }): ReviewRow => datedReview(review);

/** The open reviews of a loan's decisions, oldest first. */
export async function openReviewsOfLoan(db: Queryable, { customer_id, loan_id }: Pick<PredictionRow, 'customer_id' | 'loan_id'>): Promise<ReviewRow[]> {
  const rows = await db.query<{ review: ReviewRow }>(
    `SELECT ${REVIEW} AS review FROM ${REVIEWS} JOIN predictions p ON p.customer_id = r.customer_id AND p.id = r.prediction_id
     WHERE r.customer_id = $1 AND p.loan_id = $2 AND ${OPEN_REVIEW} ORDER BY r.id`,
    [customer_id, loan_id],
  );
  return rows.map(reviewOf);
}

interface Ref {
  readonly customerId: string;
  readonly id: string;
}

const refKey = ({ customerId, id }: Ref): string => `${customerId} ${id}`;

const refsIn = (refs: readonly Ref[]): unknown[] => [refs.map(({ customerId }) => customerId), refs.map(({ id }) => id)];

const REFS = 'SELECT * FROM unnest($1::uuid[], $2::uuid[])';

async function reviewsByRef(db: Queryable, refs: readonly Ref[]): Promise<ReviewRow[]> {
  const rows = await db.query<{ review: ReviewRow }>(`SELECT ${REVIEW} AS review FROM ${REVIEWS} WHERE (r.customer_id, r.id) IN (${REFS})`, refsIn(refs));
  return rows.map(reviewOf);
}

/** One review as it is now. */
export const reviewById = async (db: Queryable, ref: Ref): Promise<ReviewRow | undefined> => (await reviewsByRef(db, [ref]))[0];

export const reviewsOf: LoaderDefinition<Ref, ReviewRow | undefined> = {
  cacheKey: refKey,
  load: async (ctx, refs) => inOrder(refs.map(refKey), await reviewsByRef(ctx.db, refs), refKey),
};

export const overridesOf: LoaderDefinition<Ref, OverrideRow | undefined> = {
  cacheKey: refKey,
  async load(ctx, refs) {
    const rows = await ctx.db.query<{ override: OverrideRow }>(`SELECT ${OVERRIDE} AS override FROM ${OVERRIDES} WHERE (o.customer_id, o.id) IN (${REFS})`, refsIn(refs));
    return inOrder(refs.map(refKey), rows.map(({ override }) => dated(override, ['recordedAt', 'expiresAt'])), refKey);
  },
};
