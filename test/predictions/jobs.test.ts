import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { installJobQueue, JobQueue, newContext, type DatabaseUrls } from '../../src/platform/index.js';
import { SCORE_JOBS } from '../../src/predictions/index.js';
import { JobRunner } from '../../src/predictions/jobs/job-runner.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { someLoans, type BookLoan } from '../support/builders.js';
import type { TestClient } from '../support/client.js';

interface Job {
  readonly id: string;
  readonly state: 'QUEUED' | 'RUNNING' | 'DONE' | 'FAILED';
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly error: string | null;
  readonly finishedAt: string | null;
}

const JOB = 'id state total done failed error finishedAt';
const START = `mutation ($input: ScoreLoansInput!) { scoreLoans(input: $input) { total results { loan } job { ${JOB} } } }`;
const SIZE = 1_203;

const rowIdOf = (id: string): string => Buffer.from(id, 'base64url').toString().split(':')[1]!;

describe('more than 1,000 loans at once', () => {
  let app: TestApp;
  let portal: TestClient;
  let loans: BookLoan[];
  let input: object;
  let job: Job;

  beforeAll(async () => {
    app = await openTestApp();
    portal = await app.as('portal');
    loans = await someLoans(app, 6);
    const asked = Array.from({ length: SIZE }, (_, index) => (index === 700 ? 'nobody' : loans[index % loans.length]!.externalId));
    input = { loans: asked, purpose: 'ORIGINATION', requestId: 'a large batch' };
    const { scoreLoans } = await portal.ok<{ scoreLoans: { total: number; results: null; job: Job } }>(START, { input });
    expect([scoreLoans.total, scoreLoans.results]).toEqual([SIZE, null]);
    job = scoreLoans.job;
  });
  afterAll(() => app.close());

  const look = async (): Promise<Job> => (await portal.ok<{ job: Job }>(`query ($id: ID!) { job(id: $id) { ${JOB} } }`, { id: job.id })).job;
  const untilDone = async (seen: Job[] = []): Promise<Job[]> => {
    for (;;) {
      const now = await look();
      seen.push(now);
      if (now.state === 'DONE' && now.finishedAt !== null) return seen;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const recorded = async (): Promise<number> => Number((await app.sql<{ count: string }>('SELECT count(*) FROM predictions'))[0]!.count);
  /** Hands the job to a worker again, as the queue does when a replica died. */
  const deliverAgain = async (): Promise<void> => {
    const queue = await JobQueue.open(app.runtime.urls.app, app.runtime.log);
    await app.runtime.db.transaction((tx) => queue.enqueue(tx, SCORE_JOBS, rowIdOf(job.id)));
    await queue.close();
  };

  it('are a job that tells how far it is, and counts what could not be scored', async () => {
    expect(job).toMatchObject({ state: 'QUEUED', total: SIZE, done: 0, failed: 0, error: null, finishedAt: null });
    const seen = await untilDone();
    const done = seen.map((one) => one.done);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(seen.at(-1)).toMatchObject({ state: 'DONE', total: SIZE, done: SIZE, failed: 1, error: null });
    expect(await recorded()).toBe(SIZE - 1);
  });

  it('are one job, however often they are asked for; another list under the same requestId is a conflict', async () => {
    const { scoreLoans } = await portal.ok<{ scoreLoans: { job: Job } }>(START, { input });
    expect(scoreLoans.job.id).toBe(job.id);
    const { extensions } = await portal.refusal(START, { input: { ...input, purpose: 'ACCOUNT_REVIEW' } });
    expect(extensions.code).toBe('CONFLICT');
  });

  it('are found by their job', async () => {
    const auditor = await app.as('auditor');
    const document = 'query ($filter: PredictionFilterInput, $after: String) { predictions(first: 200, after: $after, filter: $filter) { totalCount pageInfo { hasNextPage endCursor } edges { node { id status actor { name } } } } }';
    const ids = new Set<string>();
    for (let after: string | null = null, more = true; more; ) {
      const { predictions }: { predictions: Page } = await auditor.ok<{ predictions: Page }>(document, { filter: { jobId: job.id }, after });
      expect(predictions.totalCount).toBe(SIZE - 1);
      for (const { node } of predictions.edges) ids.add(node.id);
      ({ endCursor: after, hasNextPage: more } = predictions.pageInfo);
    }
    expect(ids.size).toBe(SIZE - 1);
  });

  it('are scored once, though a replica dies on the way and another takes the job up', async () => {
    await app.sql(`UPDATE jobs SET state = 'RUNNING', done = 500, finished_at = NULL WHERE id = $1`, [rowIdOf(job.id)]);
    await deliverAgain();
    expect((await untilDone()).at(-1)).toMatchObject({ done: SIZE, failed: 1 });
    expect(await recorded()).toBe(SIZE - 1);
  });

  it('are left alone when the queue delivers a finished job again', async () => {
    const before = await look();
    await deliverAgain();
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await look()).toEqual(before);
  });

  it('that fail say why, and forget it when they are done after all', async () => {
    await app.sql(`UPDATE jobs SET state = 'RUNNING', done = 0, finished_at = NULL WHERE id = $1`, [rowIdOf(job.id)]);
    await app.sql('ALTER TABLE idempotency RENAME TO away');
    try {
      await deliverAgain();
      for (let now = await look(); now.state !== 'FAILED'; now = await look()) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await look()).toMatchObject({ state: 'FAILED', error: expect.stringMatching(/^The job was stopped by an error inside Assay and is tried again\. The log tells more under this id\. \([0-9a-f-]{36}\)$/), finishedAt: expect.any(String) });
    } finally {
      await app.sql('ALTER TABLE away RENAME TO idempotency');
    }
    await deliverAgain();
    expect((await untilDone()).at(-1)).toMatchObject({ state: 'DONE', done: SIZE, error: null });
  });

  it('are worked on for a while at a time, so that the queue never gives a job to two replicas at once', async () => {
    const kind = 'in-slices';
    await installJobQueue((app.runtime.urls as DatabaseUrls).owner, [kind]);
    const queue = await JobQueue.open(app.runtime.urls.app, app.runtime.log);
    const pieces: string[] = [];
    let times = 0;
    const runner = new JobRunner<{ most: number }>({ db: app.runtime.db, queue, log: app.runtime.log, sliceMilliseconds: 0 }, kind, async ({ request, mayGoOn, progress }) => {
      times += 1;
      for (let done = pieces.length; done < request.most; done += 1) {
        mayGoOn();
        pieces.push(`piece ${done}`);
        await progress({ done: pieces.length });
      }
    });
    const [actor] = await app.sql<{ id: string }>('SELECT principal_id AS id FROM jobs LIMIT 1');
    const ctx = newContext({ db: app.runtime.db, log: app.runtime.log, actor: { id: actor!.id, name: 'Portal', roles: [], permissions: new Set(), ownCustomerId: undefined } });
    const id = await app.runtime.db.transaction((tx) => runner.enqueue(tx, ctx, { most: 3 }, 3));
    await runner.start();
    const stateOf = async (): Promise<string> => (await app.sql<{ state: string }>('SELECT state FROM jobs WHERE id = $1', [id]))[0]!.state;
    while ((await stateOf()) !== 'DONE') await new Promise((resolve) => setTimeout(resolve, 50));
    expect([times, pieces]).toEqual([3, ['piece 0', 'piece 1', 'piece 2']]);
    await queue.close();
  });

  it('are the business of who asked for them', async () => {
    const stranger = await app.as({ subject: 'stranger', name: 'Another portal', roles: ['PORTAL'] });
    expect((await stranger.refusal('query ($id: ID!) { job(id: $id) { id } }', { id: job.id })).extensions.code).toBe('NOT_FOUND');
    const { errors, data } = await stranger.query<{ node: null }>('query ($id: ID!) { node(id: $id) { id } }', { id: job.id });
    expect([data?.node, errors.map(({ extensions }) => extensions.code)]).toEqual([null, ['NOT_FOUND']]);
  });
});

interface Page {
  readonly totalCount: number;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly edges: { readonly node: { readonly id: string } }[];
}
