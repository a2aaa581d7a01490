import { sha256 } from '../../platform/index.js';
import type { ArtefactName, Metrics, VersionBundle } from '../../scoring/index.js';
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
}

/** An artefact to be uploaded to PUT /artifacts/{sha256}. */
export interface Upload {
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

export const uploadsOf = ({ artefacts }: VersionBundle): (Upload & { readonly name: ArtefactName })[] =>
  artefacts.map(({ name, bytes }) => ({ name, bytes, sha256: sha256(bytes).toString('hex') }));

/** Writes the dossier of a freshly trained version: everything an approver relies on, artefacts by their digests. */
export function draftDossier({ trained, split, source, knownBefore, seed, modelCard }: DossierParts): Record<string, unknown> {
  const { bundle, train, holdout, seconds } = trained;
  const digests = Object.fromEntries(uploadsOf(bundle).map(({ name, sha256: digest }) => [name, digest])) as Record<ArtefactName, string>;
  const measured: Metrics = bundle.metrics.holdout ?? bundle.metrics.training;
  return {
    format: 1,
    artefacts: {
      onnx: digests.onnx,
      featureSchema: digests.schema,
      referenceSet: digests.reference,
      paritySample: digests.parity,
      layersModel: digests.layersModel,
    },
    trainingData: {
      fingerprint: bundle.trainingData.sha256,
      rows: bundle.trainingData.rows,
      defaults: train.labels.reduce((sum, label) => sum + label, 0),
      source,
      asOf: knownBefore.toISOString(),
    },
    split: { kind: split.kind, trainRows: train.loans.length, holdoutRows: holdout.loans.length, ...(split.seed !== undefined && { seed: split.seed }), extra: { description: split.description } },
    hyperParameters: bundle.hyperParameters,
    training: { backend: bundle.backend, tfVersion: bundle.tfVersion, seed, seconds: round(seconds), history: bundle.history },
    metrics: { ...measured, extra: { measuredOn: bundle.metrics.holdout ? 'holdout' : 'training', psi: bundle.metrics.psi, psiEdges: bundle.metrics.psiEdges } },
    parity: bundle.parity,
    decisionPolicy: bundle.decisionPolicy,
    modelCard,
  };
}

const round = (seconds: number): number => Math.round(seconds * 100) / 100;
