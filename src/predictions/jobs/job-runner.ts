import { AssayError, internal, JOB_EXPIRES_SECONDS, newContext, newId, notFound, type Actor, type Context, type Database, type JobQueue, type Logger, type Transaction } from '../../platform/index.js';
import { may } from '../../security/index.js';
import { JobEntity } from './job.entity.js';

/** What a job has done so far. */
export type JobProgress = Partial<Pick<JobEntity, 'done' | 'failed' | 'total'>>;

/** One piece of long work, under way. */
export interface RunningJob<Request> {
  readonly id: string;
  /** As whoever asked for it. */
  readonly ctx: Context;
  readonly request: Request;
  progress(change: JobProgress): Promise<void>;
  /** To be called between pieces, each of which takes a few minutes at most. Throws where another server is to go on, or this one later. */
  mayGoOn(): void;
}

type StoredRequest<Request> = Request & { readonly actor: Pick<Actor, 'name' | 'roles' | 'ownCustomerId'> & { readonly permissions: readonly string[] } };

export interface JobParts {
  readonly db: Database;
  readonly queue: JobQueue;
  readonly log: Logger;
  /** How long a job is worked on at a time. */
  readonly sliceMilliseconds?: number;
}

/** Well before the queue would give the job to another replica while this one works on it. */
const SLICE_MILLISECONDS = (JOB_EXPIRES_SECONDS * 1_000) / 2;

/** Between pieces: its time is over, and it queues again for the rest. */
class HandedOver extends Error {}

/** Jobs of one kind: taken up by whichever replica is free, told of in the table of jobs, and taken up again where a replica died. */
export class JobRunner<Request extends object> {
  private stopping = false;

  constructor(
    private readonly parts: JobParts,
    /** The name of the queue; it is installed with the database. */
    private readonly kind: string,
    private readonly work: (job: RunningJob<Request>) => Promise<void>,
  ) {}

  /** Queues a job in one transaction with its row. @returns its id */
  async enqueue(tx: Transaction, { actor }: Context, request: Request, total: number): Promise<string> {
    const id = newId();
    const { name, roles, ownCustomerId, permissions } = actor;
    const stored: StoredRequest<Request> = { ...request, actor: { name, roles, ownCustomerId, permissions: [...permissions] } };
    await tx.manager.insert(JobEntity, { id, kind: this.kind, principalId: actor.id, request: stored, state: 'QUEUED', total });
    await this.parts.queue.enqueue(tx, this.kind, id);
    return id;
  }

  /** Lets the running job end at its next piece; another replica, or this one after its restart, goes on with it. */
  stop(): void {
    this.stopping = true;
  }

  /** Starts taking jobs on this replica. */
  async start(): Promise<void> {
    await this.parts.queue.work(this.kind, (jobId) => this.run(jobId));
  }

  private async run(jobId: string): Promise<void> {
    const { db, log } = this.parts;
    const job = await db.transaction((tx) => tx.manager.findOneBy(JobEntity, { id: jobId }));
    if (!job || job.state === 'DONE') return;
    await this.update(jobId, { state: 'RUNNING', startedAt: new Date(), finishedAt: null, error: null, done: 0, failed: 0 });
    try {
      await this.work(this.running(job));
      await this.update(jobId, { state: 'DONE', finishedAt: new Date() });
    } catch (error) {
      if (error instanceof HandedOver) return this.queueAgain(jobId);
      const told = toldOf(error);
      log.error({ err: error, jobId, id: told.id }, `${this.kind} job failed`);
      await this.update(jobId, { state: 'FAILED', error: `${told.message} (${told.id})`, finishedAt: new Date() });
      throw error; // the queue tries again, a few times
    }
  }

  private queueAgain(id: string): Promise<void> {
    return this.parts.db.transaction(async (tx) => {
      await tx.manager.update(JobEntity, { id }, { state: 'QUEUED' });
      await this.parts.queue.enqueue(tx, this.kind, id);
    });
  }

  private running({ id, principalId, request: stored }: JobEntity): RunningJob<Request> {
    const { actor, ...request } = stored as StoredRequest<Request>;
    const ctx = newContext({ db: this.parts.db, log: this.parts.log, actor: { ...actor, id: principalId, permissions: new Set(actor.permissions) } });
    const end = performance.now() + (this.parts.sliceMilliseconds ?? SLICE_MILLISECONDS);
    let pieces = 0;
    return {
      id, ctx, request: request as unknown as Request,
      progress: (change) => this.update(id, change),
      mayGoOn: () => {
        if (this.stopping) throw new AssayError('UNAVAILABLE', 'The server that worked on the job was stopped; another goes on with it.');
        // One at least, however short the time.
        if (pieces > 0 && performance.now() > end) throw new HandedOver();
        pieces += 1;
      },
    };
  }

  private update(id: string, change: Partial<Pick<JobEntity, 'state' | 'total' | 'done' | 'failed' | 'error' | 'startedAt' | 'finishedAt'>>): Promise<void> {
    return this.parts.db.transaction(async (tx) => void (await tx.manager.update(JobEntity, { id }, change)));
  }
}

/** @throws NOT_FOUND unless the job is one's own or one may see predictions in full */
export async function findJob(ctx: Context, id: string): Promise<JobEntity> {
  const [job] = await ctx.db.query<JobEntity>(
    `SELECT id, kind, principal_id AS "principalId", state, total, done, failed, error, created_at AS "createdAt",
       started_at AS "startedAt", finished_at AS "finishedAt" FROM jobs WHERE id = $1`,
    [id],
  );
  if (!job || (job.principalId !== ctx.actor.id && !may(ctx, 'prediction:detail'))) throw notFound('There is no such job, or it is not yours.');
  return job;
}

/** What the caller is told: inner errors are for the log. */
const toldOf = (error: unknown): AssayError =>
  error instanceof AssayError && error.code !== 'INTERNAL' ? error : internal('The job was stopped by an error inside Assay and is tried again. The log tells more under this id.');
