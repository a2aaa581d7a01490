import { changed, effectiveTime, type NamedChange, type PlainRecord } from '../customers/index.js';
import { badInput, decimalText, type Context } from '../platform/index.js';
import type { BookOutcome, BookRepayment } from './import/book-row.js';
import { isCurrency } from './import/standard.js';
import type { RecordOutcomeInput, RepaymentInput } from './loan.inputs.js';
import { PRODUCT } from './product.js';

const MOST_MONTHS = 1_200;
const MOST_DAYS = 36_500;
const HIGHEST_RATE = 10;
const TERMS = new Set(['product', 'kind', 'currency', 'principal', 'creditLimit', 'annualRate', 'termMonths']);

export function checkedProduct(product: string): string {
  if (PRODUCT.test(product)) return product;
  throw badInput(`product: "${product.slice(0, 80)}" is not in kebab-case. Write it like credit-card: small letters, digits and hyphens, at most 63.`);
}

export function checkedCurrency(currency: string): string {
  if (isCurrency(currency)) return currency;
  throw badInput(`currency: "${currency.slice(0, 20)}" is not an ISO 4217 code. Write it like EUR.`);
}

/** An amount of zero or more, as canonical text. */
export function checkedAmount(value: string, where: string): string {
  const text = decimalText(value, where);
  if (text.startsWith('-')) throw badInput(`${where}: ${text} is negative. Amounts are zero or more.`);
  return text;
}

export function checkedRate(value: string): string {
  const text = decimalText(value, 'annualRate', { scale: 6 });
  if (text.startsWith('-') || Number(text) > HIGHEST_RATE) {
    throw badInput(`annualRate: ${text} is not a yearly rate from 0 to ${HIGHEST_RATE}. It is a fraction: write 0.049 for 4.9 %.`);
  }
  return text;
}

export const checkedTerm = (months: number): number => wholeNumber(months, 'termMonths', 1, MOST_MONTHS);

function wholeNumber(value: number, where: string, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw badInput(`${where}: ${value} is not a whole number from ${low} to ${high.toLocaleString('en')}.`);
}

/** Free attributes after changes. @throws BAD_INPUT for one that bears the name of a term */
export function changedAttributes(before: PlainRecord, changes: readonly NamedChange[] | null | undefined, where = 'attributes'): PlainRecord {
  const term = changes?.find(({ name }) => TERMS.has(name))?.name;
  if (term !== undefined) throw badInput(`${where}: "${term}" is a term of the loan. Pass it as the field ${term}, not as an attribute.`);
  return changed(before, changes, where);
}

/** Periods as they are recorded. @throws BAD_INPUT naming the period by its place in the list */
export function checkedRepayments(ctx: Context, periods: readonly RepaymentInput[]): BookRepayment[] {
  const ends = new Set<number>();
  return periods.map((period, index) => {
    const where = `repayments[${index}]`;
    const repayment = checkedRepayment(ctx, period, where);
    const end = repayment.periodEnd.getTime();
    if (ends.has(end)) throw badInput(`${where}.periodEnd: ${repayment.periodEnd.toISOString()} is given twice. Give each period once.`);
    ends.add(end);
    return repayment;
  });
}

function checkedRepayment(ctx: Context, { periodEnd, ...said }: RepaymentInput, where: string): BookRepayment {
  const { amountDue, amountPaid, balance, daysPastDue, status } = said;
  if (Object.values(said).every((value) => value == null)) throw badInput(`${where}: nothing is said of the period. Give at least one amount, daysPastDue or status.`);
  return {
    periodEnd: effectiveTime(ctx, periodEnd, `${where}.periodEnd`),
    ...(amountDue != null && { amountDue: checkedAmount(amountDue, `${where}.amountDue`) }),
    ...(amountPaid != null && { amountPaid: checkedAmount(amountPaid, `${where}.amountPaid`) }),
    ...(balance != null && { balance: decimalText(balance, `${where}.balance`) }),
    ...(daysPastDue != null && { daysPastDue: wholeNumber(daysPastDue, `${where}.daysPastDue`, 0, MOST_DAYS) }),
    ...(status != null && { status }),
  };
}

/**
 * An outcome as it is recorded.
 * @param decidedAt when the loan was decided: an outcome known before that would let a model look into the future
 */
export function checkedOutcome(ctx: Context, input: RecordOutcomeInput, decidedAt: Date | undefined): BookOutcome {
  const knownAt = effectiveTime(ctx, input.knownAt, 'knownAt');
  const effectiveAt = input.effectiveAt ?? knownAt;
  if (knownAt < effectiveAt) throw badInput(`knownAt: ${knownAt.toISOString()} is before effectiveAt ${effectiveAt.toISOString()}. An outcome is known when it has happened.`);
  if (decidedAt && knownAt < decidedAt) throw badInput(`knownAt: ${knownAt.toISOString()} is before the loan was decided (${decidedAt.toISOString()}).`);
  return { defaulted: input.defaulted, effectiveAt, knownAt };
}
