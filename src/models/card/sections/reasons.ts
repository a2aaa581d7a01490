import type { FeatureSpec } from '../../../scoring/index.js';
import { unitLabel } from '../../../scoring/index.js';
import { facts, heading, table, text, type Block, type Cell, type Section } from '../content.js';
import { named } from '../texts/names.en.js';
import { plotBlocks, type View } from '../view.js';

export function explanationSection(view: View): Section {
  const { t, dossier: { explanation }, report } = view;
  const { explanation: e, notRecorded } = t;
  const importance = report?.importance;
  const method = explanation?.method ?? importance?.method;
  const residual = explanation?.residual95 ?? importance?.residual95;
  return {
    id: 'explanation',
    title: e.title,
    blocks: [
      text(e.text),
      facts(
        [e.method, method === undefined ? notRecorded : named(t.names.methods, method)], [e.rows, explanation?.rows ?? importance?.rows ?? notRecorded],
        [e.residual, residual === undefined ? notRecorded : e.logOdds(residual.toExponential(1))],
      ),
      text(e.reasons),
      heading(e.importance),
      ...importanceBlocks(view),
      ...plotBlocks(view, 'dependence', 'prediction'),
    ],
  };
}

function importanceBlocks(view: View): Block[] {
  const { t, report } = view;
  const features = report?.importance?.features;
  if (!features) return [text(t.notRecorded)];
  const most = Math.max(...features.map(({ share }) => share), 0);
  const rows = features.map(({ feature, label, meanAbsolute, share, meanSigned }): Cell[] => [view.featureLabel(feature, label), meanAbsolute, { bar: share, most }, meanSigned]);
  return [...plotBlocks(view, 'importance'), table(t.explanation.head, rows)];
}

/** What goes in, and what becomes of it. */
export function featuresSection(view: View): Section {
  const { t, specs, language } = view;
  const { features: f, names } = t;
  const rows = specs.map((spec): Cell[] => [
    view.featureLabel(spec.name, spec.label), sourceText(spec.source, t), named(names.types, spec.type), spec.unit === 'ratio' ? f.ratio : unitLabel(spec, language), named(names.transforms, spec.transform), named(names.missing, spec.missing.rule),
    spec.monotone === undefined ? null : named(names.trends, spec.monotone), { code: spec.reasonCode },
  ]);
  return { id: 'features', title: f.title, blocks: specs.length === 0 ? [text(t.notRecorded)] : [text(f.count(specs.length)), table(f.head, rows)] };
}

/** "repayments.amountPaid ÷ repayments.balance 1 period earlier (mean, newest 6 periods)" */
function sourceText({ path, per, perLag = 0, last, aggregate }: FeatureSpec['source'], { features: f, names, joined, bracketed }: View['t']): string {
  const divisor = per === undefined ? '' : ` ÷ ${[per].flat().join(f.orElse)}${perLag === 0 ? '' : ` ${f.earlier(perLag)}`}`;
  const how = [...(aggregate === undefined ? [] : [named(names.aggregates, aggregate)]), ...(path.startsWith('repayments.') ? [last === undefined ? f.allPeriods : f.periods(last)] : [])];
  return `${path}${divisor}${how.length === 0 ? '' : bracketed(joined(how))}`;
}
