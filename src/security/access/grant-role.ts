import { recordEvent } from '../../audit/index.js';
import { newId, notFound, sqlState, type Actor, type Context, type Transaction } from '../../platform/index.js';
import type { ProposalKind } from '../proposals/kinds.js';
import { refusedBy } from '../rules.js';
import type { GrantRow } from './grants.queries.js';
import { KEEPER_OF_ROLES, VOTING_ROLES } from './grants.js';
import type { Role } from './permissions.js';
import { RoleGrantEntity } from './role-grant.entity.js';

interface NewGrant {
  readonly userId: string;
  readonly role: Role;
  readonly reason: string;
  readonly grantedBy: string;
  /** What a second person confirmed. */
  readonly proposalId: string | null;
}

/** A role that votes, or that keeps the roles, takes two people, neither of whom gets it. */
export const GRANT_ROLE: ProposalKind<{ readonly role: Role }> = {
  name: 'GRANT_ROLE',
  permission: 'access:manage',
  roles: [KEEPER_OF_ROLES],
  describe: ({ role }) => `Grants the role ${role} to a person.`,
  check: (tx, { actor }, { subject, payload: { role } }) => requireGrantable(tx, actor, subject, role),
  execute: async (tx, ctx, { id, subject, payload: { role }, reason, proposedBy }) =>
    (await insertGrant(tx, ctx, { userId: subject, role, reason, grantedBy: proposedBy, proposalId: id })).id,
};

/**
 * Whether a person may get a role, from this one. Locks the person's row, so that two grants that exclude each other
 * cannot be made at the same time.
 */
export async function requireGrantable(tx: Transaction, actor: Actor, userId: string, role: Role): Promise<void> {
  if (userId === actor.id) {
    throw refusedBy('GRANT_TO_OTHERS', { says: 'Nobody grants a role to themself, or confirms that they get it.', remedy: `Ask another ${KEEPER_OF_ROLES}.`, who: KEEPER_OF_ROLES });
  }
  const [user] = await tx.query<{ name: string }>('SELECT name FROM users WHERE id = $1 FOR NO KEY UPDATE', [userId]);
  if (!user) throw notFound('There is no such user. Grant by issuer and subject if they have not used the API yet.');
  const excluded: readonly Role[] = role === KEEPER_OF_ROLES ? VOTING_ROLES : VOTING_ROLES.includes(role) ? [KEEPER_OF_ROLES] : [];
  const held = await tx.query<{ role: string }>('SELECT role FROM role_grants WHERE user_id = $1 AND role = ANY($2) AND (valid_to IS NULL OR valid_to > clock_timestamp())', [userId, [role, ...excluded]]);
  const other = held.find((one) => one.role !== role);
  if (other) {
    throw refusedBy('KEEPER_HAS_NO_VOTE', {
      says: `${user.name} holds ${other.role}, which excludes ${role}: who keeps the roles has no vote.`,
      remedy: 'End that grant first.',
      who: KEEPER_OF_ROLES,
    });
  }
  if (held.length > 0) throw heldAlready(role);
}

const heldAlready = (role: string): Error =>
  refusedBy('ONE_GRANT_AT_A_TIME', { says: `They already hold the role ${role}.`, remedy: 'End the present grant first to renew it.', who: KEEPER_OF_ROLES, code: 'CONFLICT' });

export async function insertGrant(tx: Transaction, ctx: Context, { userId, role, reason, grantedBy, proposalId }: NewGrant): Promise<GrantRow> {
  const id = newId();
  await tx.manager.insert(RoleGrantEntity, { id, userId, role, grantedBy, reason, proposalId }).catch((error: unknown) => {
    if (sqlState(error) === '23P01') throw heldAlready(role);
    throw error;
  });
  await recordEvent(tx, { type: 'ROLE_GRANTED', id, actor: ctx.actor.id, time: ctx.now(), payload: { user: userId, role } });
  return grantRow(tx, id);
}

export async function grantRow(tx: Transaction, id: string): Promise<GrantRow> {
  const [row] = await tx.query<GrantRow>(
    `SELECT id, user_id AS "userId", role, granted_by AS "grantedBy", reason, valid_from AS "validFrom", valid_to AS "validTo", proposal_id AS "proposalId"
     FROM role_grants WHERE id = $1`,
    [id],
  );
  if (!row) throw notFound('There is no such grant.');
  return row;
}
