import { Field, ObjectType } from 'type-graphql';
import { connectionType, encodeGlobalId, Node, PRESENT, type Moment } from '../../platform/index.js';
import { ReviewOutcomeEnum } from './decisions.enums.js';
import type { ReviewOutcome } from './decision.entities.js';
import type { ReviewRow } from './file.rows.js';

@ObjectType({ implements: Node, description: 'A decision that somebody contests, and what a person makes of it.', simpleResolvers: true })
export class DecisionReview extends Node {
  readonly row!: ReviewRow;
  /** As of when it is told. */
  readonly moment!: Moment;
  @Field(() => Date, { description: 'When it was asked for.' }) requestedAt!: Date;
  @Field(() => Date, { description: 'Until when it is to be resolved.' }) dueAt!: Date;
  @Field(() => Boolean, { description: 'Whether it is open and past its time.' }) overdue!: boolean;
  @Field(() => ReviewOutcomeEnum, { nullable: true, description: 'What became of it; null while it is open.' }) outcome!: ReviewOutcome | null;
  @Field(() => Date, { nullable: true, description: 'When it was resolved.' }) resolvedAt!: Date | null;
}

export const DecisionReviewConnection = connectionType(DecisionReview, 'DecisionReview', 'reviews');

export const toReview = (row: ReviewRow, now: Date, moment = PRESENT): DecisionReview => {
  const { customerId, id, recordedAt: requestedAt, dueAt, outcome, resolvedAt } = row;
  const overdue = outcome === null && dueAt < now;
  return Object.assign(new DecisionReview(), { id: encodeGlobalId({ type: 'DecisionReview', customerId, id }), row, moment, requestedAt, dueAt, overdue, outcome, resolvedAt });
};
