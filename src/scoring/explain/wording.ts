import type { InputValue } from '../features/gathered.js';
import type { FeatureSpec } from '../features/spec.js';
import { isNumeric } from '../features/spec.js';
import { categoriesOf, numberOf, type Typical } from './typical.js';

export type Language = 'en';

interface Phrases {
  readonly locale: string;
  value(label: string, value: string, spec: FeatureSpec): string;
  missing(label: string): string;
  typically(text: string): string;
}

const PHRASES: Record<Language, Phrases> = {
  en: {
    locale: 'en-GB',
    value: (label, value, spec) => `${label}${spec.type === 'sequence' ? (isNumeric(spec) ? ', on average' : ', newest first:') : ''} ${value}`,
    missing: (label) => `${label} is missing`,
    typically: (text) => ` — approved applicants typically ${text}`,
  },
};

/** Thin space before a unit, and no line break there. */
const SPACE = ' ';

function digitsFor(x: number): number {
  const size = Math.abs(x);
  return size >= 100 || Number.isInteger(x) ? 0 : size >= 1 ? 1 : 2;
}

function numberText(x: number, locale: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: digitsFor(x) }).format(x);
}

/** Number and unit apart, so that a range writes its unit once. */
function inUnit(x: number, spec: FeatureSpec, locale: string): { number: string; unit: string } {
  if (spec.unit === 'ratio') return { number: new Intl.NumberFormat(locale, { maximumFractionDigits: Math.abs(x) < 0.1 ? 1 : 0 }).format(x * 100), unit: `${SPACE}%` };
  return { number: numberText(x, locale), unit: spec.unit === undefined ? '' : `${SPACE}${spec.unit}` };
}

function typicalText(typical: Typical, spec: FeatureSpec, locale: string): string | undefined {
  if (typical.kind === 'none') return undefined;
  if (typical.kind === 'category') return typical.value;
  const [low, high] = [inUnit(typical.p25, spec, locale), inUnit(typical.p75, spec, locale)];
  return low.number === high.number ? `${low.number}${low.unit}` : `${low.number}–${high.number}${high.unit}`;
}

/** Newest first, repetitions counted: "LATE ×2, PAID_IN_FULL ×4". */
function categoryText(categories: readonly string[]): string | undefined {
  const runs: { category: string; times: number }[] = [];
  for (const category of categories) {
    const run = runs.at(-1);
    if (run?.category === category) run.times++;
    else runs.push({ category, times: 1 });
  }
  if (runs.length === 0) return undefined;
  return runs.map(({ category, times }) => (times === 1 ? category : `${category} ×${times}`)).join(', ');
}

function valueText(value: InputValue, spec: FeatureSpec, locale: string): string | undefined {
  if (!isNumeric(spec)) return categoryText(categoriesOf(value));
  const x = numberOf(value);
  if (x === null) return undefined;
  const { number, unit } = inUnit(x, spec, locale);
  return `${number}${unit}`;
}

/** "Credit utilisation 92 % — approved applicants typically 20–45 %" */
export function reasonText(spec: FeatureSpec, value: InputValue, typical: Typical, language: Language): string {
  const phrases = PHRASES[language];
  const own = valueText(value, spec, phrases.locale);
  const others = typicalText(typical, spec, phrases.locale);
  const statement = own === undefined ? phrases.missing(spec.label) : phrases.value(spec.label, own, spec);
  return statement + (others === undefined ? '' : phrases.typically(others));
}
