import { recordEvent } from '../../audit/index.js';
import { currentPolicy } from '../../models/index.js';
import { badInput, DAY, newId, notFound, type Context, type Transaction } from '../../platform/index.js';
import type { Decision } from '../../scoring/index.js';
import { refusedBy, type KeyRing } from '../../security/index.js';
import type { PredictionRef } from '../record/recorder.js';
import { acted, underwriting } from './acts.js';
import { lockDecided, newestDecided, requireNewest, type Decided } from './decided.js';
import { ReviewEntity, type ReviewOutcome } from './decision.entities.js';
import { reviewById } from './file.queries.js';
import { neededForChange, type OverrideService } from './override.service.js';
import type { OverrideReasonCode } from './reason-codes.js';
import { recordOutcome, requireIndependent } from './review.record.js';
import { digestOf, sealText } from './sealed.js';

/** A review names the customer first, as everything that belongs to one. */
export interface ReviewRef {
  readonly customerId: string;
  readonly id: string;
}

export interface ReviewRequest {
  readonly prediction: PredictionRef;
  readonly grounds: string;
  readonly requestId?: string | null;
}

export interface Resolution {
  readonly review: ReviewRef;
  readonly outcome: ReviewOutcome;
  /** What the applicant is told. */
  readonly explanation: string;
  /** With CHANGED. */
  readonly decision?: Decision | null;
  readonly reasonCode?: OverrideReasonCode | null;
  readonly expiresAt?: Date | null;
  readonly requestId?: string | null;
}

const CONTESTERS = 'the customer, PORTAL or UNDERWRITER';

/** Decisions are contested, and looked at by a person who had no part in them (GDPR article 22(3), AI Act articles 14 and 86). */
export class ReviewService {
  constructor(
    private readonly keys: KeyRing,
    private readonly overrides: OverrideService,
  ) {}

  /** Contests the newest decision on a loan; the clock of the policy starts. @throws REFUSED for an older one, and while the loan has an open review */
  request(ctx: Context, request: ReviewRequest): Promise<ReviewRef> {
    const { prediction } = request;
    const act = { name: 'REQUEST_REVIEW', subject: prediction.id, permission: 'decision:contest' } as const;
    return acted(ctx, act, { operation: 'requestReview', keys: this.keys, input: request }, async (tx) => {
      const decided = await lockDecided(tx, ctx, prediction);
      await requireNewest(tx, decided, { act: 'Contest', who: CONTESTERS });
      requireNoneOpen(decided);
      return this.record(tx, ctx, decided, request.grounds);
    });
  }

  /**
   * Resolves a review. It is of the newest decision on the loan: scoring again does not end it. Changing the decision is
   * an override, so above the limit for one person it waits for a second one, and the review stays open until then.
   * @returns the proposal that waits, if one does
   */
  resolve(ctx: Context, resolution: Resolution): Promise<{ readonly proposalId: string | null }> {
    const { review } = resolution;
    const act = { name: 'RESOLVE_REVIEW', subject: review.id, permission: 'decision:review' } as const;
    return underwriting(ctx, act, { operation: 'resolveReview', keys: this.keys, input: resolution }, async (tx) => {
      const found = await reviewById(tx, review);
      if (!found) throw notFound('There is no such review.');
      const contested = await lockDecided(tx, ctx, { customerId: review.customerId, id: found.predictionId });
      const newest = await newestDecided(tx, ctx, contested);
      requireIndependent(ctx, contested, newest, review.id);
      return this.resolveWithin(tx, ctx, contested, newest, resolution);
    });
  }

  private async record(tx: Transaction, ctx: Context, { ref }: Decided, text: string): Promise<ReviewRef> {
    const { customerId, id: predictionId } = ref;
    const id = newId();
    const grounds = sealText(await this.keys.keyOf(customerId), { table: 'decision_reviews', column: 'grounds', id }, text);
    const { decisionReviewDays } = await currentPolicy(tx);
    const dueAt = new Date(ctx.now().getTime() + decisionReviewDays * DAY);
    await tx.manager.insert(ReviewEntity, { customerId, id, predictionId, grounds, requestedBy: ctx.actor.id, dueAt });
    const payload = { customer: customerId, prediction: predictionId, due: dueAt.toISOString(), grounds: digestOf(grounds) };
    await recordEvent(tx, { type: 'REVIEW_REQUESTED', id, actor: ctx.actor.id, time: ctx.now(), payload });
    return { customerId, id };
  }

  private async resolveWithin(
    tx: Transaction,
    ctx: Context,
    { ref: contested }: Decided,
    newest: Decided,
    { review, outcome, explanation: text, ...change }: Resolution,
  ): Promise<{ proposalId: string | null }> {
    const key = await this.keys.keyOf(review.customerId);
    const explanation = sealText(key, { table: 'decision_review_outcomes', column: 'explanation', id: review.id }, text);
    const resolved = { reviewId: review.id, outcome, explanation, resolvedBy: ctx.actor.id };
    if (outcome !== 'CHANGED') {
      requireNoChange(change);
      await recordOutcome(tx, ctx, contested, { ...resolved, overrideId: null });
      return { proposalId: null };
    }
    const { overrideId, proposalId } = await this.overrides.overrideWithin(tx, ctx, newest, {
      decision: neededForChange(change.decision, 'decision'),
      reasonCode: neededForChange(change.reasonCode, 'reasonCode'),
      expiresAt: neededForChange(change.expiresAt, 'expiresAt'),
      comment: text,
      review: { id: review.id, explanation },
    });
    if (overrideId !== null) await recordOutcome(tx, ctx, contested, { ...resolved, overrideId });
    return { proposalId };
  }
}

function requireNoneOpen({ openReviews: [open] }: Decided): void {
  if (!open) return;
  throw refusedBy('ONE_OPEN_REVIEW', {
    says: `The decision has been under review since ${open.recordedAt.toISOString()}.`,
    remedy: `Wait for its outcome, which is due on ${open.dueAt.toISOString()}.`,
    who: 'UNDERWRITER',
    code: 'CONFLICT',
  });
}

function requireNoChange({ decision, reasonCode, expiresAt }: Pick<Resolution, 'decision' | 'reasonCode' | 'expiresAt'>): void {
  if (decision == null && reasonCode == null && expiresAt == null) return;
  throw badInput('decision, reasonCode and expiresAt belong to the outcome CHANGED. Leave them out, or change the decision.');
}
