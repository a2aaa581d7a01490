import type { BookLoan, BookOutcome, BookRepayment, BookRow } from './book-row.js';
import { textUpTo, type Kind } from './kinds.js';
import { Refusal } from './refusal.js';
import { externalId, loanKinds, repaymentKinds } from './standard.js';

/** Clocks may differ by this much. */
const SKEW_MILLISECONDS = 5 * 60_000;

/** @returns why a fact of the row cannot be known yet, if it cannot */
export function futureFact(row: BookRow, now: Date): string | undefined {
  const times: readonly (readonly [string, Date | undefined])[] = [
    // What another time stands in for where it is not given comes after that one: a person is told of what they wrote.
    ['loan.effectiveAt', row.loan.effectiveAt],
    ['loan.decisionAt', row.loan.decisionAt],
    ['loan.completedAt', row.loan.completedAt],
    ['customer.effectiveAt', row.customer.effectiveAt],
    ['outcome.knownAt', row.outcome?.knownAt],
    ['outcome.effectiveAt', row.outcome?.effectiveAt],
    ...row.repayments.map(({ periodEnd }, i) => [`repayments[${i}].periodEnd`, periodEnd] as const),
  ];
  const limit = now.getTime() + SKEW_MILLISECONDS;
  const future = times.find(([, time]) => time !== undefined && time.getTime() > limit);
  return future && `${future[0]}: ${future[1]!.toISOString()} is in the future; record facts once they are true`;
}

const LONGEST_VALUE = textUpTo(65_535);

/**
 * Checks a row that came from elsewhere than a mapped file by the same rules as its cells would have been.
 * @returns the first thing that is wrong, if anything is
 */
export function invalidRow({ customer, loan, repayments, outcome }: BookRow): string | undefined {
  try {
    check('customer.externalId', externalId, customer.externalId);
    for (const section of ['identity', 'attributes', 'protected'] as const) checkValues(`customer.${section}`, customer[section]);
    const { effectiveAt: _effective, completedAt: _completed, decisionAt: _decision, ...loanFields } = loanKinds;
    checkSection('loan', loanFields, loan);
    checkValues('loan.attributes', loan.attributes);
    const { periodEnd: _end, ...periodFields } = repaymentKinds;
    for (const [i, period] of repayments.entries()) checkSection(`repayments[${i}]`, periodFields, period);
    checkPeriods(repayments);
    checkDecision(loan);
    if (outcome) checkOrder(loan, outcome);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

function checkSection<K extends string>(
  place: string,
  kinds: Readonly<Record<K, Kind<unknown>>>,
  section: Readonly<Partial<Record<NoInfer<K>, string | number>>>,
): void {
  for (const key of Object.keys(kinds) as K[]) {
    const value = section[key];
    if (value !== undefined) check(`${place}.${key}`, kinds[key], String(value));
  }
}

function checkValues(place: string, values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string') check(`${place}.${name}`, LONGEST_VALUE, value);
    if (typeof value === 'number' && !Number.isFinite(value)) throw new Refusal(`${place}.${name}: ${value} is not a finite number`);
  }
}

function check(place: string, kind: Kind<unknown>, value: string): void {
  try {
    kind.parse(value);
  } catch (error) {
    throw error instanceof Refusal ? new Refusal(`${place}: ${error.message}`) : error;
  }
}

const day = (at: Date): string => at.toISOString().slice(0, 10);

/** What is true of a loan only after its decision was not known then: nothing could be learned from the loan. */
export function checkDecision({ decisionAt, effectiveAt }: BookLoan): void {
  if (decisionAt === undefined || decisionAt >= effectiveAt) return;
  const show = day(decisionAt) === day(effectiveAt) ? (at: Date) => at.toISOString() : day;
  throw new Refusal(
    `loan.decisionAt ${show(decisionAt)} is before loan.effectiveAt ${show(effectiveAt)}: ` +
      'nothing would be known of the loan at its decision; set loan.effectiveAt to the decision or before it',
  );
}

/** An outcome that was known before the decision would let a model look into the future. */
export function checkOrder(loan: BookLoan, outcome: BookOutcome): void {
  const decided = loan.decisionAt ?? loan.effectiveAt;
  if (outcome.knownAt < outcome.effectiveAt) {
    throw new Refusal(`outcome.knownAt ${day(outcome.knownAt)} is before outcome.effectiveAt ${day(outcome.effectiveAt)}`);
  }
  if (outcome.knownAt < decided) {
    throw new Refusal(`outcome.knownAt ${day(outcome.knownAt)} is before the loan was decided (${day(decided)})`);
  }
}

/** Each period once, and each says something. */
export function checkPeriods(repayments: readonly BookRepayment[]): void {
  const ends = new Set(repayments.map(({ periodEnd }) => periodEnd.getTime()));
  if (ends.size < repayments.length) throw new Refusal('repayments: two periods end on the same date');
  const silent = repayments.find(({ periodEnd: _end, ...said }) => Object.values(said).every((value) => value === undefined));
  if (silent) throw new Refusal(`repayments: nothing is said of the period that ends ${day(silent.periodEnd)}`);
}
