import { Field, ObjectType } from 'type-graphql';
import { ProposalType } from '../../security/index.js';
import { PredictionType } from '../history/prediction.types.js';
import { DecisionOverride } from './override.types.js';
import { DecisionReview } from './review.types.js';

const WAITING = 'What waits for a second person, where the loan is above the limit for one; null where nothing does.';

@ObjectType({ description: 'What `overrideDecision` did.', simpleResolvers: true })
export class OverrideDecisionPayload {
  @Field(() => PredictionType, { description: 'The prediction, with the decision that is in force now.' }) prediction!: PredictionType;
  @Field(() => DecisionOverride, { nullable: true, description: 'The override; null while it waits for a second person.' }) override!: DecisionOverride | null;
  @Field(() => ProposalType, { nullable: true, description: WAITING }) proposal!: ProposalType | null;
}

@ObjectType({ description: 'What `requestReview` did.', simpleResolvers: true })
export class RequestReviewPayload {
  @Field(() => DecisionReview, { description: 'The review, open.' }) review!: DecisionReview;
}

@ObjectType({ description: 'What `resolveReview` did.', simpleResolvers: true })
export class ResolveReviewPayload {
  @Field(() => DecisionReview, { description: 'The review; still open while a changed decision waits for a second person.' }) review!: DecisionReview;
  @Field(() => ProposalType, { nullable: true, description: WAITING }) proposal!: ProposalType | null;
}

@ObjectType({ description: 'What `recordCounteroffer` did.', simpleResolvers: true })
export class RecordCounterofferPayload {
  @Field(() => PredictionType, { description: 'The prediction that it answers.' }) prediction!: PredictionType;
}

@ObjectType({ description: 'What `recordCounterofferAccepted` did.', simpleResolvers: true })
export class RecordCounterofferAcceptedPayload {
  @Field(() => PredictionType, { description: 'The prediction that the counteroffer answered.' }) prediction!: PredictionType;
}

@ObjectType({ description: 'What `recordNoticeSent` did.', simpleResolvers: true })
export class RecordNoticeSentPayload {
  @Field(() => PredictionType, { description: 'The prediction that the notice is of.' }) prediction!: PredictionType;
}
