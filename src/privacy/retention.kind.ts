import { recordEvent } from '../audit/index.js';
import { newId } from '../platform/index.js';
import { refusedBy, type ProposalKind } from '../security/index.js';
import type { Regime, RetentionRuleRow } from './retention.queries.js';

export type RetentionPayload = Pick<RetentionRuleRow, 'recordKind' | 'regime' | 'products' | 'months' | 'inForce'>;

/** The fewest months that a regime which binds asks for; the database holds the same. */
export function fewestMonths(regime: Regime, products: readonly string[]): number {
  if (regime === 'US_REG_B') return products.length > 0 ? 12 : 25;
  return regime === 'EU_AI_ACT' ? 6 : 0;
}

/** Another retention rule, by two people. */
export const CHANGE_RETENTION: ProposalKind<RetentionPayload> = {
  name: 'CHANGE_RETENTION',
  permission: 'retention:change',
  roles: ['PRIVACY_OFFICER'],
  describe: ({ recordKind, regime, products, months, inForce }) =>
    `${inForce ? `Keeps ${recordKind} records ${months} months` : `No longer keeps ${recordKind} records`} under ${regime}${products.length > 0 ? `, of the products ${products.join(', ')}` : ''}.`,
  async check(_tx, _ctx, { payload: { regime, products, months, inForce } }) {
    const least = fewestMonths(regime, products);
    if (!inForce || months >= least) return;
    throw refusedBy('RETENTION_FLOOR', { says: `${regime} asks for ${least} months.`, remedy: 'Give at least as many, or inForce false where the regime does not bind you.', who: 'PRIVACY_OFFICER' });
  },
  async execute(tx, ctx, { id: proposal, payload, reason }) {
    const rule = newId();
    const { recordKind, regime, products, months, inForce } = payload;
    await tx.query(
      'INSERT INTO retention_rules (id, record_kind, regime, products, months, in_force, source, proposal_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)',
      [rule, recordKind, regime, products, months, inForce, reason, proposal],
    );
    const told = { rule, kind: recordKind, regime, products: [...products], months, inForce, proposal };
    await recordEvent(tx, { type: 'RETENTION_CHANGED', id: rule, actor: ctx.actor.id, time: ctx.now(), payload: told });
    return rule;
  },
};
