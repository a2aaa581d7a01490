import { cents, limited, sigmoid, type Draw } from './draw.js';
import type { SyntheticLoan } from './loan.js';
import type { SyntheticPerson } from './person.js';

/** One month of a loan, in its currency. */
export interface SyntheticPeriod {
  readonly due: number;
  readonly paid: number;
  readonly balance: number;
  readonly daysPastDue: number;
  readonly status: 'NOT_USED' | 'PAID_IN_FULL' | 'PARTLY_PAID' | 'LATE';
}

export const PERIODS = 6;

/** The six months before the decision, oldest first. Careless people and stretched budgets pay late, in runs. */
export function drawHistory(draw: Draw, person: SyntheticPerson, loan: SyntheticLoan): SyntheticPeriod[] {
  const next = loan.kind === 'REVOLVING' ? revolvingMonths(draw, person, loan) : instalmentMonths(draw, person, loan);
  return Array.from({ length: PERIODS }, next);
}

function lateness(draw: Draw, person: SyntheticPerson): (strain: number) => number {
  let daysPastDue = 0;
  return (strain) => {
    const late = draw.chance(sigmoid(-3.3 - 0.9 * person.care + strain + (daysPastDue > 0 ? 2 : 0)));
    daysPastDue = late ? daysPastDue + 30 : 0;
    return daysPastDue;
  };
}

function revolvingMonths(draw: Draw, person: SyntheticPerson, loan: SyntheticLoan): () => SyntheticPeriod {
  const nextDaysPastDue = lateness(draw, person);
  let used = draw.chance(0.12) ? 0 : sigmoid(-0.4 - 0.7 * person.care + 1.2 * draw.normal());
  const drift = used === 0 ? 0 : 0.05 * draw.normal() - 0.01 * person.care;
  return () => {
    const before = used * loan.principal;
    const due = cents(before / 20);
    const daysPastDue = due === 0 ? 0 : nextDaysPastDue(used > 0.8 ? 1 : 0);
    const inFull = draw.chance(sigmoid(person.care - 3 * used));
    const paid = daysPastDue > 0 ? due * draw.between(0, 0.6) : inFull ? before : due * draw.between(1, 1.8);
    used = used === 0 ? 0 : limited(used + drift + 0.04 * draw.normal(), 0.01, 1.05);
    const status = due === 0 ? 'NOT_USED' : daysPastDue > 0 ? 'LATE' : inFull ? 'PAID_IN_FULL' : 'PARTLY_PAID';
    return { due, paid: cents(paid), balance: cents(used * loan.principal), daysPastDue, status };
  };
}

function instalmentMonths(draw: Draw, person: SyntheticPerson, loan: SyntheticLoan): () => SyntheticPeriod {
  const nextDaysPastDue = lateness(draw, person);
  const due = cents(loan.monthlyDue);
  let balance = loan.principal * draw.between(0.55, 1);
  return () => {
    const daysPastDue = nextDaysPastDue(loan.burden > 0.3 ? 0.8 : 0);
    const paid = daysPastDue > 0 ? cents(due * draw.between(0, 0.7)) : due;
    balance = Math.max(0, balance * (1 + loan.annualRate / 12) - paid);
    const status = daysPastDue > 0 ? 'LATE' : 'PAID_IN_FULL';
    return { due, paid, balance: cents(balance), daysPastDue, status };
  };
}
