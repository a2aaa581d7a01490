import { recordEvent } from '../../audit/index.js';
import { notFound, type Context, type Transaction } from '../../platform/index.js';
import { refusedBy } from '../../security/index.js';
import type { Decided } from './decided.js';
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

export async function recordOutcome(tx: Transaction, ctx: Context, { ref }: Decided, outcome: NewOutcome): Promise<void> {
  const { customerId, id: prediction } = ref;
  await tx.manager.insert(ReviewOutcomeEntity, { customerId, ...outcome });
  const { reviewId: id, outcome: told, explanation, overrideId, resolvedBy } = outcome;
  const payload = { customer: customerId, prediction, outcome: told, by: resolvedBy, override: overrideId, explanation: digestOf(explanation) };
  await recordEvent(tx, { type: 'REVIEW_RESOLVED', id, actor: ctx.actor.id, time: ctx.now(), payload });
}

/** @throws NOT_FOUND, or REFUSED for a review that is resolved, and to who had a part in what it reviews */
export function requireIndependent({ actor }: Context, decided: Decided, reviewId: string): void {
  const review = decided.file.reviews.find(({ id }) => id === reviewId);
  if (!review) throw notFound('There is no such review.');
  requireOpen(review);
  const part = partOf(actor.id, decided, review);
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
