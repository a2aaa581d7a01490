import type { NodeLoader } from '../../platform/index.js';
import { demand, demandOwn } from '../../security/index.js';
import { predictionById } from '../history/prediction.queries.js';
import { effectiveDecision, decides } from './decided.js';
import { decisionFileOf, overrideById, reviewById } from './file.queries.js';
import { toOverride } from './override.types.js';
import { toReview } from './review.types.js';

/** How `node(id)` finds overrides and reviews: as the prediction they are of is found. */
export const decisionNodeLoaders: Readonly<Record<string, NodeLoader>> = {
  DecisionOverride: async (ctx, { customerId = '', id }) => {
    demand(ctx, 'prediction:read');
    demandOwn(ctx, customerId);
    const row = await overrideById(ctx.db, { customerId, id });
    const prediction = row && (await ctx.loaders.of(ctx, predictionById).load({ customerId, id: row.predictionId }));
    if (!row || !prediction || !decides(prediction)) return undefined;
    const file = await ctx.loaders.of(ctx, decisionFileOf).load(prediction);
    return toOverride(row, effectiveDecision(prediction, file, ctx.now()).override?.id === id);
  },
  DecisionReview: async (ctx, { customerId = '', id }) => {
    demand(ctx, 'prediction:read');
    demandOwn(ctx, customerId);
    const row = await reviewById(ctx.db, { customerId, id });
    return row && toReview(row, ctx.now());
  },
};
