import type { Context, Transaction } from '../platform/index.js';
import { governed as governedBy, preparedAndGoverned as preparedAndGovernedBy, type GovernedAct } from '../security/index.js';
import { translated } from './refusals.js';

export type { GovernedAct };

/** `governed` with the sentences of this room's database rules. */
export const governed = <T>(ctx: Context, act: GovernedAct, work: (tx: Transaction) => Promise<T>): Promise<T> => governedBy(ctx, act, work, translated);

/** `preparedAndGoverned` with the sentences of this room's database rules. */
export const preparedAndGoverned = <Prepared, T>(
  ctx: Context,
  act: GovernedAct,
  prepare: () => Promise<Prepared>,
  work: (tx: Transaction, prepared: Prepared) => Promise<T>,
): Promise<T> => preparedAndGovernedBy(ctx, act, prepare, work, translated);
