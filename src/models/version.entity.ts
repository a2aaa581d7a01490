import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Verdict } from './approval-policy.js';
import type { VoterRole } from './policy/tiers.js';
import type { Act, VersionState } from './lifecycle.js';

/** An immutable artefact and its dossier. */
@Entity('model_versions')
export class ModelVersionEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'model_id' }) modelId!: string;
  @Column('integer') version!: number;
  @Column('text') state!: VersionState;
  @Column('text') dossier!: string;
  @Column('bytea', { name: 'dossier_digest' }) dossierDigest!: Buffer;
  @Column('uuid', { name: 'registered_by' }) registeredBy!: string;
  /** What it needs, frozen when it is submitted; null of a DRAFT. */
  @Column('integer', { name: 'policy_version', nullable: true }) policyVersion!: number | null;
  @Column('integer', { name: 'required_validators', nullable: true }) requiredValidators!: number | null;
  @Column('integer', { name: 'required_admins', nullable: true }) requiredAdmins!: number | null;
  @Column('integer', { name: 'vote_days', nullable: true }) voteDays!: number | null;
  @Column('timestamptz', { name: 'submitted_at', nullable: true }) submittedAt!: Date | null;
}

export type ArtefactKind = 'ONNX' | 'FEATURE_SCHEMA' | 'REFERENCE_SET' | 'PARITY_SAMPLE' | 'LAYERS_MODEL' | 'REPORT';

@Entity('model_version_artefacts')
export class VersionArtefactEntity {
  @PrimaryColumn('uuid', { name: 'version_id' }) versionId!: string;
  @PrimaryColumn('text') kind!: ArtefactKind;
  @Column('bytea') sha256!: Buffer;
}

export type Part = 'REGISTERED' | 'BUILT' | 'TRAINED' | 'EDITED' | 'SUBMITTED';

/** Someone who built, trained, edited or submitted a version; they may not vote on it. */
@Entity('model_version_contributors')
export class ContributorEntity {
  @PrimaryColumn('uuid', { name: 'version_id' }) versionId!: string;
  @PrimaryColumn('uuid', { name: 'user_id' }) userId!: string;
  @PrimaryColumn('text') part!: Part;
}

@Entity('model_version_votes')
export class VoteEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'version_id' }) versionId!: string;
  @Column('uuid', { name: 'user_id' }) userId!: string;
  @Column('text') role!: VoterRole;
  @Column('text') verdict!: Verdict;
  @Column('bytea', { name: 'dossier_digest' }) dossierDigest!: Buffer;
  @Column('text') comment!: string;
}

/** One step of a version's life. */
@Entity('model_version_transitions')
export class TransitionEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'version_id' }) versionId!: string;
  @Column('text') act!: Act;
  @Column('text', { name: 'from_state', nullable: true }) from!: VersionState | null;
  @Column('text', { name: 'to_state' }) to!: VersionState;
  @Column('uuid', { name: 'user_id' }) userId!: string;
  @Column('text', { nullable: true }) reason!: string | null;
}
