import { PERIODS, type SyntheticPeriod } from './history.js';
import { DECISION_MONTHS, FIRST_YEAR } from './loan.js';
import type { SyntheticRow } from './rows.js';

type Cell<T> = (of: T) => string | number;

const CUSTOMER_AND_LOAN: Readonly<Record<string, Cell<SyntheticRow>>> = {
  customer_id: ({ person }) => person.id,
  name: ({ person }) => person.name,
  email: ({ person }) => person.email,
  birth_date: ({ person }) => person.birthDate,
  sex: ({ person }) => person.sex,
  age_band: ({ person }) => person.ageBand,
  region: ({ person }) => person.region,
  employment: ({ person }) => person.employment,
  employment_years: ({ person }) => person.employmentYears,
  dependants: ({ person }) => person.dependants,
  monthly_income_eur: ({ person }) => person.income.toFixed(2),
  loan_id: ({ loan }) => loan.id,
  product: ({ loan }) => loan.product,
  kind: ({ loan }) => loan.kind,
  currency: ({ loan }) => loan.currency,
  principal: ({ loan }) => loan.principal.toFixed(2),
  credit_limit: ({ loan }) => loan.creditLimit?.toFixed(2) ?? '',
  annual_rate: ({ loan }) => loan.annualRate,
  term_months: ({ loan }) => loan.termMonths ?? '',
  instalment_to_income: ({ loan }) => loan.burden,
  decision_date: ({ loan }) => dayOf(loan.decisionMonth, loan.decisionDay),
};

const PERIOD: Readonly<Record<string, Cell<SyntheticPeriod & { month: number }>>> = {
  end: ({ month }) => monthEnd(month),
  due: ({ due }) => due.toFixed(2),
  paid: ({ paid }) => paid.toFixed(2),
  balance: ({ balance }) => balance.toFixed(2),
  days_past_due: ({ daysPastDue }) => daysPastDue,
  status: ({ status }) => status,
};

/** Outcomes take a year to be known; those of the last month of decisions are not yet, when the book is closed. */
const HORIZON_MONTHS = 12;
const isOpen = ({ loan }: SyntheticRow): boolean => loan.decisionMonth === DECISION_MONTHS - 1;

const OUTCOME: Readonly<Record<string, Cell<SyntheticRow>>> = {
  defaulted: (row) => (isOpen(row) ? '' : Number(row.defaulted)),
  outcome_known: (row) => (isOpen(row) ? '' : dayOf(row.loan.decisionMonth + HORIZON_MONTHS, row.loan.decisionDay)),
};

/** Period 1 (`p1_…`) is the newest. */
export const COLUMNS: readonly string[] = [
  ...Object.keys(CUSTOMER_AND_LOAN),
  ...Array.from({ length: PERIODS }, (_, i) => Object.keys(PERIOD).map((name) => `p${i + 1}_${name}`)).flat(),
  ...Object.keys(OUTCOME),
];

export function csvLine(row: SyntheticRow): string {
  const cells = cellsOf(CUSTOMER_AND_LOAN, row);
  for (let back = 1; back <= PERIODS; back++) {
    cells.push(...cellsOf(PERIOD, { ...row.periods[PERIODS - back]!, month: row.loan.decisionMonth - back }));
  }
  cells.push(...cellsOf(OUTCOME, row));
  return `${cells.join(',')}\n`;
}

const cellsOf = <T>(columns: Readonly<Record<string, Cell<T>>>, of: T): (string | number)[] =>
  Object.values(columns).map((cell) => cell(of));

/** A day of a month that is counted from January of the first year. */
const dayOf = (month: number, day: number): string => new Date(Date.UTC(FIRST_YEAR, month, day)).toISOString().slice(0, 10);

const monthEnd = (month: number): string => dayOf(month + 1, 0);
