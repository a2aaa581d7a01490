import type { Context, LoaderDefinition } from '../platform/index.js';
import { may } from '../security/index.js';
import { restrictedAmong } from './customer.queries.js';

const amongAll: LoaderDefinition<string, boolean> = {
  async load(ctx, ids) {
    const restricted = await restrictedAmong(ctx.db, ids);
    return ids.map((id) => restricted.has(id));
  },
};

/** Who sees personal data in the clear for their work, and neither answers for it nor is the customer. */
const works = (ctx: Context): boolean => may(ctx, 'customer:identity') && !may(ctx, 'retention:read') && ctx.actor.ownCustomerId === undefined;

/**
 * Whether the personal data of a customer is kept, but not for this reader's work, because nothing is under way with them.
 * Of what was known of them and went into decisions the reader then sees nothing. As of now, whatever moment is told.
 */
export const isRestricted = async (ctx: Context, customerId: string): Promise<boolean> => works(ctx) && ctx.loaders.of(ctx, amongAll).load(customerId);

/** The same of many. */
export const restrictedOf = async (ctx: Context, customerIds: readonly string[]): Promise<ReadonlySet<string>> =>
  works(ctx) && customerIds.length > 0 ? restrictedAmong(ctx.db, customerIds) : new Set();
