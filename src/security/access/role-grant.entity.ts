import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A period in which a person holds a role. */
@Entity('role_grants')
export class RoleGrantEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'user_id' }) userId!: string;
  @Column('text') role!: string;
  @Column('uuid', { name: 'granted_by' }) grantedBy!: string;
  @Column('text') reason!: string;
  @Column('uuid', { name: 'proposal_id', nullable: true }) proposalId!: string | null;
  @Column('timestamptz', { name: 'valid_to', nullable: true }) validTo!: Date | null;
  @Column('uuid', { name: 'ended_by', nullable: true }) endedBy!: string | null;
}
