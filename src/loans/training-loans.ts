import type { Queryable } from '../platform/index.js';
import type { LoanRef } from './loan.rows.js';

/** A loan whose outcome is known: one row to learn from. */
export interface TrainingLoan extends LoanRef {
  readonly externalId: string;
  /** The customer's: a split by it keeps all loans of a customer on one side. */
  readonly customerExternalId: string;
  readonly defaulted: boolean;
  /** When the loan was decided: what was true then is what a model may learn from. */
  readonly decisionAt: Date;
  /** When its outcome became known. */
  readonly knownAt: Date;
}

interface Row {
  readonly customer_id: string;
  readonly id: string;
  readonly external_id: string;
  readonly customer_external_id: string;
  readonly defaulted: boolean;
  readonly decision_at: Date;
  readonly known_at: Date;
}

const BATCH = 1_000;

const PAGE = `
  SELECT l.customer_id, l.id, l.external_id, c.external_id AS customer_external_id, o.defaulted, o.known_at, d.decision_at
  FROM loans l
  JOIN customers c ON c.id = l.customer_id
  CROSS JOIN LATERAL (
    SELECT defaulted, known_at FROM outcomes
    WHERE customer_id = l.customer_id AND loan_id = l.id AND known_at <= $2
    ORDER BY recorded_at DESC, id DESC LIMIT 1) o
  CROSS JOIN LATERAL (
    SELECT decision_at FROM loan_facts
    WHERE customer_id = l.customer_id AND loan_id = l.id AND decision_at IS NOT NULL
    ORDER BY effective_at DESC, recorded_at DESC, id DESC LIMIT 1) d
  WHERE l.product = ANY ($1::text[]) AND (l.customer_id, l.id) > ($3::uuid, $4::uuid)
  ORDER BY l.customer_id, l.id LIMIT ${BATCH}`;

const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/**
 * Loans of these products that were decided and whose outcome was known by a time, in batches: the same book gives
 * the same loans in the same order (by customer, then loan). The latest recorded outcome of a loan wins.
 */
export async function* trainingLoans(
  db: Queryable,
  { products, knownBefore }: { products: readonly string[]; knownBefore: Date },
): AsyncGenerator<TrainingLoan[]> {
  let after: readonly [string, string] = [BEFORE_ALL, BEFORE_ALL];
  for (;;) {
    const rows = await db.query<Row>(PAGE, [products, knownBefore, ...after]);
    if (rows.length > 0) yield rows.map(toTrainingLoan);
    const last = rows.at(-1);
    if (!last || rows.length < BATCH) return;
    after = [last.customer_id, last.id];
  }
}

const toTrainingLoan = (row: Row): TrainingLoan => ({
  customerId: row.customer_id,
  loanId: row.id,
  externalId: row.external_id,
  customerExternalId: row.customer_external_id,
  defaulted: row.defaulted,
  decisionAt: row.decision_at,
  knownAt: row.known_at,
});
