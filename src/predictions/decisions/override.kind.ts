import type { Context, Transaction } from '../../platform/index.js';
import { currentPolicy } from '../../models/index.js';
import { refusedBy, type Proposal, type ProposalKind } from '../../security/index.js';
import type { Decision } from '../../scoring/index.js';
import { lockDecided, type Decided } from './decided.js';
import { recordOverride } from './override.record.js';
import { requireOverridable, type Override } from './override.rules.js';
import { translated } from './refusals.js';
import { contestedBy, recordOutcome, requireIndependent } from './review.record.js';
import type { OverrideReasonCode } from './reason-codes.js';

/** An override that takes two people, as it waits for the second; no personal data but ciphertext. */
export interface OverridePayload {
  readonly customerId: string;
  readonly overrideId: string;
  readonly decision: Decision;
  readonly reasonCode: OverrideReasonCode;
  readonly expiresAt: string;
  /** Sealed, base64. */
  readonly comment: string;
  /** The review that is resolved by it; the explanation sealed, base64. */
  readonly review: { readonly id: string; readonly explanation: string } | null;
}

type About = Pick<Proposal<OverridePayload>, 'subject' | 'payload' | 'proposedBy'>;

const overrideOf = ({ decision, reasonCode, expiresAt, review }: OverridePayload): Override => ({ decision, reasonCode, expiresAt: new Date(expiresAt), reviewId: review?.id ?? null });

const decidedBy = (tx: Transaction, ctx: Context, { subject, payload }: About): Promise<Decided> =>
  lockDecided(tx, ctx, { customerId: payload.customerId, id: subject });

/** Above the limit for one person an override takes two; who confirms is as independent of a review as who resolves it. */
export const OVERRIDE_DECISION: ProposalKind<OverridePayload> = {
  name: 'OVERRIDE_DECISION',
  permission: 'decision:override',
  roles: ['UNDERWRITER'],
  describe: ({ decision, reasonCode, expiresAt, review }) =>
    `Decides ${decision} instead, for ${reasonCode}, until ${expiresAt}${review ? ', which resolves the review of the decision' : ''}.`,
  async check(tx, ctx, about) {
    const decided = await decidedBy(tx, ctx, about);
    const override = overrideOf(about.payload);
    await requireOverridable(tx, ctx, decided, override, await currentPolicy(tx));
    if (override.reviewId !== null) requireIndependent(ctx, await contestedBy(tx, ctx, decided, override.reviewId), decided, override.reviewId);
    await requireNoneWaiting(tx, about);
  },
  async execute(tx, ctx, proposal) {
    const { id: proposalId, proposedBy, payload } = proposal;
    const decided = await decidedBy(tx, ctx, proposal);
    const override = { ...overrideOf(payload), id: payload.overrideId, madeBy: proposedBy, comment: Buffer.from(payload.comment, 'base64'), proposalId };
    await recordOverride(tx, ctx, decided, override, await currentPolicy(tx));
    if (payload.review) {
      const { id, explanation } = payload.review;
      const { ref: contested } = await contestedBy(tx, ctx, decided, id);
      await recordOutcome(tx, ctx, contested, { reviewId: id, outcome: 'CHANGED', explanation: Buffer.from(explanation, 'base64'), overrideId: payload.overrideId, resolvedBy: proposedBy });
    }
    return payload.overrideId;
  },
  translate: translated,
};

/** One override of a decision waits at a time: the second would rest on what the first replaces. */
async function requireNoneWaiting(tx: Transaction, { subject, payload }: About): Promise<void> {
  const [waiting] = await tx.query(
    `SELECT p.id FROM proposals p WHERE p.kind = 'OVERRIDE_DECISION' AND p.subject = $1 AND p.expires_at > clock_timestamp()
       AND p.payload ->> 'overrideId' <> $2 AND NOT EXISTS (SELECT FROM proposal_decisions d WHERE d.proposal_id = p.id)`,
    [subject, payload.overrideId],
  );
  if (!waiting) return;
  throw refusedBy('PROPOSAL_OPEN', { says: 'Another override of this decision waits for a second person.', remedy: 'Confirm or decline that one first.', who: 'another UNDERWRITER', code: 'CONFLICT' });
}
