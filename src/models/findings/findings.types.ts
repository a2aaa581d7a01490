import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { connectionType, encodeGlobalId, Node } from '../../platform/index.js';
import { named } from '../enums.types.js';
import type { FindingRow, ReassignmentRow, ResolutionRow } from './findings.queries.js';
import { FINDING_STATES, RESOLUTION_OUTCOMES, SEVERITIES, type FindingSeverity, type FindingState, type ResolutionOutcome } from './lifecycle.js';

export const FindingSeverityEnum = named(SEVERITIES);
registerEnumType(FindingSeverityEnum, {
  name: 'ModelFindingSeverity',
  description: 'How grave a finding is.',
  valuesConfig: {
    HIGH: { description: 'Blocks approval, and that it is deployed to decide, while it is open.' },
    MEDIUM: { description: 'To be resolved in time.' },
    LOW: { description: 'Good to mend.' },
  },
});

export const FindingStateEnum = named(FINDING_STATES);
registerEnumType(FindingStateEnum, {
  name: 'FindingState',
  description: 'Where a finding stands.',
  valuesConfig: {
    OPEN: { description: 'Its owner has to do something.' },
    RESOLUTION_PROPOSED: { description: 'A validator has to look at what its owner did.' },
    CLOSED: { description: 'Resolved, and accepted by a validator. Final.' },
  },
});

export const ResolutionOutcomeEnum = named(RESOLUTION_OUTCOMES);
registerEnumType(ResolutionOutcomeEnum, {
  name: 'ResolutionOutcome',
  description: 'What became of a weakness.',
  valuesConfig: { REMEDIED: { description: 'It is gone.' }, RISK_ACCEPTED: { description: 'It stays, and why that can be borne is said.' } },
});

export const ResolutionVerdictEnum = named(['ACCEPTED', 'REJECTED'] as const);
registerEnumType(ResolutionVerdictEnum, {
  name: 'ResolutionVerdict',
  description: 'What a validator said to a resolution.',
  valuesConfig: { ACCEPTED: { description: 'It closes the finding.' }, REJECTED: { description: 'Its owner has to do more.' } },
});

@ObjectType({ implements: Node, description: 'A weakness that a validator raised, of a version or of a model as a whole.', simpleResolvers: true })
export class Finding extends Node {
  @Field(() => String, { description: 'It in a few words.' }) title!: string;
  @Field(() => String, { description: 'What is weak, and what that may lead to.' }) text!: string;
  @Field(() => FindingSeverityEnum, { description: 'How grave it is.' }) severity!: FindingSeverity;
  @Field(() => FindingStateEnum, { description: 'Where it stands.' }) state!: FindingState;
  @Field(() => Boolean, { description: 'Whether it is not closed and its time has come.' }) overdue!: boolean;
  @Field(() => Date, { description: 'By when it is to be resolved.' }) dueAt!: Date;
  @Field(() => [String], { description: 'What it rests on: digests of artefacts, or words.' }) evidence!: string[];
  @Field(() => Date, { description: 'When it was raised.' }) raisedAt!: Date;
  rowId!: string;
  modelId!: string;
  versionId!: string | null;
  ownerId!: string;
  raisedById!: string;
}

@ObjectType({ description: 'What the owner of a finding did about it.', simpleResolvers: true })
export class FindingResolution {
  @Field(() => ResolutionOutcomeEnum, { description: 'What became of the weakness.' }) outcome!: ResolutionOutcome;
  @Field(() => String, { description: 'What was done, or why the risk can be borne.' }) text!: string;
  @Field(() => [String], { description: 'What shows it: digests of artefacts, or words.' }) evidence!: string[];
  @Field(() => Date, { description: 'When it was proposed.' }) at!: Date;
  @Field(() => ResolutionVerdictEnum, { nullable: true, description: 'What a validator said to it; null until then.' }) verdict!: 'ACCEPTED' | 'REJECTED' | null;
  @Field(() => String, { nullable: true, description: 'Why, in the words of the validator.' }) comment!: string | null;
  @Field(() => Date, { nullable: true, description: 'When the validator said it.' }) decidedAt!: Date | null;
  proposedById!: string;
  decidedById!: string | null;
}

@ObjectType({ description: 'A change of hands of a finding, or of its date, by a validator.', simpleResolvers: true })
export class FindingReassignment {
  @Field(() => Date, { description: 'By when it was to be resolved before.' }) dueBefore!: Date;
  @Field(() => Date, { description: 'By when since.' }) dueAt!: Date;
  @Field(() => String, { description: 'Why.' }) reason!: string;
  @Field(() => Date, { description: 'When it changed hands.' }) at!: Date;
  fromOwnerId!: string;
  toOwnerId!: string;
  byUserId!: string;
}

export const FindingConnection = connectionType(Finding, 'Finding', 'findings');

export const toFinding = ({ id, modelId, versionId, title, text, severity, state, overdue, dueAt, evidence, ownerId, raisedBy, recordedAt }: FindingRow): Finding =>
  Object.assign(new Finding(), {
    id: encodeGlobalId({ type: 'Finding', id }), rowId: id, modelId, versionId, title, text, severity, state, overdue, dueAt, evidence, ownerId, raisedById: raisedBy, raisedAt: recordedAt,
  });

export const toReassignment = ({ dueBefore, dueAt, reason, recordedAt, fromOwner, toOwner, byUser }: ReassignmentRow): FindingReassignment =>
  Object.assign(new FindingReassignment(), { dueBefore, dueAt, reason, at: recordedAt, fromOwnerId: fromOwner, toOwnerId: toOwner, byUserId: byUser });

export const toResolution = ({ outcome, text, evidence, proposedBy, recordedAt, verdict, comment, decidedBy, decidedAt }: ResolutionRow): FindingResolution =>
  Object.assign(new FindingResolution(), { outcome, text, evidence, at: recordedAt, verdict, comment, decidedAt, proposedById: proposedBy, decidedById: decidedBy });
