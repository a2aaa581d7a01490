import type { FeatureSchema } from '../features/schema.js';
import { labelOf, type Language } from './catalogue.js';
import type { Change, Counterfactual } from './counterfactual.js';
import { percentText, valueText } from './value-text.js';

/** As few decimals as tell the PD from the line. */
function apartFrom(pd: number, line: number, language: Language): string {
  const digits = [1, 2, 3, 4].find((n) => percentText(pd, n, language) !== percentText(line, n, language)) ?? 4;
  return percentText(pd, digits, language);
}

interface Phrases {
  readonly change: (label: string, newest: boolean, to: string, from: string) => string;
  readonly join: (changes: readonly string[]) => string;
  readonly found: (changes: string, pd: string, line: string) => string;
  readonly notFound: Readonly<Record<NonNullable<Counterfactual['reason']>, (pd: string, line: string) => string>>;
}

const PHRASES: Readonly<Record<Language, Phrases>> = {
  en: {
    change: (label, newest, to, from) => `${label}${newest ? ' in the newest period' : ''} of ${to} instead of ${from}`,
    join: (changes) => new Intl.ListFormat('en-GB').format(changes),
    found: (changes, pd, line) => `With ${changes}, the PD would be ${pd}, below the approval line of ${line}.`,
    notFound: {
      'already below the line': (pd, line) => `The PD of ${pd} is already below the approval line of ${line}.`,
      'no mutable feature': (pd, line) => `The PD is ${pd}, the approval line ${line}; the model has no feature that the applicant could change.`,
      'none within bounds': (pd, line) => `No plausible change of a few features brings the PD below the approval line of ${line}; the lowest PD reached is ${pd}.`,
    },
  },
  zh: {
    change: (label, newest, to, from) => `${newest ? '最近一期' : ''}${label}为 ${to}（现为 ${from}）`,
    join: (changes) => changes.join('，且'),
    found: (changes, pd, line) => `若${changes}，违约概率将为 ${pd}，低于审批线 ${line}。`,
    notFound: {
      'already below the line': (pd, line) => `违约概率 ${pd} 已低于审批线 ${line}。`,
      'no mutable feature': (pd, line) => `违约概率为 ${pd}，审批线为 ${line}；模型中没有申请人可以改变的特征。`,
      'none within bounds': (pd, line) => `在合理范围内改变少数几项特征，仍无法使违约概率低于审批线 ${line}；可达到的最低值为 ${pd}。`,
    },
  },
};

function changeText(schema: FeatureSchema, { feature, from, to }: Change, language: Language): string {
  const { spec } = schema.features.find((each) => each.spec.name === feature)!;
  const text = (value: Change['from']): string => valueText(value, spec, language) ?? '';
  return PHRASES[language].change(labelOf(spec, language), spec.type === 'sequence', text(to), text(from));
}

/** A counterfactual as a sentence. */
export function counterfactualText(schema: FeatureSchema, { reason, changes, pd }: Omit<Counterfactual, 'text'>, line: number, language: Language): string {
  const phrases = PHRASES[language];
  const [pdText, lineText] = [apartFrom(pd, line, language), percentText(line, 2, language)];
  if (reason !== undefined) return phrases.notFound[reason](pdText, lineText);
  return phrases.found(phrases.join(changes.map((change) => changeText(schema, change, language))), pdText, lineText);
}
