import type { Context, Transaction } from '../../platform/index.js';
import { refusedBy } from '../rules.js';
import type { Role } from './permissions.js';

/** Roles whose holders vote on model versions. */
export const VOTING_ROLES: readonly Role[] = ['VALIDATOR', 'ADMIN'];

/** Who keeps the roles may not vote: nobody can make themself the approver of their own choice. */
export const KEEPER_OF_ROLES: Role = 'ACCESS_ADMIN';

/** Roles that two people grant: those that vote, and the one that could make more of them. */
export const CONFIRMED_ROLES: readonly Role[] = [...VOTING_ROLES, KEEPER_OF_ROLES];

/**
 * Checks, at this moment, that the actor holds a role (of several, any) both by token and by a grant in the database. The
 * grants are locked until the transaction ends, so that none can be ended between the check and the act.
 * @throws FORBIDDEN when the token lacks the role; REFUSED when no grant is current, or the actor also keeps the roles
 */
export async function demandGrant(tx: Transaction, ctx: Context, role: Role | readonly Role[]): Promise<void> {
  const { actor } = ctx;
  const roles: readonly Role[] = typeof role === 'string' ? [role] : role;
  const named = roles.join(' or ');
  const carried = roles.filter((one) => actor.roles.includes(one));
  if (carried.length === 0) {
    throw refusedBy('ROLE_IN_TOKEN', {
      says: `${actor.name} does not act as ${named}: the token does not carry that role.`,
      remedy: `Act with a token that carries it, or ask a colleague who is ${named}.`,
      who: named,
      code: 'FORBIDDEN',
    });
  }
  const held = await lockedGrants(tx, actor.id);
  const current = carried.filter((one) => held.includes(one));
  if (current.length === 0) {
    throw refusedBy('CURRENT_GRANT', {
      says: `${actor.name} holds no current grant of the role ${named}, which the token alone does not replace.`,
      remedy: 'Ask an ACCESS_ADMIN for grantRole.',
      who: 'ACCESS_ADMIN',
    });
  }
  if (!current.every((one) => VOTING_ROLES.includes(one))) return;
  if (actor.roles.includes(KEEPER_OF_ROLES) || held.includes(KEEPER_OF_ROLES)) {
    throw refusedBy('KEEPER_HAS_NO_VOTE', {
      says: `${actor.name} keeps the roles of others (${KEEPER_OF_ROLES}) and therefore cannot act as ${named}.`,
      remedy: `Ask a colleague who is ${named} and does not keep the roles.`,
      who: named,
    });
  }
}

/** The clock is read after waiting for the lock, so a grant ended meanwhile no longer counts. */
async function lockedGrants(tx: Transaction, userId: string): Promise<string[]> {
  const rows = await tx.query<{ role: string }>(
    `SELECT role FROM role_grants WHERE user_id = $1 AND valid_from <= clock_timestamp()
       AND (valid_to IS NULL OR valid_to > clock_timestamp()) FOR SHARE`,
    [userId],
  );
  return rows.map(({ role }) => role);
}
