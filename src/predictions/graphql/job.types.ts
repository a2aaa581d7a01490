import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { encodeGlobalId, Node } from '../../platform/index.js';
import type { JobEntity } from '../jobs/job.entity.js';

export enum JobStateValue {
  QUEUED = 'QUEUED',
  RUNNING = 'RUNNING',
  DONE = 'DONE',
  FAILED = 'FAILED',
}
registerEnumType(JobStateValue, {
  name: 'JobState',
  description: 'How far a job is.',
  valuesConfig: {
    QUEUED: { description: 'Waiting for a free replica.' },
    RUNNING: { description: 'At work.' },
    DONE: { description: 'Finished.' },
    FAILED: { description: 'Stopped by an error; it is tried again a few times.' },
  },
});

@ObjectType('Job', { description: 'Long work that goes on by itself.', implements: Node, simpleResolvers: true })
export class JobType extends Node {
  readonly rowId!: string;
  @Field(() => String, { description: 'What it does.' }) kind!: string;
  @Field(() => JobStateValue, { description: 'How far it is.' }) state!: JobStateValue;
  @Field(() => Int, { description: 'How many things it has to do.' }) total!: number;
  @Field(() => Int, { description: 'How many are done, failed ones included.' }) done!: number;
  @Field(() => Int, { description: 'How many of them could not be done.' }) failed!: number;
  @Field(() => String, { nullable: true, description: 'What stopped it.' }) error!: string | null;
  @Field(() => Date, { description: 'When it was asked for.' }) createdAt!: Date;
  @Field(() => Date, { nullable: true, description: 'When a replica took it up.' }) startedAt!: Date | null;
  @Field(() => Date, { nullable: true, description: 'When it ended.' }) finishedAt!: Date | null;
}

export const toJob = ({ id, kind, state, total, done, failed, error, createdAt, startedAt, finishedAt }: JobEntity): JobType =>
  Object.assign(new JobType(), {
    id: encodeGlobalId({ type: 'Job', id }),
    rowId: id,
    kind,
    state: state as JobStateValue,
    total,
    done,
    failed,
    error,
    createdAt,
    startedAt,
    finishedAt,
  });
