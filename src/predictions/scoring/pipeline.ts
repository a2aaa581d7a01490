import { currentEpoch, lockShared, type LoadedVersion } from '../../models/index.js';
import { newId, type Database, type Transaction } from '../../platform/index.js';
import { sealBody } from '../record/body.js';
import { recordBatch, type PredictionRef, type Recordable } from '../record/recorder.js';
import type { PredictionRecord } from '../record/row.js';
import { bodyOf } from './body-parts.js';
import type { Prepared, Problem, ScoredItem, ScoringItem } from './item.js';
import { prepareAll, problemOf, type Sources } from './prepare.js';
import { scoreStates, scoreVectors } from './score.js';

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

  /** @returns for each item its result, or an Error that concerns that item alone */
  async run(items: readonly ScoringItem[]): Promise<(PipelineResult | Error)[]> {
    for (let attempt = 1; ; attempt += 1) {
      const prepared = await prepareAll(this.sources, items);
      const recordables = await this.scoreAll(prepared);
      try {
        const stored = await this.db.transaction((tx) => recordUnderLock(tx, prepared, recordables));
        return recordables.map((recordable) => (recordable instanceof Error ? recordable : resultOf(recordable, stored)));
      } catch (error) {
        if (!(error instanceof StaleRoute) || attempt >= MOST_ATTEMPTS) throw error;
        this.sources.routes.forget();
      }
    }
  }

  private async scoreAll(prepared: readonly (Prepared | Error)[]): Promise<(Recordable | Error)[]> {
    const scores = await scoreByVersion(prepared.filter((one): one is Prepared => !(one instanceof Error)));
    return Promise.all(
      prepared.map(async (one) => {
        if (one instanceof Error) return one;
        // A key destroyed since gathering concerns this item alone.
        const record = await this.seal(one, scores.get(one)).catch((error: Error) => error);
        return record instanceof Error ? record : { request: one.item.request, record };
      }),
    );
  }

  private async seal(prepared: Prepared, outcome: ScoredItem | Problem | undefined): Promise<PredictionRecord> {
    const { item, asOf, route, version } = prepared;
    const key = await this.sources.keys.keyOf(item.customerId);
    // The time first: an id is never of an earlier millisecond, so histories can be cut by id.
    const createdAt = item.ctx.now();
    const id = newId();
    const score = outcome && 'pd' in outcome ? outcome : undefined;
    const problem = outcome && 'status' in outcome ? outcome : prepared.problem;
    const { ciphertext, commitment } = sealBody(key, id, bodyOf(prepared, score, problem));
    return {
      columns: {
        customer_id: item.customerId,
        id,
        loan_id: item.loanId,
        model_id: route?.modelId ?? null,
        version_id: route?.versionId ?? null,
        deployment_id: route?.deploymentId ?? null,
        actor_id: item.ctx.actor.id,
        request_id: item.request?.requestId ?? null,
        job_id: item.jobId ?? null,
        purpose: item.purpose,
        status: problem?.status ?? 'SCORED',
        // A what-if decides nothing.
        decision: item.changes ? null : (score?.decision ?? null),
        grade: score?.grade ?? null,
        pd: score?.pd ?? null,
        score_points: score?.points ?? null,
        as_of: asOf,
        created_at: createdAt,
      },
      ciphertext,
      commitment,
      artefact: version?.artefactDigest ?? null,
      dossier: version?.dossierDigest ?? null,
    };
  }
}

const resultOf = ({ record: { columns } }: Recordable, stored: ReadonlySet<string>): PipelineResult =>
  stored.has(columns.id) ? { customerId: columns.customer_id, id: columns.id } : 'repeated';

async function recordUnderLock(tx: Transaction, prepared: readonly (Prepared | Error)[], recordables: readonly (Recordable | Error)[]): Promise<Set<string>> {
  const routes = prepared.flatMap((one) => (one instanceof Error || !one.route ? [] : [one.route]));
  for (const modelId of [...new Set(routes.map((route) => route.modelId))].sort()) {
    await lockShared(tx, modelId);
    const epoch = await currentEpoch(tx, modelId);
    if (routes.some((route) => route.modelId === modelId && route.epoch !== epoch)) throw new StaleRoute();
  }
  return recordBatch(tx, recordables.filter((one): one is Recordable => !(one instanceof Error)));
}

/** One run of each version's graph; a graph that fails is the problem of its rows. */
async function scoreByVersion(prepared: readonly Prepared[]): Promise<Map<Prepared, ScoredItem | Problem>> {
  const ready = prepared.filter(({ vector }) => vector !== undefined);
  const results = new Map<Prepared, ScoredItem | Problem>();
  for (const version of new Set(ready.map((one) => one.version!))) {
    const rows = ready.filter((one) => one.version === version);
    try {
      for (const [index, score] of (await scoreRows(version, rows)).entries()) results.set(rows[index]!, score);
    } catch (error) {
      for (const row of rows) results.set(row, { ...problemOf(row.item.ctx, error), status: 'FAILED' });
    }
  }
  return results;
}

async function scoreRows(version: LoadedVersion, rows: readonly Prepared[]): Promise<ScoredItem[]> {
  const scores = await scoreVectors(version, rows.map(({ vector }) => vector!), rows.map(({ inputs }) => inputs));
  const whatIfs = rows.filter(({ simulated }) => simulated !== undefined);
  const simulated = await scoreStates(version, whatIfs.map((row) => row.simulated!));
  const byRow = new Map(whatIfs.map((row, index) => [row, simulated[index]!]));
  return scores.map((score, index) => Object.assign({ simulated: byRow.get(rows[index]!) }, score));
}
