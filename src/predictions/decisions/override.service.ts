import { currentPolicy } from '../../models/index.js';
import { badInput, newId, type Context, type Transaction } from '../../platform/index.js';
import type { Decision } from '../../scoring/index.js';
import type { KeyRing, Proposals } from '../../security/index.js';
import type { PredictionRef } from '../record/recorder.js';
import { underwriting } from './acts.js';
import { lockDecided, type Decided } from './decided.js';
import type { OverridePayload } from './override.kind.js';
import { recordOverride, standingOf } from './override.record.js';
import { requireOverridable } from './override.rules.js';
import { OVERRIDE_REASONS, type OverrideReasonCode } from './reason-codes.js';
import { sealText } from './sealed.js';

export interface OverrideRequest {
  readonly prediction: PredictionRef;
  readonly decision: Decision;
  readonly reasonCode: OverrideReasonCode;
  readonly comment: string;
  readonly expiresAt: Date;
  readonly requestId?: string | null;
}

/** What became of it: done, or waiting for a second person. */
export type Overridden = { readonly overrideId: string; readonly proposalId: null } | { readonly overrideId: null; readonly proposalId: string };

/** An override, with the review that it resolves. */
export interface Overriding extends Omit<OverrideRequest, 'prediction' | 'requestId'> {
  readonly review: { readonly id: string; readonly explanation: Buffer } | null;
}

/** People decide otherwise than the model did. */
export class OverrideService {
  constructor(
    private readonly keys: KeyRing,
    private readonly proposals: Proposals,
  ) {}

  /**
   * Overrides a decision for a time; above the limit for one person it waits for a second.
   * @throws REFUSED naming the rule; NOT_FOUND where there is no such prediction, or the customer was erased
   */
  override(ctx: Context, request: OverrideRequest): Promise<Overridden> {
    const act = { name: 'OVERRIDE_DECISION', subject: request.prediction.id, permission: 'decision:override' } as const;
    return underwriting(ctx, act, { operation: 'overrideDecision', keys: this.keys, input: request }, async (tx) =>
      this.overrideWithin(tx, ctx, await lockDecided(tx, ctx, request.prediction), { ...request, review: null }),
    );
  }

  /** The same as a part of an act that has checked permission, grant and, for a review, independence, and locked the decision. */
  async overrideWithin(tx: Transaction, ctx: Context, decided: Decided, { comment: text, review, decision, reasonCode, expiresAt }: Overriding): Promise<Overridden> {
    const policy = await currentPolicy(tx);
    const override = { decision, reasonCode, expiresAt, reviewId: review?.id ?? null };
    await requireOverridable(tx, ctx, decided, override, policy);
    const id = newId();
    const key = await this.keys.keyOf(decided.ref.customerId);
    const comment = sealText(key, { table: 'decision_overrides', column: 'comment', id }, text);
    const { takesTwo } = await standingOf(tx, decided, policy);
    if (takesTwo) return { overrideId: null, proposalId: await this.propose(tx, ctx, decided, payloadOf(decided, id, override, comment, review)) };
    await recordOverride(tx, ctx, decided, { ...override, id, madeBy: ctx.actor.id, comment, proposalId: null }, policy);
    return { overrideId: id, proposalId: null };
  }

  private propose(tx: Transaction, ctx: Context, { ref }: Decided, payload: OverridePayload): Promise<string> {
    const { description } = OVERRIDE_REASONS[payload.reasonCode];
    // The comment may hold personal data and stays sealed; the reason of a proposal is read by everybody who may see it.
    return this.proposals.proposeWithin(tx, ctx, 'OVERRIDE_DECISION', { subject: ref.id, payload, reason: `${payload.reasonCode}: ${description}` });
  }
}

const payloadOf = (
  { ref: { customerId } }: Decided,
  overrideId: string,
  { decision, reasonCode, expiresAt }: Pick<OverrideRequest, 'decision' | 'reasonCode' | 'expiresAt'>,
  comment: Buffer,
  review: Overriding['review'],
): OverridePayload => ({
  customerId,
  overrideId,
  decision,
  reasonCode,
  expiresAt: expiresAt.toISOString(),
  comment: comment.toString('base64'),
  review: review && { id: review.id, explanation: review.explanation.toString('base64') },
});

/** @throws BAD_INPUT unless all that an override needs is given */
export function neededForChange<Value>(value: Value | null | undefined, where: string): Value {
  if (value === null || value === undefined) throw badInput(`${where}: needed with the outcome CHANGED, which decides anew.`);
  return value;
}
