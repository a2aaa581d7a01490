import { parseDossier, type Dossier } from '../../src/models/index.js';
import type { GateEvidence, GateThresholds } from '../../src/models/gates/types.js';
import { dossierJson } from './support.js';

export const THRESHOLDS: GateThresholds = { aucMargin: 0.01, mostCalibrationError: 0.05, mostPsi: 0.25, mostResidual: 0.05, leastFairnessRatio: 0.8, mostMilliseconds: 250, mostBytes: 1_000 };

export const CHAMPION = { versionId: '018f0000-0000-7000-8000-000000000007', version: 1 };

/** A dossier that passes every gate. */
export const sound = (changes: object = {}): Dossier =>
  parseDossier(JSON.stringify({
    ...dossierJson,
    metrics: { ...dossierJson.metrics, ece: 0.02, extra: { measuredOn: 'holdout', psi: 0.03 } },
    quality: { high: 0, medium: 1, low: 2, overrides: [] },
    fairness: { leastRatio: 0.8, attributes: [{ attribute: 'sex', groups: ['f', 'm'], skipped: [], lowestRatio: 0.91 }, { attribute: 'age', groups: ['18–30', '31–60'], skipped: ['61+'], lowestRatio: 0.85 }] },
    explanation: { method: 'linear', rows: 500, residual95: 0.001 },
    modelCard: { intendedUse: 'Tests.', limitations: 'Everything else.', ethics: 'Looked at.', contact: 'Olga' },
    ...changes,
  })).dossier;

/** What a sound version shows. */
export const evidence = (changes: Partial<GateEvidence> = {}): GateEvidence => ({
  dossier: sound(),
  dossierDigest: 'ab'.repeat(32),
  report: undefined,
  bytes: 900,
  scan: { operators: 6 },
  parity: { rows: 40, maxAbsDifference: 2e-7, bar: 1e-5, passed: true },
  explanation: { features: 3, withoutReasonCode: [], referenceRows: 64 },
  latency: { milliseconds: 4.2, predictions: 9, runtime: 'onnxruntime-node', method: 'linear' },
  champion: undefined,
  openHighFindings: [],
  ...changes,
});
