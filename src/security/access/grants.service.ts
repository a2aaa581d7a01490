import { recordEvent } from '../../audit/index.js';
import { AssayError, badInput, type Context } from '../../platform/index.js';
import { refusedBy } from '../rules.js';
import type { Proposals } from '../proposals/proposals.service.js';
import { GRANT_ROLE, grantRow, insertGrant, requireGrantable } from './grant-role.js';
import type { GrantRow } from './grants.queries.js';
import { CONFIRMED_ROLES, KEEPER_OF_ROLES } from './grants.js';
import { governed, type GovernedAct } from './governed.js';
import type { Role } from './permissions.js';
import { ensureUserWithin, knownUser, type Identity } from './users.js';

export interface GrantRequest {
  /** The row id of a known user, or an identity that may be new. */
  readonly to: string | Identity;
  readonly role: Role;
  readonly reason: string;
}

/** A grant that is made, or for a role that two people grant the id of the proposal that a second one confirms. */
export type Granted = { readonly grant: GrantRow } | { readonly proposalId: string };

/** Who holds which role, and since when. Nothing is deleted: a grant ends. Refusals are recorded. */
export class GrantsService {
  constructor(private readonly proposals: Proposals) {}

  /** @throws REFUSED for a grant to oneself or of a vote to who keeps the roles; CONFLICT when it is held already */
  async grantRole(ctx: Context, { to, role, reason }: GrantRequest): Promise<Granted> {
    if (reason.trim() === '') throw badInput('reason: say why the role is granted.');
    const subject = typeof to === 'string' ? to : ((await knownUser(ctx.db, to))?.id ?? UNSEEN);
    return governed(ctx, keeping('GRANT_ROLE', subject), async (tx): Promise<Granted> => {
      const userId = typeof to === 'string' ? to : (await ensureUserWithin(tx, to)).id;
      if (CONFIRMED_ROLES.includes(role)) {
        return { proposalId: await this.proposals.proposeWithin(tx, ctx, GRANT_ROLE.name, { subject: userId, payload: { role }, reason }) };
      }
      await requireGrantable(tx, ctx.actor, userId, role);
      return { grant: await insertGrant(tx, ctx, { userId, role, reason, grantedBy: ctx.actor.id, proposalId: null }) };
    });
  }

  /** One person suffices to take a role away. @throws NOT_FOUND, or CONFLICT when the grant has ended before */
  endRole(ctx: Context, grantId: string): Promise<GrantRow> {
    return governed(ctx, keeping('END_ROLE', grantId), async (tx) => {
      const ended = await tx.query(
        `UPDATE role_grants SET valid_to = greatest(clock_timestamp(), valid_from), ended_by = $2
         WHERE id = $1 AND (valid_to IS NULL OR valid_to > clock_timestamp()) RETURNING id`,
        [grantId, ctx.actor.id],
      );
      const grant = await grantRow(tx, grantId);
      if (ended.length === 0) throw endedBefore(grant);
      await recordEvent(tx, { type: 'ROLE_ENDED', id: grantId, actor: ctx.actor.id, time: ctx.now(), payload: { user: grant.userId, role: grant.role } });
      return grant;
    });
  }
}

const keeping = (name: string, subject: string): GovernedAct => ({ name, subject, permission: 'access:manage', role: KEEPER_OF_ROLES });

/** The subject of a refused grant to who has no row: an issuer's name for them is personal, so it is not recorded. */
const UNSEEN = '00000000-0000-0000-0000-000000000000';

const endedBefore = ({ role, validTo }: GrantRow): AssayError =>
  refusedBy('ENDS_STAND', {
    says: `The grant of ${role} ended on ${validTo?.toISOString()} already.`,
    remedy: 'Look at the present grants, and end the one that is current.',
    who: KEEPER_OF_ROLES,
    code: 'CONFLICT',
  });
