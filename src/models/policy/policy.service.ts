import { recordEvent } from '../../audit/index.js';
import { newId, type Context, type Transaction } from '../../platform/index.js';
import { refusedBy, type ProposalKind, type Proposals } from '../../security/index.js';
import { translated } from '../refusals.js';
import { differences } from './differences.js';
import { outsideLimits } from './limits.js';
import { parsePolicy, votesTooFew, type PolicyBody } from './policy.js';
import { currentPolicyRow } from './policy.queries.js';

interface PolicyChange {
  /** Of the policy that it follows. */
  readonly after: number;
  /** Canonical JSON. */
  readonly body: string;
  /** The body that it follows, so that the proposal tells what is changed; proposals of earlier releases lack it. */
  readonly from?: string;
}

/** The rules of governance change as everything else does: one ADMIN proposes, another confirms. */
export const CHANGE_POLICY: ProposalKind<PolicyChange> = {
  name: 'CHANGE_POLICY',
  permission: 'policy:change',
  roles: ['ADMIN'],
  describe: ({ after, body, from }) => `Puts governance policy ${after + 1} into force (${parsePolicy(body).digest.slice(0, 16)}…), after policy ${after}.${from === undefined ? '' : ` ${changesOf(from, body)}`}`,
  check: async (tx, _ctx, { payload: { after, body, from } }) => {
    const parsed = parsePolicy(body);
    requireVotes(parsed.body);
    requireLimits(parsed.body);
    await requireNext(tx, after, from);
  },
  execute: async (tx, ctx, { id: proposalId, payload: { after, body } }) => {
    const { canonical, digest } = parsePolicy(body);
    const id = newId();
    const version = after + 1;
    await tx.query('INSERT INTO governance_policies (id, version, body, digest, proposal_id) VALUES ($1, $2, $3, $4, $5)', [id, version, canonical, Buffer.from(digest, 'hex'), proposalId]);
    await recordEvent(tx, { type: 'POLICY_CHANGED', id, actor: ctx.actor.id, time: ctx.now(), payload: { policy: version, digest } });
    return id;
  },
  translate: translated,
};

function changesOf(from: string, body: string): string {
  const changes = differences(parsePolicy(from).body, parsePolicy(body).body);
  return changes.length === 0 ? 'It changes nothing.' : `It changes ${changes.join('; ')}.`;
}

/** Two changes of the same policy cannot both take effect: the second would not know of the first. */
async function requireNext(tx: Transaction, after: number, from: string | undefined): Promise<void> {
  const { version, body } = await currentPolicyRow(tx);
  if (version === after && (from === undefined || from === body)) return;
  throw refusedBy('POLICY_NEXT', {
    says: `The change was made to policy ${after}, but policy ${version} is in force.`,
    remedy: 'Read the present policy and propose the change to it.',
    who: 'two ADMINs',
    code: 'CONFLICT',
  });
}

/** @returns the id of the proposal. @throws BAD_INPUT for a text that is no policy; REFUSED for one that asks for too few votes */
export async function proposePolicy(proposals: Proposals, ctx: Context, { policy, reason }: { policy: string; reason: string }): Promise<string> {
  const { canonical: body } = parsePolicy(policy);
  const { id: subject, version: after, body: from } = await currentPolicyRow(ctx.db);
  return proposals.propose(ctx, CHANGE_POLICY.name, { subject, payload: { after, body, from }, reason });
}

function requireLimits(body: PolicyBody): void {
  const outside = outsideLimits(body);
  if (!outside) return;
  const { path, value, least, most } = outside;
  throw refusedBy('POLICY_LIMITS', { says: `${path} is ${value}; a policy may set it from ${least} to ${most}.`, remedy: 'Give a value inside.', who: 'two ADMINs' });
}

function requireVotes(body: PolicyBody): void {
  const few = votesTooFew(body);
  if (!few) return;
  throw refusedBy('POLICY_FLOOR', {
    says: `tiers.${few.tier}.votes.${few.role} asks for ${body.tiers[few.tier].votes[few.role]} people; no policy asks for fewer than the first one, ${few.least}.`,
    remedy: `Give ${few.least} or more.`,
    who: 'two ADMINs',
  });
}
