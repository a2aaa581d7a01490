import { recordEvent } from '../../audit/index.js';
import { AssayError, type Context, type Transaction } from '../../platform/index.js';
import { translated } from '../refusals.js';
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

/** Turns what the database refused into the sentence a person needs. What its rules on people and proposals refuse is turned for every act. */
export type Translation = (error: unknown) => unknown;

const asIs: Translation = (error) => error;

/**
 * Does an act of governance in one transaction: permission, current grant, then `work`. A refusal, by whomever, rolls
 * all of it back and is itself recorded in a transaction of its own.
 */
export function governed<T>(ctx: Context, act: GovernedAct, work: (tx: Transaction) => Promise<T>, translate = asIs): Promise<T> {
  return recordingRefusals(ctx, act, translate, async () => {
    demand(ctx, act.permission);
    return granted(ctx, act, work);
  });
}

/**
 * The same with long work, such as loading a model, before the transaction begins. Who holds no grant cannot cause that
 * work: the grant is looked at before it, and again in the transaction.
 */
export async function preparedAndGoverned<Prepared, T>(
  ctx: Context,
  act: GovernedAct,
  prepare: () => Promise<Prepared>,
  work: (tx: Transaction, prepared: Prepared) => Promise<T>,
  translate = asIs,
): Promise<T> {
  return recordingRefusals(ctx, act, translate, async () => {
    demand(ctx, act.permission);
    await granted(ctx, act, async () => undefined);
    const prepared = await prepare();
    return granted(ctx, act, (tx) => work(tx, prepared));
  });
}

const granted = <T>(ctx: Context, { role }: GovernedAct, work: (tx: Transaction) => Promise<T>): Promise<T> =>
  ctx.db.transaction(async (tx) => {
    await demandGrant(tx, ctx, role);
    return work(tx);
  });

async function recordingRefusals<T>(ctx: Context, act: GovernedAct, translate: Translation, attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (thrown) {
    const error = translated(translate(thrown));
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
