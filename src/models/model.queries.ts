import { badInput, inOrder, settled, type Context, type LoaderDefinition, type PagedQuery, type Queryable } from '../platform/index.js';
import type { VersionState } from './lifecycle.js';
import type { DeploymentRow, ModelRow, VersionRow } from './rows.js';

export const MODEL = `m.id, m.name, m.purpose, m.decision_purpose AS "decisionPurpose", m.products,
  m.horizon_months AS "horizonMonths", m.tier, m.owner_id AS "ownerId", m.permitted_use AS "permittedUse", m.limits,
  m.next_review_at AS "nextReviewAt", m.next_review_at <= clock_timestamp() AS "reviewOverdue", m.recorded_at AS "recordedAt"`;
const VERSION = `v.id, v.model_id AS "modelId", v.version, v.state, encode(v.dossier_digest, 'hex') AS "dossierDigest",
  v.registered_by AS "registeredBy", v.recorded_at AS "recordedAt", v.policy_version AS "policyVersion",
  v.required_validators AS "requiredValidators", v.required_admins AS "requiredAdmins", v.vote_days AS "voteDays", v.submitted_at AS "submittedAt"`;
/** The columns of a deployment (d). */
export const DEPLOYMENT = `d.id, d.model_id AS "modelId", d.version_id AS "versionId", d.role, d.share::float8 AS share, d.valid_from AS "validFrom",
  d.valid_to AS "validTo", d.by_user AS "byUser", d.reason, d.ended_by AS "endedBy", d.end_reason AS "endReason"`;

/** One statement for any number of ids. */
function byId<Row extends { id: string }>(select: string, from: string, id: string): LoaderDefinition<string, Row | undefined> {
  return {
    load: async (ctx, ids) => inOrder(ids, await ctx.db.query<Row>(`SELECT ${select} FROM ${from} WHERE ${id} = ANY($1)`, [ids]), (row) => row.id),
  };
}

export const modelsById = byId<ModelRow>(MODEL, 'models m', 'm.id');
export const versionsById = byId<VersionRow>(VERSION, 'model_versions v', 'v.id');
export const deploymentsById = byId<DeploymentRow>(DEPLOYMENT, 'deployments d', 'd.id');

/** One statement for what any number of things have, in order of recording; `owner` is the id of the thing. */
export function listsOf<Row>(select: string, from: string, owner: string, order: string): LoaderDefinition<string, Row[]> {
  return {
    load: async (ctx, ids) => {
      const rows = await ctx.db.query<Row & { owner: string }>(
        `SELECT ${select}, ${owner} AS owner FROM ${from} WHERE ${owner} = ANY($1) ORDER BY ${order}`,
        [ids],
      );
      const lists = new Map<string, Row[]>(ids.map((id) => [id, []]));
      for (const row of rows) lists.get(row.owner)!.push(row);
      return ids.map((id) => lists.get(id)!);
    },
  };
}

export const versionsOfModel = listsOf<VersionRow>(VERSION, 'model_versions v', 'v.model_id', 'v.id');
export const deploymentsOfModel = listsOf<DeploymentRow>(DEPLOYMENT, 'deployments d', 'd.model_id', 'd.valid_from, d.id');
export const deploymentsOfVersion = listsOf<DeploymentRow>(DEPLOYMENT, 'deployments d', 'd.version_id', 'd.valid_from, d.id');

export async function modelNamed(db: Queryable, name: string): Promise<ModelRow | undefined> {
  const [row] = await db.query<ModelRow>(`SELECT ${MODEL} FROM models m WHERE m.name = $1`, [name]);
  return row;
}

/** Models in the order in which they were registered. */
export const modelsQuery: PagedQuery = {
  select: MODEL,
  from: 'models m',
  where: [],
  parameters: [],
  key: { sql: 'm.id', type: 'uuid' },
  id: { sql: 'm.id' },
};

export interface VersionFilter {
  readonly modelId?: string | undefined;
  readonly state?: VersionState | undefined;
}

/** Versions in the order in which they were registered. */
export function versionsQuery({ modelId, state }: VersionFilter): PagedQuery {
  const conditions = [
    ['v.model_id', modelId],
    ['v.state', state],
  ].filter(([, value]) => value !== undefined);
  return {
    select: VERSION,
    from: 'model_versions v',
    where: conditions.map(([column], index) => `${column} = $${index + 1}`),
    parameters: conditions.map(([, value]) => value),
    key: { sql: 'v.id', type: 'uuid' },
    id: { sql: 'v.id' },
  };
}

export interface LiveAt {
  readonly modelId: string;
  /** Undefined: now, by the database's clock. */
  readonly at: Date | undefined;
}

/** Whether a moment is still to come, by the database's clock. */
const isToCome: LoaderDefinition<Date, boolean> = {
  cacheKey: (at) => at.toISOString(),
  load: async (ctx, moments) => {
    const rows = await ctx.db.query<{ ahead: boolean }>('SELECT at > clock_timestamp() AS ahead FROM unnest($1::timestamptz[]) WITH ORDINALITY AS asked(at, place) ORDER BY place', [moments]);
    return rows.map(({ ahead }) => ahead);
  },
};

/** Nobody knows what will be live, nor what is while a change of it is not done. @throws BAD_INPUT for a moment that is still to come; UNAVAILABLE for one that is not settled yet */
export async function pastOrNow(ctx: Context, at: Date | null | undefined): Promise<Date | undefined> {
  if (at == null) return undefined;
  if (await ctx.loaders.of(ctx, isToCome).load(at)) throw badInput(`at: ${at.toISOString()} is still to come; what will be live is not known. Leave it out for now, or give an earlier moment.`);
  await settled(ctx, at, 'at');
  return at;
}

/** Which version was, or is, the champion of a model at a time. */
export const liveVersions: LoaderDefinition<LiveAt, VersionRow | undefined> = {
  cacheKey: ({ modelId, at }) => `${modelId} ${at?.toISOString() ?? 'now'}`,
  load: async (ctx, keys) => {
    const rows = await ctx.db.query<VersionRow & { place: number }>(
      `SELECT ${VERSION}, asked.place::int AS place
       FROM unnest($1::uuid[], $2::timestamptz[]) WITH ORDINALITY AS asked(model_id, at, place)
       JOIN deployments d ON d.model_id = asked.model_id AND d.role = 'CHAMPION'
         AND tstzrange(d.valid_from, d.valid_to) @> coalesce(asked.at, clock_timestamp())
       JOIN model_versions v ON v.id = d.version_id`,
      [keys.map(({ modelId }) => modelId), keys.map(({ at }) => at ?? null)],
    );
    const byPlace = new Map(rows.map((row) => [row.place, row]));
    return keys.map((_, index) => byPlace.get(index + 1));
  },
};
