import { recordEvent } from '../audit/index.js';
import type { Context, Moment } from '../platform/index.js';
import { checkedIdentifier, demand, type KeyRing } from '../security/index.js';
import type { CustomerFilter } from './customer.inputs.js';
import { customersWith, type Sought } from './identifiers.js';

/** So many are named in the event; more people share no identifier. */
const MOST_TOLD = 100;

/**
 * The customers whom a filter names by what is stored sealed, as it was at a moment; undefined where it does not. Whether somebody is a customer is
 * itself about a person, so who looked, and whom it found, is an audit event. What was looked for is not in it.
 */
export async function lookedUp(ctx: Context, keys: KeyRing, filter: Pick<CustomerFilter, 'nationalId' | 'email'> | undefined, moment: Moment): Promise<string[] | undefined> {
  const sought: Sought[] = [];
  if (filter?.nationalId != null) sought.push({ kind: 'NATIONAL_ID', value: checkedIdentifier('NATIONAL_ID', filter.nationalId, 'filter.nationalId') });
  if (filter?.email != null) sought.push({ kind: 'EMAIL', value: checkedIdentifier('EMAIL', filter.email, 'filter.email') });
  if (sought.length === 0) return undefined;
  demand(ctx, 'customer:lookup');
  const found = await customersWith(ctx.db, keys, sought, moment);
  const payload = { by: sought.map(({ kind }) => kind), found: found.slice(0, MOST_TOLD) };
  await ctx.db.transaction((tx) => recordEvent(tx, { type: 'CUSTOMERS_LOOKED_UP', id: found[0] ?? ctx.actor.id, actor: ctx.actor.id, time: ctx.now(), payload }));
  return found;
}
