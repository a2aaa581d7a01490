import { Where, type PagedQuery } from '../../platform/index.js';
import { listsOf, MODEL } from '../model.queries.js';
import type { Tier } from '../policy/tiers.js';

export const REVIEW_OUTCOMES = ['FIT', 'FIT_WITH_CONDITIONS', 'UNFIT'] as const;

export type ReviewOutcome = (typeof REVIEW_OUTCOMES)[number];

export interface ReviewRow {
  readonly id: string;
  readonly modelId: string;
  readonly outcome: ReviewOutcome;
  readonly comment: string;
  readonly nextReviewAt: Date;
  readonly reviewedBy: string;
  readonly recordedAt: Date;
}

export interface FactsRow {
  readonly id: string;
  readonly modelId: string;
  readonly permittedUse: string | null;
  readonly limits: string | null;
  readonly ownerId: string;
  readonly reason: string;
  readonly byUser: string;
  readonly recordedAt: Date;
}

export interface TierChangeRow {
  readonly id: string;
  readonly modelId: string;
  readonly from: Tier;
  readonly to: Tier;
  readonly proposalId: string;
  readonly reason: string;
  readonly proposedBy: string;
  readonly confirmedBy: string;
  readonly recordedAt: Date;
}

/** Oldest first. */
export const reviewsOfModel = listsOf<ReviewRow>(
  'r.id, r.model_id AS "modelId", r.outcome, r.comment, r.next_review_at AS "nextReviewAt", r.reviewed_by AS "reviewedBy", r.recorded_at AS "recordedAt"',
  'model_reviews r',
  'r.model_id',
  'r.recorded_at, r.id',
);

/** Oldest first. */
export const factsOfModel = listsOf<FactsRow>(
  'f.id, f.model_id AS "modelId", f.permitted_use AS "permittedUse", f.limits, f.owner_id AS "ownerId", f.reason, f.by_user AS "byUser", f.recorded_at AS "recordedAt"',
  'model_facts f',
  'f.model_id',
  'f.recorded_at, f.id',
);

/** Oldest first. */
export const tierChangesOfModel = listsOf<TierChangeRow>(
  `t.id, t.model_id AS "modelId", t.from_tier AS "from", t.to_tier AS "to", t.proposal_id AS "proposalId", p.reason, p.proposed_by AS "proposedBy",
   d.decided_by AS "confirmedBy", t.recorded_at AS "recordedAt"`,
  'model_tier_changes t JOIN proposals p ON p.id = t.proposal_id JOIN proposal_decisions d ON d.proposal_id = p.id',
  't.model_id',
  't.recorded_at, t.id',
);

export interface InventoryFilter {
  readonly tier?: Tier | undefined;
  readonly ownerId?: string | undefined;
  readonly product?: string | undefined;
  readonly live?: boolean | undefined;
  readonly overdue?: boolean | undefined;
}

const LIVE = `EXISTS (SELECT FROM deployments d WHERE d.model_id = m.id AND d.role = 'CHAMPION' AND d.valid_to IS NULL)`;

/** Models by their next review, the most urgent first. */
export function inventoryQuery({ tier, ownerId, product, live, overdue }: InventoryFilter): PagedQuery {
  const { conditions, parameters } = new Where()
    .add('m.tier = ?', tier)
    .add('m.owner_id = ?', ownerId)
    .add('m.products @> ARRAY[?::text]', product)
    .add(`${LIVE} = ?`, live)
    .add('(m.next_review_at <= clock_timestamp()) = ?', overdue);
  return { select: MODEL, from: 'models m', where: conditions, parameters, key: { sql: 'm.next_review_at', type: 'timestamptz' }, id: { sql: 'm.id' } };
}
