import { customerSheets, factsSheet, type NewCustomer, type RecordedCustomer } from '../../customers/index.js';
import { internal, type Sheet } from '../../platform/index.js';
import type { KeyRing } from '../../security/index.js';
import { loanSheets, outcomeSheet, repaymentSheet, type LoanRef } from '../loan.rows.js';
import type { BookRow } from './book-row.js';
import type { PlacedRow, Unwritten } from './placing.js';

/** How much of each thing was recorded. */
export interface BookCounts {
  customers: number;
  loans: number;
  repayments: number;
  outcomes: number;
}

/** A batch as rows of the tables, ready to be written. */
export interface MadeBatch {
  readonly sheets: readonly Sheet[];
  readonly counts: BookCounts;
  /** What the next batch must know of this one before it is written. */
  readonly unwritten: Unwritten;
}

/**
 * Makes the rows of one batch, keys and ciphertext included. What a later row says of a customer already recorded is
 * appended as facts of its own time; nothing is overwritten.
 */
export async function makeBatch(keys: KeyRing, placed: readonly PlacedRow[], synthetic: boolean): Promise<MadeBatch> {
  const fresh = placed.filter(({ customer }) => customer === 'new').map(({ row }) => newCustomer(row, synthetic));
  const made = await customerSheets(keys, fresh);
  const newcomers = new Map(fresh.map(({ externalId }, i) => [externalId, made.customers[i]!]));
  const customers = customersOf(placed, newcomers);
  const repeated = placed.flatMap(({ row, customer }, i) => (customer === 'new' ? [] : [{ customer: customers[i]!, facts: row.customer }]));
  const loans = loanSheets(placed.map(({ row }, i) => ({ customer: customers[i]!, loan: row.loan })));
  const refs = loans.ids.map((loanId, i): LoanRef => ({ customerId: customers[i]!.id, loanId }));
  const repayments = repaymentSheet(placed.flatMap(({ row }, i) => periodsOf(refs[i]!, row)));
  const outcomes = outcomeSheet(placed.flatMap(({ row: { outcome } }, i) => (outcome ? [{ ...refs[i]!, outcome }] : [])));
  return {
    sheets: [...made.sheets, factsSheet(repeated), ...loans.sheets, repayments, outcomes],
    counts: { customers: fresh.length, loans: placed.length, repayments: repayments.rows.length, outcomes: outcomes.rows.length },
    unwritten: { customers: newcomers, loans: new Set(placed.map(({ row }) => row.loan.externalId)) },
  };
}

function newCustomer({ customer }: BookRow, synthetic: boolean): NewCustomer {
  return { ...customer, synthetic };
}

const periodsOf = ({ customerId, loanId }: LoanRef, { repayments }: BookRow) =>
  repayments.map((repayment) => ({ customerId, loanId, repayment }));

function customersOf(placed: readonly PlacedRow[], made: ReadonlyMap<string, RecordedCustomer>): RecordedCustomer[] {
  return placed.map(({ row, customer }) => {
    const recorded = typeof customer === 'string' ? made.get(row.customer.externalId) : customer;
    if (recorded === undefined) throw internal(`The customer of line ${row.line} was neither recorded nor new.`);
    return recorded;
  });
}
