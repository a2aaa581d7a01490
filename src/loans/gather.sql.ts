import { MOST_PERIODS } from './gathered.js';
import type { LoanKind, RepaymentStatus } from './import/book-row.js';

/** One asked-for loan as the statement returns it; `position` starts at 1. */
export interface GatherRow {
  readonly position: string;
  readonly external_id: string;
  readonly product: string;
  readonly kind: LoanKind;
  readonly currency: string;
  readonly synthetic: boolean;
  readonly as_of: Date;
  readonly fact_id: string;
  readonly principal: string;
  readonly credit_limit: string | null;
  readonly annual_rate: string | null;
  readonly term_months: number | null;
  readonly loan_attributes: Buffer | null;
  readonly customer_fact_id: string | null;
  readonly customer_attributes: Buffer | null;
  readonly periods: readonly GatherPeriod[] | null;
  readonly defaulted: boolean | null;
  readonly outcome_effective_at: Date | null;
  readonly known_at: Date | null;
}

/** Period end in milliseconds since 1970, amount due, amount paid, balance, days past due, status. */
export type GatherPeriod = readonly [number, number | null, number | null, number | null, number | null, RepaymentStatus | null];

/**
 * $1 customer ids, $2 loan ids, $3 the time for each, or null for the loan's own decision. Each lateral part is a few steps
 * down an index, whatever the statistics of a freshly filled table say. OFFSET 0 keeps the planner from copying the
 * look-up of the decision into every place that needs the time.
 */
export const GATHER = `
  SELECT asked.position, l.external_id, l.product, l.kind, l.currency, c.synthetic, at.as_of,
         f.id AS fact_id, f.principal, f.credit_limit, f.annual_rate, f.term_months, f.attributes AS loan_attributes,
         cf.id AS customer_fact_id, cf.attributes AS customer_attributes, r.periods,
         o.defaulted, o.effective_at AS outcome_effective_at, o.known_at
  FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) WITH ORDINALITY AS asked (customer_id, loan_id, as_of, position)
  JOIN loans l ON l.customer_id = asked.customer_id AND l.id = asked.loan_id
  JOIN customers c ON c.id = asked.customer_id
  CROSS JOIN LATERAL (SELECT coalesce(asked.as_of, (
    SELECT d.decision_at FROM loan_facts d
    WHERE d.customer_id = asked.customer_id AND d.loan_id = asked.loan_id AND d.decision_at IS NOT NULL
    ORDER BY d.effective_at DESC, d.recorded_at DESC, d.id DESC LIMIT 1)) AS as_of OFFSET 0) at
  CROSS JOIN LATERAL (
    SELECT id, principal, credit_limit, annual_rate, term_months, attributes FROM loan_facts
    WHERE customer_id = asked.customer_id AND loan_id = asked.loan_id AND effective_at <= at.as_of
    ORDER BY effective_at DESC, recorded_at DESC, id DESC LIMIT 1) f
  LEFT JOIN LATERAL (
    SELECT id, attributes FROM customer_facts
    WHERE customer_id = asked.customer_id AND effective_at <= at.as_of
    ORDER BY effective_at DESC, recorded_at DESC, id DESC LIMIT 1) cf ON true
  LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(
             extract(epoch FROM p.effective_at) * 1000, p.amount_due, p.amount_paid, p.balance, p.days_past_due, p.status)
             ORDER BY p.effective_at DESC) AS periods
    FROM (SELECT DISTINCT ON (effective_at) * FROM repayments
          WHERE customer_id = asked.customer_id AND loan_id = asked.loan_id AND effective_at <= at.as_of
          ORDER BY effective_at DESC, recorded_at DESC, id DESC LIMIT ${MOST_PERIODS}) p) r ON true
  LEFT JOIN LATERAL (
    SELECT defaulted, effective_at, known_at FROM outcomes
    WHERE customer_id = asked.customer_id AND loan_id = asked.loan_id
    ORDER BY recorded_at DESC, id DESC LIMIT 1) o ON true`;
