import { encodeGlobalId } from '../../platform/index.js';
import { bears, grantedNow, type TaskSource } from '../tasks.js';
import type { ProposalKindName } from './kinds.js';
import type { Proposals } from './proposals.service.js';

interface Open {
  readonly id: string;
  readonly kind: ProposalKindName;
  readonly payload: object;
  readonly since: Date;
  readonly dueAt: Date;
}

/** Open, put forward by somebody else about something else than the actor, in a kind and role of theirs that is granted now. */
const CONFIRMABLE = `
  SELECT p.id, p.kind, p.payload, p.recorded_at AS since, p.expires_at AS "dueAt" FROM proposals p
  WHERE p.proposed_by <> $1 AND p.subject <> $1 AND p.expires_at > clock_timestamp()
    AND NOT EXISTS (SELECT FROM proposal_decisions d WHERE d.proposal_id = p.id)
    AND EXISTS (SELECT FROM unnest($2::text[], $3::text[]) AS mine(kind, role) WHERE mine.kind = p.kind AND ${grantedNow('$1', 'mine.role')})
  ORDER BY p.id`;

/** What colleagues proposed and the actor may confirm or decline. */
export const proposalTasks = (proposals: Pick<Proposals, 'all' | 'kindOf'>): TaskSource => async (ctx) => {
  const mine = proposals.all.flatMap(({ name, permission, roles }) => roles.filter((role) => bears(ctx, role, permission)).map((role) => ({ name, role })));
  if (mine.length === 0) return [];
  const rows = await ctx.db.query<Open>(CONFIRMABLE, [ctx.actor.id, mine.map(({ name }) => name), mine.map(({ role }) => role)]);
  return rows.map(({ id, kind, payload, since, dueAt }) => {
    const text = `Confirm or decline what a colleague proposed: ${proposals.kindOf(kind).describe(payload)}`;
    return { id: `CONFIRM_PROPOSAL:${id}`, kind: 'CONFIRM_PROPOSAL', text, subject: encodeGlobalId({ type: 'Proposal', id }), since, dueAt };
  });
};
