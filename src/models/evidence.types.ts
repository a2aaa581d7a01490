import { Field, Int, ObjectType } from 'type-graphql';
import type { MissingVotes, Verdict } from './approval-policy.js';
import { ArtefactKindEnum, ContributionEnum, VerdictEnum, VersionActEnum, VersionStateEnum, VoterRoleEnum } from './enums.types.js';
import type { Act, VersionState } from './lifecycle.js';
import type { VoterRole } from './policy/tiers.js';
import type { ContributorRow, TransitionRow, VoteRow } from './rows.js';
import type { ArtefactKind, Part } from './version.entity.js';

@ObjectType({ description: 'Bytes named by their SHA-256.', simpleResolvers: true })
export class Artefact {
  @Field(() => ArtefactKindEnum, { description: 'What it is.' }) kind!: ArtefactKind;
  @Field(() => String, { description: 'Its name: the SHA-256 of its bytes, hexadecimal.' }) sha256!: string;
  @Field(() => Int, { description: 'Its size in bytes.' }) bytes!: number;
}

@ObjectType({ description: 'Someone who had a part in making a version, and therefore no vote on it.', simpleResolvers: true })
export class Contributor {
  @Field(() => ContributionEnum, { description: 'Which part.' }) part!: Part;
  @Field(() => Date, { description: 'When.' }) at!: Date;
  userId!: string;
}

@ObjectType({ description: 'A vote on a version, bound to the dossier the voter saw.', simpleResolvers: true })
export class Approval {
  @Field(() => VoterRoleEnum, { description: 'As what they voted.' }) role!: VoterRole;
  @Field(() => VerdictEnum, { description: 'How.' }) verdict!: Verdict;
  @Field(() => Date, { description: 'When.' }) at!: Date;
  @Field(() => String, { description: 'The digest of the dossier they saw.' }) dossierDigest!: string;
  @Field(() => String, { description: 'What the vote rests on, in their words.' }) comment!: string;
  @Field(() => Boolean, { description: 'Whether it was cast longer ago than votes count for a version that was never deployed.' }) expired!: boolean;
  userId!: string;
}

@ObjectType({ description: 'A step in the life of a version.', simpleResolvers: true })
export class VersionTransition {
  @Field(() => VersionActEnum, { description: 'What was done.' }) act!: Act;
  @Field(() => VersionStateEnum, { nullable: true, description: 'Where it stood; null at registration.' }) from!: VersionState | null;
  @Field(() => VersionStateEnum, { description: 'Where it stands after.' }) to!: VersionState;
  @Field(() => Date, { description: 'When.' }) at!: Date;
  @Field(() => String, { nullable: true, description: 'Why, in the words of who did it.' }) reason!: string | null;
  userId!: string;
}

@ObjectType({ description: 'Votes that a version still needs.', simpleResolvers: true })
export class MissingVote implements MissingVotes {
  @Field(() => VoterRoleEnum, { description: 'Of which role.' }) role!: VoterRole;
  @Field(() => Int, { description: 'From how many different people.' }) count!: number;
}

export const toContributor = ({ part, recordedAt, userId }: ContributorRow): Contributor => Object.assign(new Contributor(), { part, at: recordedAt, userId });

export const toApproval = ({ role, verdict, recordedAt, dossierDigest, comment, expired, userId }: VoteRow): Approval =>
  Object.assign(new Approval(), { role, verdict, at: recordedAt, dossierDigest, comment, expired, userId });

export const toTransition = ({ act, from, to, recordedAt, reason, userId }: TransitionRow): VersionTransition =>
  Object.assign(new VersionTransition(), { act, from, to, at: recordedAt, reason, userId });
