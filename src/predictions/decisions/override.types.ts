import { Field, Int, ObjectType, Float } from 'type-graphql';
import { encodeGlobalId, Node, PRESENT, type Moment } from '../../platform/index.js';
import type { Decision } from '../../scoring/index.js';
import { Requires } from '../../security/index.js';
import { DecisionValue } from '../history/prediction.types.js';
import { OverrideReasonEnum } from './decisions.enums.js';
import type { OverrideRow } from './file.rows.js';
import type { OverrideReasonCode } from './reason-codes.js';

@ObjectType({ implements: Node, description: 'A decision by a person in place of the one in force, for a time.', simpleResolvers: true })
export class DecisionOverride extends Node {
  readonly row!: OverrideRow;
  /** As of when it is told. */
  readonly moment!: Moment;
  @Field(() => DecisionValue, { description: 'What the person decided.' }) decision!: Decision;
  @Field(() => DecisionValue, { description: 'The decision that was in force before.' }) replaced!: Decision;
  @Requires('decision:read') @Field(() => OverrideReasonEnum, { description: 'Why. Applicants are told of it by the statement in principalReasons.' }) reasonCode!: OverrideReasonCode;
  @Field(() => Date, { description: 'From when it holds.' }) recordedAt!: Date;
  @Field(() => Date, { description: 'Until when it holds, unless a newer one takes its place. What one person decided ends earlier where the loan grows above the limit for one.' }) expiresAt!: Date;
  @Field(() => Boolean, { description: 'Whether it is in force: the newest of its prediction, and not expired.' }) active!: boolean;
}

export const toOverride = (row: OverrideRow, active: boolean, moment = PRESENT): DecisionOverride => {
  const { customerId, id, decision, replaced, reasonCode, recordedAt, expiresAt } = row;
  return Object.assign(new DecisionOverride(), { id: encodeGlobalId({ type: 'DecisionOverride', customerId, id }), row, moment, decision, replaced, reasonCode, recordedAt, expiresAt, active });
};

@ObjectType({ description: 'How often a reason was given.', simpleResolvers: true })
export class OverrideReasonCount {
  @Field(() => OverrideReasonEnum, { description: 'The reason.' }) code!: OverrideReasonCode;
  @Field(() => Int, { description: 'In how many of the overridden decisions the newest override names it.' }) count!: number;
}

@ObjectType({ description: 'How often people decided otherwise than a version, and what became of what it referred to them. Of each decision its newest override counts, expired or not.', simpleResolvers: true })
export class OverrideRates {
  @Field(() => Int, { description: 'Decisions of the version in the span.' }) decisions!: number;
  @Field(() => Int, { description: 'How many of them the version made itself: APPROVE or DECLINE.' }) decided!: number;
  @Field(() => Int, { description: 'How many of those that it made itself were overridden.' }) overridden!: number;
  @Field(() => Float, { nullable: true, description: 'overridden ÷ decided; null where it decided none. What it referred does not count: to decide that is no disagreement.' }) rate!: number | null;
  @Field(() => Int, { description: 'How many of the overridden became APPROVE.' }) toApprove!: number;
  @Field(() => Int, { description: 'How many of the overridden became DECLINE.' }) toDecline!: number;
  @Field(() => Int, { description: 'How many of the overridden became REFER.' }) toRefer!: number;
  @Field(() => [OverrideReasonCount], { description: 'The reasons of the overridden, most frequent first.' }) byReason!: readonly OverrideReasonCount[];
  @Field(() => Int, { description: 'How many decisions of the version were REFER: left to a person.' }) referred!: number;
  @Field(() => Int, { description: 'How many of the referred a person approved.' }) referredApproved!: number;
  @Field(() => Int, { description: 'How many of the referred a person declined.' }) referredDeclined!: number;
}
