import { badInput, conflict, newId, notFound, refused, sqlState, type Context, type Transaction } from '../../platform/index.js';
import { recordEvent } from '../../audit/index.js';
import { demand } from './demand.js';
import type { GrantRow } from './grants.queries.js';
import { KEEPER_OF_ROLES, VOTING_ROLES } from './grants.js';
import type { Role } from './permissions.js';
import { RoleGrantEntity } from './role-grant.entity.js';
import { ensureUser, type Identity } from './users.js';

export interface GrantRequest {
  /** The row id of a known user, or an identity that may be new. */
  readonly to: string | Identity;
  readonly role: Role;
  readonly reason: string;
}

/** Who holds which role, and since when. Nothing is deleted: a grant ends. */
export class GrantsService {
  /** @throws REFUSED for a grant to oneself or of a vote to who keeps the roles; CONFLICT when it is held already */
  async grantRole(ctx: Context, { to, role, reason }: GrantRequest): Promise<GrantRow> {
    demand(ctx, 'access:manage');
    if (reason.trim() === '') throw badInput('reason: say why the role is granted.');
    const userId = typeof to === 'string' ? to : (await ensureUser(ctx.db, to)).id;
    if (userId === ctx.actor.id) throw refused('Nobody grants a role to themself. Ask another ACCESS_ADMIN.');
    return ctx.db.transaction(async (tx) => {
      await this.requireSeparation(tx, userId, role);
      const id = newId();
      await tx.manager.insert(RoleGrantEntity, { id, userId, role, grantedBy: ctx.actor.id, reason }).catch((error: unknown) => {
        if (sqlState(error) === '23P01') throw conflict(`They already hold the role ${role}. End the present grant first to renew it.`);
        throw error;
      });
      await recordEvent(tx, { type: 'ROLE_GRANTED', id, actor: ctx.actor.id, time: ctx.now(), payload: { user: userId, role } });
      return grantRow(tx, id);
    });
  }

  /** @throws NOT_FOUND, or CONFLICT when the grant has ended before */
  async endRole(ctx: Context, grantId: string): Promise<GrantRow> {
    demand(ctx, 'access:manage');
    return ctx.db.transaction(async (tx) => {
      const ended = await tx.query(
        `UPDATE role_grants SET valid_to = greatest(clock_timestamp(), valid_from), ended_by = $2
         WHERE id = $1 AND valid_to IS NULL RETURNING id`,
        [grantId, ctx.actor.id],
      );
      const grant = await grantRow(tx, grantId);
      if (ended.length === 0) throw conflict(`The grant of ${grant.role} ended on ${grant.validTo?.toISOString()} already.`);
      await recordEvent(tx, { type: 'ROLE_ENDED', id: grantId, actor: ctx.actor.id, time: ctx.now(), payload: { user: grant.userId, role: grant.role } });
      return grant;
    });
  }

  /** Locks the user's row, so that two grants that exclude each other cannot be made at the same time. */
  private async requireSeparation(tx: Transaction, userId: string, role: Role): Promise<void> {
    const [user] = await tx.query<{ name: string }>('SELECT name FROM users WHERE id = $1 FOR NO KEY UPDATE', [userId]);
    if (!user) throw notFound('There is no such user. Grant by issuer and subject if they have not used the API yet.');
    const excluded: readonly Role[] = role === KEEPER_OF_ROLES ? VOTING_ROLES : VOTING_ROLES.includes(role) ? [KEEPER_OF_ROLES] : [];
    const held = await tx.query<{ role: string }>(
      'SELECT role FROM role_grants WHERE user_id = $1 AND role = ANY($2) AND valid_to IS NULL',
      [userId, excluded],
    );
    if (held[0]) throw refused(`${user.name} holds ${held[0].role}, which excludes ${role}: who keeps the roles has no vote. End that grant first.`);
  }
}

async function grantRow(tx: Transaction, id: string): Promise<GrantRow> {
  const [row] = await tx.query<GrantRow>(
    `SELECT id, user_id AS "userId", role, granted_by AS "grantedBy", reason, valid_from AS "validFrom", valid_to AS "validTo"
     FROM role_grants WHERE id = $1`,
    [id],
  );
  if (!row) throw notFound('There is no such grant.');
  return row;
}
