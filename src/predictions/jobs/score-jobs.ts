import { AssayError, badInput, internal, JobQueue, newContext, newId, notFound, once, type Context, type Database, type Logger } from '../../platform/index.js';
import { demand, may, permissionsOf } from '../../security/index.js';
import type { Purpose } from '../record/row.js';
import { MOST_AT_ONCE, type ScoringService } from '../scoring/scoring.service.js';
import { JobEntity } from './job.entity.js';

/** The queue's name; it is installed with the database. */
export const SCORE_JOBS = 'score-loans';

export const MOST_IN_A_JOB = 200_000;

export interface ScoreJobRequest {
  readonly loans: readonly string[];
  readonly purpose: Purpose;
  readonly modelId?: string | undefined;
  /** RFC 3339, `decision`, or absent for the time of scoring. */
  readonly asOf?: string | undefined;
}

interface JobRequest extends ScoreJobRequest {
  readonly actor: { readonly name: string; readonly roles: readonly string[]; readonly ownCustomerId?: string | undefined };
}

const TICK = 500;

/** Scores more loans than one call waits for. A job that a dying replica leaves is taken up where it stood. */
export class ScoreJobs {
  constructor(
    private readonly db: Database,
    private readonly queue: JobQueue,
    private readonly scoring: ScoringService,
    private readonly log: Logger,
  ) {}

  /** Queues a job in one transaction with its row. The same requestId and body give the same job. */
  async start(ctx: Context, requestId: string, request: ScoreJobRequest): Promise<string> {
    demand(ctx, 'score:run');
    if (request.loans.length > MOST_IN_A_JOB) throw badInput(`A job scores at most ${MOST_IN_A_JOB} loans; ${request.loans.length} were asked for. Split them.`);
    const { name, roles, ownCustomerId } = ctx.actor;
    const work: JobRequest = { ...request, actor: { name, roles, ownCustomerId } };
    return this.db.transaction((tx) =>
      once(tx, ctx, { requestId, operation: 'scoreLoans job', body: { ...request } }, async () => {
        const id = newId();
        await tx.manager.insert(JobEntity, { id, kind: SCORE_JOBS, principalId: ctx.actor.id, request: work as object, state: 'QUEUED', total: request.loans.length });
        await this.queue.enqueue(tx, SCORE_JOBS, id);
        return id;
      }),
    );
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
    const { name, roles, ownCustomerId } = actor;
    const ctx = newContext({ db: this.db, log: this.log, actor: { id: principalId, name, roles, permissions: permissionsOf(roles), ownCustomerId } });
    const when = asOf === undefined || asOf === 'decision' ? asOf : new Date(asOf);
    let failed = 0;
    for (let from = 0; from < loans.length; from += TICK) {
      const requests = loans
        .slice(from, from + Math.min(TICK, MOST_AT_ONCE))
        .map((loan, at) => ({ loan, purpose, modelId, asOf: when as Date | 'decision' | undefined, requestId: `${jobId}:${from + at}` }));
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

/** What is wrong with Assay rather than with a loan; the loan deserves another try. */
const isPassing = (result: unknown): result is Error =>
  result instanceof Error && (!(result instanceof AssayError) || result.code === 'INTERNAL' || result.code === 'UNAVAILABLE');

/** What the caller is told: inner errors are for the log. */
const toldOf = (error: unknown): AssayError =>
  error instanceof AssayError && error.code !== 'INTERNAL' ? error : internal('The job was stopped by an error inside Assay and is tried again. The log tells more under this id.');
