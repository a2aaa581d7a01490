import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { installJobQueue, JobQueue, openLog } from '../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const QUEUE = 'test-queue';

/** Resolves once a condition holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('the job queue', () => {
  let database: TestDatabase;
  let queue: JobQueue;
  const worked: string[] = [];
  beforeAll(async () => {
    database = await openTestDatabase();
    for (let turn = 0; turn < 2; turn += 1) await installJobQueue(database.urls.owner, [QUEUE]); // as every start does
    queue = await JobQueue.open(database.urls.app, openLog('silent'));
  });
  afterAll(async () => {
    await queue.close();
    await database.close();
  });

  it('has a job if, and only if, the transaction that enqueued it is committed', async () => {
    const [kept, lost] = [randomUUID(), randomUUID()];
    await expect(database.db.transaction(async (tx) => {
      await queue.enqueue(tx, QUEUE, lost);
      throw new Error('after all');
    })).rejects.toThrow('after all');
    await database.db.transaction((tx) => queue.enqueue(tx, QUEUE, kept));
    await queue.work(QUEUE, async (jobId) => void worked.push(jobId));
    await until(() => worked.includes(kept));
    expect(worked).toEqual([kept]);
  });

  it('is worked on by the application, but its tables belong to the owner and the reader does not see them', async () => {
    const [app, reader] = [new Client(database.urls.app), new Client(database.urls.reader)];
    await Promise.all([app.connect(), reader.connect()]);
    try {
      await expect(app.query('DROP TABLE job_queue.job')).rejects.toMatchObject({ code: '42501' });
      await expect(app.query('CREATE TABLE job_queue.mine (n integer)')).rejects.toMatchObject({ code: '42501' });
      await expect(reader.query('SELECT 1 FROM job_queue.job')).rejects.toMatchObject({ code: '42501' });
    } finally {
      await Promise.all([app.end(), reader.end()]);
    }
  });
});
