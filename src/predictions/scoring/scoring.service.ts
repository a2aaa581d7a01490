import { recordEvent } from '../../audit/index.js';
import { resolveLoans, type LoanRef } from '../../loans/index.js';
import { badInput, Batcher, internal, newId, notFound, sha256, type Context, type Database } from '../../platform/index.js';
import { demand, ownCustomer } from '../../security/index.js';
import type { PredictionRef } from '../record/recorder.js';
import type { Purpose } from '../record/row.js';
import type { AsOf, ScoringItem } from './item.js';
import { ScoringPipeline } from './pipeline.js';
import type { Sources } from './prepare.js';
import { recordedPredictions } from './repeated.js';

export interface ScoringOptions {
  readonly purpose: Purpose;
  readonly modelId?: string | undefined;
  readonly asOf?: AsOf | undefined;
}

export interface ScoringRequest extends ScoringOptions {
  /** Global id or external id of the loan. */
  readonly loan: string;
  readonly requestId?: string | undefined;
}

/** Most loans that one call scores while the caller waits. */
export const MOST_AT_ONCE = 1_000;

/** Everything that scores goes through here: one request, a batch, or a job. */
export class ScoringService {
  private readonly batcher: Batcher<ScoringItem, PredictionRef>;
  private readonly pipeline: ScoringPipeline;

  constructor(private readonly db: Database, sources: Sources) {
    this.pipeline = new ScoringPipeline(db, sources);
    this.batcher = new Batcher((items) => this.runBatch(items), { most: 256, queue: 20_000, parallel: 2 });
  }

  /**
   * Scores one loan and records it. A repeated requestId returns the recorded prediction.
   * @throws NOT_FOUND for an unknown loan (an audit event, not a prediction); CONFLICT for a reused requestId
   */
  async scoreLoan(ctx: Context, request: ScoringRequest): Promise<PredictionRef> {
    const [result] = await this.scoreLoans(ctx, [request]);
    if (result instanceof Error) throw result;
    return result!;
  }

  /** @returns for each request, in order, its prediction or what prevented one */
  async scoreLoans(ctx: Context, requests: readonly ScoringRequest[]): Promise<(PredictionRef | Error)[]> {
    demand(ctx, 'score:run');
    if (requests.length > MOST_AT_ONCE) throw badInput(`At most ${MOST_AT_ONCE} loans are scored at once; ${requests.length} were asked for.`);
    const loans = await resolveLoans(ctx.db, requests.map(({ loan }) => loan));
    const own = ownCustomer(ctx);
    return Promise.all(
      requests.map(async (request, index) => {
        const ref = loans[index];
        // Another's loan does not exist for a borrower.
        if (!ref || (own !== undefined && ref.customerId !== own)) return this.unresolved(ctx, request);
        return this.batcher.add(itemOf(ctx, request, ref)).catch((error: Error) => error);
      }),
    );
  }

  private async runBatch(items: readonly ScoringItem[]): Promise<(PredictionRef | Error)[]> {
    const results = await recordedPredictions(this.db, items);
    const fresh = items.map((_, index) => index).filter((index) => results[index] === undefined);
    const found = fresh.length > 0 ? await this.pipeline.run(fresh.map((index) => items[index]!)) : [];
    const repeated = fresh.filter((_, at) => found[at] === 'repeated');
    for (const [at, index] of fresh.entries()) {
      const result = found[at]!;
      if (result !== 'repeated') results[index] = result;
    }
    await this.fillRepeated(items, repeated, results);
    return results.map((result) => result ?? internal('A repeated request has no recorded result.'));
  }

  /** Another transaction committed these requests first; its results are read where they are certain to be. */
  private async fillRepeated(items: readonly ScoringItem[], indexes: readonly number[], results: (PredictionRef | Error | undefined)[]): Promise<void> {
    if (indexes.length === 0) return;
    const known = await this.db.transaction((tx) => recordedPredictions(tx, indexes.map((index) => items[index]!)));
    for (const [at, index] of indexes.entries()) results[index] = known[at];
  }

  private async unresolved(ctx: Context, { loan }: ScoringRequest): Promise<Error> {
    const error = notFound(`There is no loan "${loan.slice(0, 200)}". Pass a loan's id or its externalId.`);
    const payload = { request: sha256(loan).toString('hex'), code: error.code };
    await this.db.transaction((tx) => recordEvent(tx, { type: 'SCORING_UNRESOLVED', id: newId(), actor: ctx.actor.id, time: ctx.now(), payload }));
    return error;
  }
}

function itemOf(ctx: Context, request: ScoringRequest, { customerId, loanId }: LoanRef): ScoringItem {
  const { purpose, modelId, asOf, requestId } = request;
  const body = { loan: [customerId, loanId], purpose, modelId: modelId ?? null, asOf: asOf instanceof Date ? asOf.toISOString() : (asOf ?? null) };
  return {
    ctx,
    customerId,
    loanId,
    purpose,
    modelId,
    asOf: asOf ?? ctx.now(),
    request: requestId === undefined ? undefined : { requestId, operation: 'scoreLoan', body },
  };
}
