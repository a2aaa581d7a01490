import { recordEvent } from '../../audit/index.js';
import { AssayError, type Context, type Transaction } from '../../platform/index.js';
import { demand } from './demand.js';
import { demandGrant } from './grants.js';
import type { Permission, Role } from './permissions.js';

export interface GovernedAct {
  readonly name: string;
  /** What it is done to: the id of a model, a version, a person, a proposal. */
  readonly subject: string;
  /** What the token must allow. */
  readonly permission: Permission;
  /** The role, or one of the roles, that must be in the token and granted in the database. */
  readonly role: Role | readonly Role[];
}

/** A no by a rule, as opposed to input that cannot be understood or a failure of ours. */
export const isRefusal = (error: unknown): error is AssayError =>
  error instanceof AssayError && ['FORBIDDEN', 'REFUSED', 'CONFLICT'].includes(error.code);

/** Turns what the database refused into the sentence a person needs. */
export type Translation = (error: unknown) => unknown;

const asIs: Translation = (error) => error;

/**
 * Does an act of governance in one transaction: permission, current grant, then `work`. A refusal, by whomever, rolls
 * all of it back and is itself recorded in a transaction of its own.
 */
export function governed<T>(ctx: Context, act: GovernedAct, work: (tx: Transaction) => Promise<T>, translate?: Translation): Promise<T> {
  return preparedAndGoverned(ctx, act, async () => undefined, work, translate);
}

/** The same with long work, such as loading a model, before the transaction begins. */
export async function preparedAndGoverned<Prepared, T>(
  ctx: Context,
  act: GovernedAct,
  prepare: () => Promise<Prepared>,
  work: (tx: Transaction, prepared: Prepared) => Promise<T>,
  translate = asIs,
): Promise<T> {
  try {
    demand(ctx, act.permission);
    const prepared = await prepare();
    return await ctx.db.transaction(async (tx) => {
      await demandGrant(tx, ctx, act.role);
      return work(tx, prepared);
    });
  } catch (thrown) {
    const error = translate(thrown);
    if (isRefusal(error)) await recordRefusal(ctx, act, error);
    throw error;
  }
}

/** Writes down a refusal in a transaction of its own. */
export const recordRefusal = (ctx: Context, { name, subject }: Pick<GovernedAct, 'name' | 'subject'>, { code, rule }: AssayError): Promise<void> =>
  ctx.db.transaction((tx) =>
    recordEvent(tx, {
      type: 'ACT_REFUSED',
      id: subject,
      actor: ctx.actor.id,
      time: ctx.now(),
      payload: { act: name, subject, code, ...(rule && { rule: rule.name }) },
    }),
  );
