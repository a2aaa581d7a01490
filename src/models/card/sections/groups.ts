import type { ReadReport } from '../../../scoring/index.js';
import type { Fairness } from '../../evidence-summary.js';
import { heading, table, text, type Block, type Cell, type Section } from '../content.js';
import type { View } from '../view.js';
import { sliceCells } from './analyses.js';

type Measured = NonNullable<NonNullable<ReadReport['evaluation']>['groups']>;

/** How groups of people fare; what the reader may not see is left out, and that is said. */
export function groupsSection(view: View): Section {
  const { t, report, showsGroups } = view;
  const blocks = showsGroups ? groupBlocks(view, report?.evaluation?.groups ?? {}) : [{ kind: 'notice' as const, text: t.groups.forbidden }];
  return { id: 'groups', title: t.groups.title, blocks };
}

function groupBlocks(view: View, measured: Measured): Block[] {
  const { t, fairness, dossier } = view;
  if (!fairness) return [text(t.notRecorded)];
  if (fairness.attributes.length === 0) return [text(t.factors.noAttributes)];
  return [
    text(t.groups.text(fairness.leastRatio)),
    ...Object.entries(measured).flatMap(([attribute, of]) => attributeBlocks(view, attribute, of, fairness.leastRatio)),
    ...(dossier.fairness ? [heading(t.groups.summary), summaryTable(view, dossier.fairness)] : []),
  ];
}

function attributeBlocks({ t }: View, attribute: string, { groups, skipped }: Measured[string], least: number): Block[] {
  const { groups: g } = t;
  const rows = groups.map((group): Cell[] => [...sliceCells({ ...group, name: t.stored(group.name) }), group.approvalRatio === null ? null : { bar: group.approvalRatio, most: 1, line: least }]);
  const ratios = groups.flatMap(({ approvalRatio }) => approvalRatio ?? []);
  const lowest = Math.min(...ratios);
  return [
    heading(attribute),
    table(g.head, rows),
    text(ratios.length === 0 ? g.nobody : g.lowest(lowest.toFixed(2), lowest < least ? g.below : g.above)),
    ...(skipped.length > 0 ? [text(g.skipped(t.joined(skipped.map(({ name, rows: size }) => `${t.stored(name)}${t.bracketed(String(size))}`))))] : []),
  ];
}

const summaryTable = ({ t }: View, { attributes, leastRatio }: Fairness): Block =>
  table(t.groups.summaryHead, attributes.map(({ attribute, groups, skipped, lowestRatio }) => [attribute, t.joined(groups.map(t.stored)) || t.none, t.joined(skipped.map(t.stored)) || t.none, lowestRatio === null ? null : { bar: lowestRatio, most: 1, line: leastRatio }]));
