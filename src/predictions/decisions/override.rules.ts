import { badInput, DAY, encodeGlobalId, type Context, type Transaction } from '../../platform/index.js';
import { refusedBy } from '../../security/index.js';
import type { Decision } from '../../scoring/index.js';
import { requireNewest, type Decided } from './decided.js';
import type { OverridePolicy } from './limits.js';
import { codesFor, leadsTo, type OverrideReasonCode } from './reason-codes.js';

/** What somebody decides instead. */
export interface Override {
  readonly decision: Decision;
  readonly reasonCode: OverrideReasonCode;
  readonly expiresAt: Date;
  /** The review that leads to it. */
  readonly reviewId: string | null;
}

const ROLE = 'UNDERWRITER';

/**
 * Whether a decision can be overridden so, now and by this person.
 * @throws REFUSED naming the rule
 */
export async function requireOverridable(tx: Transaction, ctx: Context, decided: Decided, override: Override, policy: OverridePolicy): Promise<void> {
  requireOther(ctx);
  await requireNewest(tx, decided, { act: 'Override', who: ROLE });
  requireUncontested(decided, override);
  requireChange(decided, override);
  requireFittingReason(override);
  requireExpiry(ctx.now(), override, policy);
}

/** A token that stands for a customer never has the permission; this holds should that change. */
function requireOther({ actor }: Context): void {
  if (actor.ownCustomerId === undefined) return;
  throw refusedBy('NOT_ON_ONESELF', { says: `${actor.name} acts as a customer, and no customer overrides a decision.`, remedy: 'Ask for a review with requestReview.', who: ROLE });
}

/** Also where an older decision on the loan is contested: its review is of what came after it. */
function requireUncontested({ openReviews }: Decided, { reviewId }: Override): void {
  if (reviewId === null ? openReviews.length === 0 : openReviews.some(({ id }) => id === reviewId)) return;
  const [open] = openReviews;
  throw refusedBy('CONTESTED_DECISION', {
    says: open ? 'The decision on the loan is contested, and its review is open.' : 'The review is not open any more.',
    remedy: open ? `Resolve ${encodeGlobalId({ type: 'DecisionReview', customerId: open.customerId, id: open.id })} with resolveReview, which can change the decision.` : 'Override the decision by itself, with overrideDecision.',
    who: open ? `an ${ROLE} who had no part in the decision` : ROLE,
  });
}

function requireChange({ effective }: Decided, { decision }: Override): void {
  if (effective.decision !== decision) return;
  throw refusedBy('OVERRIDE_CHANGES', { says: `The decision in force is ${decision} already.`, remedy: 'Give another decision, or none.', who: ROLE });
}

function requireFittingReason({ decision, reasonCode }: Override): void {
  if (leadsTo(reasonCode, decision)) return;
  const told = decision === 'DECLINE' ? 'A decline needs a reason that can be told to the applicant in specific words.' : '';
  throw refusedBy('OVERRIDE_REASON', {
    says: `${reasonCode} is no reason for ${decision}.${told && ` ${told}`}`,
    remedy: `Give one of ${codesFor(decision).join(', ')}.`,
    who: ROLE,
  });
}

function requireExpiry(now: Date, { expiresAt }: Override, { overrides: { days } }: OverridePolicy): void {
  if (expiresAt <= now) throw badInput(`expiresAt: ${expiresAt.toISOString()} has passed. Give a time to come.`);
  const last = new Date(now.getTime() + days * DAY);
  if (expiresAt <= last) return;
  throw refusedBy('OVERRIDE_EXPIRES', {
    says: `The policy lets an override last ${days} days, so until ${last.toISOString()}; ${expiresAt.toISOString()} is later.`,
    remedy: 'Give an earlier expiresAt.',
    who: ROLE,
  });
}
