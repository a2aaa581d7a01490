import { actedBefore, effectiveBy, momentKey, recordedBefore, type LoaderDefinition } from '../../platform/index.js';
import { COLUMNS } from '../record/row.js';
import type { CustomerAt } from '../../customers/index.js';
import { RECORDED, type PredictionRow } from '../history/prediction.queries.js';

/** A loan of a customer, as a risk profile sees it. */
export interface ProfileLoan {
  readonly currency: string;
  /** What is owed: the balance of the latest period, else what was lent; null for a loan that is not on the book. */
  readonly exposure: string | null;
  readonly days_past_due: number | null;
  /** The newest deciding prediction. */
  readonly prediction: PredictionRow | null;
}

type FlatRow = Omit<ProfileLoan, 'prediction'> & { readonly place: string } & { [Name in keyof PredictionRow as `p_${Name}`]: PredictionRow[Name] | null };

const PREDICTION = COLUMNS.map((name) => `p.${name} AS p_${name}`).join(', ');

/** Which facts count, in SQL. */
const seen = (alias: string): string => `${alias}.recorded_at < asked.recorded AND ${alias}.effective_at <= asked.effective`;

/** A loan of which nothing was true yet was none yet. */
const SQL = `
  SELECT asked.place, l.currency,
    CASE WHEN f.status = 'ON_BOOK' THEN greatest(coalesce(r.balance, f.principal), 0)::text END AS exposure,
    r.days_past_due, ${PREDICTION}
  FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[]) WITH ORDINALITY AS asked (customer_id, recorded, effective, acted, place)
  JOIN loans l ON l.customer_id = asked.customer_id AND l.recorded_at < asked.recorded
  CROSS JOIN LATERAL (
    SELECT status, principal FROM loan_facts f WHERE f.customer_id = l.customer_id AND f.loan_id = l.id AND ${seen('f')}
    ORDER BY effective_at DESC, recorded_at DESC, id DESC LIMIT 1) f
  LEFT JOIN LATERAL (
    SELECT balance, days_past_due FROM repayments r WHERE r.customer_id = l.customer_id AND r.loan_id = l.id AND ${seen('r')}
    ORDER BY effective_at DESC, recorded_at DESC, id DESC LIMIT 1) r ON true
  LEFT JOIN LATERAL (
    SELECT * FROM predictions p
    WHERE p.customer_id = l.customer_id AND p.loan_id = l.id AND p.status = 'SCORED' AND p.purpose <> 'WHAT_IF' AND p.shadow_of IS NULL AND ${RECORDED} < asked.acted
    ORDER BY p.id DESC LIMIT 1) p ON true
  ORDER BY asked.place, l.id`;

/** All loans of each customer as of a moment with what a profile needs of them, in one statement. */
export const profileLoans: LoaderDefinition<CustomerAt, ProfileLoan[]> = {
  cacheKey: ({ customerId, moment }) => `${customerId} ${momentKey(moment)}`,
  async load(ctx, asked) {
    const bounds = [recordedBefore, effectiveBy, actedBefore].map((boundOf) => asked.map(({ moment }) => boundOf(moment)));
    const rows = await ctx.db.query<FlatRow>(SQL, [asked.map(({ customerId }) => customerId), ...bounds]);
    const loans = asked.map((): ProfileLoan[] => []);
    for (const row of rows) loans[Number(row.place) - 1]!.push(unflatten(row));
    return loans;
  },
};

function unflatten(row: FlatRow): ProfileLoan {
  const { currency, exposure, days_past_due } = row;
  const prediction = row.p_id === null ? null : (Object.fromEntries(COLUMNS.map((name) => [name, row[`p_${name}`]])) as unknown as PredictionRow);
  return { currency, exposure, days_past_due, prediction };
}
