import { describe, expect, it } from '@jest/globals';
import { canonicalJson, sha256 } from '../../src/platform/index.js';
import { parseDossier, readDossier } from '../../src/models/index.js';
import { dossierJson } from './support.js';

const parse = (changes: object): unknown => parseDossier(JSON.stringify({ ...dossierJson, ...changes }));

describe('a dossier', () => {
  it('is named by the SHA-256 of its canonical text, which its author can compute', () => {
    const { canonical, digest } = parseDossier(JSON.stringify(dossierJson, null, 2));
    expect(canonical).toBe(canonicalJson(dossierJson));
    expect(digest).toBe(sha256(canonicalJson(dossierJson)).toString('hex'));
  });

  it('has the same digest however it is laid out, and another when one character changes', () => {
    const reversed = Object.fromEntries(Object.entries(dossierJson).reverse());
    expect(parseDossier(JSON.stringify(reversed)).digest).toBe(parseDossier(JSON.stringify(dossierJson)).digest);
    const changed = { ...dossierJson, modelCard: { intendedUse: 'Tests!', limitations: 'Everything else.' } };
    expect(parseDossier(JSON.stringify(changed)).digest).not.toBe(parseDossier(JSON.stringify(dossierJson)).digest);
  });

  it('keeps text exactly as written, blanks included', () => {
    const card = { intendedUse: ' Tests. ', limitations: 'Everything else.' };
    expect(parseDossier(JSON.stringify({ ...dossierJson, modelCard: card })).dossier.modelCard).toEqual(card);
  });

  it('takes what is not foreseen under extra only', () => {
    expect(() => parse({ extra: { reviewer: 'Ann' } })).not.toThrow();
    expect(() => parse({ reviewer: 'Ann' })).toThrow(/Unrecognized key.*reviewer/);
  });

  it('may tell of family, calibration, threshold, data quality, trials, the champion, fairness, explanations and a foreign source', () => {
    const digest = 'cd'.repeat(32);
    const more = {
      family: 'foreign',
      source: { library: 'xgboost 1.7.4', sha256: digest, notes: ['ZipMap removed'] },
      calibration: { kind: 'isotonic', knots: [-1, 0, 2], values: [-2, -0.5, 1] },
      threshold: { rule: { costRatio: 5 }, threshold: 1 / 6 },
      quality: { high: 1, medium: 0, low: 3, overrides: [{ check: 'near-leak', feature: 'bureauScore', reason: 'Known at application; checked with the bureau.' }] },
      trials: { trials: 30, failed: 1, folds: 3, criterion: 'log loss', best: 0.43, seconds: 512.5 },
      comparison: { champion: 'version 1', rows: 10, auc: 0.8, championAuc: 0.75, standardError: 0.02, z: 2.5, p: 0.012 },
      metrics: { ...dossierJson.metrics, intervals: { level: 0.95, resamples: 400, of: { auc: { low: 0.75, high: 0.85 } } } },
      artefacts: { ...dossierJson.artefacts, report: digest },
      fairness: { leastRatio: 0.8, attributes: [{ attribute: 'sex', groups: ['female', 'male'], skipped: ['other'], lowestRatio: 0.7 }, { attribute: 'ageBand', groups: [], skipped: ['60-69'], lowestRatio: null }] },
      explanation: { method: 'linear', rows: 500, residual95: 1e-7 },
    };
    expect(parse(more)).toMatchObject({ dossier: more });
  });

  it('without what later releases added keeps the digest that was voted on', () => {
    const { quality: _quality, fairness: _fairness, explanation: _explanation, ...old } = dossierJson;
    const { ece: _ece, extra: _extra, ...metrics } = old.metrics;
    const { ethics: _ethics, contact: _contact, ...modelCard } = old.modelCard;
    expect(parseDossier(JSON.stringify({ ...old, metrics, modelCard })).digest).toBe('9047f408529634cde93de9f7f309df79570437b0f46ae7a2db24b4a29b0a987f');
  });

  const EVERYTHING = {
    ...dossierJson,
    artefacts: { ...dossierJson.artefacts, layersModel: '12'.repeat(32), report: '34'.repeat(32) },
    trials: { trials: 30, failed: 1, folds: 3, criterion: 'log loss', best: 0.43, seconds: 512.5 },
    quality: { high: 0, medium: 0, low: 3, overrides: [] },
    fairness: { leastRatio: 0.8, attributes: [{ attribute: 'sex', groups: ['female', 'male'], skipped: [], lowestRatio: 0.9 }] },
    explanation: { method: 'linear', rows: 500, residual95: 1e-7 },
  };
  const OTHER = 'cd'.repeat(32);
  const artefacts = (changes: object): object => ({ artefacts: { ...EVERYTHING.artefacts, ...changes } });

  it.each<[string, object]>([
    ['the ONNX model', artefacts({ onnx: OTHER })],
    ['the feature schema', artefacts({ featureSchema: OTHER })],
    ['the reference set', artefacts({ referenceSet: OTHER })],
    ['the parity sample', artefacts({ paritySample: OTHER })],
    ['the LayersModel', artefacts({ layersModel: OTHER })],
    ['the report', artefacts({ report: OTHER })],
    ['the fingerprint of the training data', { trainingData: { ...EVERYTHING.trainingData, fingerprint: OTHER } }],
    ['the split', { split: { ...EVERYTHING.split, seed: 2 } }],
    ['a hyper-parameter', { hyperParameters: { layers: [8] } }],
    ['the trials', { trials: { ...EVERYTHING.trials, best: 0.42 } }],
    ['a metric', { metrics: { ...EVERYTHING.metrics, auc: 0.81 } }],
    ['parity', { parity: { ...EVERYTHING.parity, maxAbsDifference: 1e-9 } }],
    ['data quality', { quality: { ...EVERYTHING.quality, high: 1 } }],
    ['fairness', { fairness: { leastRatio: 0.8, attributes: [{ attribute: 'sex', groups: ['female', 'male'], skipped: [], lowestRatio: 0.91 }] } }],
    ['the completeness of explanations', { explanation: { ...EVERYTHING.explanation, residual95: 2e-7 } }],
    ['the model card', { modelCard: { ...EVERYTHING.modelCard, limitations: 'Everything else!' } }],
    ['the decision policy', { decisionPolicy: { ...EVERYTHING.decisionPolicy, approveBelow: 0.41 } }],
  ])('has another digest when %s changes', (_, changes) => {
    expect(parseDossier(JSON.stringify({ ...EVERYTHING, ...changes })).digest).not.toBe(parseDossier(JSON.stringify(EVERYTHING)).digest);
  });

  it.each([
    ['another format', { format: 2 }, 'format: must be 1'],
    ['a digest in capitals', { artefacts: { ...dossierJson.artefacts, onnx: 'AB'.repeat(32) } }, 'artefacts.onnx: must be a SHA-256 digest'],
    ['an AUC above one', { metrics: { ...dossierJson.metrics, auc: 1.2 } }, 'metrics.auc'],
    ['an override without a reason', { quality: { high: 1, medium: 0, low: 0, overrides: [{ check: 'near-leak', reason: ' ' }] } }, 'quality.overrides.0.reason: must not be blank'],
    ['a family that is none', { family: 'oracle' }, 'family'],
    ['a calibration that is none', { calibration: { kind: 'none' } }, 'calibration'],
    ['an approval line by no rule there is', { threshold: { rule: { defaultRate: 0.1 }, threshold: 0.1 } }, 'threshold.rule'],
    ['a fairness ratio above one', { fairness: { leastRatio: 0.8, attributes: [{ attribute: 'sex', groups: [], skipped: [], lowestRatio: 1.5 }] } }, 'fairness.attributes.0.lowestRatio'],
    ['figures of single groups', { fairness: { leastRatio: 0.8, attributes: [{ attribute: 'sex', groups: [{ name: 'female', rows: 9 }], skipped: [], lowestRatio: 1 }] } }, 'fairness.attributes.0.groups.0'],
    ['a blank model card', { modelCard: { intendedUse: ' ', limitations: 'x' } }, 'modelCard.intendedUse: must not be blank'],
    ['no model card', { modelCard: undefined }, 'modelCard'],
    ['a policy that contradicts itself', { decisionPolicy: { ...dossierJson.decisionPolicy, approveBelow: 0.9 } }, 'approveBelow may not lie above declineFrom'],
  ])('is refused with %s', (_, changes, sentence) => {
    expect(() => parse(changes)).toThrow(sentence);
  });

  it('is refused when it is not JSON', () => {
    expect(() => parseDossier('{')).toThrow('The dossier is not JSON');
  });

  it('read from storage must still have its digest', () => {
    const { canonical, digest } = parseDossier(JSON.stringify(dossierJson));
    expect(readDossier(canonical, digest).metrics.auc).toBe(0.8);
    expect(() => readDossier(canonical.replace('0.8', '0.9'), digest)).toThrow('does not have its digest any more');
  });
});
