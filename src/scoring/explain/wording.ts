import type { InputValue } from '../features/gathered.js';
import { isNumeric, periodsOf, type FeatureSpec } from '../features/spec.js';
import { labelOf, type Language } from './catalogue.js';
import type { Typical } from './typical.js';
import { typicalText, valueText } from './value-text.js';

interface Phrases {
  /** A label with its value. */
  value(label: string, value: string, spec: FeatureSpec): string;
  missing(label: string): string;
  typically(text: string | undefined): string;
}

/** Chinese text and digits stand apart, Chinese text and Chinese text do not. */
const apart = (text: string): string => (/^[-\d]/u.test(text) ? ` ${text}` : text);

const PHRASES: Readonly<Record<Language, Phrases>> = {
  en: {
    value: (label, value, spec) => `${label}${spec.type === 'sequence' ? (isNumeric(spec) ? ', on average' : ', newest first:') : ''} ${value}`,
    missing: (label) => `${label} is missing`,
    typically: (text) => (text === undefined ? ' — approved applicants typically have none' : ` — approved applicants typically ${text}`),
  },
  zh: {
    value: (label, value, spec) => {
      if (!isNumeric(spec)) return `${label}${spec.type === 'sequence' ? '（从最近一期起）' : ''}：${value}`;
      return `${label}${spec.type === 'sequence' ? `近${periodsOf(spec)}期平均` : ''}${apart(value)}`;
    },
    missing: (label) => `${label}缺失`,
    typically: (text) => (text === undefined ? '——获批申请人通常无此项' : `——获批申请人通常为${apart(text)}`),
  },
};

/** "Credit utilisation 92 % — approved applicants typically 20–45 %", "信用额度使用率 92%——获批申请人通常为 20%–45%" */
export function reasonText(spec: FeatureSpec, value: InputValue, typical: Typical, language: Language): string {
  const phrases = PHRASES[language];
  const own = valueText(value, spec, language);
  const label = labelOf(spec, language);
  const statement = own === undefined ? phrases.missing(label) : phrases.value(label, own, spec);
  return statement + phrases.typically(typicalText(typical, spec, language));
}
