import { artefactsOf } from '../../verify-version.js';
import { facts, heading, table, text, type Cell, type Section } from '../content.js';
import { named } from '../texts/names.en.js';
import { dayText, plotBlocks, timeText, type View } from '../view.js';
import { searchBlocks } from './analyses.js';

/** What it is, who answers for it, and what it is made of. */
export function detailsSection(view: View): Section {
  const { t, dossier } = view;
  const { details: d, names } = t;
  return {
    id: 'details',
    title: d.title,
    blocks: [
      ...(view.governance ? [] : [text(t.notRegistered)]),
      facts(...modelFacts(view), ...kindFacts(view)),
      heading(d.artefacts),
      table([d.artefact, d.digest], artefactsOf(dossier).map(({ kind, sha256 }) => [names.artefacts[kind], { code: sha256 }])),
    ],
  };
}

/** How it was trained, from which settings, and how these were found. */
export function trainingSection(view: View): Section {
  const { details: d } = view.t;
  return {
    id: 'training',
    title: d.training,
    blocks: [facts(...trainingFacts(view)), ...plotBlocks(view, 'history'), heading(d.settings), settingsBlock(view), ...searchBlocks(view)],
  };
}

type Facts = (readonly [string, Cell] | undefined)[];

function modelFacts({ governance, t, dossier, title }: View): Facts {
  const { details: d, names, notRecorded } = t;
  const contact = [d.contact, dossier.modelCard.contact ?? notRecorded] as const;
  if (!governance) return [[d.model, title], contact];
  const { model, version, state, registeredAt } = governance;
  return [
    [d.model, model.name], [d.version, version], [d.state, names.states[state]], [d.purpose, model.purpose], [d.decision, named(names.purposes, model.decisionPurpose)],
    [d.products, t.joined(model.products)], [d.horizon, d.months(model.horizonMonths)], [d.tier, names.tiers[model.tier]], [d.owner, model.owner], contact,
    [d.registered, timeText(registeredAt)], [d.review, model.reviewOverdue ? { mark: d.overdue(dayText(model.nextReviewAt)), tone: 'bad' } : dayText(model.nextReviewAt)],
  ];
}

function kindFacts({ t, dossier, specs }: View): Facts {
  const { details: d, names, notRecorded } = t;
  const { family, source, calibration, parity } = dossier;
  return [
    [d.family, family === undefined ? notRecorded : names.families[family]],
    source && [d.source, source.library],
    source && [d.sourceFile, { code: source.sha256 }],
    source && [d.adapted, t.sentences(...source.notes.map(t.stored)) || t.none],
    [d.features, specs.length || notRecorded],
    [d.served, d.servedAs],
    [d.calibration, calibration ? (calibration.kind === 'platt' ? d.platt(calibration.slope.toFixed(4), `${calibration.intercept < 0 ? '−' : '+'} ${Math.abs(calibration.intercept).toFixed(4)}`) : d.isotonic(calibration.knots.length)) : notRecorded],
    [d.parity, d.parityFound(parity.rows, parity.maxAbsDifference.toExponential(1), parity.bar.toExponential())],
  ];
}

function trainingFacts({ t: { details: d, joined, notRecorded }, dossier: { training }, governance }: View): Facts {
  const { backend, tfVersion, seed, seconds, extra } = training;
  const trainers = governance?.makers.filter(({ part }) => part === 'TRAINED').map(({ name }) => name) ?? [];
  const trainedBy = trainers.length > 0 ? joined(trainers) : extra?.['trainedBy'];
  return [
    [d.backend, tfVersion === undefined ? backend : joined([backend, `TensorFlow.js ${tfVersion}`])], [d.seed, { code: String(seed) }], [d.seconds, seconds],
    [d.trainedBy, typeof trainedBy === 'string' ? trainedBy : notRecorded],
  ];
}

function settingsBlock({ t, dossier: { hyperParameters } }: View): Section['blocks'][number] {
  const rows = Object.entries(hyperParameters).map(([name, value]) => [named(t.names.settings, name), settingCell(value)] as const);
  return rows.length === 0 ? text(t.notRecorded) : facts(...rows);
}

const settingCell = (value: unknown): Cell => ({ code: typeof value === 'string' ? value : JSON.stringify(value) });
