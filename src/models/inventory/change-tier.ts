import { recordEvent } from '../../audit/index.js';
import { newId, type Transaction } from '../../platform/index.js';
import { refusedBy, type ProposalKind } from '../../security/index.js';
import type { Tier } from '../policy/tiers.js';
import { translated } from '../refusals.js';
import { lockModel } from './inventory.service.js';

export interface TierPayload {
  readonly tier: Tier;
}

/**
 * Another materiality tier for a model, by two ADMINs: its owner would otherwise choose the votes that their own versions
 * need. What was submitted before keeps what it needed then.
 */
export const CHANGE_TIER: ProposalKind<TierPayload> = {
  name: 'CHANGE_TIER',
  permission: 'model:tier',
  roles: ['ADMIN'],
  describe: ({ tier }) => `The model becomes one of tier ${tier}; versions submitted from then on need the votes of that tier.`,
  async check(tx, _ctx, { subject, payload }) {
    await requireOther(tx, subject, payload.tier);
  },
  async execute(tx, ctx, { id: proposal, subject, payload: { tier } }) {
    const { tier: from } = await lockModel(tx, subject);
    const id = newId();
    await tx.query('INSERT INTO model_tier_changes (id, model_id, from_tier, to_tier, proposal_id) VALUES ($1, $2, $3, $4, $5)', [id, subject, from, tier, proposal]);
    await recordEvent(tx, { type: 'TIER_CHANGED', id: subject, actor: ctx.actor.id, time: ctx.now(), payload: { model: subject, from, to: tier, proposal } });
    return id;
  },
  translate: translated,
};

async function requireOther(tx: Transaction, modelId: string, tier: Tier): Promise<void> {
  const { name, tier: now } = await lockModel(tx, modelId);
  if (now !== tier) return;
  throw refusedBy('TIER_CHANGES', { says: `“${name}” is of tier ${tier} already.`, remedy: 'Name another tier.', who: 'ADMIN', code: 'CONFLICT' });
}
