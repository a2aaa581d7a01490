import { Length } from 'class-validator';
import { Field, ID, InputType, ObjectType } from 'type-graphql';

import { ProposalType } from '../../security/index.js';
import { Deployment, Model, ModelVersion } from '../model.types.js';
import type { SuspensionRow } from './suspension.queries.js';

const why: [number, number, { message: string }] = [1, 5_000, { message: 'reason: give 1 to 5,000 characters.' }];

@ObjectType({ description: 'A period in which a model, or one of its versions, is stopped.', simpleResolvers: true })
export class Suspension {
  @Field(() => Date, { description: "From this moment on, by the database's clock." }) validFrom!: Date;
  @Field(() => Date, { nullable: true, description: 'Up to but not including this moment; null while it lasts.' }) validTo!: Date | null;
  @Field(() => String, { description: 'Why.' }) reason!: string;
  versionId!: string | null;
  byUserId!: string;
  proposalId!: string | null;
}

export const toSuspension = ({ validFrom, validTo, reason, versionId, byUser, proposalId }: SuspensionRow): Suspension =>
  Object.assign(new Suspension(), { validFrom, validTo, reason, versionId, byUserId: byUser, proposalId });

@InputType({ description: 'A model to roll back.' })
export class RollbackModelInput {
  @Field(() => ID, { description: 'The model.' }) modelId!: string;
  @Length(...why) @Field(() => String, { description: 'Why.' }) reason!: string;
  @Length(1, 200, { message: 'requestId: give 1 to 200 characters.' })
  @Field(() => String, { nullable: true, description: 'Your own id of this request; sending the same one again repeats the answer, not the act.' })
  requestId?: string;
}

@InputType({ description: 'A deployment to end.' })
export class EndDeploymentInput {
  @Field(() => ID, { description: 'The deployment of a challenger or a canary.' }) deploymentId!: string;
  @Length(...why) @Field(() => String, { description: 'Why.' }) reason!: string;
}

@InputType({ description: 'A version to take out of use.' })
export class RetireModelVersionInput {
  @Field(() => ID, { description: 'The version, APPROVED and not the champion.' }) versionId!: string;
  @Length(...why) @Field(() => String, { description: 'Why.' }) reason!: string;
}

@InputType({ description: 'A model to stop, or to resume.' })
abstract class ModelStopInput {
  @Field(() => ID, { description: 'The model.' }) modelId!: string;
  @Length(...why) @Field(() => String, { description: 'Why.' }) reason!: string;
}

@InputType({ description: 'A version to stop, or to resume.' })
abstract class VersionStopInput {
  @Field(() => ID, { description: 'The version.' }) versionId!: string;
  @Length(...why) @Field(() => String, { description: 'Why.' }) reason!: string;
}

@InputType({ description: 'A model to stop.' })
export class SuspendModelInput extends ModelStopInput {}

@InputType({ description: 'A model to let go on.' })
export class ResumeModelInput extends ModelStopInput {}

@InputType({ description: 'A version to stop.' })
export class SuspendVersionInput extends VersionStopInput {}

@InputType({ description: 'A version to let be deployed again.' })
export class ResumeVersionInput extends VersionStopInput {}

@ObjectType({ description: 'What `rollbackModel` did.', simpleResolvers: true })
export class RollbackModelPayload {
  @Field(() => Deployment, { description: 'The deployment of the earlier champion, now current.' }) deployment!: Deployment;
}

@ObjectType({ description: 'What `endDeployment` did.', simpleResolvers: true })
export class EndDeploymentPayload {
  @Field(() => Deployment, { description: 'The deployment with its end.' }) deployment!: Deployment;
}

@ObjectType({ description: 'What `retireModelVersion` did.', simpleResolvers: true })
export class RetireModelVersionPayload {
  @Field(() => ModelVersion, { description: 'The version as it stands now.' }) modelVersion!: ModelVersion;
}

@ObjectType({ description: 'What `suspendModel` did.', simpleResolvers: true })
export class SuspendModelPayload {
  @Field(() => Model, { description: 'The model, of which nothing decides any more.' }) model!: Model;
}

@ObjectType({ description: 'An earlier champion that did not take over from a version that was stopped.', simpleResolvers: true })
export class PassedOverVersion {
  @Field(() => ModelVersion, { description: 'The version.' }) modelVersion!: ModelVersion;
  @Field(() => String, { description: 'Why not: it cannot be loaded, was not loaded in time, or a HIGH finding is open.' }) reason!: string;
}

@ObjectType({ description: 'What `suspendVersion` did.', simpleResolvers: true })
export class SuspendVersionPayload {
  @Field(() => ModelVersion, { description: 'The version, now SUSPENDED.' }) modelVersion!: ModelVersion;
  @Field(() => Deployment, { nullable: true, description: 'What decides for the model now; null where a person does.' }) deployment!: Deployment | null;
  @Field(() => [PassedOverVersion], { description: 'Earlier champions, still approved, that did not take over, the latest first; a stop waits a few seconds for one to be loaded.' })
  passedOver!: PassedOverVersion[];
}

@ObjectType({ description: 'What `resumeModel` did.', simpleResolvers: true })
export class ResumeModelPayload {
  @Field(() => ProposalType, { description: 'The proposal, for another ADMIN to confirm.' }) proposal!: ProposalType;
}

@ObjectType({ description: 'What `resumeVersion` did.', simpleResolvers: true })
export class ResumeVersionPayload {
  @Field(() => ProposalType, { description: 'The proposal, for another ADMIN to confirm.' }) proposal!: ProposalType;
}
