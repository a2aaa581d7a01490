import { registerEnumType } from 'type-graphql';
import type { Language } from '../scoring/index.js';

export enum LanguageValue {
  EN = 'EN',
  ZH = 'ZH',
}
registerEnumType(LanguageValue, {
  name: 'Language',
  description: 'A language in which reasons and model cards are told.',
  valuesConfig: {
    EN: { description: 'English, as reasons and dossiers are recorded.' },
    ZH: { description: 'Chinese; what has no Chinese name keeps its own.' },
  },
});

const LANGUAGES: Readonly<Record<LanguageValue, Language>> = { EN: 'en', ZH: 'zh' };

export const languageOf = (value: LanguageValue): Language => LANGUAGES[value];

/** The argument of a field that can be told in several languages. */
export const LANGUAGE_ARG = { defaultValue: LanguageValue.EN, description: 'In which language.' };
