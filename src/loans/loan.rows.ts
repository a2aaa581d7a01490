import { externalIdSheet, sealSection, writeSheets, type RecordedCustomer } from '../customers/index.js';
import { newId, type Cell, type Sheet, type Transaction } from '../platform/index.js';
import type { BookLoan, BookOutcome, BookRepayment } from './import/book-row.js';

/** Terms and standing of a loan from a time on: the whole of it, not a change. */
export type LoanFacts = Readonly<Omit<BookLoan, 'externalId' | 'product' | 'kind' | 'currency'>>;

export type NewLoan = Readonly<BookLoan>;

/** What a period, a fact or an outcome belongs to. */
export interface LoanRef {
  readonly customerId: string;
  readonly loanId: string;
}

interface LoanEntry {
  readonly customer: RecordedCustomer;
  readonly loan: NewLoan;
}

interface FactsEntry {
  readonly customer: RecordedCustomer;
  readonly loanId: string;
  readonly facts: LoanFacts;
}

type RepaymentEntry = LoanRef & { readonly repayment: Readonly<BookRepayment> };
type OutcomeEntry = LoanRef & { readonly outcome: Readonly<BookOutcome> };

/**
 * New loans with their first facts as rows, not yet written; ids in the order of the entries.
 * @param by the id of the user who records them, here and below
 */
export function loanSheets(by: string, entries: readonly LoanEntry[]): { ids: string[]; sheets: Sheet[] } {
  const ids = entries.map(() => newId());
  const claims = entries.map(({ customer, loan }, i) => ({ externalId: loan.externalId, customerId: customer.id, id: ids[i]! }));
  const columns = ['customer_id', 'id', 'external_id', 'product', 'kind', 'currency'];
  const rows = entries.map(({ customer, loan }, i) => [customer.id, ids[i]!, loan.externalId, loan.product, loan.kind, loan.currency]);
  const facts = loanFactsSheet(by, entries.map(({ customer, loan }, i) => ({ customer, loanId: ids[i]!, facts: loan })));
  return { ids, sheets: [externalIdSheet('LOAN', claims), { table: 'loans', columns, rows }, facts] };
}

const FACT_COLUMNS = [
  'customer_id', 'id', 'loan_id', 'effective_at', 'recorded_by', 'status', 'principal', 'credit_limit', 'annual_rate', 'term_months', 'completed_at', 'decision_at', 'attributes',
];

const loanFactsSheet = (by: string, entries: readonly FactsEntry[]): Sheet => ({
  table: 'loan_facts',
  columns: FACT_COLUMNS,
  rows: entries.map((entry) => factsRow(by, entry)),
});

function factsRow(by: string, { customer: { id: customerId, key }, loanId, facts }: FactsEntry): Cell[] {
  const id = newId();
  return [
    customerId,
    id,
    loanId,
    facts.effectiveAt,
    by,
    facts.status,
    facts.principal,
    facts.creditLimit ?? null,
    facts.annualRate ?? null,
    facts.termMonths ?? null,
    facts.completedAt ?? null,
    facts.decisionAt ?? null,
    sealSection(key, 'loan_facts', 'attributes', id, facts.attributes),
  ];
}

const REPAYMENT_COLUMNS = [
  'customer_id', 'id', 'loan_id', 'effective_at', 'recorded_by', 'amount_due', 'amount_paid', 'balance', 'days_past_due', 'status',
];

/** Periods as rows. One that ends when an earlier one of the same loan does corrects it. */
export const repaymentSheet = (by: string, entries: readonly RepaymentEntry[]): Sheet => ({
  table: 'repayments',
  columns: REPAYMENT_COLUMNS,
  rows: entries.map(({ customerId, loanId, repayment: period }): Cell[] => [
    customerId,
    newId(),
    loanId,
    period.periodEnd,
    by,
    period.amountDue ?? null,
    period.amountPaid ?? null,
    period.balance ?? null,
    period.daysPastDue ?? null,
    period.status ?? null,
  ]),
});

/** Outcomes as rows. A later one of the same loan corrects it. */
export const outcomeSheet = (by: string, entries: readonly OutcomeEntry[]): Sheet => ({
  table: 'outcomes',
  columns: ['customer_id', 'id', 'loan_id', 'defaulted', 'effective_at', 'known_at', 'recorded_by'],
  rows: entries.map(({ customerId, loanId, outcome }): Cell[] => [
    customerId, newId(), loanId, outcome.defaulted, outcome.effectiveAt, outcome.knownAt, by,
  ]),
});

/** Records new loans. @returns their ids, in order. @throws CONFLICT when an external id is already recorded (which aborts the transaction) */
export async function insertLoans(tx: Transaction, by: string, entries: readonly LoanEntry[]): Promise<string[]> {
  const { ids, sheets } = loanSheets(by, entries);
  await writeSheets(tx, sheets);
  return ids;
}

/** Appends facts; earlier ones stay. */
export const insertLoanFacts = (tx: Transaction, by: string, entries: readonly FactsEntry[]): Promise<void> =>
  writeSheets(tx, [loanFactsSheet(by, entries)]);

export const insertRepayments = (tx: Transaction, by: string, entries: readonly RepaymentEntry[]): Promise<void> =>
  writeSheets(tx, [repaymentSheet(by, entries)]);

/** Appends outcomes. @returns their ids, in order */
export async function insertOutcomes(tx: Transaction, by: string, entries: readonly OutcomeEntry[]): Promise<string[]> {
  const sheet = outcomeSheet(by, entries);
  await writeSheets(tx, [sheet]);
  return sheet.rows.map(([, id]) => id as string);
}
