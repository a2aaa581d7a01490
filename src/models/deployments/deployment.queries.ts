import type { LoaderDefinition } from '../../platform/index.js';
import { DEPLOYMENT, type LiveAt } from '../model.queries.js';
import type { DeploymentRow } from '../rows.js';

/** Under which deployment a model decided at a time, for all but a canary's share. */
export const liveDeployments: LoaderDefinition<LiveAt, DeploymentRow | undefined> = {
  cacheKey: ({ modelId, at }) => `${modelId} ${at?.toISOString() ?? 'now'}`,
  load: async (ctx, keys) => {
    const rows = await ctx.db.query<DeploymentRow & { place: number }>(
      `SELECT ${DEPLOYMENT}, asked.place::int AS place
       FROM unnest($1::uuid[], $2::timestamptz[]) WITH ORDINALITY AS asked(model_id, at, place)
       JOIN deployments d ON d.model_id = asked.model_id AND d.role = 'CHAMPION'
         AND tstzrange(d.valid_from, d.valid_to) @> coalesce(asked.at, clock_timestamp())`,
      [keys.map(({ modelId }) => modelId), keys.map(({ at }) => at ?? null)],
    );
    const byPlace = new Map(rows.map((row) => [row.place, row]));
    return keys.map((_, index) => byPlace.get(index + 1));
  },
};
