import { Decimal } from 'decimal.js';
import type { Money } from '../../loans/index.js';
import { DAY } from '../../platform/index.js';
import type { PredictionRow } from '../history/prediction.queries.js';
import type { ProfileLoan } from './profile.queries.js';

const LATE_DAYS = 30;
const STALE_DAYS = 365;

/** The prediction that stands for a customer: the worst of the newest ones of their loans. */
export function worstOf(loans: readonly ProfileLoan[]): PredictionRow | undefined {
  const predictions = loans.flatMap(({ prediction }) => (prediction ? [prediction] : []));
  return predictions.reduce<PredictionRow | undefined>((worst, one) => (worst && worst.pd! >= one.pd! ? worst : one), undefined);
}

/** What is owed on the book, for each currency, in the order of their codes. */
export function exposuresOf(loans: readonly ProfileLoan[]): Money[] {
  const sums = new Map<string, Decimal>();
  for (const { currency, exposure } of loans) {
    if (exposure !== null) sums.set(currency, (sums.get(currency) ?? new Decimal(0)).plus(exposure));
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([currency, amount]) => ({ currency, amount: amount.toFixed() }));
}

/** What a reader of the profile should know before relying on it. */
export function warningsOf(loans: readonly ProfileLoan[], now: Date): string[] {
  const unscored = loans.filter(({ prediction }) => !prediction).length;
  const late = loans.filter(({ days_past_due: days }) => (days ?? 0) >= LATE_DAYS).length;
  const stale = loans.filter(({ prediction }) => prediction && now.getTime() - prediction.created_at.getTime() > STALE_DAYS * DAY).length;
  return [
    ...(unscored > 0 ? [`${loansText(unscored)} never scored.`] : []),
    ...(late > 0 ? [`${loansText(late)} ${LATE_DAYS} days past due or more.`] : []),
    ...(stale > 0 ? [`${loansText(stale)} scored more than a year ago.`] : []),
  ];
}

const loansText = (count: number): string => (count === 1 ? '1 loan was' : `${count} loans were`);
