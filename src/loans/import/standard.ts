import { LOAN_KINDS, LOAN_STATUSES, REPAYMENT_STATUSES } from './book-row.js';
import { boolean, date, decimal, integer, oneOf, such, textUpTo } from './kinds.js';
import { PRODUCT } from '../product.js';

/** A caller's own id of a customer or a loan. */
export const externalId = textUpTo(200);

/** ISO 4217 codes by name, past ones (DEM) among them; the list of current ones would refuse old books. */
const currencyNames = new Intl.DisplayNames('en', { type: 'currency', fallback: 'none' });
const currencies = new Map<string, boolean>();

export function isCurrency(code: string): boolean {
  if (!/^[A-Z]{3}$/.test(code)) return false;
  const known = currencies.get(code) ?? currencyNames.of(code) !== undefined;
  currencies.set(code, known);
  return known;
}


const amount = decimal({ low: 0, places: 4, expects: 'an amount of zero or more' });

/** What each field of a loan accepts. */
export const loanKinds = {
  externalId,
  effectiveAt: date,
  product: such((value) => PRODUCT.test(value), 'a product in kebab-case like credit-card'),
  kind: oneOf(LOAN_KINDS),
  status: oneOf(LOAN_STATUSES),
  currency: such(isCurrency, 'an ISO 4217 currency code like EUR'),
  principal: amount,
  creditLimit: amount,
  annualRate: decimal({
    low: 0,
    high: 10,
    places: 6,
    expects: 'a yearly rate from 0 to 10 as a fraction (0.049 is 4.9 %; "scale": 0.01 turns per cent into it)',
  }),
  termMonths: integer(1, 1200),
  completedAt: date,
  decisionAt: date,
} as const;

export const repaymentKinds = {
  periodEnd: date,
  amountDue: amount,
  amountPaid: amount,
  balance: decimal({ places: 4, expects: 'an amount' }),
  daysPastDue: integer(0, 36_500),
  status: oneOf(REPAYMENT_STATUSES),
} as const;

export const outcomeKinds = { defaulted: boolean, effectiveAt: date, knownAt: date } as const;
