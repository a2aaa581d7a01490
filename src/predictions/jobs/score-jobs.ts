import { AssayError, badInput, internal, JobQueue, newContext, newId, notFound, once, type Actor, type Context, type Database, type Logger } from '../../platform/index.js';
import type { DecisionPurpose } from '../../models/index.js';
import { demand, may } from '../../security/index.js';
import { listRequest, type ListRequest, type ListResult, type ScoringService } from '../scoring/scoring.service.js';
import { JobEntity } from './job.entity.js';

/** The queue's name; it is installed with the database. */
export const SCORE_JOBS = 'score-loans';

export const MOST_IN_A_JOB = 200_000;

/** What the job's row holds of what was asked, and by whom. */
interface JobRequest {
  readonly loans: readonly string[];
  readonly purpose: DecisionPurpose;
  readonly modelId?: string | undefined;
  /** RFC 3339, `decision`, or absent for the time of scoring. */
  readonly asOf?: string | undefined;
  readonly actor: Pick<Actor, 'name' | 'roles' | 'ownCustomerId'> & { readonly permissions: readonly string[] };
}

const TICK = 500;

/** Scores more loans than one call waits for. A job that a dying replica leaves is taken up where it stood. */
export class ScoreJobs {
  private stopping = false;

  constructor(
    private readonly db: Database,
    private readonly queue: JobQueue,
    private readonly scoring: ScoringService,
    private readonly log: Logger,
  ) {}

  /** Queues a job in one transaction with its row. The same requestId and body give the same job. */
  async start(ctx: Context, list: ListRequest): Promise<string> {
    demand(ctx, 'score:run');
    const total = list.loans.length;
    if (total > MOST_IN_A_JOB) throw badInput(`A job scores at most ${MOST_IN_A_JOB} loans; ${total} were asked for. Split them.`);
    const { job } = await this.db.transaction((tx) =>
      once<ListResult>(tx, ctx, listRequest(list), async () => {
        const id = newId();
        await tx.manager.insert(JobEntity, { id, kind: SCORE_JOBS, principalId: ctx.actor.id, request: workOf(ctx, list) as object, state: 'QUEUED', total });
        await this.queue.enqueue(tx, SCORE_JOBS, id);
        return { job: id };
      }),
    );
    if (job === null) throw internal(`The request ${list.requestId} was answered without a job before.`);
    return job;
  }

  /** Lets the running job end at its next slice; another replica, or this one after its restart, goes on with it. */
  stop(): void {
    this.stopping = true;
  }

  /** Starts taking jobs on this replica. */
  async work(): Promise<void> {
    await this.queue.work(SCORE_JOBS, (jobId) => this.run(jobId));
  }

  /** @throws NOT_FOUND unless the job is one's own or one may see predictions in full */
  async find(ctx: Context, id: string): Promise<JobEntity> {
    const [job] = await ctx.db.query<JobEntity>(
      `SELECT id, kind, principal_id AS "principalId", state, total, done, failed, error, created_at AS "createdAt",
         started_at AS "startedAt", finished_at AS "finishedAt" FROM jobs WHERE id = $1`,
      [id],
    );
    if (!job || (job.principalId !== ctx.actor.id && !may(ctx, 'prediction:detail'))) throw notFound('There is no such job, or it is not yours.');
    return job;
  }

  private async run(jobId: string): Promise<void> {
    const job = await this.db.transaction((tx) => tx.manager.findOneBy(JobEntity, { id: jobId }));
    if (!job || job.state === 'DONE') return;
    await this.update(jobId, { state: 'RUNNING', startedAt: new Date(), finishedAt: null, error: null, done: 0, failed: 0 });
    try {
      await this.scoreAll(jobId, job.principalId, job.request as JobRequest);
      await this.update(jobId, { state: 'DONE', finishedAt: new Date() });
    } catch (error) {
      const told = toldOf(error);
      this.log.error({ err: error, jobId, id: told.id }, 'score job failed');
      await this.update(jobId, { state: 'FAILED', error: `${told.message} (${told.id})`, finishedAt: new Date() });
      throw error; // the queue tries again, a few times
    }
  }

  /** Every loan has a requestId made of the job's, so that scoring again after a crash repeats nothing. */
  private async scoreAll(jobId: string, principalId: string, { actor, loans, purpose, modelId, asOf }: JobRequest): Promise<void> {
    const permissions: ReadonlySet<string> = new Set(actor.permissions);
    const ctx = newContext({ db: this.db, log: this.log, actor: { ...actor, id: principalId, permissions } });
    const when = asOf === undefined || asOf === 'decision' ? asOf : new Date(asOf);
    let failed = 0;
    for (let from = 0; from < loans.length; from += TICK) {
      if (this.stopping) throw new AssayError('UNAVAILABLE', 'The server that worked on the job was stopped; another goes on with it.');
      const requests = loans
        .slice(from, from + TICK)
        .map((loan, at) => ({ loan, purpose, modelId, asOf: when as Date | 'decision' | undefined, requestId: `${jobId}:${from + at}`, jobId }));
      const results = await this.scoring.scoreLoans(ctx, requests);
      const broken = results.find(isPassing);
      if (broken) throw broken;
      failed += results.filter((result) => result instanceof Error).length;
      await this.update(jobId, { done: from + requests.length, failed });
    }
  }

  private update(id: string, change: Partial<Pick<JobEntity, 'state' | 'done' | 'failed' | 'error' | 'startedAt' | 'finishedAt'>>): Promise<void> {
    return this.db.transaction(async (tx) => void (await tx.manager.update(JobEntity, { id }, change)));
  }
}

function workOf({ actor }: Context, { loans, purpose, modelId, asOf }: ListRequest): JobRequest {
  const { name, roles, ownCustomerId, permissions } = actor;
  const when = asOf instanceof Date ? asOf.toISOString() : asOf;
  return { loans, purpose, modelId, asOf: when, actor: { name, roles, ownCustomerId, permissions: [...permissions] } };
}

/** What is wrong with Assay rather than with a loan; the loan deserves another try. */
const isPassing = (result: unknown): result is Error =>
  result instanceof Error && (!(result instanceof AssayError) || result.code === 'INTERNAL' || result.code === 'UNAVAILABLE');

/** What the caller is told: inner errors are for the log. */
const toldOf = (error: unknown): AssayError =>
  error instanceof AssayError && error.code !== 'INTERNAL' ? error : internal('The job was stopped by an error inside Assay and is tried again. The log tells more under this id.');
