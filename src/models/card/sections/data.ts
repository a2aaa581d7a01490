import { facts, heading, table, text, type Block, type Cell, type Section } from '../content.js';
import { named } from '../texts/names.en.js';
import { isAboutGroups, plotBlocks, timeText, type View } from '../view.js';

/** On which loans a version was measured: as its dossier says, or its report. */
export function measuredOn({ dossier, report }: View): 'holdout' | 'training' | undefined {
  const told = dossier.metrics.extra?.['measuredOn'] ?? report?.evaluation?.measuredOn;
  return told === 'holdout' || told === 'training' ? told : undefined;
}

export function evaluationDataSection(view: View): Section {
  const { t, dossier } = view;
  const { evaluationData: e, notRecorded } = t;
  const { metrics, split } = dossier;
  const on = measuredOn(view);
  const psi = metrics.extra?.['psi'];
  const described = split.extra?.['description'];
  const rows: (readonly [string, Cell] | undefined)[] = [
    [e.measuredOn, on === undefined ? notRecorded : e[on]], [e.loans, metrics.rows], [e.defaults, metrics.bads ?? notRecorded],
    [e.split, named(t.names.splits, split.kind)],
    typeof described === 'string' ? [e.described, t.stored(described)] : undefined,
    split.seed === undefined ? undefined : [e.seed, { code: String(split.seed) }],
    [e.trainLoans, split.trainRows], [e.heldLoans, split.holdoutRows], [e.psi, typeof psi === 'number' ? psi : notRecorded],
  ];
  const notes: Block[] = [...(typeof psi === 'number' ? [text(e.psiNote)] : []), ...(on === 'training' ? [{ kind: 'notice' as const, text: e.flatter }] : [])];
  return { id: 'evaluation-data', title: e.title, blocks: [facts(...rows), ...notes] };
}

export function trainingDataSection(view: View): Section {
  const { t, dossier: { trainingData: data, quality } } = view;
  const { trainingData: d, notRecorded } = t;
  return {
    id: 'training-data',
    title: d.title,
    blocks: [
      facts(
        [d.source, t.stored(data.source)], [d.asOf, data.asOf === undefined ? notRecorded : timeText(new Date(data.asOf))], [d.loans, data.rows], [d.defaults, data.defaults], [d.fingerprint, { code: data.fingerprint }],
        [d.counts, quality ? `${quality.high}, ${quality.medium}, ${quality.low}` : notRecorded],
      ),
      text(d.asDecided),
      heading(d.quality),
      ...qualityBlocks(view),
      ...plotBlocks(view, 'drift'),
    ],
  };
}

function qualityBlocks(view: View): Block[] {
  const { t, report, dossier, showsGroups } = view;
  const { trainingData: d, names } = t;
  const isShown = (one: { readonly check: string }): boolean => showsGroups || !isAboutGroups(one);
  const findings = report?.quality?.findings;
  const overrides = (report?.quality?.overrides ?? dossier.quality?.overrides ?? []).filter(isShown);
  const featureOf = ({ check, feature }: { readonly check: string; readonly feature?: string | undefined }): Cell => (feature === undefined ? null : isAboutGroups({ check }) ? feature : view.featureLabel(feature));
  const rows = (findings ?? []).filter(isShown).map((one): Cell[] => [names.severities[one.severity], named(names.checks, one.check), featureOf(one), one.value, one.threshold, d.found(one)]);
  return [
    findings === undefined ? text(t.notRecorded) : rows.length === 0 ? text(d.clean) : table(d.head, rows),
    ...(findings?.some((one) => !isShown(one)) ? [text(d.hidden)] : []),
    ...(overrides.length > 0 ? [heading(d.overrides), table(d.overrideHead, overrides.map((one) => [named(names.checks, one.check), featureOf(one), one.reason]))] : []),
  ];
}
