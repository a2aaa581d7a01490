import type { Decision } from '../../scoring/index.js';
import type { ReviewOutcome } from './decision.entities.js';
import type { OverrideReasonCode } from './reason-codes.js';

/** Sealed free text is base64 here, as JSON brings it. */
type Sealed = string;

export interface OverrideRow {
  readonly customerId: string;
  readonly id: string;
  readonly predictionId: string;
  readonly replaced: Decision;
  readonly decision: Decision;
  readonly reasonCode: OverrideReasonCode;
  readonly comment: Sealed;
  readonly madeBy: string;
  readonly recordedAt: Date;
  readonly expiresAt: Date;
  readonly proposalId: string | null;
  readonly confirmedBy: string | null;
  readonly reviewId: string | null;
}

export interface ReviewRow {
  readonly customerId: string;
  readonly id: string;
  readonly predictionId: string;
  readonly grounds: Sealed;
  readonly requestedBy: string;
  readonly recordedAt: Date;
  readonly dueAt: Date;
  readonly outcome: ReviewOutcome | null;
  readonly explanation: Sealed | null;
  readonly overrideId: string | null;
  readonly resolvedBy: string | null;
  readonly resolvedAt: Date | null;
}

/** What people did about a decision, each list oldest first. */
export interface DecisionFile {
  readonly overrides: readonly OverrideRow[];
  readonly reviews: readonly ReviewRow[];
}
