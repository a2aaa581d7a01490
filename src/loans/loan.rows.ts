import { claimExternalIds, sealSection, type RecordedCustomer } from '../customers/index.js';
import { copyRows, newId, type Cell, type Transaction } from '../platform/index.js';
import type { BookLoan, BookOutcome, BookRepayment } from './import/book-row.js';

/** Terms and standing of a loan from a time on: the whole of it, not a change. */
export type LoanFacts = Readonly<Omit<BookLoan, 'externalId' | 'product' | 'kind' | 'currency'>>;

export type NewLoan = Readonly<BookLoan>;

/** What a period, a fact or an outcome belongs to. */
export interface LoanRef {
  readonly customerId: string;
  readonly loanId: string;
}

/**
 * Records new loans with their first facts.
 * @returns their ids, in order
 * @throws CONFLICT when an external id is already recorded (which aborts the transaction)
 */
export async function insertLoans(
  tx: Transaction,
  entries: readonly { customer: RecordedCustomer; loan: NewLoan }[],
): Promise<string[]> {
  const ids = entries.map(() => newId());
  const claims = entries.map(({ customer, loan }, i) => ({ externalId: loan.externalId, customerId: customer.id, id: ids[i]! }));
  await claimExternalIds(tx, 'LOAN', claims);
  const columns = ['customer_id', 'id', 'external_id', 'product', 'kind', 'currency'];
  const rows = entries.map(({ customer, loan }, i) => [customer.id, ids[i]!, loan.externalId, loan.product, loan.kind, loan.currency]);
  await copyRows(tx, 'loans', columns, rows);
  await insertLoanFacts(tx, entries.map(({ customer, loan }, i) => ({ customer, loanId: ids[i]!, facts: loan })));
  return ids;
}

const FACT_COLUMNS = [
  'customer_id', 'id', 'loan_id', 'effective_at', 'status', 'principal', 'credit_limit', 'annual_rate', 'term_months', 'decision_at', 'attributes',
];

/** Appends facts; earlier ones stay. */
export async function insertLoanFacts(
  tx: Transaction,
  entries: readonly { customer: RecordedCustomer; loanId: string; facts: LoanFacts }[],
): Promise<void> {
  await copyRows(tx, 'loan_facts', FACT_COLUMNS, entries.map(({ customer, loanId, facts }) => factsRow(customer, loanId, facts)));
}

function factsRow({ id: customerId, key }: RecordedCustomer, loanId: string, facts: LoanFacts): Cell[] {
  const id = newId();
  return [
    customerId,
    id,
    loanId,
    facts.effectiveAt,
    facts.status,
    facts.principal,
    facts.creditLimit ?? null,
    facts.annualRate ?? null,
    facts.termMonths ?? null,
    facts.decisionAt ?? null,
    sealSection(key, 'loan_facts', 'attributes', id, facts.attributes),
  ];
}

const REPAYMENT_COLUMNS = [
  'customer_id', 'id', 'loan_id', 'effective_at', 'amount_due', 'amount_paid', 'balance', 'days_past_due', 'status',
];

/** Appends periods. One that ends when an earlier one of the same loan does corrects it. @returns their ids, in order */
export async function insertRepayments(
  tx: Transaction,
  entries: readonly (LoanRef & { repayment: Readonly<BookRepayment> })[],
): Promise<string[]> {
  const ids = entries.map(() => newId());
  const rows = entries.map(({ customerId, loanId, repayment: period }, i): Cell[] => [
    customerId,
    ids[i]!,
    loanId,
    period.periodEnd,
    period.amountDue ?? null,
    period.amountPaid ?? null,
    period.balance ?? null,
    period.daysPastDue ?? null,
    period.status ?? null,
  ]);
  await copyRows(tx, 'repayments', REPAYMENT_COLUMNS, rows);
  return ids;
}

/** Appends outcomes. A later one of the same loan corrects it. @returns their ids, in order */
export async function insertOutcomes(
  tx: Transaction,
  entries: readonly (LoanRef & { outcome: Readonly<BookOutcome> })[],
): Promise<string[]> {
  const ids = entries.map(() => newId());
  const rows = entries.map(({ customerId, loanId, outcome }, i): Cell[] => [
    customerId, ids[i]!, loanId, outcome.defaulted, outcome.effectiveAt, outcome.knownAt,
  ]);
  await copyRows(tx, 'outcomes', ['customer_id', 'id', 'loan_id', 'defaulted', 'effective_at', 'known_at'], rows);
  return ids;
}
