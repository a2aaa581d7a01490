import { sha256 } from '../../platform/index.js';
import type { ArtefactName, Metrics, SearchResult, VersionBundle } from '../../scoring/index.js';
import type { Dossier } from '../dossier.js';
import type { Comparison } from './compare.js';
import type { Split } from './splits.js';
import type { TrainedVersion } from './train-version.js';

export interface ModelCard {
  readonly intendedUse: string;
  readonly limitations: string;
  readonly ethics?: string;
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
  readonly comparison?: Comparison;
}

/** An artefact to be uploaded to PUT /artifacts/{sha256}. */
export interface Upload {
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

export const uploadsOf = ({ artefacts }: VersionBundle): (Upload & { readonly name: ArtefactName })[] =>
  artefacts.map(({ name, bytes }) => ({ name, bytes, sha256: sha256(bytes).toString('hex') }));

/** How dossiers name the artefacts of a build. */
const KEYS = { onnx: 'onnx', schema: 'featureSchema', reference: 'referenceSet', parity: 'paritySample', layersModel: 'layersModel' } as const satisfies Record<ArtefactName, keyof Dossier['artefacts']>;

export const artefactKeyOf = (name: ArtefactName): keyof Dossier['artefacts'] => KEYS[name];

/** Writes the dossier of a freshly trained version: everything an approver relies on, artefacts by their digests. */
export function draftDossier({ trained, split, source, knownBefore, seed, modelCard, trainedBy, comparison }: DossierParts): Record<string, unknown> {
  const { bundle, train, holdout, seconds } = trained;
  const artefacts = Object.fromEntries(uploadsOf(bundle).map(({ name, sha256: digest }) => [artefactKeyOf(name), digest]));
  const measured: Metrics = bundle.metrics.holdout ?? bundle.metrics.training;
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
    training: { backend: bundle.backend, tfVersion: bundle.tfVersion, seed, seconds: round(seconds), history: bundle.history, ...(trainedBy !== undefined && { extra: { trainedBy } }) },
    metrics: { ...measured, extra: { measuredOn: bundle.metrics.holdout ? 'holdout' : 'training', psi: bundle.metrics.psi, psiEdges: bundle.metrics.psiEdges } },
    parity: bundle.parity,
    decisionPolicy: bundle.decisionPolicy,
    ...(bundle.hyperParameters.family !== undefined && { family: bundle.hyperParameters.family }),
    ...(trained.search && { trials: trialsOf(trained.search) }),
    ...(comparison && { comparison }),
    modelCard,
  };
}

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
