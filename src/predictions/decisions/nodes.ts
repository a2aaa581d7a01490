import { clockAt, PRESENT, type Context, type NodeLoader } from '../../platform/index.js';
import { demand, demandOwn } from '../../security/index.js';
import { predictionById } from '../history/prediction.queries.js';
import { decides, effectiveDecision } from './decided.js';
import { decisionFileOf, overridesOf, reviewById } from './file.queries.js';
import { toOverride, type DecisionOverride } from './override.types.js';
import { toReview } from './review.types.js';

/** An override, and whether it is in force, now or at a moment. A few statements for a page of them. */
export async function findOverride(ctx: Context, { customerId, id }: { customerId: string; id: string }, moment = PRESENT): Promise<DecisionOverride | undefined> {
  const row = await ctx.loaders.of(ctx, overridesOf).load({ customerId, id, moment });
  const prediction = row && (await ctx.loaders.of(ctx, predictionById).load({ customerId, id: row.predictionId }));
  if (!row || !prediction || !decides(prediction)) return undefined;
  const file = await ctx.loaders.of(ctx, decisionFileOf).load({ ...prediction, moment });
  return toOverride(row, effectiveDecision(prediction, file, clockAt(ctx, moment)).override?.id === id, moment);
}

/** How `node(id)` finds overrides and reviews: as the prediction they are of is found. */
export const decisionNodeLoaders: Readonly<Record<string, NodeLoader>> = {
  DecisionOverride: async (ctx, { customerId = '', id }) => {
    demand(ctx, 'prediction:read');
    demandOwn(ctx, customerId);
    return findOverride(ctx, { customerId, id });
  },
  DecisionReview: async (ctx, { customerId = '', id }) => {
    demand(ctx, 'prediction:read');
    demandOwn(ctx, customerId);
    const row = await reviewById(ctx.db, { customerId, id });
    return row && toReview(row, ctx.now());
  },
};
