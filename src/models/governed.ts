import { recordEvent } from '../audit/index.js';
import type { Context, Transaction } from '../platform/index.js';
import { demand, demandGrant, type Permission, type Role } from '../security/index.js';
import { isRefusal, translated } from './refusals.js';

export interface GovernedAct {
  readonly name: string;
  /** What it is done to: the id of a model or version. */
  readonly subject: string;
  /** What the token must allow. */
  readonly permission: Permission;
  /** The role that must be in the token and granted in the database. */
  readonly role: Role;
}

/**
 * Does an act of governance in one transaction: permission, current grant, then `work`. A refusal, by whomever, rolls
 * all of it back and is itself recorded in a transaction of its own.
 */
export function governed<T>(ctx: Context, act: GovernedAct, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return preparedAndGoverned(ctx, act, async () => undefined, work);
}

/** The same with long work, such as loading a model, before the transaction begins. */
export async function preparedAndGoverned<Prepared, T>(
  ctx: Context,
  act: GovernedAct,
  prepare: () => Promise<Prepared>,
  work: (tx: Transaction, prepared: Prepared) => Promise<T>,
): Promise<T> {
  try {
    demand(ctx, act.permission);
    const prepared = await prepare();
    return await ctx.db.transaction(async (tx) => {
      await demandGrant(tx, ctx, act.role);
      return work(tx, prepared);
    });
  } catch (thrown) {
    const error = translated(thrown);
    if (isRefusal(error)) await recordRefusal(ctx, act, error.code);
    throw error;
  }
}

const recordRefusal = (ctx: Context, { name, subject }: GovernedAct, code: string): Promise<void> =>
  ctx.db.transaction((tx) =>
    recordEvent(tx, { type: 'ACT_REFUSED', id: subject, actor: ctx.actor.id, time: ctx.now(), payload: { act: name, subject, code } }),
  );
