import { sha256 } from '../../platform/index.js';
import type { ArtefactName, Comparison, QualityReport, SearchResult, ThresholdChoice, VersionBundle } from '../../scoring/index.js';
import type { Dossier } from '../dossier.js';
import { explanationOf, fairnessOf } from '../evidence-summary.js';
import type { Split } from './splits.js';
import type { TrainedVersion } from './train-version.js';

export interface ModelCard {
  readonly intendedUse: string;
  readonly limitations: string;
  readonly ethics?: string;
  /** Whom to ask. */
  readonly contact?: string;
}

export interface DossierParts {
  readonly trained: TrainedVersion;
  readonly split: Split;
  /** Where the training rows come from, in words. */
  readonly source: string;
  readonly knownBefore: Date;
  readonly seed: number;
  readonly modelCard: ModelCard;
  /** Who trained it, in words, where the registry is not told by who registers it. */
  readonly trainedBy?: string;
}

/** An artefact to be uploaded to PUT /artifacts/{sha256}. */
export interface Upload {
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

export const uploadsOf = ({ artefacts }: VersionBundle): (Upload & { readonly name: ArtefactName })[] =>
  artefacts.map(({ name, bytes }) => ({ name, bytes, sha256: sha256(bytes).toString('hex') }));

/** How dossiers name the artefacts of a build. */
const KEYS = { onnx: 'onnx', schema: 'featureSchema', reference: 'referenceSet', parity: 'paritySample', layersModel: 'layersModel', report: 'report' } as const satisfies Record<ArtefactName, keyof Dossier['artefacts']>;

export const artefactKeyOf = (name: ArtefactName): keyof Dossier['artefacts'] => KEYS[name];

/** Writes the dossier of a freshly trained version: everything an approver relies on, artefacts by their digests. */
export function draftDossier({ trained, split, source, knownBefore, seed, modelCard, trainedBy }: DossierParts): Record<string, unknown> {
  const { bundle, train, holdout, seconds } = trained;
  const artefacts = Object.fromEntries(uploadsOf(bundle).map(({ name, sha256: digest }) => [artefactKeyOf(name), digest]));
  const { evaluation, stability, history, comparison, quality, threshold, importance } = bundle.report;
  const { intervals, level, resamples, ...measured } = evaluation.metrics;
  return {
    format: 1,
    artefacts,
    trainingData: {
      fingerprint: bundle.trainingData.sha256,
      rows: bundle.trainingData.rows,
      defaults: train.labels.reduce((sum, label) => sum + label, 0),
      source,
      asOf: knownBefore.toISOString(),
    },
    split: { kind: split.kind, trainRows: train.loans.length, holdoutRows: holdout.loans.length, ...(split.seed !== undefined && { seed: split.seed }), extra: { description: split.description } },
    hyperParameters: bundle.hyperParameters,
    training: { backend: bundle.backend, tfVersion: bundle.tfVersion, seed, seconds: round(seconds), history, ...(trainedBy !== undefined && { extra: { trainedBy } }) },
    metrics: { ...measured, intervals: { level, resamples, of: intervals }, extra: { measuredOn: evaluation.measuredOn, psi: stability?.psi ?? null, psiEdges: stability?.edges ?? [] } },
    parity: { ...bundle.parity, ...(trained.source && { source: trained.source.library }) },
    ...(trained.source && { source: trained.source }),
    decisionPolicy: bundle.decisionPolicy,
    family: bundle.report.family,
    quality: qualityOf(quality),
    ...(bundle.calibration && { calibration: bundle.calibration }),
    ...(threshold && { threshold: thresholdOf(threshold) }),
    ...(bundle.search && { trials: trialsOf(bundle.search) }),
    ...(comparison && { comparison: comparisonOf(comparison) }),
    fairness: fairnessOf(evaluation.groups),
    explanation: explanationOf(importance),
    modelCard,
  };
}

const qualityOf = ({ findings, overrides }: QualityReport): Record<string, unknown> => {
  const count = (severity: string): number => findings.filter((finding) => finding.severity === severity).length;
  return { high: count('HIGH'), medium: count('MEDIUM'), low: count('LOW'), overrides };
};

const thresholdOf = ({ rule, chosen, ...other }: ThresholdChoice): Record<string, unknown> => ({ rule, threshold: chosen.threshold, extra: { chosen, ...other } });

const comparisonOf = ({ champion, rows, test }: Comparison): Record<string, unknown> => ({
  champion, rows, auc: test.aucA, championAuc: test.aucB, standardError: test.standardError, z: test.z, p: test.p,
});

/** The search in a few numbers; the report has every trial. */
const trialsOf = ({ trials, folds, criterion, best, run }: SearchResult): Record<string, unknown> => ({
  trials: trials.length,
  failed: trials.filter(({ status }) => status === 'FAILED').length,
  folds,
  criterion,
  best: criterion === 'auc' ? best.result.auc : criterion === 'brier' ? best.result.brier : best.result.logLoss,
  seconds: round(run.seconds),
  extra: { bestTrial: best.trial, processes: run.processes, resumed: run.resumed },
});

const round = (seconds: number): number => Math.round(seconds * 100) / 100;
