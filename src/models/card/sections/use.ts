import { facts, text, type Block, type Section } from '../content.js';
import { named } from '../texts/names.en.js';
import { isAboutGroups, type View } from '../view.js';

export function useSection({ t, dossier, governance }: View): Section {
  const { use, names } = t;
  const model = governance?.model;
  return {
    id: 'use',
    title: use.title,
    blocks: [
      ...(model ? [text(use.decides(named(names.purposes, model.decisionPurpose), t.joined(model.products), model.horizonMonths))] : []),
      text(use.owner),
      { kind: 'quote', text: dossier.modelCard.intendedUse },
      ...(model ? [facts([use.permitted, model.permittedUse ?? t.notRecorded], [use.limits, model.limits ?? t.notRecorded])] : []),
      text(use.beyond),
    ],
  };
}

export function ethicsSection({ t, dossier: { modelCard } }: View): Section {
  const { ethics } = t;
  const own: Block[] = modelCard.ethics === undefined ? [text(t.sentences(ethics.owner, t.notRecorded))] : [text(ethics.owner), { kind: 'quote', text: modelCard.ethics }];
  return { id: 'ethics', title: ethics.title, blocks: [...own, { kind: 'list', items: [ethics.law, ethics.apart, ethics.rights, ethics.privacy] }] };
}

export function caveatsSection(view: View): Section {
  const { caveats } = view.t;
  const found = cautions(view);
  return {
    id: 'caveats',
    title: caveats.title,
    blocks: [text(caveats.owner), { kind: 'quote', text: view.dossier.modelCard.limitations }, ...(found.length === 0 ? [text(caveats.noneFound)] : [text(caveats.found), { kind: 'list' as const, items: found }])],
  };
}

const FEW_DEFAULTS = 100;
const WIDE_INTERVAL = 0.1;
const MOVED = 0.1;

/** What a careful reader would take from the figures. */
function cautions(view: View): string[] {
  const { t, dossier, report } = view;
  const { caveats: c } = t;
  const { metrics, source, quality } = dossier;
  const auc = metrics.intervals?.of['auc'];
  const psi = metrics.extra?.['psi'];
  const overrides = quality?.overrides.filter((one) => view.showsGroups || !isAboutGroups(one)) ?? [];
  const drifting = (report?.quality?.findings ?? []).filter(({ check }) => check === 'drift').map(({ feature }) => view.featureLabel(feature));
  return [
    ...(metrics.extra?.['measuredOn'] === 'training' ? [c.flatter] : []),
    ...(metrics.bads !== undefined && metrics.bads < FEW_DEFAULTS ? [c.few(metrics.bads)] : []),
    ...(auc && auc.high - auc.low > WIDE_INTERVAL ? [c.wide(auc.low.toFixed(3), auc.high.toFixed(3))] : []),
    ...(typeof psi === 'number' && psi >= MOVED ? [c.unstable(psi.toFixed(3))] : []),
    ...(overrides.length > 0 ? [c.overrides(overrides.length)] : []),
    ...(drifting.length > 0 ? [c.drift(t.joined(drifting))] : []),
    ...(view.showsGroups ? groupCautions(view) : []),
    ...(source ? [c.elsewhere] : []),
    ...(report ? [] : [c.noReport]),
  ];
}

function groupCautions({ t: { caveats: c }, fairness }: View): string[] {
  if (!fairness || fairness.attributes.length === 0) return [c.noGroups];
  const skipped = fairness.attributes.flatMap((one) => one.skipped).length;
  const low = fairness.attributes.filter(({ lowestRatio }) => lowestRatio !== null && lowestRatio < fairness.leastRatio);
  return [...low.map(({ attribute, lowestRatio }) => c.low(attribute, lowestRatio!.toFixed(2))), ...(skipped > 0 ? [c.skipped(skipped)] : [])];
}
