import { gather, type Gathered, type GatheredRecord } from '../../loans/index.js';
import type { LiveVersions, Route, Routes } from '../../models/index.js';
import { notFound, refused } from '../../platform/index.js';
import type { Encoded } from '../../scoring/index.js';
import type { KeyRing } from '../../security/index.js';
import { simulatedStates } from '../simulation/states.js';
import { challengesOf, encodeFor, NOTHING } from './encoding.js';
import type { Prepared, Problem, ScoringItem } from './item.js';
import { problemOf } from './problem.js';

export interface Sources {
  readonly keys: KeyRing;
  readonly routes: Routes;
  readonly versions: LiveVersions;
}

/**
 * Takes items from their loan to a model input: gather (one query for all), route, encode. What goes
 * wrong with one item is its own problem; only an erased customer leaves nothing to record.
 */
export async function prepareAll(sources: Sources, items: readonly ScoringItem[]): Promise<(Prepared | Error)[]> {
  const gathered = await gather(items[0]!.ctx.db, sources.keys, items);
  return Promise.all(items.map((item, index) => prepare(sources, item, gathered[index])));
}

async function prepare(sources: Sources, item: ScoringItem, gathered: Gathered | undefined): Promise<Prepared | Error> {
  const start = { item, asOf: gathered?.asOf ?? timeOf(item), route: undefined, challenges: [], ...NOTHING };
  if (!gathered) return { ...start, problem: problemOf(item.ctx, refused(nothingKnown(item))) };
  if (gathered.erased) return notFound('The personal data of this customer was erased; nothing can be scored.');
  let route: Route;
  try {
    route = await routeOf(sources.routes, item, gathered);
  } catch (error) {
    return { ...start, problem: problemOf(item.ctx, error) };
  }
  if (!route.deciding) return { ...start, route, problem: stopped(route, item) };
  const encoded = new Map<string, Encoded>();
  const encoding = await encodeFor(sources, item.ctx, route.deciding, gathered.record, encoded);
  if (item.changes) return withChanges({ ...start, route, ...encoding }, gathered.record);
  const challenges = await challengesOf(sources, item.ctx, route, gathered.record, encoded);
  return { ...start, route, ...encoding, challenges };
}

/** What is wrong with the changes is the caller's mistake and no evidence: nothing is recorded of it. */
function withChanges(prepared: Prepared, record: GatheredRecord): Prepared | Error {
  const { item, version, vector, inputs } = prepared;
  if (!vector) return prepared;
  try {
    const simulated = simulatedStates(version!.schema, record, { vector, inputs }, item.changes!);
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
  routes.routeFor(item.ctx.db, { product, purpose: item.servedPurpose, modelId: item.modelId, customerId: item.customerId });

/** The stop switch: the request is recorded, and goes to a person. A what-if decides nothing either way. */
function stopped({ modelName, stopped: cause }: Route, { changes }: ScoringItem): Problem {
  const what = cause === 'MODEL_SUSPENDED' ? `The model "${modelName}" is suspended` : `No version of the model "${modelName}" may decide: the one that did is suspended`;
  const remedy = cause === 'MODEL_SUSPENDED' ? 'Two ADMINs end it with resumeModel.' : 'An ADMIN can deploy another approved version.';
  return { status: 'REFUSED', code: cause ?? 'MODEL_SUSPENDED', message: `${what}, so a person decides. ${remedy}`, ...(!changes && { decision: 'REFER' }) };
}
