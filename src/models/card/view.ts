import { labelOf } from '../../scoring/index.js';
import { fairnessOf, type Fairness } from '../evidence-summary.js';
import type { Block, CardPlot } from './content.js';
import type { CardSource } from './source.js';
import { EN, type CardTexts } from './texts/en.js';
import { ZH } from './texts/zh.js';

/** What the sections of a card are written from: its source, the words of its language, and its plots. */
export interface View extends CardSource {
  readonly t: CardTexts;
  readonly plots: readonly CardPlot[];
  /** As the dossier tells it, else as the report measured it; undefined where neither does, or the reader may not see it. */
  readonly fairness: Fairness | undefined;
  /** A feature as people call it: by its spec where there is one. */
  featureLabel(feature: string | undefined, given?: string): string;
}

const TEXTS: Readonly<Record<CardSource['language'], CardTexts>> = { en: EN, zh: ZH };

/** The words of a card in a language. */
export const cardTexts = (language: CardSource['language']): CardTexts => TEXTS[language];

export function viewOf(source: CardSource, plots: readonly CardPlot[] = []): View {
  const { language, specs } = source;
  const measured = source.report?.evaluation?.groups;
  const fairness = source.dossier.fairness ?? (measured && fairnessOf(measured));
  const bySpec = new Map(specs.map((spec) => [spec.name, labelOf(spec, language)]));
  return { ...source, t: TEXTS[language], plots, fairness: source.showsGroups ? fairness : undefined, featureLabel: (feature, given) => bySpec.get(feature ?? '') ?? labelOf({ label: given ?? feature ?? '–' }, language) };
}

/** Such plots of these as there are, in this order. */
export const plotBlocks = ({ plots, t }: View, ...names: readonly string[]): Block[] =>
  names.flatMap((name) => plots.filter((plot) => plot.name === name)).map((plot) => ({ kind: 'plot', plot, caption: t.plots[plot.name] ?? plot.name }));

/** "2026-03-31 09:05 UTC" */
export const timeText = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

export const dayText = (at: Date): string => at.toISOString().slice(0, 10);

/** Whether a check of the data is about groups of people, which not everyone may see. */
export const isAboutGroups = ({ check }: { readonly check: string }): boolean => check.startsWith('group');
