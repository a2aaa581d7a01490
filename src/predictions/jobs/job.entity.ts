import { Column, Entity, PrimaryColumn } from 'typeorm';

export type JobState = 'QUEUED' | 'RUNNING' | 'DONE' | 'FAILED';

@Entity('jobs')
export class JobEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') kind!: string;
  @Column('uuid', { name: 'principal_id' }) principalId!: string;
  @Column('jsonb') request!: unknown;
  @Column('text') state!: JobState;
  @Column('integer') total!: number;
  @Column('integer') done!: number;
  @Column('integer') failed!: number;
  @Column('text', { nullable: true }) error!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'started_at', nullable: true }) startedAt!: Date | null;
  @Column('timestamptz', { name: 'finished_at', nullable: true }) finishedAt!: Date | null;
}
