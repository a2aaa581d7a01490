import type { CardContent, CardPlot, Section, Tile } from './content.js';
import { renderHtml } from './html.js';
import { renderMarkdown } from './markdown.js';
import { plotsOf } from './plots.js';
import { analysesSection } from './sections/analyses.js';
import { evaluationDataSection, trainingDataSection } from './sections/data.js';
import { detailsSection, trainingSection } from './sections/details.js';
import { governanceSection } from './sections/governance.js';
import { groupsSection } from './sections/groups.js';
import { factorsSection, metricsSection } from './sections/measures.js';
import { policySection, scorecardSection } from './sections/policy.js';
import { explanationSection, featuresSection } from './sections/reasons.js';
import { caveatsSection, ethicsSection, useSection } from './sections/use.js';
import { readersSection, verifySection } from './sections/verify.js';
import type { CardSource, GovernanceFacts } from './source.js';
import { viewOf, type View } from './view.js';

export type CardFormat = 'MARKDOWN' | 'HTML';

/** After Mitchell et al., Model Cards for Model Reporting (2019), with what lending and its supervisors ask beside it. */
const SECTIONS: readonly ((view: View) => Section | undefined)[] = [
  detailsSection, useSection, factorsSection, metricsSection, evaluationDataSection, trainingDataSection, trainingSection, analysesSection, groupsSection, explanationSection, policySection, scorecardSection,
  ethicsSection, caveatsSection, governanceSection, featuresSection, verifySection, readersSection,
];

/** The card of a version as text. @param plots where they have been drawn already */
export async function renderCard(source: CardSource, format: CardFormat, plots?: readonly CardPlot[]): Promise<string> {
  const content = cardContent(source, plots ?? (await plotsOf(source, format === 'HTML' ? 'drawn' : 'words')));
  return format === 'HTML' ? renderHtml(content) : renderMarkdown(content);
}

/** What a card says, before it has a format. */
export function cardContent(source: CardSource, plots: readonly CardPlot[]): CardContent {
  const view = viewOf(source, plots);
  const { t, governance, language, title } = view;
  return {
    language,
    title: governance ? t.cardTitle(governance.model.name, governance.version) : title,
    subtitle: t.subtitle,
    badge: governance && badgeOf(governance, t),
    tiles: tilesOf(view),
    sections: SECTIONS.map((section) => section(view)).filter((section) => section !== undefined),
  };
}

/** Where the version stands. What keeps it from deciding stands beside a state that may be APPROVED. */
function badgeOf({ state, suspensions, reviews }: GovernanceFacts, { names, joined, governance: g }: View['t']): NonNullable<CardContent['badge']> {
  const held = [...(reviews.at(-1)?.outcome === 'UNFIT' ? [g.unfitBadge] : []), ...(suspensions.length > 0 ? [g.suspendedBadge] : [])];
  return { text: joined([names.states[state], ...held]), tone: held.length > 0 ? 'bad' : (TONES[state] ?? 'plain') };
}

const TONES: Readonly<Record<string, 'good' | 'bad'>> = { APPROVED: 'good', VALIDATED: 'good', REJECTED: 'bad', SUSPENDED: 'bad', WITHDRAWN: 'bad' };

/** The figures that are looked at first. */
function tilesOf({ t, dossier, fairness }: View): Tile[] {
  const { tiles: k } = t;
  const { metrics, decisionPolicy, parity } = dossier;
  const auc = metrics.intervals?.of['auc'];
  const ratios = fairness?.attributes.flatMap(({ groups, lowestRatio }) => (groups.length < 2 ? [] : (lowestRatio ?? []))) ?? [];
  return [
    { label: k.auc, value: metrics.auc.toFixed(3), note: auc ? t.range(auc.low.toFixed(3), auc.high.toFixed(3)) : '' },
    { label: k.ks, value: metrics.ks.toFixed(3), note: k.separation },
    ...(metrics.ece === undefined ? [] : [{ label: k.ece, value: metrics.ece.toFixed(3), note: k.eceNote }]),
    { label: k.measured, value: metrics.rows.toLocaleString('en-US'), note: metrics.bads === undefined ? '' : k.defaults(metrics.bads) },
    { label: k.line, value: t.percent(decisionPolicy.approveBelow), note: k.otherwise },
    ...(ratios.length === 0 ? [] : [{ label: k.ratio, value: Math.min(...ratios).toFixed(2), note: k.goal(fairness!.leastRatio) }]),
    { label: k.parity, value: parity.maxAbsDifference.toExponential(1), note: k.bar(parity.bar.toExponential()) },
  ];
}
