import { AssayError, badInput, internal, once, type Context } from '../../platform/index.js';
import type { DecisionPurpose } from '../../models/index.js';
import { demand } from '../../security/index.js';
import { listRequest, type ListRequest, type ListResult, type ScoringService } from '../scoring/scoring.service.js';
import type { JobEntity } from './job.entity.js';
import { findJob, JobRunner, type JobParts, type RunningJob } from './job-runner.js';

/** The queue's name; it is installed with the database. */
export const SCORE_JOBS = 'score-loans';

export const MOST_IN_A_JOB = 200_000;

/** What the job's row holds of what was asked. */
interface JobRequest {
  readonly loans: readonly string[];
  readonly purpose: DecisionPurpose;
  readonly modelId?: string | undefined;
  /** RFC 3339, `decision`, or absent for the time of scoring. */
  readonly asOf?: string | undefined;
}

const TICK = 500;

/** Scores more loans than one call waits for. A job that a dying replica leaves is taken up where it stood. */
export class ScoreJobs {
  private readonly runner: JobRunner<JobRequest>;

  constructor(
    private readonly parts: JobParts,
    private readonly scoring: ScoringService,
  ) {
    this.runner = new JobRunner(parts, SCORE_JOBS, (job) => this.scoreAll(job));
  }

  /** Queues a job in one transaction with its row. The same requestId and body give the same job. */
  async start(ctx: Context, list: ListRequest): Promise<string> {
    demand(ctx, 'score:run');
    const total = list.loans.length;
    if (total > MOST_IN_A_JOB) throw badInput(`A job scores at most ${MOST_IN_A_JOB} loans; ${total} were asked for. Split them.`);
    const { job } = await this.parts.db.transaction((tx) =>
      once<ListResult>(tx, ctx, listRequest(list), async () => ({ job: await this.runner.enqueue(tx, ctx, workOf(list), total) })),
    );
    if (job === null) throw internal(`The request ${list.requestId} was answered without a job before.`);
    return job;
  }

  stop(): void {
    this.runner.stop();
  }

  /** Starts taking jobs on this replica. */
  work(): Promise<void> {
    return this.runner.start();
  }

  /** @throws NOT_FOUND unless the job is one's own or one may see predictions in full */
  find(ctx: Context, id: string): Promise<JobEntity> {
    return findJob(ctx, id);
  }

  /** Every loan has a requestId made of the job's, so that scoring again after a crash repeats nothing. */
  private async scoreAll({ id: jobId, ctx, request, progress, mayGoOn }: RunningJob<JobRequest>): Promise<void> {
    const { loans, purpose, modelId, asOf } = request;
    const when = asOf === undefined || asOf === 'decision' ? asOf : new Date(asOf);
    let failed = 0;
    for (let from = 0; from < loans.length; from += TICK) {
      mayGoOn();
      const requests = loans
        .slice(from, from + TICK)
        .map((loan, at) => ({ loan, purpose, modelId, asOf: when as Date | 'decision' | undefined, requestId: `${jobId}:${from + at}`, jobId }));
      const results = await this.scoring.scoreLoans(ctx, requests);
      const broken = results.find(isPassing);
      if (broken) throw broken;
      failed += results.filter((result) => result instanceof Error).length;
      await progress({ done: from + requests.length, failed });
    }
  }
}

const workOf = ({ loans, purpose, modelId, asOf }: ListRequest): JobRequest => ({ loans, purpose, modelId, asOf: asOf instanceof Date ? asOf.toISOString() : asOf });

/** What is wrong with Assay rather than with a loan; the loan deserves another try. */
const isPassing = (result: unknown): result is Error =>
  result instanceof Error && (!(result instanceof AssayError) || result.code === 'INTERNAL' || result.code === 'UNAVAILABLE');
