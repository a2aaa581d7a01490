import { Draw } from './draw.js';
import { drawHistory, type SyntheticPeriod } from './history.js';
import { drawLoan, type SyntheticLoan } from './loan.js';
import { drawPerson, type SyntheticPerson } from './person.js';
import { syntheticTruePd } from './risk.js';

/** One row of the synthetic book, with the probability from which its outcome was drawn. */
export interface SyntheticRow {
  readonly person: SyntheticPerson;
  readonly loan: SyntheticLoan;
  /** Oldest first. */
  readonly periods: readonly SyntheticPeriod[];
  readonly truePd: number;
  readonly defaulted: boolean;
}

/** The loans of one invented customer after another: one for most, two or three for a few. */
export function* syntheticRows(customers: number, seed: number): Generator<SyntheticRow> {
  const draw = new Draw(seed);
  for (let number = 1; number <= customers; number++) {
    const person = drawPerson(draw, number);
    const loans = Number(draw.weighted({ 1: 0.76, 2: 0.19, 3: 0.05 }));
    for (let ordinal = 1; ordinal <= loans; ordinal++) {
      const loan = drawLoan(draw, person, ordinal);
      const periods = drawHistory(draw, person, loan);
      const truePd = syntheticTruePd(person, loan, periods);
      yield { person, loan, periods, truePd, defaulted: draw.chance(truePd) };
    }
  }
}
