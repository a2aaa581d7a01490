import { databaseClock, lockShared, readUnderLock } from '../../models/index.js';
import { AssayError, type Database, type Transaction } from '../../platform/index.js';
import { recordBatch, type PredictionRef, type Recordable } from '../record/recorder.js';
import type { Prepared, ScoringItem } from './item.js';
import { prepareAll, type Sources } from './prepare.js';
import { recordableOf } from './recordable.js';
import { scoreBatch } from './score-batch.js';

/** Another deployment became live between routing and recording. */
class StaleRoute extends Error {}

const MOST_ATTEMPTS = 5;

/** What became of an item: its prediction, or "lost the race for its requestId". */
export type PipelineResult = PredictionRef | 'repeated';

/**
 * gather → route → encode → predict → explain → decide → record, for a batch. The record transaction takes the
 * models' shared locks and rechecks their deployment epochs, so that a version that was swapped or suspended in the
 * meantime is never stamped; the batch is then scored anew.
 */
export class ScoringPipeline {
  constructor(
    private readonly db: Database,
    private readonly sources: Sources,
  ) {}

  /**
   * @returns for each item its result, or an Error that concerns that item alone
   * @throws UNAVAILABLE where deployments change faster than a batch is scored: nothing of it was recorded
   */
  async run(items: readonly ScoringItem[]): Promise<(PipelineResult | Error)[]> {
    for (let attempt = 1; ; attempt += 1) {
      const prepared = await prepareAll(this.sources, items);
      const recordables = await this.scoreAll(prepared);
      try {
        const stored = await this.db.transaction((tx) => recordUnderLock(tx, prepared, recordables));
        return recordables.map((recordable) => (recordable instanceof Error ? recordable : resultOf(recordable, stored)));
      } catch (error) {
        if (!(error instanceof StaleRoute)) throw error;
        if (attempt >= MOST_ATTEMPTS) throw overtaken(error);
        this.sources.routes.forget();
      }
    }
  }

  private async scoreAll(prepared: readonly (Prepared | Error)[]): Promise<(Recordable | Error)[]> {
    const scores = await scoreBatch(prepared.filter((one): one is Prepared => !(one instanceof Error)));
    // A key destroyed since gathering concerns its item alone.
    return Promise.all(prepared.map((one) => (one instanceof Error ? one : recordableOf(this.sources.keys, one, scores).catch((error: Error) => error))));
  }
}

const overtaken = (cause: StaleRoute): AssayError =>
  new AssayError('UNAVAILABLE', `What is live changed ${MOST_ATTEMPTS} times while this was scored, and nothing of it was recorded. Repeat it with the same requestId in a second.`, { cause });

const resultOf = ({ record: { columns } }: Recordable, stored: ReadonlySet<string>): PipelineResult =>
  stored.has(columns.id) ? { customerId: columns.customer_id, id: columns.id } : 'repeated';

async function recordUnderLock(tx: Transaction, prepared: readonly (Prepared | Error)[], recordables: readonly (Recordable | Error)[]): Promise<Set<string>> {
  const routes = prepared.flatMap((one) => (one instanceof Error || !one.route ? [] : [one.route]));
  let recordedAt: Date | undefined;
  for (const modelId of [...new Set(routes.map((route) => route.modelId))].sort()) {
    await lockShared(tx, modelId);
    const { epoch, at } = await readUnderLock(tx, modelId);
    if (routes.some((route) => route.modelId === modelId && route.epoch !== epoch)) throw new StaleRoute();
    recordedAt = at;
  }
  return recordBatch(tx, recordables.filter((one): one is Recordable => !(one instanceof Error)), recordedAt ?? (await databaseClock(tx)));
}
