import { repeatable } from '../../customers/index.js';
import type { Context, Transaction } from '../../platform/index.js';
import { demand, governed, isRefusal, recordRefusal, type GovernedAct, type KeyRing, type Permission } from '../../security/index.js';
import { translated } from './refusals.js';

interface Act {
  readonly name: string;
  /** The prediction or review it is done to. */
  readonly subject: string;
  readonly permission: Permission;
}

interface Repeatable {
  /** The mutation. */
  readonly operation: string;
  readonly keys: Pick<KeyRing, 'fingerprint'>;
  readonly input: { readonly requestId?: string | null };
}

/** An act of an underwriter: needs a current grant beside the role in the token. Refusals are recorded. */
export function underwriting<T>(ctx: Context, act: Act, { operation, keys, input }: Repeatable, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const governedAct: GovernedAct = { ...act, role: 'UNDERWRITER' };
  return governed(ctx, governedAct, (tx) => repeatable(tx, ctx, keys, operation, input, () => work(tx)), translated);
}

/** An act that a portal or the customer may do as well, who hold no grants. Refusals are recorded all the same. */
export async function acted<T>(ctx: Context, act: Act, { operation, keys, input }: Repeatable, work: (tx: Transaction) => Promise<T>): Promise<T> {
  try {
    demand(ctx, act.permission);
    return await ctx.db.transaction((tx) => repeatable(tx, ctx, keys, operation, input, () => work(tx)));
  } catch (thrown) {
    const error = translated(thrown);
    if (isRefusal(error)) await recordRefusal(ctx, act, error);
    throw error;
  }
}
