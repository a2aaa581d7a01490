import { limited, type Draw } from './draw.js';
import { CURRENCIES, type Currency, type SyntheticPerson } from './person.js';

export interface SyntheticLoan {
  readonly id: string;
  readonly product: 'personal-loan' | 'car-loan' | 'credit-card' | 'overdraft';
  readonly kind: 'INSTALMENT' | 'REVOLVING';
  readonly currency: Currency;
  /** In `currency`, like every amount of the loan. */
  readonly principal: number;
  readonly creditLimit: number | undefined;
  /** Fraction a year. */
  readonly annualRate: number;
  readonly termMonths: number | undefined;
  /** What one month takes, in `currency`: the annuity, or a twentieth of the limit. */
  readonly monthlyDue: number;
  /** `monthlyDue` as a share of income. */
  readonly burden: number;
  /** Months since January 2022, and day of the month. */
  readonly decisionMonth: number;
  readonly decisionDay: number;
}

/** Decisions are spread over two years from here. */
export const FIRST_YEAR = 2022;
export const DECISION_MONTHS = 24;

const PRODUCTS = { 'personal-loan': 0.28, 'car-loan': 0.17, 'credit-card': 0.38, overdraft: 0.17 } as const;

export function drawLoan(draw: Draw, person: SyntheticPerson, ordinal: number): SyntheticLoan {
  const product = draw.weighted(PRODUCTS);
  const kind = product === 'credit-card' || product === 'overdraft' ? 'REVOLVING' : 'INSTALMENT';
  const terms = kind === 'REVOLVING' ? drawLimit(draw, person, product) : drawTerms(draw, person, product);
  return {
    id: `L${person.id.slice(1)}-${ordinal}`,
    product,
    kind,
    currency: person.currency,
    ...terms,
    burden: Math.round((1000 * terms.monthlyDue) / (person.income * CURRENCIES[person.currency])) / 1000,
    decisionMonth: draw.whole(0, DECISION_MONTHS - 1),
    decisionDay: draw.whole(1, 28),
  };
}

type Terms = Pick<SyntheticLoan, 'principal' | 'creditLimit' | 'annualRate' | 'termMonths' | 'monthlyDue'>;

function drawLimit(draw: Draw, person: SyntheticPerson, product: SyntheticLoan['product']): Terms {
  const months = product === 'credit-card' ? draw.between(0.8, 4) : draw.between(0.3, 1.5);
  const creditLimit = round100(person.income * months * CURRENCIES[person.currency]);
  const annualRate = drawRate(draw, 0.14);
  return { principal: creditLimit, creditLimit, annualRate, termMonths: undefined, monthlyDue: creditLimit / 20 };
}

function drawTerms(draw: Draw, person: SyntheticPerson, product: SyntheticLoan['product']): Terms {
  const termMonths = 12 * draw.whole(product === 'car-loan' ? 2 : 1, 7);
  const burden = draw.between(0.04, 0.45);
  const annualRate = drawRate(draw, product === 'car-loan' ? 0.055 : 0.085);
  const rate = annualRate / 12;
  const affordable = (person.income * burden * (1 - (1 + rate) ** -termMonths)) / rate;
  const principal = round100(limited(affordable, 500, 90_000) * CURRENCIES[person.currency]);
  const monthlyDue = (principal * rate) / (1 - (1 + rate) ** -termMonths);
  return { principal, creditLimit: undefined, annualRate, termMonths, monthlyDue };
}

const drawRate = (draw: Draw, usual: number): number =>
  Math.round(10_000 * limited(usual * Math.exp(0.3 * draw.normal()), 0.01, 0.35)) / 10_000;

const round100 = (amount: number): number => 100 * Math.max(1, Math.round(amount / 100));
