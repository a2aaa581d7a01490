import { ArrayMaxSize, Length } from 'class-validator';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { Finding, FindingSeverityEnum, ResolutionOutcomeEnum } from './findings.types.js';
import type { FindingSeverity, ResolutionOutcome } from './lifecycle.js';

const words = (field: string, most: number): [number, number, { message: string }] => [1, most, { message: `${field}: give 1 to ${most.toLocaleString('en')} characters.` }];
const MOST_EVIDENCE = 50;
const evidence = [MOST_EVIDENCE, { message: `evidence: give at most ${MOST_EVIDENCE} items.` }] as const;
const eachEvidence = [1, 2_000, { each: true, message: 'evidence: give 1 to 2,000 characters in each item.' }] as const;

@InputType({ description: 'Which findings to list.' })
export class FindingFilterInput {
  @Field(() => ID, { nullable: true, description: 'Only those on this version.' }) versionId?: string;
  @Field(() => ID, { nullable: true, description: 'Only those on this model and its versions.' }) modelId?: string;
  @Field(() => ID, { nullable: true, description: 'Only those that belong to this User.' }) ownerId?: string;
  @Field(() => FindingSeverityEnum, { nullable: true, description: 'Only those of this severity.' }) severity?: FindingSeverity;
  @Field(() => Boolean, { nullable: true, description: 'true: only what is not closed; false: only what is.' }) open?: boolean;
  @Field(() => Boolean, { nullable: true, description: 'true: only what is overdue; false: only what is not.' }) overdue?: boolean;
}

@InputType({ description: 'A weakness to raise, of a version or of a model as a whole.' })
export class RaiseFindingInput {
  @Field(() => ID, { nullable: true, description: 'The version; or give `modelId`.' }) versionId?: string;
  @Field(() => ID, { nullable: true, description: 'The model as a whole; or give `versionId`.' }) modelId?: string;
  @Length(...words('title', 200)) @Field(() => String, { description: 'It in a few words.' }) title!: string;
  @Length(...words('text', 20_000)) @Field(() => String, { description: 'What is weak, and what that may lead to.' }) text!: string;
  @Field(() => FindingSeverityEnum, { description: 'How grave it is; HIGH blocks approval.' }) severity!: FindingSeverity;
  @Field(() => ID, { description: 'Who has to resolve it: a User who owns models, validates or approves.' }) ownerId!: string;
  @Field(() => Date, { description: 'By when.' }) dueAt!: Date;

  @ArrayMaxSize(...evidence)
  @Length(...eachEvidence)
  @Field(() => [String], { defaultValue: [], description: 'What it rests on: digests of artefacts, or words.' })
  evidence!: string[];
}

@InputType({ description: 'Another owner, or another date, for a finding.' })
export class ReassignFindingInput {
  @Field(() => ID, { description: 'The finding, OPEN.' }) findingId!: string;
  @Field(() => ID, { description: 'Who has to resolve it from now on: a User who owns models, validates or approves. The present owner, where only the date changes.' }) ownerId!: string;
  @Field(() => Date, { description: 'By when.' }) dueAt!: Date;
  @Length(...words('reason', 5_000)) @Field(() => String, { description: 'Why.' }) reason!: string;
}

@InputType({ description: 'What was done about a finding.' })
export class ResolveFindingInput {
  @Field(() => ID, { description: 'The finding, OPEN and yours.' }) findingId!: string;
  @Field(() => ResolutionOutcomeEnum, { description: 'What became of the weakness.' }) outcome!: ResolutionOutcome;
  @Length(...words('text', 20_000)) @Field(() => String, { description: 'What was done, or why the risk can be borne.' }) text!: string;

  @ArrayMaxSize(...evidence)
  @Length(...eachEvidence)
  @Field(() => [String], { defaultValue: [], description: 'What shows it: digests of artefacts, or words.' })
  evidence!: string[];
}

@InputType({ description: 'A resolution to accept or reject.' })
abstract class JudgeResolutionInput {
  @Field(() => ID, { description: 'The finding, with a resolution proposed.' }) findingId!: string;
  @Length(...words('comment', 5_000)) @Field(() => String, { description: 'Why.' }) comment!: string;
}

@InputType({ description: 'A resolution to accept.' })
export class AcceptResolutionInput extends JudgeResolutionInput {}

@InputType({ description: 'A resolution to send back.' })
export class RejectResolutionInput extends JudgeResolutionInput {}

@ObjectType({ description: 'What `raiseFinding` did.', simpleResolvers: true })
export class RaiseFindingPayload {
  @Field(() => Finding, { description: 'The finding.' }) finding!: Finding;
}

@ObjectType({ description: 'What `reassignFinding` did.', simpleResolvers: true })
export class ReassignFindingPayload {
  @Field(() => Finding, { description: 'The finding, with its new owner and date.' }) finding!: Finding;
}

@ObjectType({ description: 'What `resolveFinding` did.', simpleResolvers: true })
export class ResolveFindingPayload {
  @Field(() => Finding, { description: 'The finding, waiting for a validator.' }) finding!: Finding;
}

@ObjectType({ description: 'What `acceptResolution` did.', simpleResolvers: true })
export class AcceptResolutionPayload {
  @Field(() => Finding, { description: 'The finding, CLOSED.' }) finding!: Finding;
}

@ObjectType({ description: 'What `rejectResolution` did.', simpleResolvers: true })
export class RejectResolutionPayload {
  @Field(() => Finding, { description: 'The finding, OPEN again.' }) finding!: Finding;
}
