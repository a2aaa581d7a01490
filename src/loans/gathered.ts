import type { LoanKind } from './import/book-row.js';

/** One plain value of a customer, loan or repayment, as it is stored and as a model's features read it; null is missing. */
export type GatheredValue = number | string | boolean | null;

export type GatheredFields = Readonly<Record<string, GatheredValue>>;

/** What models may see of a loan as of a time. Never identity, protected attributes, status or outcome. */
export interface GatheredRecord {
  /** Free attributes of the customer. */
  readonly customer: GatheredFields;
  /** `product`, `kind`, `currency`, `principal`, `creditLimit`, `annualRate`, `termMonths`, and free attributes. */
  readonly loan: GatheredFields;
  /**
   * One entry per period, newest first, at most {@link MOST_PERIODS}: `periodEnd` (RFC 3339, UTC), `amountDue`,
   * `amountPaid`, `balance`, `daysPastDue`, `status`. Amounts are in the loan's currency.
   */
  readonly repayments: readonly GatheredFields[];
}

export const MOST_PERIODS = 24;

/** What is known of a gathered loan beside the record: to route it by, never to score it with. */
export interface GatheredHead {
  readonly customerId: string;
  readonly loanId: string;
  readonly externalId: string;
  readonly product: string;
  readonly kind: LoanKind;
  readonly currency: string;
  readonly synthetic: boolean;
  /** The record holds what was true at this time. */
  readonly asOf: Date;
}

export interface GatheredLoan extends GatheredHead {
  readonly erased: false;
  readonly record: GatheredRecord;
  /** The latest recorded outcome, whenever it was known. */
  readonly outcome?: { readonly defaulted: boolean; readonly effectiveAt: Date; readonly knownAt: Date };
}

/** A loan whose customer's personal data was destroyed: it cannot be scored any more. */
export interface ErasedLoan extends GatheredHead {
  readonly erased: true;
}

export type Gathered = GatheredLoan | ErasedLoan;
