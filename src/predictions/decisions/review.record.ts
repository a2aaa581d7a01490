import { recordEvent } from '../../audit/index.js';
import { notFound, type Context, type Transaction } from '../../platform/index.js';
import { refusedBy } from '../../security/index.js';
import type { PredictionRef } from '../record/recorder.js';
import { lockDecided, type Decided } from './decided.js';
import { ReviewOutcomeEntity, type ReviewOutcome } from './decision.entities.js';
import type { ReviewRow } from './file.rows.js';
import { digestOf } from './sealed.js';

export interface NewOutcome {
  readonly reviewId: string;
  readonly outcome: ReviewOutcome;
  /** Sealed. */
  readonly explanation: Buffer;
  readonly overrideId: string | null;
  readonly resolvedBy: string;
}

/** @param contested the prediction that the review is of */
export async function recordOutcome(tx: Transaction, ctx: Context, { customerId, id: prediction }: PredictionRef, outcome: NewOutcome): Promise<void> {
  await tx.manager.insert(ReviewOutcomeEntity, { customerId, ...outcome });
  const { reviewId: id, outcome: told, explanation, overrideId, resolvedBy } = outcome;
  const payload = { customer: customerId, prediction, outcome: told, by: resolvedBy, override: overrideId, explanation: digestOf(explanation) };
  await recordEvent(tx, { type: 'REVIEW_RESOLVED', id, actor: ctx.actor.id, time: ctx.now(), payload });
}

/** The decision that a review contests, where the newest of its loan is known. @throws NOT_FOUND */
export async function contestedBy(tx: Transaction, ctx: Context, { openReviews }: Decided, reviewId: string): Promise<Decided> {
  const review = openReviews.find(({ id }) => id === reviewId);
  if (!review) throw notFound('There is no such review.');
  return lockDecided(tx, ctx, { customerId: review.customerId, id: review.predictionId });
}

/**
 * A review is of the decision that was contested, and of the newest on the loan where that was decided anew since.
 * @throws NOT_FOUND, or REFUSED for a review that is resolved, and to who had a part in what it reviews
 */
export function requireIndependent({ actor }: Context, contested: Decided, newest: Decided, reviewId: string): void {
  const review = contested.file.reviews.find(({ id }) => id === reviewId);
  if (!review) throw notFound('There is no such review.');
  requireOpen(review);
  const part = partOf(actor.id, contested, review) ?? partOf(actor.id, newest, review);
  if (!part) return;
  throw refusedBy('INDEPENDENT_REVIEWER', {
    says: `${actor.name} ${part}, and cannot resolve this review or confirm its outcome.`,
    remedy: 'Ask a colleague who had no part in the decision.',
    who: 'an UNDERWRITER who had no part in the decision',
  });
}

function requireOpen({ outcome, resolvedAt }: ReviewRow): void {
  if (outcome === null) return;
  throw refusedBy('REVIEWED_ONCE', {
    says: `The review was resolved on ${resolvedAt?.toISOString()}: ${outcome}.`,
    remedy: 'Ask for another one if something new has come up.',
    who: 'the customer, PORTAL or UNDERWRITER',
    code: 'CONFLICT',
  });
}

/** The database holds the same rule. */
function partOf(userId: string, { row, file }: Decided, { id, requestedBy }: ReviewRow): string | undefined {
  if (requestedBy === userId) return 'asked for the review';
  if (row.actor_id === userId) return 'asked for the prediction';
  const before = file.overrides.filter(({ reviewId }) => reviewId !== id);
  if (before.some(({ madeBy }) => madeBy === userId)) return 'overrode the decision';
  if (before.some(({ confirmedBy }) => confirmedBy === userId)) return 'confirmed an override of the decision';
  return undefined;
}
