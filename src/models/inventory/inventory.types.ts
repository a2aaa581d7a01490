import { IsOptional, Length } from 'class-validator';
import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { ProposalType } from '../../security/index.js';
import { named, TierEnum } from '../enums.types.js';
import { Model } from '../model.types.js';
import type { Tier } from '../policy/tiers.js';
import { ALERTS, type AlertCode } from './alerts.js';
import { REVIEW_OUTCOMES, type FactsRow, type ReviewOutcome, type ReviewRow, type TierChangeRow } from './inventory.queries.js';

export const ReviewOutcomeEnum = named(REVIEW_OUTCOMES);
registerEnumType(ReviewOutcomeEnum, {
  name: 'ModelReviewOutcome',
  description: 'What a review found of a model.',
  valuesConfig: {
    FIT: { description: 'It may go on as it is.' },
    FIT_WITH_CONDITIONS: { description: 'It may go on; the comment or findings say under which conditions.' },
    UNFIT: { description: 'It does not decide any more: decisions are REFER until a review says otherwise.' },
  },
});

const CODES = Object.keys(ALERTS) as AlertCode[];
export const AlertCodeEnum = named(CODES);
registerEnumType(AlertCodeEnum, {
  name: 'ModelAlertCode',
  description: 'What somebody should look at.',
  valuesConfig: Object.fromEntries(CODES.map((code) => [code, { description: ALERTS[code].description }])) as Record<AlertCode, { description: string }>,
});

@ObjectType({ description: 'Something about a model that somebody should look at.', simpleResolvers: true })
export class ModelAlert {
  @Field(() => AlertCodeEnum, { description: 'What it is, for machines.' }) code!: AlertCode;
  @Field(() => String, { description: 'What it is, and what to do.' }) text!: string;
  @Field(() => Date, { description: 'Since when.' }) since!: Date;
}

@ObjectType({ description: 'A periodic review of a model by a validator.', simpleResolvers: true })
export class ModelReview {
  @Field(() => ReviewOutcomeEnum, { description: 'What it found.' }) outcome!: ReviewOutcome;
  @Field(() => String, { description: 'What it rests on.' }) comment!: string;
  @Field(() => Date, { description: 'By when the next one is due.' }) nextReviewAt!: Date;
  @Field(() => Date, { description: 'When it was recorded.' }) at!: Date;
  reviewedById!: string;
}

@ObjectType({ description: 'What the inventory said of a model from a moment on.', simpleResolvers: true })
export class ModelFacts {
  @Field(() => String, { nullable: true, description: 'What its number may be used for.' }) permittedUse!: string | null;
  @Field(() => String, { nullable: true, description: 'Where it must not be relied on.' }) limits!: string | null;
  @Field(() => String, { description: 'Why it was changed.' }) reason!: string;
  @Field(() => Date, { description: 'From when on.' }) at!: Date;
  ownerId!: string;
  byUserId!: string;
}

@ObjectType({ description: 'A change of the materiality tier of a model, by two admins.', simpleResolvers: true })
export class TierChange {
  @Field(() => TierEnum, { description: 'The tier before.' }) from!: Tier;
  @Field(() => TierEnum, { description: 'The tier since.' }) to!: Tier;
  @Field(() => String, { description: 'Why.' }) reason!: string;
  @Field(() => Date, { description: 'When.' }) at!: Date;
  proposedById!: string;
  confirmedById!: string;
}

@InputType({ description: 'Which models of the inventory to list.' })
export class InventoryFilterInput {
  @Field(() => TierEnum, { nullable: true, description: 'Only those of this tier.' }) tier?: Tier;
  @Field(() => ID, { nullable: true, description: 'Only those of this User.' }) ownerId?: string;
  @Field(() => String, { nullable: true, description: 'Only those that serve this product.' }) product?: string;
  @Field(() => Boolean, { nullable: true, description: 'true: only those with a version that decides; false: only those without.' }) live?: boolean;
  @Field(() => Boolean, { nullable: true, description: 'true: only those whose review is overdue; false: only the others.' }) overdue?: boolean;
}

const words = (field: string): [number, number, { message: string }] => [1, 5_000, { message: `${field}: give 1 to 5,000 characters.` }];

@InputType({ description: 'What changes in the inventory. What is left out stays as it is.' })
export class UpdateModelInput {
  @Field(() => ID, { description: 'The model.' }) modelId!: string;
  @IsOptional() @Length(...words('permittedUse')) @Field(() => String, { nullable: true, description: 'What its number may be used for.' }) permittedUse?: string;
  @IsOptional() @Length(...words('limits')) @Field(() => String, { nullable: true, description: 'Where it must not be relied on.' }) limits?: string;
  @Field(() => ID, { nullable: true, description: 'Who answers for it from now on: a User who is MODEL_OWNER.' }) ownerId?: string;
  @Length(...words('reason')) @Field(() => String, { description: 'Why.' }) reason!: string;
}

@InputType({ description: 'A review of a model.' })
export class ReviewModelInput {
  @Field(() => ID, { description: 'The model.' }) modelId!: string;
  @Field(() => ReviewOutcomeEnum, { description: 'What was found.' }) outcome!: ReviewOutcome;
  @Length(...words('comment')) @Field(() => String, { description: 'What it rests on.' }) comment!: string;
  @Field(() => Date, { description: 'By when the next one is due; the governance policy says how far ahead.' }) nextReviewAt!: Date;
}

@InputType({ description: 'Another materiality tier for a model.' })
export class ChangeTierInput {
  @Field(() => ID, { description: 'The model.' }) modelId!: string;
  @Field(() => TierEnum, { description: 'The tier that it shall have.' }) tier!: Tier;
  @Length(...words('reason')) @Field(() => String, { description: 'Why.' }) reason!: string;
}

@ObjectType({ description: 'What `updateModel` did.', simpleResolvers: true })
export class UpdateModelPayload {
  @Field(() => Model, { description: 'The model as it stands now.' }) model!: Model;
}

@ObjectType({ description: 'What `reviewModel` did.', simpleResolvers: true })
export class ReviewModelPayload {
  @Field(() => Model, { description: 'The model as it stands now.' }) model!: Model;
}

@ObjectType({ description: 'What `changeTier` did.', simpleResolvers: true })
export class ChangeTierPayload {
  @Field(() => ProposalType, { description: 'The proposal, waiting for another ADMIN.' }) proposal!: ProposalType;
}

export const toReview = ({ outcome, comment, nextReviewAt, recordedAt, reviewedBy }: ReviewRow): ModelReview =>
  Object.assign(new ModelReview(), { outcome, comment, nextReviewAt, at: recordedAt, reviewedById: reviewedBy });

export const toFacts = ({ permittedUse, limits, reason, recordedAt, ownerId, byUser }: FactsRow): ModelFacts =>
  Object.assign(new ModelFacts(), { permittedUse, limits, reason, at: recordedAt, ownerId, byUserId: byUser });

export const toTierChange = ({ from, to, reason, recordedAt, proposedBy, confirmedBy }: TierChangeRow): TierChange =>
  Object.assign(new TierChange(), { from, to, reason, at: recordedAt, proposedById: proposedBy, confirmedById: confirmedBy });
