import { AssayError, badInput, conflict, newId, notFound, refused, sqlState, type Context, type Transaction } from '../../platform/index.js';
import { recordEvent } from '../../audit/index.js';
import { demand } from './demand.js';
import type { GrantRow } from './grants.queries.js';
import { KEEPER_OF_ROLES, VOTING_ROLES } from './grants.js';
import type { Role } from './permissions.js';
import { RoleGrantEntity } from './role-grant.entity.js';
import { ensureUserWithin, knownUser, type Identity } from './users.js';

export interface GrantRequest {
  /** The row id of a known user, or an identity that may be new. */
  readonly to: string | Identity;
  readonly role: Role;
  readonly reason: string;
}

/** Who holds which role, and since when. Nothing is deleted: a grant ends. Refusals are recorded. */
export class GrantsService {
  /** @throws REFUSED for a grant to oneself or of a vote to who keeps the roles; CONFLICT when it is held already */
  async grantRole(ctx: Context, request: GrantRequest): Promise<GrantRow> {
    const { to, reason } = request;
    if (reason.trim() === '') throw badInput('reason: say why the role is granted.');
    const subject = async (): Promise<string> => (typeof to === 'string' ? to : ((await knownUser(ctx.db, to))?.id ?? UNSEEN));
    return recordingRefusals(ctx, 'GRANT_ROLE', subject, async (tx) => {
      const userId = typeof to === 'string' ? to : (await ensureUserWithin(tx, to)).id;
      if (userId === ctx.actor.id) throw refused('Nobody grants a role to themself. Ask another ACCESS_ADMIN.');
      return this.insertGrant(tx, ctx, userId, request);
    });
  }

  /** @throws NOT_FOUND, or CONFLICT when the grant has ended before */
  endRole(ctx: Context, grantId: string): Promise<GrantRow> {
    return recordingRefusals(ctx, 'END_ROLE', async () => grantId, async (tx) => {
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

  private async insertGrant(tx: Transaction, ctx: Context, userId: string, { role, reason }: GrantRequest): Promise<GrantRow> {
    await this.requireSeparation(tx, userId, role);
    const id = newId();
    await tx.manager.insert(RoleGrantEntity, { id, userId, role, grantedBy: ctx.actor.id, reason }).catch((error: unknown) => {
      if (sqlState(error) === '23P01') throw conflict(`They already hold the role ${role}. End the present grant first to renew it.`);
      throw error;
    });
    await recordEvent(tx, { type: 'ROLE_GRANTED', id, actor: ctx.actor.id, time: ctx.now(), payload: { user: userId, role } });
    return grantRow(tx, id);
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

/** The subject of a refused grant to who has no row: an issuer's name for them is personal, so it is not recorded. */
const UNSEEN = '00000000-0000-0000-0000-000000000000';

/** A no by a rule, as opposed to input that cannot be understood or a failure of ours. */
export const isRefusal = (error: unknown): error is AssayError =>
  error instanceof AssayError && ['FORBIDDEN', 'REFUSED', 'CONFLICT'].includes(error.code);

/** Keeps the roles in one transaction. A refusal rolls all of it back and is itself recorded in a transaction of its own. */
async function recordingRefusals<T>(ctx: Context, act: string, subjectOf: () => Promise<string>, work: (tx: Transaction) => Promise<T>): Promise<T> {
  try {
    demand(ctx, 'access:manage');
    return await ctx.db.transaction(work);
  } catch (error) {
    if (isRefusal(error)) {
      const subject = await subjectOf();
      const payload = { act, subject, code: error.code };
      await ctx.db.transaction((tx) => recordEvent(tx, { type: 'ACT_REFUSED', id: subject, actor: ctx.actor.id, time: ctx.now(), payload }));
    }
    throw error;
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
