import { recordEvent } from '../../audit/index.js';
import type { Context, Transaction } from '../../platform/index.js';
import { worthOf, type Decided } from './decided.js';
import { OverrideEntity } from './decision.entities.js';
import { onePersonLimit, takesTwo, type OverridePolicy } from './limits.js';
import type { Override } from './override.rules.js';
import { digestOf } from './sealed.js';

export interface NewOverride extends Override {
  readonly id: string;
  readonly madeBy: string;
  /** Sealed. */
  readonly comment: Buffer;
  readonly proposalId: string | null;
}

/** What one person may do about a loan: its worth, and up to what one suffices. */
export interface Standing {
  readonly principal: string;
  readonly currency: string;
  readonly onePersonLimit: string | null;
  readonly takesTwo: boolean;
}

export async function standingOf(tx: Transaction, decided: Decided, policy: OverridePolicy): Promise<Standing> {
  const { principal, currency } = await worthOf(tx, decided);
  const limit = onePersonLimit(policy, currency);
  return { principal, currency, onePersonLimit: limit, takesTwo: takesTwo(principal, limit) };
}

/** Writes an override with what it stands on. The database checks worth, limit, expiry and confirmation itself. */
export async function recordOverride(tx: Transaction, ctx: Context, decided: Decided, override: NewOverride, policy: OverridePolicy): Promise<void> {
  const { customerId, id: predictionId } = decided.ref;
  const { principal, currency, onePersonLimit: limit } = await standingOf(tx, decided, policy);
  const { id, decision, reasonCode, expiresAt, reviewId, madeBy, comment, proposalId } = override;
  const replaced = decided.effective.decision;
  await tx.manager.insert(OverrideEntity, {
    customerId, id, predictionId, replaced, decision, reasonCode, comment, madeBy, expiresAt, principal, currency,
    onePersonLimit: limit, policyVersion: policy.version, proposalId, reviewId,
  });
  const payload = {
    customer: customerId, prediction: predictionId, replaced, decision, reason: reasonCode, by: madeBy, expires: expiresAt.toISOString(),
    policy: policy.version, proposal: proposalId, review: reviewId, comment: digestOf(comment),
  };
  await recordEvent(tx, { type: 'DECISION_OVERRIDDEN', id, actor: ctx.actor.id, time: ctx.now(), payload });
}
