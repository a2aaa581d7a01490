import { gather, type Gathered, type GatheredRecord, type LoanRef } from '../../loans/index.js';
import type { LiveVersions, LoadedVersion, Route, Routes } from '../../models/index.js';
import { AssayError, messageOf, notFound, refused, type Context } from '../../platform/index.js';
import { encode, InputRefused, readInputs } from '../../scoring/index.js';
import type { KeyRing } from '../../security/index.js';
import { simulatedStates } from '../simulation/states.js';
import type { AsOf, Prepared, Problem, ScoringItem } from './item.js';

export interface Sources {
  readonly keys: KeyRing;
  readonly routes: Routes;
  readonly versions: LiveVersions;
}

/**
 * Takes items from their loan to a model input: gather (one query for each distinct time), route, encode. What goes
 * wrong with one item is its own problem; only an erased customer leaves nothing to record.
 */
export async function prepareAll(sources: Sources, items: readonly ScoringItem[]): Promise<(Prepared | Error)[]> {
  const gathered = await gatherAll(sources.keys, items);
  return Promise.all(items.map((item, index) => prepare(sources, item, gathered[index])));
}

async function gatherAll(keys: KeyRing, items: readonly ScoringItem[]): Promise<(Gathered | undefined)[]> {
  const groups = new Map<string, { asOf: AsOf; indexes: number[] }>();
  for (const [index, { asOf }] of items.entries()) {
    const key = asOf instanceof Date ? asOf.toISOString() : asOf;
    const group = groups.get(key) ?? { asOf, indexes: [] };
    group.indexes.push(index);
    groups.set(key, group);
  }
  const found: (Gathered | undefined)[] = Array.from({ length: items.length });
  for (const { asOf, indexes } of groups.values()) {
    const refs: LoanRef[] = indexes.map((index) => items[index]!);
    const rows = await gather(items[0]!.ctx.db, keys, refs, asOf);
    for (const [at, index] of indexes.entries()) found[index] = rows[at];
  }
  return found;
}

async function prepare(sources: Sources, item: ScoringItem, gathered: Gathered | undefined): Promise<Prepared | Error> {
  const start = { item, asOf: gathered?.asOf ?? timeOf(item), route: undefined, version: undefined, vector: undefined, inputs: [], problem: undefined };
  if (!gathered) return { ...start, problem: problemOf(item.ctx, refused(nothingKnown(item))) };
  if (gathered.erased) return notFound('The personal data of this customer was erased; nothing can be scored.');
  let route: Route | undefined;
  let version: LoadedVersion | undefined;
  try {
    route = await routeOf(sources.routes, item, gathered);
    version = await sources.versions.load(item.ctx.db, route.versionId);
    const prepared = { ...start, route, version, ...encode(version.schema, gathered.record) };
    return item.changes ? withChanges(prepared, gathered.record) : prepared;
  } catch (error) {
    const unscored = version && error instanceof InputRefused ? readInputs(version.schema, gathered.record) : [];
    return { ...start, route, version, unscored, problem: problemOf(item.ctx, error) };
  }
}

/** What is wrong with the changes is the caller's mistake and no evidence: nothing is recorded of it. */
function withChanges(prepared: Prepared, record: GatheredRecord): Prepared | Error {
  const { item, version, vector, inputs } = prepared;
  try {
    const simulated = simulatedStates(version!.schema, record, { vector: vector!, inputs }, item.changes!);
    const last = simulated.steps.at(-1)!;
    return { ...prepared, simulated, vector: last.vector, inputs: last.inputs };
  } catch (error) {
    return error as Error;
  }
}

const timeOf = ({ asOf, ctx }: ScoringItem): Date => (asOf instanceof Date ? asOf : ctx.now());

const nothingKnown = ({ asOf }: ScoringItem): string =>
  asOf instanceof Date
    ? `Nothing was true of the loan yet as of ${asOf.toISOString()}. Give a later asOf, or leave it out.`
    : 'The loan was never decided, so it cannot be scored as of its decision. Record its decisionAt, or leave asOfDecision out.';

const routeOf = (routes: Routes, item: ScoringItem, { product }: Gathered): Promise<Route> =>
  routes.routeFor(item.ctx.db, { product, purpose: item.servedPurpose, modelId: item.modelId });

/** A rule's "no" is a refusal, told to the caller; anything else is a failure, told in full to the log. */
export function problemOf(ctx: Context, error: unknown): Problem {
  if (error instanceof AssayError && error.code !== 'INTERNAL') return { status: 'REFUSED', code: error.code, message: error.message };
  const id = error instanceof AssayError ? error.id : undefined;
  ctx.log.error({ err: error, id }, 'scoring failed');
  return { status: 'FAILED', code: 'INTERNAL', message: id ? `${messageOf(error)} (${id})` : 'The model could not be run. The log tells why.' };
}
