import { newId, type Context, type Transaction } from '../platform/index.js';
import { refusedBy, type ProposalKind } from '../security/index.js';
import type { Erasures } from './erasures.js';
import { clocksOf, ERASURE_BASES, standingOf, type Clock, type ErasureBasis } from './retention.queries.js';

export interface ErasurePayload {
  readonly basis: ErasureBasis;
}

const OFFICER = 'PRIVACY_OFFICER';

/** That the personal data of a customer is destroyed: put forward by one, confirmed by another, and then carried out. */
export const eraseCustomerKind = (erasures: Pick<Erasures, 'finish'>): ProposalKind<ErasurePayload> => ({
  name: 'ERASE_CUSTOMER',
  permission: 'customer:erase',
  roles: [OFFICER],
  wordless: true,
  describe: ({ basis }) => `Destroys the personal data of a customer for good. ${ERASURE_BASES[basis]}`,
  check: (tx, _ctx, { subject }) => requireErasable(tx, subject),
  async execute(tx, _ctx, { id: proposalId, subject, payload, proposedBy }) {
    const id = newId();
    await tx.query('INSERT INTO erasures (customer_id, id, basis, proposal_id, ordered_by) VALUES ($1, $2, $3, $4, $5)', [subject, id, payload.basis, proposalId, proposedBy]);
    return id;
  },
  async after(ctx: Context) {
    // It is decided and durable: what cannot be finished at this moment is finished by the next look of any server.
    await erasures.finish().catch((error: unknown) => ctx.log.error({ err: error }, 'an erasure could not be finished; tried again'));
  },
});

/** @throws REFUSED while a hold keeps the customer, while a clock runs, and for who is erased already */
export async function requireErasable(tx: Transaction, customerId: string): Promise<void> {
  const { state, held } = await standingOf(tx, customerId);
  if (state === 'ERASING' || state === 'SHREDDED') {
    throw refusedBy('ERASED_FOR_GOOD', { says: 'The personal data of the customer is destroyed already.', remedy: 'There is nothing left to do.', who: OFFICER });
  }
  if (held) {
    throw refusedBy('LEGAL_HOLD', { says: 'A legal hold keeps the customer.', remedy: 'Lift it with liftLegalHold when what it was placed for is over.', who: OFFICER });
  }
  if (state !== 'DUE') throw runs(await clocksOf(tx, customerId));
}

function runs(clocks: readonly Clock[]): Error {
  const [last] = clocks;
  const of = last ? `${last.recordKind} (${last.regime}${last.months === null ? '' : `, ${last.months} months`})` : 'what is under way';
  const until = last?.endsAt ? `until ${last.endsAt.toISOString().slice(0, 10)}` : 'while it lasts';
  return refusedBy('RETENTION_RUNS', {
    says: `Records of the customer must be kept ${until}: ${of}.`,
    remedy: last?.endsAt ? 'Propose it again after that; until then the data is kept, hidden from who decides about loans.' : 'End what is under way: close the loan, resolve the review.',
    who: OFFICER,
  });
}
