import { AssayError, type Queryable } from '../platform/index.js';

/** What a request must match: exactly one live model, by product and purpose, or the one named. */
export interface RouteRequest {
  readonly product: string;
  /** The decision purpose. */
  readonly purpose: string;
  readonly modelId?: string | undefined;
}

/** The live champion of a model, as of the moment it was read. */
export interface Route {
  readonly modelId: string;
  readonly modelName: string;
  readonly horizonMonths: number;
  readonly products: readonly string[];
  readonly decisionPurpose: string;
  readonly deploymentId: string;
  readonly versionId: string;
  readonly version: number;
  /** SHA-256 of the dossier and of the ONNX artefact, hexadecimal. */
  readonly dossierDigest: string;
  readonly artefactDigest: string;
  /** Compare with `currentEpoch` under `lockShared` before anything is recorded. */
  readonly epoch: string;
}

const LIVE = `
  SELECT m.id AS "modelId", m.name AS "modelName", m.horizon_months AS "horizonMonths", m.products,
    m.decision_purpose AS "decisionPurpose", d.id AS "deploymentId", v.id AS "versionId", v.version,
    encode(v.dossier_digest, 'hex') AS "dossierDigest", encode(a.sha256, 'hex') AS "artefactDigest",
    m.deployment_epoch AS epoch
  FROM deployments d
  JOIN models m ON m.id = d.model_id
  JOIN model_versions v ON v.id = d.version_id AND v.state = 'APPROVED'
  JOIN model_version_artefacts a ON a.version_id = v.id AND a.kind = 'ONNX'
  WHERE d.role = 'CHAMPION' AND d.valid_from <= clock_timestamp() AND (d.valid_to IS NULL OR d.valid_to > clock_timestamp())
  ORDER BY m.id`;

const FRESH_MILLISECONDS = 1_000;

/** Which version decides what. Remembered for a second at most; the record step rechecks the epoch. */
export class Routes {
  private live: { routes: Promise<Route[]>; until: number } | undefined;

  constructor(private readonly clock: () => number = Date.now) {}

  /** @throws NO_MODEL or AMBIGUOUS_MODEL, with a sentence that says what to do */
  async routeFor(db: Queryable, request: RouteRequest): Promise<Route> {
    return choose(await this.current(db), request);
  }

  /** Call when an epoch turned out to be another than at routing. */
  forget(): void {
    this.live = undefined;
  }

  private current(db: Queryable): Promise<Route[]> {
    if (this.live && this.live.until > this.clock()) return this.live.routes;
    const entry = { routes: db.query<Route>(LIVE), until: this.clock() + FRESH_MILLISECONDS };
    this.live = entry;
    entry.routes.catch(() => {
      if (this.live === entry) this.live = undefined;
    });
    return entry.routes;
  }
}

/** Exactly one of the live routes must serve the request. */
export function choose(routes: readonly Route[], { product, purpose, modelId }: RouteRequest): Route {
  const named = routes.filter((route) => modelId === undefined || route.modelId === modelId);
  const [route, ...others] = named.filter(({ products, decisionPurpose }) => products.includes(product) && decisionPurpose === purpose);
  if (!route) throw new AssayError('NO_MODEL', nothingServes(named, { product, purpose, modelId }));
  if (others.length === 0) return route;
  const names = [route, ...others].map(({ modelName }) => `"${modelName}"`).join(', ');
  throw new AssayError('AMBIGUOUS_MODEL', `${others.length + 1} live models serve ${purpose} of ${product}: ${names}. Name one with modelId.`);
}

function nothingServes(named: readonly Route[], { product, purpose, modelId }: RouteRequest): string {
  if (modelId === undefined) return `No live model serves ${purpose} of ${product}. Deploy an approved version of a model that declares this product and purpose.`;
  const [model] = named;
  if (!model) return 'The named model has no live version. Deploy an approved version of it, or leave modelId out.';
  return `The model "${model.modelName}" serves ${model.decisionPurpose} of ${model.products.join(', ')}, not ${purpose} of ${product}. Name another, or leave modelId out.`;
}
