import type { DecidedOnce } from './actions.js';
import type { AdverseActionKind, Counteroffered } from './adverse-action.js';
import type { NoticeChannel } from './decision.entities.js';
import type { OverrideReasonCode } from './reason-codes.js';

export interface CounterofferRow extends Counteroffered {
  readonly customerId: string;
  readonly id: string;
  /** The prediction that it answers. */
  readonly predictionId: string;
  readonly amount: string | null;
  readonly currency: string;
  /** Sealed, base64. */
  readonly terms: string | null;
  /** Null in rows of earlier releases, and where the model's reasons are the reasons. */
  readonly reasonCode: OverrideReasonCode | null;
}

export interface NoticeRow {
  readonly id: string;
  readonly kind: AdverseActionKind;
  readonly sendBy: string;
  readonly sentAt: Date;
  readonly channel: NoticeChannel;
}

/** A decision about a loan, with what people did about it and told the applicant; each list oldest first. */
export interface DecisionOfLoan extends DecidedOnce {
  readonly id: string;
  readonly purpose: 'ORIGINATION' | 'ACCOUNT_REVIEW';
  readonly counteroffers: readonly CounterofferRow[];
  readonly notices: readonly NoticeRow[];
}

/** All that was decided about a loan, oldest first, and when the application was complete. */
export interface LoanHistory {
  readonly decisions: readonly DecisionOfLoan[];
  readonly completedAt: Date | null;
}
