import { setImmediate } from 'node:timers/promises';
import { customerSheets, factsSheets, newCustomers, type NewCustomer, type RecordedCustomer } from '../../customers/index.js';
import { internal, type Sheet } from '../../platform/index.js';
import type { KeyRing, KeyVersion } from '../../security/index.js';
import { loanSheets, outcomeSheet, repaymentSheet, type LoanRef } from '../loan.rows.js';
import { SLICE } from './batches.js';
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
 * appended as facts of its own time; nothing is overwritten. `by` is the id of the user who imports.
 */
export async function makeBatch(by: string, keys: KeyRing, placed: readonly PlacedRow[], synthetic: boolean): Promise<MadeBatch> {
  const newcomers = await newcomersOf(keys, placed);
  const indexKeys = await keys.indexKeys();
  const slices: Sheet[][] = [];
  for (let from = 0; from < placed.length; from += SLICE) {
    slices.push(makeSlice(by, placed.slice(from, from + SLICE), newcomers, synthetic, indexKeys));
    await setImmediate();
  }
  const sheets = slices[0]!.map(({ table, columns }, at) => ({ table, columns, rows: slices.flatMap((slice) => slice[at]!.rows) }));
  const count = (table: string): number => sheets.reduce((sum, sheet) => sum + (sheet.table === table ? sheet.rows.length : 0), 0);
  return {
    sheets,
    counts: { customers: newcomers.size, loans: placed.length, repayments: count('repayments'), outcomes: count('outcomes') },
    unwritten: { customers: newcomers, loans: new Set(placed.map(({ row }) => row.loan.externalId)) },
  };
}

/** The new customers of the batch by external id, their keys made in one go. */
async function newcomersOf(keys: KeyRing, placed: readonly PlacedRow[]): Promise<Map<string, RecordedCustomer>> {
  const names = placed.filter(({ customer }) => customer === 'new').map(({ row }) => row.customer.externalId);
  const made = await newCustomers(keys, names.length);
  return new Map(names.map((externalId, i) => [externalId, made[i]!]));
}

/** The same sheets in the same order for every slice. */
function makeSlice(by: string, placed: readonly PlacedRow[], newcomers: ReadonlyMap<string, RecordedCustomer>, synthetic: boolean, indexKeys: readonly KeyVersion[]): Sheet[] {
  const customers = customersOf(placed, newcomers);
  const fresh = placed.flatMap(({ row, customer }, i) => (customer === 'new' ? [{ made: customers[i]!, facts: newCustomer(row, synthetic) }] : []));
  const repeated = placed.flatMap(({ row, customer }, i) => (customer === 'new' ? [] : [{ customer: customers[i]!, facts: row.customer }]));
  const loans = loanSheets(by, placed.map(({ row }, i) => ({ customer: customers[i]!, loan: row.loan })));
  const refs = loans.ids.map((loanId, i): LoanRef => ({ customerId: customers[i]!.id, loanId }));
  const repayments = repaymentSheet(by, placed.flatMap(({ row }, i) => periodsOf(refs[i]!, row)));
  const outcomes = outcomeSheet(by, placed.flatMap(({ row: { outcome } }, i) => (outcome ? [{ ...refs[i]!, outcome }] : [])));
  const sheets = customerSheets(by, fresh.map(({ made }) => made), fresh.map(({ facts }) => facts), indexKeys);
  return [...sheets, ...factsSheets(by, repeated, indexKeys), ...loans.sheets, repayments, outcomes];
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
