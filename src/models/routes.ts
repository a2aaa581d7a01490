import { AssayError, type Queryable } from '../platform/index.js';
import { isInShare } from './deployments/canary.js';
import { LIVE, type LiveRow } from './deployments/live.sql.js';

/** What a request must match: exactly one live model, by product and purpose, or the one named. */
export interface RouteRequest {
  readonly product: string;
  /** The decision purpose. */
  readonly purpose: string;
  readonly modelId?: string | undefined;
  /** Whose loan it is: a canary decides for a share of the customers, always the same ones. */
  readonly customerId: string;
}

/** A version under the deployment by which it is live. */
export interface LiveDeployment {
  readonly deploymentId: string;
  readonly versionId: string;
  readonly version: number;
  /** SHA-256 of the dossier and of the ONNX artefact, hexadecimal. */
  readonly dossierDigest: string;
  readonly artefactDigest: string;
}

/** Why whatever the model says goes to a person for now: its last review found it unfit, or its review or a waiver of the version ran out. */
export const REFER_CAUSES = ['REVIEW_UNFIT', 'WAIVER_EXPIRED', 'REVIEW_OVERDUE'] as const;

export type ReferCause = (typeof REFER_CAUSES)[number];

/** Why nothing decides: the whole model was stopped, or the version that decided and none could take its place. */
export type StopCause = 'MODEL_SUSPENDED' | 'VERSION_SUSPENDED';

interface LiveChampion extends LiveDeployment {
  readonly refer: ReferCause | null;
}

interface LiveCanary extends LiveChampion {
  readonly share: number;
}

/** What is live of a model, as of the moment it was read. */
export interface LiveModel {
  readonly modelId: string;
  readonly modelName: string;
  readonly horizonMonths: number;
  readonly products: readonly string[];
  readonly decisionPurpose: string;
  /** Compare with `epochUnderLock` before anything is recorded. */
  readonly epoch: string;
  readonly champion: LiveChampion | null;
  readonly canary: LiveCanary | null;
  readonly challengers: readonly LiveDeployment[];
  /** Null while there is a champion. */
  readonly stopped: StopCause | null;
}

/** By what a request is answered. */
export interface Route extends Pick<LiveModel, 'modelId' | 'modelName' | 'epoch' | 'challengers' | 'stopped'> {
  /** The champion, or the canary for its share; null while nothing may decide: then `stopped` tells why. */
  readonly deciding: LiveDeployment | null;
  /** Set: the answer is REFER whatever the policy says. */
  readonly refer: ReferCause | null;
}

const FRESH_MILLISECONDS = 1_000;

/** Which version decides what. Remembered for a second at most; the record step rechecks the epoch. */
export class Routes {
  private live: { models: Promise<LiveModel[]>; until: number } | undefined;

  constructor(private readonly clock: () => number = Date.now) {}

  /** @throws NO_MODEL or AMBIGUOUS_MODEL, with a sentence that says what to do */
  async routeFor(db: Queryable, request: RouteRequest): Promise<Route> {
    return routeIn(choose(await this.current(db), request), request.customerId);
  }

  /** Call when an epoch turned out to be another than at routing. */
  forget(): void {
    this.live = undefined;
  }

  private current(db: Queryable): Promise<LiveModel[]> {
    if (this.live && this.live.until > this.clock()) return this.live.models;
    const entry = { models: db.query<LiveRow>(LIVE).then((rows) => rows.map(liveModel)), until: this.clock() + FRESH_MILLISECONDS };
    this.live = entry;
    entry.models.catch(() => {
      if (this.live === entry) this.live = undefined;
    });
    return entry.models;
  }
}

function liveModel({ deployments, suspended, ...model }: LiveRow): LiveModel {
  const champion = deployments.find(({ role }) => role === 'CHAMPION') ?? null;
  const canary = deployments.find(({ role }) => role === 'CANARY');
  return {
    ...model,
    champion,
    canary: canary ? { ...canary, share: Number(canary.share) } : null,
    challengers: deployments.filter(({ role }) => role === 'CHALLENGER'),
    stopped: champion ? null : suspended ? 'MODEL_SUSPENDED' : 'VERSION_SUSPENDED',
  };
}

/** Who decides for a customer: the canary for its share, else the champion. */
export function routeIn({ modelId, modelName, epoch, champion, canary, challengers, stopped }: LiveModel, customerId: string): Route {
  const deciding = canary && isInShare(canary.versionId, customerId, canary.share) ? canary : champion;
  return { modelId, modelName, epoch, challengers, deciding, refer: deciding?.refer ?? null, stopped: deciding ? null : stopped };
}

/** Exactly one of the models must serve the request. One that is stopped counts where no other is live. */
export function choose(models: readonly LiveModel[], { product, purpose, modelId }: Omit<RouteRequest, 'customerId'>): LiveModel {
  const named = models.filter((model) => modelId === undefined || model.modelId === modelId);
  const serving = named.filter(({ products, decisionPurpose }) => products.includes(product) && decisionPurpose === purpose);
  const live = serving.filter(({ stopped }) => stopped === null);
  const [model, ...others] = live.length > 0 ? live : serving;
  if (!model) throw new AssayError('NO_MODEL', nothingServes(named, { product, purpose, modelId }));
  if (others.length === 0) return model;
  const names = [model, ...others].map(({ modelName }) => `"${modelName}"`).join(', ');
  throw new AssayError('AMBIGUOUS_MODEL', `${others.length + 1} live models serve ${purpose} of ${product}: ${names}. Name one with modelId.`);
}

function nothingServes(named: readonly LiveModel[], { product, purpose, modelId }: Omit<RouteRequest, 'customerId'>): string {
  if (modelId === undefined) return `No live model serves ${purpose} of ${product}. Deploy an approved version of a model that declares this product and purpose.`;
  const [model] = named;
  if (!model) return 'The named model has no live version. Deploy an approved version of it, or leave modelId out.';
  return `The model "${model.modelName}" serves ${model.decisionPurpose} of ${model.products.join(', ')}, not ${purpose} of ${product}. Name another, or leave modelId out.`;
}
