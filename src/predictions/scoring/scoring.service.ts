import { recordEvents, type AuditEvent } from '../../audit/index.js';
import { resolveLoansShared, type LoanRef } from '../../loans/index.js';
import type { DecisionPurpose } from '../../models/index.js';
import { AssayError, badInput, Batcher, internal, newId, notFound, once, sha256, type Context, type Database, type IdempotentRequest } from '../../platform/index.js';
import { demand, ownCustomer, type KeyRing } from '../../security/index.js';
import type { PredictionRef } from '../record/recorder.js';
import { MOST_CHANGES, type LoanChange } from '../simulation/changes.js';
import type { AsOf, ScoringItem } from './item.js';
import { ScoringPipeline } from './pipeline.js';
import type { Sources } from './prepare.js';
import { recordedPredictions } from './repeated.js';

export interface ScoringOptions {
  readonly purpose: DecisionPurpose;
  readonly modelId?: string | undefined;
  readonly asOf?: AsOf | undefined;
}

export interface ScoringRequest extends ScoringOptions {
  /** Global id or external id of the loan. */
  readonly loan: string;
  readonly requestId?: string | undefined;
  /** The job that asks, if one does. */
  readonly jobId?: string | undefined;
}

/** A loan with changed values: what would the model say? */
export interface SimulationRequest extends Omit<ScoringRequest, 'jobId'> {
  /** 1…{@link MOST_CHANGES}, each made upon those before it. */
  readonly changes: readonly LoanChange[];
}

/** Many loans under one requestId. */
export interface ListRequest extends ScoringOptions {
  readonly requestId: string;
  readonly loans: readonly string[];
}

/** What a list was answered with: its job, or null where the caller waited for the results. */
export interface ListResult {
  readonly job: string | null;
}

/** Binds the whole list to its requestId, however it is worked off. */
export const listRequest = ({ requestId, loans, purpose, modelId, asOf }: ListRequest): IdempotentRequest => ({
  requestId,
  operation: 'scoreLoans',
  body: { loans, purpose, modelId: modelId ?? null, asOf: asOfText(asOf) },
});

const asOfText = (asOf: AsOf | undefined): string | null => (asOf instanceof Date ? asOf.toISOString() : (asOf ?? null));

/** Most loans that one call scores while the caller waits. */
export const MOST_AT_ONCE = 1_000;

/** Everything that scores goes through here: one request, a batch, or a job. */
export class ScoringService {
  private readonly batcher: Batcher<ScoringItem, PredictionRef>;
  private readonly pipeline: ScoringPipeline;

  constructor(private readonly db: Database, private readonly sources: Sources) {
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

  /**
   * Scores a list while the caller waits. The requestId stands for the list as it is; each loan gets one made of it,
   * so that a repetition scores what is missing and nothing twice.
   * @throws CONFLICT when the requestId was used with another list
   */
  async scoreList(ctx: Context, list: ListRequest): Promise<(PredictionRef | Error)[]> {
    demand(ctx, 'score:run');
    await this.db.transaction((tx) => once<ListResult>(tx, ctx, listRequest(list), async () => ({ job: null })));
    const { loans, requestId, purpose, modelId, asOf } = list;
    return this.scoreLoans(ctx, loans.map((loan, at) => ({ loan, purpose, modelId, asOf, requestId: `${requestId}:${at}` })));
  }

  /** @returns for each request, in order, its prediction or what prevented one */
  async scoreLoans(ctx: Context, requests: readonly ScoringRequest[]): Promise<(PredictionRef | Error)[]> {
    demand(ctx, 'score:run');
    return this.recordAll(ctx, requests);
  }

  /**
   * Scores a loan as it would be with changed values, and records that as a what-if: the book is not changed and
   * nothing is decided. A repeated requestId returns the recorded prediction.
   * @throws BAD_INPUT for a change that the live version cannot see or the loan cannot have; else as `scoreLoan`
   */
  async simulateLoan(ctx: Context, request: SimulationRequest): Promise<PredictionRef> {
    demand(ctx, 'score:simulate');
    const { length } = request.changes;
    if (length < 1 || length > MOST_CHANGES) throw badInput(`changes: give 1 to ${MOST_CHANGES}; ${length} were given.`);
    const [result] = await this.recordAll(ctx, [request]);
    if (result instanceof Error) throw result;
    return result!;
  }

  private async recordAll(ctx: Context, requests: readonly (ScoringRequest & Partial<SimulationRequest>)[]): Promise<(PredictionRef | Error)[]> {
    if (requests.length > MOST_AT_ONCE) throw badInput(`At most ${MOST_AT_ONCE} loans are scored at once; ${requests.length} were asked for.`);
    const loans = await resolveLoansShared(ctx.db, requests.map(({ loan }) => loan));
    const own = ownCustomer(ctx);
    const results = await Promise.all(
      requests.map(async (request, index) => {
        const ref = loans[index];
        // Another's loan does not exist for a borrower.
        if (!ref || (own !== undefined && ref.customerId !== own)) return unresolved(request);
        return this.batcher.add(await itemOf(this.sources.keys, ctx, request, ref)).catch((error: Error) => error);
      }),
    );
    await this.recordUnresolved(ctx, requests, results);
    return results;
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

  /** An attempt that leads to no loan, or to an erased customer, has no record to be in: it is an audit event. */
  private async recordUnresolved(ctx: Context, requests: readonly ScoringRequest[], results: readonly (PredictionRef | Error)[]): Promise<void> {
    const events = results.flatMap((result, index) =>
      result instanceof AssayError && result.code === 'NOT_FOUND' ? [unresolvedEvent(ctx, requests[index]!.loan, result.code)] : [],
    );
    if (events.length > 0) await this.db.transaction((tx) => recordEvents(tx, events));
  }
}

const unresolved = ({ loan }: ScoringRequest): AssayError => notFound(`There is no loan "${loan.slice(0, 200)}". Pass a loan's id or its externalId.`);

const unresolvedEvent = (ctx: Context, loan: string, code: string): AuditEvent => ({
  type: 'SCORING_UNRESOLVED',
  id: newId(),
  actor: ctx.actor.id,
  time: ctx.now(),
  payload: { request: sha256(loan).toString('hex'), code },
});

/** What is bound to the requestId. Of a what-if the values that were tried are about a person: they are bound by a keyed digest. */
async function idempotentRequest(keys: Pick<KeyRing, 'fingerprint'>, { customerId, loanId }: LoanRef, request: ScoringRequest & Partial<SimulationRequest>): Promise<IdempotentRequest | undefined> {
  const { purpose, modelId, asOf, requestId, changes } = request;
  if (requestId === undefined) return undefined;
  const body = { loan: [customerId, loanId], purpose, modelId: modelId ?? null, asOf: asOfText(asOf) };
  if (!changes) return { requestId, operation: 'scoreLoan', body };
  return { requestId, operation: 'simulateLoan', body: { ...body, changes: await keys.fingerprint(changes) }, formerBody: { ...body, changes } };
}

async function itemOf(keys: KeyRing, ctx: Context, request: ScoringRequest & Partial<SimulationRequest>, ref: LoanRef): Promise<ScoringItem> {
  const { purpose, modelId, asOf, jobId, changes } = request;
  const { customerId, loanId } = ref;
  return {
    ctx,
    customerId,
    loanId,
    purpose: changes ? 'WHAT_IF' : purpose,
    servedPurpose: purpose,
    modelId,
    asOf: asOf ?? ctx.now(),
    request: await idempotentRequest(keys, ref, request),
    jobId,
    ...(changes && { changes }),
  };
}
