import { limited, sigmoid } from './draw.js';
import type { SyntheticPeriod } from './history.js';
import type { SyntheticLoan } from './loan.js';
import type { SyntheticPerson } from './person.js';

/**
 * The probability of default from which the outcomes of the synthetic book are drawn. It is a function of what the
 * book tells (never of sex or age) and bends on purpose: thresholds, saturation and interactions that a linear
 * scorecard cannot follow.
 * @param periods oldest first
 */
export function syntheticTruePd(person: SyntheticPerson, loan: SyntheticLoan, periods: readonly SyntheticPeriod[]): number {
  const standing = standingOf(loan, periods);
  return sigmoid(-3.75 + behaviour(standing) + affordability(person, loan) + work(person) + terms(loan, standing));
}

interface Standing {
  /** Newest balance as a share of the limit; 0 for instalment loans. */
  utilisation: number;
  /** Change of utilisation over the history. */
  growth: number;
  monthsLate: number;
  worstDaysPastDue: number;
}

function standingOf({ kind, principal }: SyntheticLoan, periods: readonly SyntheticPeriod[]): Standing {
  const used = (period: SyntheticPeriod): number => (kind === 'REVOLVING' ? period.balance / principal : 0);
  return {
    utilisation: used(periods.at(-1)!),
    growth: used(periods.at(-1)!) - used(periods[0]!),
    monthsLate: periods.filter(({ daysPastDue }) => daysPastDue > 0).length,
    worstDaysPastDue: Math.max(...periods.map(({ daysPastDue }) => daysPastDue)),
  };
}

/** The first late month says most; late on a nearly drawn limit says more than the two apart. */
function behaviour({ utilisation, growth, monthsLate, worstDaysPastDue }: Standing): number {
  const late = 1.5 * (1 - Math.exp(-monthsLate)) + (worstDaysPastDue >= 60 ? 0.9 : 0);
  const drawn = 2.6 * Math.max(0, utilisation - 0.55);
  const together = monthsLate > 0 && utilisation > 0.7 ? 0.8 : 0;
  return late + drawn + together + (growth > 0.15 ? 0.7 : 0);
}

/** Nothing below 28 % of income, then steeply more, to a limit; more again with people to maintain. */
function affordability({ income, dependants }: SyntheticPerson, { burden }: SyntheticLoan): number {
  const stretched = limited(9 * (burden - 0.28), 0, 1.5);
  return stretched * (1 + 0.15 * dependants) - 0.5 * Math.log(limited(income, 700, 6_000) / 2_500);
}

function work({ employment, employmentYears }: SyntheticPerson): number {
  if (employment === 'without') return 0.9;
  if (employment === 'self-employed') return employmentYears < 2 ? 1.3 : 0;
  if (employment === 'temporary') return 0.4;
  return employmentYears >= 6 ? -0.5 : 0;
}

function terms({ termMonths = 0, annualRate }: SyntheticLoan, { monthsLate }: Standing): number {
  const dear = annualRate > 0.1 && termMonths >= 60 ? 0.8 : 0;
  return dear + (monthsLate === 0 && annualRate < 0.06 ? -0.3 : 0);
}
