import { Field, Int, ObjectType } from 'type-graphql';
import { Money } from '../../loans/index.js';
import { Requires } from '../../security/index.js';
import type { AdverseActionKind } from './adverse-action.js';
import type { NoticeChannel } from './decision.entities.js';
import type { DecidingRow } from './decided.js';
import { AdverseActionKindEnum, NoticeChannelEnum, OverrideReasonEnum } from './decisions.enums.js';
import type { Duty } from './duty.js';
import type { CounterofferRow } from './loan-history.rows.js';
import type { OverrideReasonCode } from './reason-codes.js';

@ObjectType({ description: 'A reason as the applicant is told it.', simpleResolvers: true })
export class AdverseActionReason {
  @Field(() => String, { description: 'Stable code: of the model, or of the override.' }) code!: string;
  @Field(() => String, { description: 'The reason in words.' }) text!: string;
}

@ObjectType({ description: 'The score that a decision rests on.', simpleResolvers: true })
export class AdverseActionScore {
  @Field(() => Int, { description: 'Score points, to the nearest whole one: more points, less risk.' }) points!: number;
  @Field(() => Date, { description: 'When it was made.' }) createdAt!: Date;
}

@ObjectType({ description: 'Other terms than those applied for.', simpleResolvers: true })
export class Counteroffer {
  readonly row!: CounterofferRow;
  @Field(() => Date, { description: 'When the applicant was told of it.' }) offeredAt!: Date;
  @Field(() => Money, { nullable: true, description: 'The amount offered, where it is another one.' }) amount!: Money | null;
  @Field(() => Date, { nullable: true, description: 'When it was accepted, or the credit used; null where it was not.' }) acceptedAt!: Date | null;
  @Requires('decision:read') @Field(() => OverrideReasonEnum, { nullable: true, description: 'Why the terms applied for were not given, as recorded; null where the reasons of the model are the reasons. Applicants are told of it by the statement in principalReasons.' }) reasonCode!: OverrideReasonCode | null;
}

@ObjectType({ description: 'A notice of adverse action that was sent.', simpleResolvers: true })
export class AdverseActionNotice {
  @Field(() => Date, { description: 'When it was sent.' }) sentAt!: Date;
  @Field(() => NoticeChannelEnum, { description: 'How.' }) channel!: NoticeChannel;
  @Field(() => AdverseActionKindEnum, { description: 'What it was of.' }) kind!: AdverseActionKind;
  @Field(() => String, { description: 'By which day it was due, yyyy-mm-dd, UTC.' }) sendBy!: string;
}

@ObjectType({
  description: 'What a notice of adverse action under US Regulation B (12 CFR 1002.9) needs, as far as the records tell. Data, no legal advice.',
  simpleResolvers: true,
})
export class AdverseActionType {
  readonly row!: DecidingRow;
  readonly duty!: Duty;
  @Field(() => Boolean, { description: 'Whether a notice is due: what was decided last is DECLINE, or a counteroffer stands that was not accepted. That an override expires decides nothing; of an application only the newest prediction answers.' }) required!: boolean;
  @Field(() => AdverseActionKindEnum, { nullable: true, description: 'What the notice is of.' }) kind!: AdverseActionKind | null;
  @Field(() => String, { nullable: true, description: 'The rule that sets the time.' }) rule!: string | null;
  @Field(() => Date, { nullable: true, description: 'When the clock started.' }) clockStartedAt!: Date | null;
  @Field(() => String, { nullable: true, description: 'The last calendar day, yyyy-mm-dd, UTC; the day on which the clock started is day 0.' }) sendBy!: string | null;
  @Field(() => Date, { nullable: true, description: 'When the first notice of this action was sent.' }) sentAt!: Date | null;
  @Field(() => Boolean, { description: 'Whether the last day has passed without a notice.' }) overdue!: boolean;
  @Field(() => String, { nullable: true, description: 'One sentence where it is not as one would think: why this prediction asks for no notice though it declined, or why one is due after an override has expired; null elsewhere.' }) note!: string | null;
  @Field(() => [Counteroffer], { description: 'Counteroffers to the application, whichever prediction they were recorded on, oldest first.' }) counteroffers!: readonly Counteroffer[];
  @Field(() => [AdverseActionNotice], { description: 'Notices that were sent, in the order of recording: of an application, whichever prediction they were recorded on; of an account, of the reviews in a row that declined.' }) notices!: readonly AdverseActionNotice[];
}
