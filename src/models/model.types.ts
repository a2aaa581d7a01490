import { Field, Float, Int, ObjectType } from 'type-graphql';
import { connectionType, encodeGlobalId, Node } from '../platform/index.js';
import { requiredOf, type RequiredVotes, type Tier } from './policy/tiers.js';
import type { DeploymentRole } from './deployment.entity.js';
import { DecisionPurposeEnum, DeploymentRoleEnum, TierEnum, VersionStateEnum } from './enums.types.js';
import type { VersionState } from './lifecycle.js';
import type { DeploymentRow, ModelRow, VersionRow } from './rows.js';

@ObjectType({ implements: Node, description: 'A purpose and an owner, such as "PD, retail cards, 12 months".', simpleResolvers: true })
export class Model extends Node {
  @Field(() => String, { description: 'Its name; unique.' }) name!: string;
  @Field(() => String, { description: 'What its number means.' }) purpose!: string;
  @Field(() => DecisionPurposeEnum, { description: 'The decision it serves; requests are routed by it.' }) decisionPurpose!: string;
  @Field(() => [String], { description: 'The products it serves.' }) products!: string[];
  @Field(() => Int, { description: 'Months over which it gives the probability of default.' }) horizonMonths!: number;
  @Field(() => TierEnum, { description: 'How material it is.' }) tier!: Tier;
  @Field(() => String, { nullable: true, description: 'What its number may be used for; null where that is not stated.' }) permittedUse!: string | null;
  @Field(() => String, { nullable: true, description: 'Where it must not be relied on; null where that is not stated.' }) limits!: string | null;
  @Field(() => Date, { description: 'By when it is to be reviewed again.' }) nextReviewAt!: Date;
  @Field(() => Boolean, { description: 'Whether that time has come.' }) reviewOverdue!: boolean;
  @Field(() => Date, { description: 'When it was registered.' }) registeredAt!: Date;
  rowId!: string;
  ownerId!: string;
}

@ObjectType({ implements: Node, description: 'An immutable artefact and its dossier.', simpleResolvers: true })
export class ModelVersion extends Node {
  @Field(() => Int, { description: 'Its number within the model, from 1.' }) version!: number;
  @Field(() => VersionStateEnum, { description: 'Where it stands in its life.' }) state!: VersionState;
  @Field(() => Date, { description: 'When it was registered.' }) registeredAt!: Date;
  @Field(() => Date, { nullable: true, description: 'When it was submitted; null of a DRAFT.' }) submittedAt!: Date | null;
  @Field(() => Int, { nullable: true, description: 'The governance policy that was in force then, by which it is judged; null of a DRAFT.' }) policyVersion!: number | null;
  rowId!: string;
  modelId!: string;
  dossierDigest!: string;
  registeredById!: string;
  requiredVotes!: RequiredVotes | null;
}

@ObjectType({ implements: Node, description: 'A period in which a version holds a role for its model.', simpleResolvers: true })
export class Deployment extends Node {
  @Field(() => DeploymentRoleEnum, { description: 'What it does.' }) role!: DeploymentRole;
  @Field(() => Date, { description: 'From this moment on, by the database\'s clock.' }) validFrom!: Date;
  @Field(() => Date, { nullable: true, description: 'Up to but not including this moment; null while it lasts.' }) validTo!: Date | null;
  @Field(() => Float, { nullable: true, description: 'Of a canary: for which share of the customers it decides, always the same ones: they depend on the version, so a later canary of it has them too.' }) share!: number | null;
  @Field(() => String, { description: 'Why it was deployed.' }) reason!: string;
  @Field(() => String, { nullable: true, description: 'Why it ended; null while it lasts.' }) endReason!: string | null;
  rowId!: string;
  versionId!: string;
  byUserId!: string;
  endedById!: string | null;
}

export const ModelConnection = connectionType(Model, 'Model', 'models');
export const ModelVersionConnection = connectionType(ModelVersion, 'ModelVersion', 'model versions');

export const toModel = ({ id, ownerId, recordedAt, ...rest }: ModelRow): Model =>
  Object.assign(new Model(), rest, { id: encodeGlobalId({ type: 'Model', id }), rowId: id, ownerId, registeredAt: recordedAt });

export const toModelVersion = ({ id, modelId, version, state, dossierDigest, registeredBy, recordedAt, policyVersion, submittedAt, ...row }: VersionRow): ModelVersion =>
  Object.assign(new ModelVersion(), {
    id: encodeGlobalId({ type: 'ModelVersion', id }),
    rowId: id,
    modelId,
    version,
    state,
    dossierDigest,
    registeredById: registeredBy,
    registeredAt: recordedAt,
    policyVersion,
    submittedAt,
    requiredVotes: requiredOf(row),
  });

export const toDeployment = ({ id, byUser, endedBy, ...row }: DeploymentRow): Deployment =>
  Object.assign(new Deployment(), row, { id: encodeGlobalId({ type: 'Deployment', id }), rowId: id, byUserId: byUser, endedById: endedBy });
