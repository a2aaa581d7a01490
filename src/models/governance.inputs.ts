import { ArrayMaxSize, ArrayMinSize, IsOptional, Length, Matches, Max, Min } from 'class-validator';
import { Field, Float, ID, InputType, Int } from 'type-graphql';
import type { Verdict } from './approval-policy.js';
import type { DeploymentRole } from './deployment.entity.js';
import { DecisionPurposeEnum, type DecisionPurpose, DeploymentRoleEnum, VerdictEnum, VersionStateEnum } from './enums.types.js';
import type { VersionState } from './lifecycle.js';

const requestId = 'Your own id of this request; sending the same one again repeats the answer, not the act.';
const NO_TRAINER = 'trainedBy: name at least one user, or leave it out.';
const MANY_TRAINERS = 'trainedBy: name at most 100 users.';
const short = (field: string): [number, number, { message: string }] => [1, 200, { message: `${field}: give 1 to 200 characters.` }];
const long = (field: string): [number, number, { message: string }] => [1, 5_000, { message: `${field}: give 1 to 5,000 characters.` }];

@InputType({ description: 'Which model versions to list.' })
export class ModelVersionFilter {
  @Field(() => ID, { nullable: true, description: 'Only versions of this model.' }) modelId?: string;
  @Field(() => VersionStateEnum, { nullable: true, description: 'Only versions in this state.' }) state?: VersionState;
}

@InputType({ description: 'A model to register; you will own it.' })
export class RegisterModelInput {
  @Length(...short('name')) @Field(() => String, { description: 'Its name; unique.' }) name!: string;
  @Length(...short('purpose')) @Field(() => String, { description: 'What its number means.' }) purpose!: string;
  @Field(() => DecisionPurposeEnum, { description: 'The decision it serves; requests are routed by it.' })
  decisionPurpose!: DecisionPurpose;

  @ArrayMinSize(1, { message: 'products: name at least one product.' })
  @ArrayMaxSize(100, { message: 'products: name at most 100 products.' })
  @Field(() => [String], { description: 'The products it serves, such as credit-card.' })
  products!: string[];

  @Min(1, { message: 'horizonMonths: give at least 1.' })
  @Max(600, { message: 'horizonMonths: give at most 600.' })
  @Field(() => Int, { description: 'Months over which it gives the probability of default.' })
  horizonMonths!: number;

  @IsOptional() @Length(...long('permittedUse')) @Field(() => String, { nullable: true, description: 'What its number may be used for.' }) permittedUse?: string;
  @IsOptional() @Length(...long('limits')) @Field(() => String, { nullable: true, description: 'Where it must not be relied on.' }) limits?: string;
  @Length(...short('requestId')) @Field(() => String, { nullable: true, description: requestId }) requestId?: string;
}

@InputType({ description: 'A version to register. Upload its artefacts first.' })
export class RegisterModelVersionInput {
  @Field(() => ID, { description: 'The model.' }) modelId!: string;
  @Field(() => String, { description: 'The dossier, JSON text; it names the artefacts by digest.' }) dossier!: string;
  @IsOptional() @ArrayMinSize(1, { message: NO_TRAINER }) @ArrayMaxSize(100, { message: MANY_TRAINERS })
  @Field(() => [ID], { nullable: true, description: 'Who trained it, if not you: Users, or one. They get no vote either.' })
  trainedBy?: string[];

  @Length(...short('requestId')) @Field(() => String, { nullable: true, description: requestId }) requestId?: string;
}

@InputType({ description: 'Another dossier for a DRAFT. Upload the artefacts that it names first.' })
export class EditModelVersionInput {
  @Field(() => ID, { description: 'The version, a DRAFT.' }) versionId!: string;
  @Matches(/^[0-9a-f]{64}$/, { message: 'replaces: write the 64 hexadecimal digits of the dossier that you read.' })
  @Field(() => String, { description: 'The digest of the dossier that it replaces, as you read it.' })
  replaces!: string;

  @Field(() => String, { description: 'The whole dossier as it shall be, JSON text; it names the artefacts by digest.' }) dossier!: string;
  @IsOptional() @ArrayMinSize(1, { message: NO_TRAINER }) @ArrayMaxSize(100, { message: MANY_TRAINERS })
  @Field(() => [ID], { nullable: true, description: 'Who trained what it names now: Users, or one. They get no vote either. Not given: you did where the model is another one, else nobody new.' })
  trainedBy?: string[];
}

@InputType({ description: 'A version to submit.' })
export class SubmitModelVersionInput {
  @Field(() => ID, { description: 'The version, a DRAFT.' }) versionId!: string;
}

@InputType({ description: 'A version to take back.' })
export class WithdrawModelVersionInput {
  @Field(() => ID, { description: 'The version.' }) versionId!: string;
  @Length(...long('reason')) @Field(() => String, { description: 'Why.' }) reason!: string;
}

@InputType({ description: 'A vote on a version.' })
export class VoteInput {
  @Field(() => ID, { description: 'The version.' }) versionId!: string;
  @Matches(/^[0-9a-f]{64}$/, { message: 'dossierDigest: write the 64 hexadecimal digits of the dossier you read.' })
  @Field(() => String, { description: 'The digest of the dossier you read. A vote for another than the version\'s does not count.' })
  dossierDigest!: string;

  @Length(...long('comment')) @Field(() => String, { description: 'What your vote rests on.' }) comment!: string;
}

@InputType({ description: 'A validator\'s verdict.' })
export class ValidateModelVersionInput extends VoteInput {
  @Field(() => VerdictEnum, { description: 'FOR lets it go on; AGAINST rejects it.' }) verdict!: Verdict;
}

@InputType({ description: 'An admin\'s vote for a version.' })
export class ApproveModelVersionInput extends VoteInput {}

@InputType({ description: 'An admin\'s vote against a version.' })
export class RejectModelVersionInput extends VoteInput {}

@InputType({ description: 'A version to make live.' })
export class DeployModelVersionInput {
  @Field(() => ID, { description: 'The version, APPROVED.' }) versionId!: string;
  @Field(() => DeploymentRoleEnum, { defaultValue: 'CHAMPION', description: 'What it shall do.' }) role!: DeploymentRole;
  @Field(() => Float, { nullable: true, description: 'Of a CANARY: for which share of the customers it decides, from 0.0001 to 0.9999.' }) share?: number | null;
  @Length(...long('reason')) @Field(() => String, { description: 'Why.' }) reason!: string;
  @Length(...short('requestId')) @Field(() => String, { nullable: true, description: requestId }) requestId?: string;
}
