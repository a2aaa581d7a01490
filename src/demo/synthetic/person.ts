import { cents, limited, type Draw } from './draw.js';

/** Units of each currency that are worth about one euro. */
export const CURRENCIES = { EUR: 1, USD: 1.1, GBP: 0.85, CHF: 0.95, CNY: 7.5 } as const;
export type Currency = keyof typeof CURRENCIES;

export interface SyntheticPerson {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly birthDate: string;
  readonly sex: 'female' | 'male';
  readonly ageBand: string;
  readonly region: string;
  readonly currency: Currency;
  readonly employment: 'permanent' | 'temporary' | 'self-employed' | 'retired' | 'without';
  readonly employmentYears: number;
  readonly dependants: number;
  /** Monthly, in euros, whatever the currency of the loans. */
  readonly income: number;
  /** Standard normal; how carefully the person pays. Never written: it shows in the repayments only. */
  readonly care: number;
}

const EMPLOYMENTS = { permanent: 0.58, temporary: 0.14, 'self-employed': 0.14, retired: 0.08, without: 0.06 } as const;
const INCOME_FACTORS = { permanent: 1.1, temporary: 0.8, 'self-employed': 1.15, retired: 0.75, without: 0.4 } as const;

/** Sex and age are drawn apart from everything else: a model can learn nothing from them. */
export function drawPerson(draw: Draw, number: number): SyntheticPerson {
  const label = String(number).padStart(5, '0');
  const employment = draw.weighted(EMPLOYMENTS);
  const works = employment !== 'retired' && employment !== 'without';
  const age = draw.whole(30, 69);
  return {
    id: `C${label}`,
    name: `Synthetic Customer ${label}`,
    email: `customer-${label}@synthetic.example`,
    birthDate: `${2021 - age}-${two(draw.whole(1, 12))}-${two(draw.whole(1, 28))}`,
    sex: draw.chance(0.5) ? 'female' : 'male',
    ageBand: `${Math.floor(age / 10) * 10}-${Math.floor(age / 10) * 10 + 9}`,
    region: draw.weighted({ capital: 0.3, coast: 0.25, highlands: 0.2, midlands: 0.25 }),
    currency: draw.weighted({ EUR: 0.5, USD: 0.2, GBP: 0.12, CHF: 0.08, CNY: 0.1 }),
    employment,
    employmentYears: works ? Math.round(10 * limited(-4 * Math.log(1 - draw.between(0, 1)), 0, 12)) / 10 : 0,
    dependants: limited(Math.floor(-1.2 * Math.log(1 - draw.between(0, 1))), 0, 5),
    income: cents(limited(2_600 * INCOME_FACTORS[employment] * Math.exp(0.45 * draw.normal()), 500, 20_000)),
    care: draw.normal(),
  };
}

export const two = (number: number): string => String(number).padStart(2, '0');
