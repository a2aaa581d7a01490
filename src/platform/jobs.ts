import PgBoss from 'pg-boss';
import { Client } from 'pg';
import type { Transaction } from './database.js';
import type { Logger } from './log.js';

const SCHEMA = 'job_queue';

/** A job that is at work for longer is taken for one whose replica died, and given to another. */
export const JOB_EXPIRES_SECONDS = 900;

/** Installs the queue's own tables as the owner, and lets the application use them. Safe to repeat. */
export async function installJobQueue(ownerUrl: string, queues: readonly string[]): Promise<void> {
  const boss = new PgBoss({ connectionString: ownerUrl, schema: SCHEMA, supervise: false, schedule: false });
  await boss.start();
  try {
    for (const queue of queues) await boss.createQueue(queue, { name: queue, retryLimit: 3, retryDelay: 5, expireInSeconds: JOB_EXPIRES_SECONDS });
  } finally {
    await boss.stop({ graceful: false });
  }
  const client = new Client(ownerUrl);
  await client.connect();
  try {
    await client.query(`
      GRANT USAGE ON SCHEMA ${SCHEMA} TO assay_app;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${SCHEMA} TO assay_app;
      GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${SCHEMA} TO assay_app;`);
  } finally {
    await client.end();
  }
}

/** Long work, handed to whichever replica is free. A replica that dies leaves its job to be taken up again. */
export class JobQueue {
  private constructor(private readonly boss: PgBoss) {}

  static async open(appUrl: string, log: Logger): Promise<JobQueue> {
    const boss = new PgBoss({ connectionString: appUrl, schema: SCHEMA, migrate: false, schedule: false, max: 2 });
    boss.on('error', (error) => log.error({ err: error }, 'job queue'));
    await boss.start();
    return new JobQueue(boss);
  }

  /** Enqueues in the caller's transaction: the job exists if, and only if, what it works on does. */
  async enqueue(tx: Transaction, queue: string, jobId: string): Promise<void> {
    const executeSql = async (text: string, values: unknown[]): Promise<{ rows: unknown[] }> => ({ rows: await tx.query(text, values) });
    await this.boss.send(queue, { jobId }, { db: { executeSql } });
  }

  /** Works on a queue, one job at a time, until the queue is closed. A handler that throws is tried again. */
  async work(queue: string, handler: (jobId: string) => Promise<void>): Promise<void> {
    await this.boss.work<{ jobId: string }>(queue, { pollingIntervalSeconds: 0.5, batchSize: 1 }, async ([job]) => handler(job!.data.jobId));
  }

  async close(): Promise<void> {
    await this.boss.stop({ graceful: true, wait: true, timeout: 10_000 });
  }
}
