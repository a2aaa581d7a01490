import type { Dossier } from '../../dossier.js';
import { heading, table, text, type Block, type Cell, type Section } from '../content.js';
import type { View } from '../view.js';

const METRICS = ['auc', 'gini', 'ks', 'brier', 'logLoss', 'ece', 'accuracy', 'precision', 'recall', 'f1'] as const satisfies readonly (keyof Dossier['metrics'])[];

export function metricsSection({ t, dossier: { metrics } }: View): Section {
  const { metrics: m } = t;
  const { intervals, threshold, confusion } = metrics;
  const rows = METRICS.map((name): Cell[] => {
    const [label, says] = m.names[name] as [string, string];
    const interval = intervals?.of[name];
    const value = metrics[name] === undefined ? t.notRecorded : Number(metrics[name].toFixed(4));
    const range = interval ? t.range(interval.low.toFixed(4), interval.high.toFixed(4)) : null;
    return intervals ? [label, value, range, says] : [label, value, says];
  });
  const [label, value, says] = m.head as [string, string, string];
  return {
    id: 'metrics',
    title: m.title,
    blocks: [
      table([label, value, ...(intervals ? [t.interval(intervals.level)] : []), says], rows),
      ...(intervals ? [text(m.bootstrap(intervals.resamples))] : []),
      ...(threshold === undefined ? [] : [text(m.text(t.percent(threshold)))]),
      ...(confusion ? confusionBlocks(confusion, t) : []),
    ],
  };
}

const confusionBlocks = ({ truePositives, falsePositives, falseNegatives, trueNegatives }: NonNullable<Dossier['metrics']['confusion']>, { metrics: m }: View['t']): Block[] => [
  heading(m.confusion),
  table(m.confusionHead, [[m.predictedBad, truePositives, falsePositives], [m.predictedGood, falseNegatives, trueNegatives]]),
];

/** Along what performance is looked at: groups of people, and time. */
export function factorsSection({ t, fairness, report, showsGroups }: View): Section {
  const { factors: f } = t;
  const vintages = report?.evaluation?.vintages?.map(({ name }) => name) ?? [];
  const groups: Block = !showsGroups
    ? { kind: 'notice', text: t.groups.forbidden }
    : fairness === undefined
      ? { kind: 'facts', rows: [[f.attribute, t.notRecorded]] }
      : fairness.attributes.length === 0
        ? text(f.noAttributes)
        : table([f.attribute, f.groups, f.skipped], fairness.attributes.map(({ attribute, groups: measured, skipped }) => [attribute, t.joined(measured.map(t.stored)) || t.none, t.joined(skipped.map(t.stored)) || t.none]));
  return { id: 'factors', title: f.title, blocks: [text(f.text), groups, { kind: 'facts', rows: [[f.vintages, vintages.length === 0 ? t.notRecorded : t.joined(vintages)]] }] };
}
