import type { Dossier, ParsedDossier } from '../../models/index.js';
import type { FeatureSpec, Plot, VersionReport } from '../../scoring/index.js';
import { crossValidationSection, importanceSection, qualitySection, scorecardSection, slicesSection } from './evidence.js';
import { documentOf, escaped, sectionOf, tableOf } from './html.js';

export interface PageParts {
  readonly title: string;
  readonly dossier: ParsedDossier;
  readonly report: VersionReport;
  readonly specs: readonly FeatureSpec[];
  readonly plots: readonly Plot[];
}

/** All of a version on one page, for whoever judges it. */
export function pageOf({ title, dossier: { dossier, digest }, report, specs, plots }: PageParts): string {
  const body = [
    `<h1>${escaped(title)}</h1>`,
    `<p>${escaped(dossier.modelCard.intendedUse)}</p><p>${escaped(dossier.modelCard.limitations)}</p><p>Dossier <code>${digest}</code></p>`,
    metricsSection(dossier),
    sectionOf('Plots', ...plots.map(({ svg }) => `<figure>${svg}</figure>`)),
    comparisonSection(dossier),
    policySection(dossier),
    dataSection(dossier),
    qualitySection(report.quality),
    importanceSection(report),
    slicesSection(report.evaluation),
    scorecardSection(report.scorecard),
    crossValidationSection(report.crossValidation),
    searchSection(report.search),
    trainingSection(dossier),
    featuresSection(specs),
  ];
  return documentOf(title, body.filter((part) => part !== '').join('\n'));
}

const METRICS = [
  ['auc', 'AUC'], ['gini', 'Gini'], ['ks', 'KS'], ['brier', 'Brier score'], ['logLoss', 'Log loss'], ['ece', 'Calibration error (ECE)'],
  ['accuracy', 'Accuracy at the approval line'], ['precision', 'Precision at the approval line'], ['recall', 'Recall at the approval line'], ['f1', 'F1 at the approval line'],
] as const satisfies readonly (readonly [keyof Dossier['metrics'], string])[];

function metricsSection({ metrics }: Dossier): string {
  const { intervals, calibration = [], rows, bads, extra } = metrics;
  const values = METRICS.filter(([name]) => metrics[name] !== undefined).map(([name, label]) => {
    const interval = intervals?.of[name];
    const told: unknown[] = [label, metrics[name]];
    return intervals ? told.concat(interval ? `${interval.low.toFixed(4)} to ${interval.high.toFixed(4)}` : '–') : told;
  });
  return sectionOf(
    `Measured on the ${String(extra?.['measuredOn'] ?? 'holdout')}: ${rows} loans, ${bads ?? '?'} defaults`,
    tableOf(['', '', ...(intervals ? [`${100 * intervals.level} % interval`] : [])], values),
    calibration.length > 0 ? `<h3>Calibration, ten bins of equal size</h3>${tableOf(['Loans', 'Mean PD', 'Default rate'], calibration.map(({ count, meanPd, defaultRate }) => [count, meanPd, defaultRate]))}` : undefined,
  );
}

function comparisonSection({ comparison }: Dossier): string {
  if (!comparison) return '';
  const { champion, rows, auc, championAuc, standardError, z, p } = comparison;
  return sectionOf('Against the champion', tableOf(['', ''], [
    ['Champion', champion], ['Loans of the hold-out that both can score', rows], ['AUC of this version', auc], ['AUC of the champion', championAuc],
    ['Difference', auc - championAuc], ['Its standard error (DeLong)', standardError], ['z', z], ['p, two-sided', p],
  ]));
}

function policySection({ decisionPolicy: { approveBelow, declineFrom, grades, referWhen }, threshold }: Dossier): string {
  return sectionOf(
    'Decision policy',
    tableOf([], [['Approve below a PD of', approveBelow], ['Decline from', declineFrom], ['Refer where an input is', (referWhen ?? []).join(', ')], ...(threshold ? [['Approval line by', threshold.rule]] : [])]),
    tableOf(['Grade', 'PD below'], grades.map(({ grade, below }) => [grade, below])),
  );
}

function dataSection({ trainingData, split, quality }: Dossier): string {
  const findings = quality ? [['Findings: high, medium, low', `${quality.high}, ${quality.medium}, ${quality.low}`]] : [];
  return sectionOf(
    'Data',
    tableOf([], [
      ['Source', trainingData.source], ['Outcomes known by', trainingData.asOf], ['Training loans', trainingData.rows], ['Defaults among them', trainingData.defaults],
      ['Fingerprint', trainingData.fingerprint], ['Split', `${split.kind}: ${String(split.extra?.['description'] ?? '')}`], ['Hold-out loans', split.holdoutRows], ...findings,
    ]),
  );
}

function searchSection(search: VersionReport['search']): string {
  if (!search) return '';
  const rows = search.trials.map(({ trial, status, rungs, settings }) => {
    const last = rungs.at(-1);
    return [trial, trial === search.best.trial ? 'BEST' : status, last?.rung, last?.logLoss, last?.auc, settings];
  });
  return sectionOf(`Search: ${search.trials.length} trials, ${search.folds} folds of the training loans, by ${search.criterion}`, tableOf(['Trial', 'Status', 'Last rung', 'Log loss', 'AUC', 'Settings'], rows));
}

function trainingSection({ hyperParameters, training, parity, family }: Dossier): string {
  return sectionOf('Training', tableOf([], [
    ...(family ? [['Family', family]] : []), ...Object.entries(hyperParameters), ['Backend', `TensorFlow.js ${training.tfVersion ?? ''} ${training.backend}`], ['Seed', training.seed], ['Seconds', training.seconds],
    ['Parity: rows, largest difference of PD', `${parity.rows}, ${parity.maxAbsDifference.toExponential(2)} (bar ${parity.bar})`],
  ]));
}

const featuresSection = (specs: readonly FeatureSpec[]): string =>
  sectionOf(`${specs.length} features`, tableOf(['Name', 'Label', 'Source', 'Type', 'Transform', 'Missing', 'Reason code'], specs.map(({ name, label, source, type, transform, missing, reasonCode }) => [name, label, source.path, type, transform, missing.rule, reasonCode])));
