import { unsealSection, type PlainRecord } from '../customers/index.js';
import type { Queryable } from '../platform/index.js';
import type { KeyRing } from '../security/index.js';
import type { LoanRef } from './loan.rows.js';

interface Row {
  readonly position: string;
  readonly id: string;
  readonly protected: Buffer;
}

/** $1 customer ids, $2 loan ids. As of each loan's own decision, like the record that the model learns from. */
const PROTECTED = `
  SELECT asked.position, f.id, f.protected
  FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS asked (customer_id, loan_id, position)
  CROSS JOIN LATERAL (
    SELECT decision_at FROM loan_facts
    WHERE customer_id = asked.customer_id AND loan_id = asked.loan_id AND decision_at IS NOT NULL
    ORDER BY effective_at DESC, recorded_at DESC, id DESC LIMIT 1) d
  CROSS JOIN LATERAL (
    SELECT id, protected FROM customer_facts
    WHERE customer_id = asked.customer_id AND effective_at <= d.decision_at
    ORDER BY effective_at DESC, recorded_at DESC, id DESC LIMIT 1) f
  WHERE f.protected IS NOT NULL`;

/**
 * Protected attributes of the customers of loans, as of each loan's decision. Apart from `gather`, because no model
 * ever reads them: they serve to measure how a model treats groups while it is built, and nothing else.
 * @returns in the order asked for; empty where nothing protected is recorded or the customer was erased
 */
export async function gatherProtected(db: Queryable, keys: KeyRing, loans: readonly LoanRef[]): Promise<PlainRecord[]> {
  const customerIds = loans.map(({ customerId }) => customerId);
  const [rows, dataKeys] = await Promise.all([db.query<Row>(PROTECTED, [customerIds, loans.map(({ loanId }) => loanId)]), keys.keysOf(customerIds)]);
  const gathered: PlainRecord[] = loans.map(() => ({}));
  for (const row of rows) {
    const index = Number(row.position) - 1;
    const key = dataKeys[index];
    if (key) gathered[index] = unsealSection(key, 'customer_facts', 'protected', row.id, row.protected);
  }
  return gathered;
}
