import { MOST_PERIODS, type GatheredRecord } from '../gathered.js';
import type { BookLoan, BookRepayment, BookRow } from './book-row.js';

/**
 * What models may see of a row of a book that was not imported: the record that importing the row and gathering its
 * loan would give.
 * @param asOf facts and repayments count that were true by then
 * @returns undefined where nothing was true of the loan yet
 */
export function recordOfRow({ customer, loan, repayments }: Omit<BookRow, 'line'>, asOf: Date): GatheredRecord | undefined {
  if (loan.effectiveAt > asOf) return undefined;
  return {
    customer: customer.effectiveAt > asOf ? {} : customer.attributes,
    // A free attribute cannot stand in for a term of the loan.
    loan: { ...loan.attributes, ...termsOf(loan) },
    repayments: repayments
      .filter(({ periodEnd }) => periodEnd <= asOf)
      .sort((a, b) => b.periodEnd.getTime() - a.periodEnd.getTime())
      .slice(0, MOST_PERIODS)
      .map(periodOf),
  };
}

const termsOf = ({ product, kind, currency, principal, creditLimit, annualRate, termMonths }: BookLoan): GatheredRecord['loan'] => ({
  product,
  kind,
  currency,
  principal: Number(principal),
  creditLimit: numberOf(creditLimit),
  annualRate: numberOf(annualRate),
  termMonths: termMonths ?? null,
});

const periodOf = ({ periodEnd, amountDue, amountPaid, balance, daysPastDue, status }: BookRepayment): GatheredRecord['repayments'][number] => ({
  periodEnd: periodEnd.toISOString(),
  amountDue: numberOf(amountDue),
  amountPaid: numberOf(amountPaid),
  balance: numberOf(balance),
  daysPastDue: daysPastDue ?? null,
  status: status ?? null,
});

const numberOf = (decimal: string | undefined): number | null => (decimal === undefined ? null : Number(decimal));
