import type { NodeLoader } from '../../platform/index.js';
import { may } from './demand.js';
import { grantsById, usersById } from './grants.queries.js';
import { toRoleGrant, toUser } from './grants.types.js';

/** How `node(id)` finds users and grants. Grants are seen by their holder and by who keeps them. */
export const grantNodeLoaders: Readonly<Record<string, NodeLoader>> = {
  User: async (ctx, { id }) => {
    const row = await ctx.loaders.of(ctx, usersById).load(id);
    return row && (may(ctx, 'access:read') || may(ctx, 'model:read') || id === ctx.actor.id) ? toUser(row) : undefined;
  },
  RoleGrant: async (ctx, { id }) => {
    const row = await ctx.loaders.of(ctx, grantsById).load(id);
    return row && (may(ctx, 'access:read') || row.userId === ctx.actor.id) ? toRoleGrant(row) : undefined;
  },
};
