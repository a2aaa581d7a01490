import { forbidden, refused, type Context, type Transaction } from '../../platform/index.js';
import type { Role } from './permissions.js';

/** Roles whose holders vote on model versions. */
export const VOTING_ROLES: readonly Role[] = ['VALIDATOR', 'ADMIN'];

/** Who keeps the roles may not vote: nobody can make themself the approver of their own choice. */
export const KEEPER_OF_ROLES: Role = 'ACCESS_ADMIN';

/**
 * Checks, at this moment, that the actor holds a role both by token and by a grant in the database. The grant is
 * locked until the transaction ends, so that it cannot be ended between the check and the act.
 * @throws FORBIDDEN when the token lacks the role; REFUSED when no grant is current, or the actor also keeps the roles
 */
export async function demandGrant(tx: Transaction, ctx: Context, role: Role): Promise<void> {
  const { actor } = ctx;
  if (!actor.roles.includes(role)) throw forbidden(`${actor.name} does not act as ${role}: the token does not carry that role.`);
  const held = await lockedGrants(tx, actor.id);
  if (!held.includes(role)) {
    throw refused(`${actor.name} holds no current grant of the role ${role}, which the token alone does not replace. Ask an ACCESS_ADMIN for grantRole.`);
  }
  if (!VOTING_ROLES.includes(role)) return;
  if (actor.roles.includes(KEEPER_OF_ROLES) || held.includes(KEEPER_OF_ROLES)) {
    throw refused(`${actor.name} keeps the roles of others (${KEEPER_OF_ROLES}) and therefore cannot act as ${role}.`);
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
