import { commands, facts, table, text, type Block, type Section } from '../content.js';
import type { View } from '../view.js';

/** How anyone can check that this is what was voted on. */
export function verifySection({ t: { verify: v }, digest, governance }: View): Section {
  const id = governance?.globalId;
  const registered: Block[] = [commands(v.commands(id ?? '')), text(v.more), commands(v.verify), text(v.replay), commands(v.replayQuery, 'graphql')];
  return { id: 'verify', title: v.title, blocks: [facts([v.digest, { code: digest }]), text(v.text), ...(id === undefined ? [commands(v.folder)] : registered)] };
}

/** What supervisors and statutes ask for, and the sections that answer. */
export function readersSection({ t }: View): Section {
  const { readers: r } = t;
  const at = (...sections: readonly { readonly title: string }[]): string => t.joined(sections.map(({ title }) => title));
  const rows: [string, string][] = [
    [r.annexIv1, at(t.details, t.use)],
    [r.annexIv2, at(t.details, t.features, t.trainingData, { title: t.details.training }, t.evaluationData, t.metrics, t.policy)],
    [r.annexIv3, at(t.metrics, t.groups, t.caveats)],
    [r.annexIv4, at(t.metrics)],
    [r.annexIv6, at(t.governance)],
    [r.art13, at(t.details, t.use, t.metrics, t.groups, t.features, t.policy, t.explanation)],
    [r.art14, at(t.policy, t.governance)],
    [r.art86, at(t.explanation)],
    [r.development, at(t.details, t.trainingData, { title: t.details.training }, t.analyses)],
    [r.outcomes, at(t.analyses, t.groups)],
    [r.validation, at(t.governance)],
    [r.inventory, at(t.details, t.use)],
    [r.reproducible, at(t.verify)],
  ];
  return { id: 'readers', title: r.title, blocks: [table(r.head, rows), text(r.beyond)] };
}
