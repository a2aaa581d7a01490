import { actedBefore, inOrder, momentKey, PRESENT, type LoaderDefinition, type Moment, type Queryable } from '../../platform/index.js';
import type { PredictionRow } from '../history/prediction.queries.js';
import type { DecisionFile, OverrideRow, ReviewRow } from './file.rows.js';

/** In SQL, when an override ends, as far as was recorded before a time: that the loan outgrew it may have come later. */
export const endsOf = (before: string): string => `coalesce((SELECT e FROM override_ends(o) e WHERE e < ${before}), o.expires_at)`;

const overrideOf = (before: string): string => `json_build_object('customerId', o.customer_id, 'id', o.id, 'predictionId', o.prediction_id, 'replaced', o.replaced, 'decision', o.decision,
  'reasonCode', o.reason_code, 'comment', encode(o.comment, 'base64'), 'madeBy', o.made_by, 'recordedAt', o.recorded_at, 'expiresAt', ${endsOf(before)},
  'proposalId', o.proposal_id, 'confirmedBy', d.decided_by, 'reviewId', o.review_id)`;
const OVERRIDES = 'decision_overrides o LEFT JOIN proposal_decisions d ON d.proposal_id = o.proposal_id';

const REVIEW = `json_build_object('customerId', r.customer_id, 'id', r.id, 'predictionId', r.prediction_id, 'grounds', encode(r.grounds, 'base64'),
  'requestedBy', r.requested_by, 'recordedAt', r.recorded_at, 'dueAt', r.due_at, 'outcome', u.outcome, 'explanation', encode(u.explanation, 'base64'),
  'overrideId', u.override_id, 'resolvedBy', u.resolved_by, 'resolvedAt', u.recorded_at)`;
const reviewsBefore = (before: string): string => `decision_reviews r LEFT JOIN decision_review_outcomes u ON u.customer_id = r.customer_id AND u.review_id = r.id AND u.recorded_at < ${before}`;
/** Nothing is recorded after the present. */
const ALWAYS = `'infinity'::timestamptz`;
const REVIEWS = reviewsBefore(ALWAYS);

const listOf = (item: string, from: string, alias: string): string =>
  `(SELECT json_agg(${item} ORDER BY ${alias}.id) FROM ${from} WHERE ${alias}.customer_id = p.customer_id AND ${alias}.prediction_id = p.id AND ${alias}.recorded_at < p.before)`;

type OfPrediction = Pick<PredictionRow, 'customer_id' | 'id'> & { readonly moment: Moment };

/** One statement for a page of predictions, in the order asked for. */
export async function decisionFiles(db: Queryable, predictions: readonly OfPrediction[]): Promise<DecisionFile[]> {
  const rows = await db.query<{ place: string; overrides: readonly OverrideRow[] | null; reviews: readonly ReviewRow[] | null }>(
    `SELECT p.place, ${listOf(overrideOf('p.before'), OVERRIDES, 'o')} AS overrides, ${listOf(REVIEW, reviewsBefore('p.before'), 'r')} AS reviews
     FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) WITH ORDINALITY AS p (customer_id, id, before, place)`,
    [predictions.map((row) => row.customer_id), predictions.map(({ id }) => id), predictions.map(({ moment }) => actedBefore(moment))],
  );
  return inOrder(predictions.map((_, index) => String(index + 1)), rows, ({ place }) => place).map((row) => ({
    overrides: (row!.overrides ?? []).map((override) => dated(override, ['recordedAt', 'expiresAt'])),
    reviews: (row!.reviews ?? []).map(datedReview),
  }));
}

export const decisionFileOf: LoaderDefinition<OfPrediction, DecisionFile> = {
  cacheKey: ({ customer_id, id, moment }) => `${customer_id} ${id} ${momentKey(moment)}`,
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

/** One of them as of a moment. */
interface RefAt extends Ref {
  readonly moment: Moment;
}

const refKey = ({ customerId, id, moment }: RefAt): string => `${customerId} ${id} ${momentKey(moment)}`;

const ASKED = 'unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) WITH ORDINALITY AS asked (customer_id, id, before, place)';

/** What there was of each, in the order asked for. */
async function inPlace<Row>(db: Queryable, refs: readonly RefAt[], item: string, from: string): Promise<(Row | undefined)[]> {
  const rows = await db.query<{ place: string; item: Row }>(`SELECT asked.place, ${item} AS item FROM ${ASKED} CROSS JOIN LATERAL (${from}) found`, [
    refs.map(({ customerId }) => customerId),
    refs.map(({ id }) => id),
    refs.map(({ moment }) => actedBefore(moment)),
  ]);
  const found = new Map(rows.map(({ place, item: row }) => [Number(place), row]));
  return refs.map((_, index) => found.get(index + 1));
}

const ofAsked = (alias: string): string => `${alias}.customer_id = asked.customer_id AND ${alias}.id = asked.id AND ${alias}.recorded_at < asked.before`;

async function reviewsAt(db: Queryable, refs: readonly RefAt[]): Promise<(ReviewRow | undefined)[]> {
  const rows = await inPlace<ReviewRow>(db, refs, 'found.review', `SELECT ${REVIEW} AS review FROM ${reviewsBefore('asked.before')} WHERE ${ofAsked('r')}`);
  return rows.map((row) => row && datedReview(row));
}

/** One review as it is now. */
export const reviewById = async (db: Queryable, ref: Ref): Promise<ReviewRow | undefined> => (await reviewsAt(db, [{ ...ref, moment: PRESENT }]))[0];

export const reviewsOf: LoaderDefinition<RefAt, ReviewRow | undefined> = { cacheKey: refKey, load: (ctx, refs) => reviewsAt(ctx.db, refs) };

export const overridesOf: LoaderDefinition<RefAt, OverrideRow | undefined> = {
  cacheKey: refKey,
  async load(ctx, refs) {
    const rows = await inPlace<OverrideRow>(ctx.db, refs, 'found.override', `SELECT ${overrideOf('asked.before')} AS override FROM ${OVERRIDES} WHERE ${ofAsked('o')}`);
    return rows.map((row) => row && dated(row, ['recordedAt', 'expiresAt']));
  },
};
