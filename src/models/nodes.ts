import type { NodeLoader } from '../platform/index.js';
import { may } from '../security/index.js';
import { deploymentsById, modelsById, versionsById } from './model.queries.js';
import { toDeployment, toModel, toModelVersion } from './model.types.js';
import { findingsById } from './findings/findings.queries.js';
import { toFinding } from './findings/findings.types.js';
import { policiesById } from './policy/policy.queries.js';
import { toGovernancePolicy } from './policy/policy.types.js';

/** How `node(id)` finds things of this room; for who may not read models they do not exist. */
export const modelNodeLoaders: Readonly<Record<string, NodeLoader>> = {
  Model: async (ctx, { id }) => {
    const row = may(ctx, 'model:read') ? await ctx.loaders.of(ctx, modelsById).load(id) : undefined;
    return row && toModel(row);
  },
  Finding: async (ctx, { id }) => {
    const row = may(ctx, 'model:read') ? await ctx.loaders.of(ctx, findingsById).load(id) : undefined;
    return row && toFinding(row);
  },
  ModelVersion: async (ctx, { id }) => {
    const row = may(ctx, 'model:read') ? await ctx.loaders.of(ctx, versionsById).load(id) : undefined;
    return row && toModelVersion(row);
  },
  GovernancePolicy: async (ctx, { id }) => {
    const row = may(ctx, 'model:read') ? await ctx.loaders.of(ctx, policiesById).load(id) : undefined;
    return row && toGovernancePolicy(row);
  },
  Deployment: async (ctx, { id }) => {
    const row = may(ctx, 'model:read') ? await ctx.loaders.of(ctx, deploymentsById).load(id) : undefined;
    return row && toDeployment(row);
  },
};
