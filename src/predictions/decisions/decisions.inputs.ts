import { Length, IsOptional } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { DecimalScalar } from '../../platform/index.js';
import type { Decision } from '../../scoring/index.js';
import { DecisionValue } from '../history/prediction.types.js';
import { NoticeChannelEnum, OverrideReasonEnum, ReviewOutcomeEnum } from './decisions.enums.js';
import type { NoticeChannel, ReviewOutcome } from './decision.entities.js';
import type { OverrideReasonCode } from './reason-codes.js';

const longText = (field: string): [number, number, { message: string }] => [1, 4_000, { message: `${field}: give 1 to 4,000 characters.` }];

@InputType({ description: 'What acts on decisions have in common.' })
abstract class RepeatableInput {
  @IsOptional()
  @Length(1, 200, { message: 'requestId: give 1 to 200 characters.' })
  @Field(() => String, { nullable: true, description: 'Makes the request safe to repeat: the same id and body are done once.' })
  requestId?: string | null;
}

@InputType({ description: 'An act on the decision of one prediction.' })
abstract class OfPredictionInput extends RepeatableInput {
  @Field(() => ID, { description: 'The prediction that decided.' }) predictionId!: string;
}

@InputType({ description: 'Another decision than the one in force.' })
export class OverrideDecisionInput extends OfPredictionInput {
  @Field(() => DecisionValue, { description: 'The decision from now on; another than the one in force.' }) decision!: Decision;
  @Field(() => OverrideReasonEnum, { description: 'Why. A decline needs a reason that can be told to the applicant.' }) reasonCode!: OverrideReasonCode;

  @Length(...longText('comment'))
  @Field(() => String, { description: 'What it rests on, for the file; kept under the key of the customer.' })
  comment!: string;

  @Field(() => Date, { description: "Until when it holds, within the days of the policy. Afterwards the model's decision counts again." }) expiresAt!: Date;
}

@InputType({ description: 'A decision to be looked at by a person.' })
export class RequestReviewInput extends OfPredictionInput {
  @Length(...longText('grounds'))
  @Field(() => String, { description: 'What is contested, and why; kept under the key of the customer.' })
  grounds!: string;
}

@InputType({ description: 'What a person makes of a contested decision.' })
export class ResolveReviewInput extends RepeatableInput {
  @Field(() => ID, { description: 'The review, open.' }) reviewId!: string;
  @Field(() => ReviewOutcomeEnum, { description: 'What becomes of it.' }) outcome!: ReviewOutcome;

  @Length(...longText('explanation'))
  @Field(() => String, { description: 'What the applicant is told; kept under the key of the customer.' })
  explanation!: string;

  @Field(() => DecisionValue, { nullable: true, description: 'With CHANGED: the decision from now on.' }) decision?: Decision | null;
  @Field(() => OverrideReasonEnum, { nullable: true, description: 'With CHANGED: why.' }) reasonCode?: OverrideReasonCode | null;
  @Field(() => Date, { nullable: true, description: 'With CHANGED: until when it holds.' }) expiresAt?: Date | null;
}

@InputType({ description: 'Other terms that the applicant was offered.' })
export class RecordCounterofferInput extends OfPredictionInput {
  @Field(() => Date, { description: 'When the applicant was told of them. Not in the future.' }) offeredAt!: Date;
  @Field(() => DecimalScalar, { nullable: true, description: 'The amount, in the currency of the loan; or give `terms`, or both.' }) amount?: string | null;

  @IsOptional()
  @Length(...longText('terms'))
  @Field(() => String, { nullable: true, description: 'The terms in words; kept under the key of the customer.' })
  terms?: string | null;

  @Field(() => OverrideReasonEnum, { nullable: true, description: 'Why the terms applied for are not given: one that can be told, and is told first. Needed where the model approves; elsewhere its reasons are told, after this one.' })
  reasonCode?: OverrideReasonCode | null;
}

@InputType({ description: 'The acceptance of the newest counteroffer.' })
export class RecordCounterofferAcceptedInput extends OfPredictionInput {
  @Field(() => Date, { description: 'When the applicant expressly accepted it, or used the credit. Not in the future.' }) acceptedAt!: Date;
}

@InputType({ description: 'A notice of adverse action that was sent.' })
export class RecordNoticeSentInput extends OfPredictionInput {
  @Field(() => Date, { description: 'When. Not in the future.' }) sentAt!: Date;
  @Field(() => NoticeChannelEnum, { description: 'How.' }) channel!: NoticeChannel;
}

@InputType({ description: 'Which reviews; conditions add up.' })
export class DecisionReviewFilter {
  @Field(() => Boolean, { nullable: true, description: 'true: only open ones; false: only resolved ones.' }) open?: boolean | null;
  @Field(() => Boolean, { nullable: true, description: 'true: only open ones past their time; false: only others.' }) overdue?: boolean | null;
}
