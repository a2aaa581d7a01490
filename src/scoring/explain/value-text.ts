import type { InputValue } from '../features/gathered.js';
import { isNumeric, type FeatureSpec } from '../features/spec.js';
import { categoryLabel, unitLabel, type Language } from './catalogue.js';
import { categoriesOf, numberOf, type Typical } from './typical.js';

interface Conventions {
  readonly locale: string;
  readonly percent: string;
  readonly between: string;
  readonly times: (category: string, times: number) => string;
}

const CONVENTIONS: Readonly<Record<Language, Conventions>> = {
  en: { locale: 'en-GB', percent: ' %', between: ', ', times: (category, times) => `${category} ×${times}` },
  zh: { locale: 'zh-CN', percent: '%', between: '、', times: (category, times) => `${category}×${times}` },
};

function digitsFor(x: number): number {
  const size = Math.abs(x);
  return size >= 100 || Number.isInteger(x) ? 0 : size >= 1 ? 1 : 2;
}

/** Made once: to make one takes longer than all else that a reason is worded with. */
const formats = new Map<string, Intl.NumberFormat>();

function numberText(x: number, digits: number, { locale }: Conventions): string {
  const name = `${locale} ${digits}`;
  const format = formats.get(name) ?? new Intl.NumberFormat(locale, { maximumFractionDigits: digits, signDisplay: 'negative' });
  formats.set(name, format);
  return format.format(x);
}

/** A share as percent. */
export function percentText(x: number, digits: number, language: Language): string {
  const conventions = CONVENTIONS[language];
  return `${numberText(x * 100, digits, conventions)}${conventions.percent}`;
}

/** Number and unit apart, so that a range writes its unit once. */
function inUnit(x: number, spec: FeatureSpec, language: Language): { number: string; unit: string } {
  const conventions = CONVENTIONS[language];
  if (spec.unit === 'ratio') return { number: numberText(x * 100, Math.abs(x) < 0.1 ? 1 : 0, conventions), unit: conventions.percent };
  const unit = unitLabel(spec, language);
  const number = numberText(x, digitsFor(x), conventions);
  if (unit === undefined) return { number, unit: '' };
  return { number, unit: unit.startsWith('/') ? unit : ` ${unit}` };
}

/** A number of a feature with its unit: "92 %", "30 天". */
function quantityText(x: number, spec: FeatureSpec, language: Language): string {
  const { number, unit } = inUnit(x, spec, language);
  return `${number}${unit}`;
}

/** Chinese writes the percent sign at both ends of a range. */
function rangeText(low: number, high: number, spec: FeatureSpec, language: Language): string {
  const [from, to] = [inUnit(low, spec, language), inUnit(high, spec, language)];
  if (from.number === to.number) return `${from.number}${from.unit}`;
  return `${from.number}${language === 'zh' && spec.unit === 'ratio' ? from.unit : ''}–${to.number}${to.unit}`;
}

/** What approved applicants have; undefined where none had a value. */
export function typicalText(typical: Typical, spec: FeatureSpec, language: Language): string | undefined {
  if (typical.kind === 'none') return undefined;
  return typical.kind === 'category' ? categoryLabel(spec, typical.value, language) : rangeText(typical.p25, typical.p75, spec, language);
}

/** Newest first, repetitions counted: "LATE ×2, PAID_IN_FULL ×4". */
function categoryText(categories: readonly string[], spec: FeatureSpec, language: Language): string | undefined {
  const runs: { category: string; times: number }[] = [];
  for (const category of categories) {
    const run = runs.at(-1);
    if (run?.category === category) run.times++;
    else runs.push({ category, times: 1 });
  }
  if (runs.length === 0) return undefined;
  const { between, times: repeated } = CONVENTIONS[language];
  return runs.map(({ category, times }) => (times === 1 ? categoryLabel(spec, category, language) : repeated(categoryLabel(spec, category, language), times))).join(between);
}

/** A value as people read it, a numeric sequence as the mean of its known periods; undefined where it is missing. */
export function valueText(value: InputValue, spec: FeatureSpec, language: Language): string | undefined {
  if (!isNumeric(spec)) return categoryText(categoriesOf(value), spec, language);
  const x = numberOf(value);
  return x === null ? undefined : quantityText(x, spec, language);
}
