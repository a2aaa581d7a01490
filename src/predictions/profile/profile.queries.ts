import { groupedInOrder, type LoaderDefinition } from '../../platform/index.js';
import { COLUMNS } from '../record/row.js';
import type { PredictionRow } from '../history/prediction.queries.js';

/** A loan of a customer, as a risk profile sees it. */
export interface ProfileLoan {
  readonly customer_id: string;
  readonly currency: string;
  /** What is owed: the balance of the latest period, else what was lent; null for a loan that is not on the book. */
  readonly exposure: string | null;
  readonly days_past_due: number | null;
  /** The newest deciding prediction. */
  readonly prediction: PredictionRow | null;
}

type FlatRow = Omit<ProfileLoan, 'prediction'> & { [Name in keyof PredictionRow as `p_${Name}`]: PredictionRow[Name] | null };

const PREDICTION = COLUMNS.map((name) => `p.${name} AS p_${name}`).join(', ');

const SQL = `
  SELECT l.customer_id, l.currency,
    CASE WHEN f.status = 'ON_BOOK' THEN greatest(coalesce(r.balance, f.principal), 0)::text END AS exposure,
    r.days_past_due, ${PREDICTION}
  FROM loans l
  CROSS JOIN LATERAL (
    SELECT status, principal FROM loan_facts f WHERE f.customer_id = l.customer_id AND f.loan_id = l.id
    ORDER BY effective_at DESC, recorded_at DESC, id DESC LIMIT 1) f
  LEFT JOIN LATERAL (
    SELECT balance, days_past_due FROM repayments r WHERE r.customer_id = l.customer_id AND r.loan_id = l.id
    ORDER BY effective_at DESC, recorded_at DESC, id DESC LIMIT 1) r ON true
  LEFT JOIN LATERAL (
    SELECT * FROM predictions p
    WHERE p.customer_id = l.customer_id AND p.loan_id = l.id AND p.status = 'SCORED' AND p.purpose <> 'WHAT_IF' AND p.shadow_of IS NULL
    ORDER BY p.id DESC LIMIT 1) p ON true
  WHERE l.customer_id = ANY ($1::uuid[]) ORDER BY l.customer_id, l.id`;

/** All loans of each customer with what a profile needs of them, in one statement. */
export const profileLoans: LoaderDefinition<string, ProfileLoan[]> = {
  async load(ctx, customerIds) {
    const rows = await ctx.db.query<FlatRow>(SQL, [customerIds]);
    return groupedInOrder(customerIds, rows.map(unflatten), ({ customer_id }) => customer_id);
  },
};

function unflatten(row: FlatRow): ProfileLoan {
  const { customer_id, currency, exposure, days_past_due } = row;
  const prediction = row.p_id === null ? null : (Object.fromEntries(COLUMNS.map((name) => [name, row[`p_${name}`]])) as unknown as PredictionRow);
  return { customer_id, currency, exposure, days_past_due, prediction };
}
