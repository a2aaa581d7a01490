import type { GatheredValue } from '../gathered.js';

export const LOAN_KINDS = ['INSTALMENT', 'REVOLVING'] as const;
export type LoanKind = (typeof LOAN_KINDS)[number];

export const LOAN_STATUSES = ['APPLICATION', 'ON_BOOK', 'CLOSED', 'CHARGED_OFF'] as const;
export type LoanStatus = (typeof LOAN_STATUSES)[number];

export const REPAYMENT_STATUSES = ['NOT_USED', 'PAID_IN_FULL', 'PARTLY_PAID', 'LATE'] as const;
export type RepaymentStatus = (typeof REPAYMENT_STATUSES)[number];

export type Attributes = Record<string, GatheredValue>;

export interface BookCustomer {
  externalId: string;
  effectiveAt: Date;
  /** Personal data: name, birthDate (YYYY-MM-DD), email, … */
  identity: Record<string, string>;
  attributes: Attributes;
  /** Kept apart; never a model input. */
  protected: Attributes;
}

export interface BookLoan {
  externalId: string;
  effectiveAt: Date;
  /** Kebab-case, for example `credit-card`. */
  product: string;
  kind: LoanKind;
  status: LoanStatus;
  /** ISO 4217. */
  currency: string;
  /** Decimal, in units of `currency`. */
  principal: string;
  creditLimit?: string;
  /** Decimal fraction a year: 0.049 is 4.9 %. */
  annualRate?: string;
  termMonths?: number;
  /** When the application was complete; absent while something is missing. */
  completedAt?: Date;
  decisionAt?: Date;
  attributes: Attributes;
}

/** One period of a loan's history; money in the loan's currency. */
export interface BookRepayment {
  periodEnd: Date;
  amountDue?: string;
  amountPaid?: string;
  /** Owed at the end of the period; negative when overpaid. */
  balance?: string;
  daysPastDue?: number;
  status?: RepaymentStatus;
}

export interface BookOutcome {
  defaulted: boolean;
  effectiveAt: Date;
  knownAt: Date;
}

/** One row of a book: a customer with one loan, its history and, when known, what became of it. */
export interface BookRow {
  /** Line of the file on which the row starts; the first line is 1. */
  line: number;
  customer: BookCustomer;
  loan: BookLoan;
  repayments: BookRepayment[];
  outcome?: BookOutcome;
}

/** A row that was not taken, why, and its text as it stood in the file. */
export interface RejectedRow {
  line: number;
  reason: string;
  raw: string;
}

/** A row that was read; `raw` is its text, in case it is rejected later on. */
export interface TakenEntry {
  row: BookRow;
  raw: string;
}

export type BookEntry = TakenEntry | { rejected: RejectedRow };

/** Longest text of a rejected row that is kept. */
const MAX_RAW = 10_000;

export const rejectedRow = ({ row, raw }: { row: Pick<BookRow, 'line'>; raw: string }, reason: string): RejectedRow => ({
  line: row.line,
  reason,
  raw: raw.slice(0, MAX_RAW),
});
