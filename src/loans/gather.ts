import { unsealSection } from '../customers/index.js';
import type { Queryable } from '../platform/index.js';
import type { DataKey, KeyRing } from '../security/index.js';
import { GATHER, type GatherPeriod, type GatherRow } from './gather.sql.js';
import type { Gathered, GatheredFields, GatheredHead, GatheredLoan, GatheredRecord } from './gathered.js';
import type { LoanRef } from './loan.rows.js';

/** A loan, and when it is looked at. */
export interface LoanAsOf extends LoanRef {
  readonly asOf: Date | 'decision';
}

/** Loans as they were when they were decided. */
export const asDecided = (loans: readonly LoanRef[]): LoanAsOf[] => loans.map(({ customerId, loanId }) => ({ customerId, loanId, asOf: 'decision' }));

/**
 * What is known of loans as of a time, for training and serving alike: facts and repayments count when they were
 * effective by then, a later recorded correction of the same period wins. One statement and one key look-up for any
 * number of loans.
 *
 * @param loans each with its time, or `decision` for the time at which it was decided
 * @returns in the order asked for; undefined where there is no such loan, where nothing was true of it yet, or where
 *   it was never decided and `decision` was asked for
 */
export async function gather(db: Queryable, keys: KeyRing, loans: readonly LoanAsOf[]): Promise<(Gathered | undefined)[]> {
  if (loans.length === 0) return [];
  const customerIds = loans.map(({ customerId }) => customerId);
  const parameters = [customerIds, loans.map(({ loanId }) => loanId), loans.map(({ asOf }) => (asOf === 'decision' ? null : asOf))];
  const [rows, dataKeys] = await Promise.all([db.query<GatherRow>(GATHER, parameters), keys.keysOf(customerIds)]);
  const gathered: (Gathered | undefined)[] = loans.map(() => undefined);
  for (const row of rows) {
    const index = Number(row.position) - 1;
    gathered[index] = gatheredOf(loans[index]!, row, dataKeys[index]);
  }
  return gathered;
}

function gatheredOf(ref: LoanRef, row: GatherRow, key: DataKey | undefined): Gathered {
  const head = headOf(ref, row);
  if (!key) return { ...head, erased: true };
  const outcome = outcomeOf(row);
  return { ...head, erased: false, record: recordOf(row, key), ...(outcome && { outcome }) };
}

const headOf = ({ customerId, loanId }: LoanRef, row: GatherRow): GatheredHead => ({
  customerId,
  loanId,
  externalId: row.external_id,
  product: row.product,
  kind: row.kind,
  currency: row.currency,
  synthetic: row.synthetic,
  asOf: row.as_of,
});

function recordOf(row: GatherRow, key: DataKey): GatheredRecord {
  const { customer_fact_id: customerFactId } = row;
  return {
    customer: customerFactId === null ? {} : unsealSection(key, 'customer_facts', 'attributes', customerFactId, row.customer_attributes),
    // A free attribute cannot stand in for a term of the loan.
    loan: { ...unsealSection(key, 'loan_facts', 'attributes', row.fact_id, row.loan_attributes), ...termsOf(row) },
    repayments: (row.periods ?? []).map(periodOf),
  };
}

const termsOf = (row: GatherRow): GatheredFields => ({
  product: row.product,
  kind: row.kind,
  currency: row.currency,
  principal: Number(row.principal),
  creditLimit: numberOf(row.credit_limit),
  annualRate: numberOf(row.annual_rate),
  termMonths: row.term_months,
});

const numberOf = (decimal: string | null): number | null => (decimal === null ? null : Number(decimal));

const periodOf = ([end, amountDue, amountPaid, balance, daysPastDue, status]: GatherPeriod): GatheredFields => ({
  periodEnd: new Date(end).toISOString(),
  amountDue,
  amountPaid,
  balance,
  daysPastDue,
  status,
});

function outcomeOf({ defaulted, known_at: knownAt, outcome_effective_at: effectiveAt }: GatherRow): GatheredLoan['outcome'] {
  return defaulted === null || knownAt === null || effectiveAt === null ? undefined : { defaulted, effectiveAt, knownAt };
}
