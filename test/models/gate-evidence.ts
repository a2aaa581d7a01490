import { parseVersionReport, type ReadReport } from '../../src/scoring/index.js';
import { parseDossier, type Dossier } from '../../src/models/index.js';
import type { GateEvidence, GateThresholds } from '../../src/models/gates/types.js';
import { dossierJson, MEASURED, soundReport } from './support.js';

export const THRESHOLDS: GateThresholds = { aucMargin: 0.01, mostCalibrationError: 0.05, mostPsi: 0.25, mostResidual: 0.05, leastFairnessRatio: 0.8, mostMilliseconds: 250, mostBytes: 1_000 };

export const CHAMPION = { versionId: '018f0000-0000-7000-8000-000000000007', version: 1 };

/** A dossier that passes every gate with the report below. */
export const sound = (changes: object = {}): Dossier =>
  parseDossier(JSON.stringify({
    ...dossierJson,
    modelCard: { intendedUse: 'Tests.', limitations: 'Everything else.', ethics: 'Looked at.', contact: 'Olga' },
    ...changes,
  })).dossier;

export const slice = (name: string, approvalRatio: number | null) => ({ name, rows: 200, bads: 20, defaultRate: 0.1, meanPd: 0.1, auc: 0.7, approvalRate: 0.5, approvalRatio, belowLeastRatio: false });

/** A report that backs every figure; `changes` replace parts of it. */
export const reported = (changes: object = {}): ReadReport => parseVersionReport(soundReport({
  evaluation: { measuredOn: 'holdout', metrics: { ...MEASURED, ece: 0.02 }, groups: { sex: { groups: [slice('f', 1), slice('m', 0.91)], skipped: [] } } },
  stability: { psi: 0.03 },
  ...changes,
}));

/** What a sound version shows. */
export const evidence = (changes: Partial<GateEvidence> = {}): GateEvidence => ({
  dossier: sound(),
  dossierDigest: 'ab'.repeat(32),
  report: reported(),
  bytes: 900,
  scan: { operators: 6 },
  parity: { rows: 40, maxAbsDifference: 2e-7, bar: 1e-5, passed: true },
  explanation: { features: 3, withoutReasonCode: [], referenceRows: 64 },
  latency: { milliseconds: 4.2, predictions: 9, runtime: 'onnxruntime-node', method: 'linear' },
  champion: undefined,
  openHighFindings: [],
  ...changes,
});
