import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Decision } from '../../scoring/index.js';
import type { AdverseActionKind } from './adverse-action.js';
import type { OverrideReasonCode } from './reason-codes.js';

/** A decision other than the recorded one, by a person, for a time. */
@Entity('decision_overrides')
export class OverrideEntity {
  @PrimaryColumn('uuid', { name: 'customer_id' }) customerId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'prediction_id' }) predictionId!: string;
  /** The decision that was in force. */
  @Column('text') replaced!: Decision;
  @Column('text') decision!: Decision;
  @Column('text', { name: 'reason_code' }) reasonCode!: OverrideReasonCode;
  @Column('bytea') comment!: Buffer;
  @Column('uuid', { name: 'made_by' }) madeBy!: string;
  @Column('timestamptz', { name: 'expires_at' }) expiresAt!: Date;
  /** What the loan was worth then, and up to what one person sufficed. */
  @Column('numeric') principal!: string;
  @Column('char') currency!: string;
  @Column('numeric', { name: 'one_person_limit', nullable: true }) onePersonLimit!: string | null;
  @Column('integer', { name: 'policy_version' }) policyVersion!: number;
  /** What a second person confirmed. */
  @Column('uuid', { name: 'proposal_id', nullable: true }) proposalId!: string | null;
  /** The review that led to it. */
  @Column('uuid', { name: 'review_id', nullable: true }) reviewId!: string | null;
}

export const CHANNELS = ['POST', 'EMAIL', 'PORTAL', 'IN_PERSON'] as const;
export type NoticeChannel = (typeof CHANNELS)[number];

export const REVIEW_OUTCOMES = ['UPHELD', 'CHANGED', 'WITHDRAWN'] as const;
export type ReviewOutcome = (typeof REVIEW_OUTCOMES)[number];

/** A decision that somebody contests. */
@Entity('decision_reviews')
export class ReviewEntity {
  @PrimaryColumn('uuid', { name: 'customer_id' }) customerId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'prediction_id' }) predictionId!: string;
  @Column('bytea') grounds!: Buffer;
  @Column('uuid', { name: 'requested_by' }) requestedBy!: string;
  @Column('timestamptz', { name: 'due_at' }) dueAt!: Date;
}

@Entity('decision_review_outcomes')
export class ReviewOutcomeEntity {
  @PrimaryColumn('uuid', { name: 'customer_id' }) customerId!: string;
  @PrimaryColumn('uuid', { name: 'review_id' }) reviewId!: string;
  @Column('text') outcome!: ReviewOutcome;
  @Column('bytea') explanation!: Buffer;
  @Column('uuid', { name: 'override_id', nullable: true }) overrideId!: string | null;
  @Column('uuid', { name: 'resolved_by' }) resolvedBy!: string;
}

/** Other terms than those applied for. */
@Entity('counteroffers')
export class CounterofferEntity {
  @PrimaryColumn('uuid', { name: 'customer_id' }) customerId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'prediction_id' }) predictionId!: string;
  @Column('timestamptz', { name: 'offered_at' }) offeredAt!: Date;
  @Column('numeric', { nullable: true }) amount!: string | null;
  @Column('char') currency!: string;
  @Column('bytea', { nullable: true }) terms!: Buffer | null;
  /** What it rests on; null in rows of earlier releases, and where the model's reasons are the reasons. */
  @Column('text', { name: 'reason_code', nullable: true }) reasonCode!: OverrideReasonCode | null;
  @Column('uuid', { name: 'recorded_by' }) recordedBy!: string;
}

@Entity('counteroffer_acceptances')
export class AcceptanceEntity {
  @PrimaryColumn('uuid', { name: 'customer_id' }) customerId!: string;
  @PrimaryColumn('uuid', { name: 'counteroffer_id' }) counterofferId!: string;
  @Column('timestamptz', { name: 'accepted_at' }) acceptedAt!: Date;
  @Column('uuid', { name: 'recorded_by' }) recordedBy!: string;
}

/** A notice of adverse action that was sent, and what it was due as. */
@Entity('adverse_action_notices')
export class NoticeEntity {
  @PrimaryColumn('uuid', { name: 'customer_id' }) customerId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'prediction_id' }) predictionId!: string;
  @Column('text') kind!: AdverseActionKind;
  @Column('date', { name: 'send_by' }) sendBy!: string;
  @Column('timestamptz', { name: 'sent_at' }) sentAt!: Date;
  @Column('text') channel!: NoticeChannel;
  @Column('uuid', { name: 'recorded_by' }) recordedBy!: string;
}

/** The tables of decisions. */
export const decisionEntities = [OverrideEntity, ReviewEntity, ReviewOutcomeEntity, CounterofferEntity, AcceptanceEntity, NoticeEntity];
