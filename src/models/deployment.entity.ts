import { Column, Entity, PrimaryColumn } from 'typeorm';

export const DEPLOYMENT_ROLES = ['CHAMPION', 'CHALLENGER', 'CANARY'] as const;

export type DeploymentRole = (typeof DEPLOYMENT_ROLES)[number];

/**
 * A period in which a version holds a role for its model. The bounds stay text, as the database wrote them: a Date
 * has no microseconds.
 */
@Entity('deployments')
export class DeploymentEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'model_id' }) modelId!: string;
  @Column('uuid', { name: 'version_id' }) versionId!: string;
  @Column('text') role!: DeploymentRole;
  /** Of a canary: the share of the customers for whom it decides. */
  @Column('numeric', { nullable: true }) share!: number | null;
  @Column('timestamptz', { name: 'valid_from' }) validFrom!: string;
  @Column('uuid', { name: 'by_user' }) byUser!: string;
  @Column('text') reason!: string;
}
