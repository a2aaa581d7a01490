import { insertCustomers, insertFacts, type NewCustomer, type RecordedCustomer } from '../../customers/index.js';
import { internal, type Transaction } from '../../platform/index.js';
import type { KeyRing } from '../../security/index.js';
import { insertLoans, insertOutcomes, insertRepayments, type LoanRef } from '../loan.rows.js';
import type { BookRow } from './book-row.js';
import type { PlacedRow } from './placing.js';

/** How much of each thing was recorded. */
export interface BookCounts {
  customers: number;
  loans: number;
  repayments: number;
  outcomes: number;
}

/**
 * Writes the rows of one batch, a table at a time. What a later row says of a customer already recorded is appended
 * as facts of its own time; nothing is overwritten.
 */
export async function writeBatch(
  tx: Transaction,
  keys: KeyRing,
  placed: readonly PlacedRow[],
  synthetic: boolean,
): Promise<BookCounts> {
  const fresh = placed.filter(({ customer }) => customer === 'new').map(({ row }) => newCustomer(row, synthetic));
  const made = await insertCustomers(tx, keys, fresh);
  const customers = customersOf(placed, new Map(fresh.map(({ externalId }, i) => [externalId, made[i]!])));
  const repeated = placed.flatMap(({ row, customer }, i) => (customer === 'new' ? [] : [{ customer: customers[i]!, facts: row.customer }]));
  if (repeated.length > 0) await insertFacts(tx, repeated);
  const loanIds = await insertLoans(tx, placed.map(({ row }, i) => ({ customer: customers[i]!, loan: row.loan })));
  const refs = loanIds.map((loanId, i): LoanRef => ({ customerId: customers[i]!.id, loanId }));
  const repayments = placed.flatMap(({ row }, i) => periodsOf(refs[i]!, row));
  if (repayments.length > 0) await insertRepayments(tx, repayments);
  const outcomes = placed.flatMap(({ row: { outcome } }, i) => (outcome ? [{ ...refs[i]!, outcome }] : []));
  if (outcomes.length > 0) await insertOutcomes(tx, outcomes);
  return { customers: fresh.length, loans: placed.length, repayments: repayments.length, outcomes: outcomes.length };
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
