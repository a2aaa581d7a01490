import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { failing, GATES, judgeGates, WAIVABLE } from '../../src/models/gates/gates.js';
import { GATE_NAMES, type GateEvidence, type GateName, type GateResult } from '../../src/models/gates/types.js';
import { CHAMPION, evidence, sound, THRESHOLDS } from './gate-evidence.js';
import { dossierJson } from './support.js';

const of = (gate: GateName, changes: Partial<GateEvidence> = {}): GateResult => judgeGates(evidence(changes), THRESHOLDS).find((result) => result.gate === gate)!;
const metrics = (changes: object): Pick<GateEvidence, 'dossier'> => ({ dossier: sound({ metrics: { ...dossierJson.metrics, ece: undefined, ...changes } }) });
const holdout = { measuredOn: 'holdout', psi: 0.03 };

describe('a sound version', () => {
  it('passes every gate, but that of a champion it does not have yet', () => {
    expect(judgeGates(evidence(), THRESHOLDS).map(({ gate, verdict }) => [gate, verdict])).toEqual(GATE_NAMES.map((gate) => [gate, gate === 'DISCRIMINATION' ? 'NOT_APPLICABLE' : 'PASS']));
  });

  it('is told with figure, threshold, unit and source', () => {
    expect(of('CALIBRATION')).toEqual({
      gate: 'CALIBRATION', verdict: 'PASS', unit: 'PD', measured: 0.02, threshold: 0.05, source: 'dossier.metrics.ece', waiverId: null,
      text: 'The expected calibration error is 0.02 on 10 held-out loans; at most 0.05 passes.',
    });
  });
});

describe('PARITY', () => {
  it('fails on a difference above the bar, and says by how much', () => {
    expect(of('PARITY', { parity: { rows: 40, maxAbsDifference: 0.001, bar: 1e-5, passed: false } })).toMatchObject({ verdict: 'FAIL', measured: 0.001, threshold: 1e-5, text: expect.stringContaining('up to 0.001') });
  });

  it('fails where the dossier claims something else than is found', () => {
    expect(of('PARITY', { parity: { rows: 41, maxAbsDifference: 0, bar: 1e-5, passed: true } })).toMatchObject({ verdict: 'FAIL', text: expect.stringContaining('claims otherwise: passed on 40 rows') });
  });

  it('is with the library of a model that was trained elsewhere', () => {
    const dossier = sound({ source: { library: 'scikit-learn 1.5', sha256: 'cd'.repeat(32), notes: [] } });
    expect(of('PARITY', { dossier }).text).toContain('those of scikit-learn 1.5');
  });

  it('fails with the sentence of what could not be loaded', () => {
    expect(of('PARITY', { parity: { failed: 'The ONNX model cannot be used.' } })).toMatchObject({ verdict: 'FAIL', measured: null, text: expect.stringContaining('The ONNX model cannot be used.') });
  });
});

describe('DISCRIMINATION', () => {
  const comparison = { champion: `version 1 (${CHAMPION.versionId})`, rows: 400, auc: 0.79, championAuc: 0.8, standardError: 0.01, z: -1, p: 0.32 };
  const compared = (changes: object): GateResult => of('DISCRIMINATION', { champion: CHAMPION, dossier: sound({ comparison: { ...comparison, ...changes } }) });

  it.each([[0.81, 'PASS', 0.01], [0.79, 'PASS', -0.01], [0.785, 'FAIL', -0.015]])('of AUC %d against 0.8, margin 0.01: %s', (auc, verdict, difference) => {
    const result = compared({ auc });
    expect(result).toMatchObject({ verdict, threshold: -0.01 });
    expect(result.measured).toBeCloseTo(difference, 12);
  });

  it('fails without a comparison, or with one against another version than the present champion, and says how to get one', () => {
    expect(of('DISCRIMINATION', { champion: CHAMPION })).toMatchObject({ verdict: 'FAIL', measured: null, text: expect.stringContaining('Build the version again compared with version 1') });
    const stale = compared({ champion: 'version 0 (018f0000-0000-7000-8000-000000000000)' });
    expect(stale).toMatchObject({ verdict: 'FAIL', measured: null, text: expect.stringContaining('but the champion is version 1 now') });
  });
});

describe('CALIBRATION and STABILITY', () => {
  it.each([[0.05, 'PASS'], [0.051, 'FAIL']])('an expected calibration error of %d: %s', (ece, verdict) => {
    expect(of('CALIBRATION', metrics({ ece, extra: holdout }))).toMatchObject({ verdict, measured: ece });
  });

  it.each([[0.25, 'PASS'], [0.26, 'FAIL']])('a PSI of %d: %s', (psi, verdict) => {
    expect(of('STABILITY', metrics({ ece: 0, extra: { measuredOn: 'holdout', psi } }))).toMatchObject({ verdict, measured: psi });
  });

  it('fail without the figure, and where nothing was held out', () => {
    const told = metrics({ extra: { measuredOn: 'holdout' } });
    expect([of('CALIBRATION', told), of('STABILITY', told)]).toMatchObject([{ verdict: 'FAIL', measured: null }, { verdict: 'FAIL', measured: null }]);
    const flattering = metrics({ ece: 0, extra: { measuredOn: 'training', psi: null } });
    for (const gate of ['CALIBRATION', 'STABILITY'] as const) expect(of(gate, flattering)).toMatchObject({ verdict: 'FAIL', text: expect.stringContaining('loans it was trained on') });
    const unheld = sound({ split: { kind: 'all', trainRows: 40, holdoutRows: 0 } });
    for (const gate of ['CALIBRATION', 'STABILITY'] as const) expect(of(gate, { dossier: unheld }).verdict).toBe('FAIL');
  });

  it('take the stability from the report where the dossier has none', () => {
    expect(of('STABILITY', { ...metrics({ ece: 0, extra: { measuredOn: 'holdout' } }), report: { version: 1, stability: { psi: 0.5 } } })).toMatchObject({ verdict: 'FAIL', measured: 0.5 });
  });
});

describe('DATA_QUALITY', () => {
  const override = { check: 'leaking-values', feature: 'score', reason: 'Known at application.' };
  const grave = { check: 'leaking-values', feature: 'score', severity: 'HIGH' as const, message: 'Leaks.' };

  it('passes where each grave finding was overridden, and shows why', () => {
    const dossier = sound({ quality: { high: 1, medium: 0, low: 0, overrides: [override] } });
    expect(of('DATA_QUALITY', { dossier })).toMatchObject({ verdict: 'PASS', measured: 0, text: expect.stringContaining('leaking-values of score: Known at application.') });
  });

  it('matches overrides with the findings of the report, one by one', () => {
    const dossier = sound({ quality: { high: 1, medium: 0, low: 0, overrides: [{ ...override, feature: 'income' }] } });
    const report = { version: 1 as const, quality: { findings: [grave] } };
    expect(of('DATA_QUALITY', { dossier, report })).toMatchObject({ verdict: 'FAIL', measured: 1 });
  });

  it('fails on findings left, and without a report', () => {
    expect(of('DATA_QUALITY', { dossier: sound({ quality: { high: 2, medium: 0, low: 0, overrides: [override] } }) })).toMatchObject({ verdict: 'FAIL', measured: 1 });
    expect(of('DATA_QUALITY', { dossier: sound({ quality: undefined }) }).verdict).toBe('FAIL');
  });
});

describe('EXPLANATION', () => {
  it.each([[0.05, 'PASS'], [0.06, 'FAIL']])('with %d log-odds left over: %s', (residual95, verdict) => {
    expect(of('EXPLANATION', { dossier: sound({ explanation: { method: 'linear', rows: 500, residual95 } }) })).toMatchObject({ verdict, measured: residual95 });
  });

  it('reads the report where the dossier does not say', () => {
    const report = { version: 1 as const, importance: { rows: 100, residual95: 0.2, features: [] } };
    expect(of('EXPLANATION', { dossier: sound({ explanation: undefined }), report })).toMatchObject({ verdict: 'FAIL', measured: 0.2, source: 'report.importance' });
  });

  it('fails where nobody says, for features without a reason code, and for artefacts that cannot be loaded', () => {
    expect(of('EXPLANATION', { dossier: sound({ explanation: undefined }) }).verdict).toBe('FAIL');
    expect(of('EXPLANATION', { explanation: { features: 2, withoutReasonCode: ['income'], referenceRows: 64 } })).toMatchObject({ verdict: 'FAIL', text: expect.stringContaining('income') });
    expect(of('EXPLANATION', { explanation: undefined }).verdict).toBe('FAIL');
  });
});

const attributes = (...ratios: (number | null)[]): Pick<GateEvidence, 'dossier'> =>
  ({ dossier: sound({ fairness: { leastRatio: 0.8, attributes: ratios.map((lowestRatio, i) => ({ attribute: `attribute ${i}`, groups: ['a', 'b'], skipped: [], lowestRatio })) } }) });

describe('FAIRNESS', () => {
  it.each([[[0.8, 0.9], 'PASS', 0.8], [[0.9, 0.79], 'FAIL', 0.79], [[null, 0.9], 'PASS', 0.9], [[null, 0.5], 'FAIL', 0.5]])('of the lowest ratios %j: %s', (ratios, verdict, measured) => {
    expect(of('FAIRNESS', attributes(...ratios))).toMatchObject({ verdict, measured });
  });

  it('is not applicable where no attribute is known, or none can be compared, and says so', () => {
    expect(of('FAIRNESS', attributes())).toMatchObject({ verdict: 'NOT_APPLICABLE', text: expect.stringContaining('No protected attribute is known') });
    expect(of('FAIRNESS', attributes(null))).toMatchObject({ verdict: 'NOT_APPLICABLE', text: expect.stringContaining('Without two groups large enough to compare: attribute 0') });
    const alone = sound({ fairness: { leastRatio: 0.8, attributes: [{ attribute: 'sex', groups: ['m'], skipped: ['f'], lowestRatio: 1 }] } });
    expect(of('FAIRNESS', { dossier: alone })).toMatchObject({ verdict: 'NOT_APPLICABLE', measured: null });
  });

  it('fails without a report: that nobody looked is no answer', () => {
    expect(of('FAIRNESS', { dossier: sound({ fairness: undefined }) }).verdict).toBe('FAIL');
  });

  it('reads the report where the dossier does not say', () => {
    const slice = { name: 'f', rows: 200, bads: 20, defaultRate: 0.1, meanPd: 0.1, auc: 0.7, approvalRate: 0.5, approvalRatio: 1, belowLeastRatio: false };
    const groups = { sex: { groups: [slice, { ...slice, name: 'm', approvalRatio: 0.7 }], skipped: [] } };
    expect(of('FAIRNESS', { dossier: sound({ fairness: undefined }), report: { version: 1, evaluation: { groups } } })).toMatchObject({ verdict: 'FAIL', measured: 0.7, source: 'report.evaluation.groups' });
  });
});

describe('MODEL_CARD, FINDINGS, LATENCY, SIZE and ARTEFACT_SCAN', () => {
  it('a card needs all four sections', () => {
    expect(of('MODEL_CARD', { dossier: sound({ modelCard: { intendedUse: 'x', limitations: 'y', ethics: 'z' } }) })).toMatchObject({ verdict: 'FAIL', measured: 1, text: expect.stringContaining('says nothing of contact') });
  });

  it('an open HIGH finding fails, by its title', () => {
    expect(of('FINDINGS', { openHighFindings: ['Drifts in spring'] })).toMatchObject({ verdict: 'FAIL', measured: 1, text: expect.stringContaining('“Drifts in spring”') });
  });

  it.each([[250, 'PASS'], [251, 'FAIL']])('an explained prediction of %d ms: %s', (milliseconds, verdict) => {
    expect(of('LATENCY', { latency: { milliseconds, predictions: 9, runtime: 'onnxruntime-node 1.30.0', method: 'linear' } })).toMatchObject({ verdict, measured: milliseconds, source: 'onnxruntime-node 1.30.0' });
  });

  it.each([[1_000, 'PASS'], [1_001, 'FAIL']])('%d bytes: %s', (bytes, verdict) => {
    expect(of('SIZE', { bytes })).toMatchObject({ verdict, measured: bytes });
  });

  it('artefacts that cannot be loaded fail with the sentence', () => {
    expect(of('ARTEFACT_SCAN', { scan: { failed: 'The feature schema is not JSON.' } })).toMatchObject({ verdict: 'FAIL', text: expect.stringContaining('The feature schema is not JSON.') });
  });
});

describe('waivers', () => {
  const slow = evidence({ latency: { milliseconds: 900, predictions: 3, runtime: 'x', method: 'y' }, bytes: 5_000 });

  it('let a failure pass as WAIVED, and nothing else', () => {
    const results = judgeGates(slow, THRESHOLDS, [{ id: 'w', gate: 'LATENCY' }, { id: 'v', gate: 'CALIBRATION' }]);
    expect(results.find(({ gate }) => gate === 'LATENCY')).toMatchObject({ verdict: 'WAIVED', waiverId: 'w', measured: 900 });
    expect(results.find(({ gate }) => gate === 'CALIBRATION')).toMatchObject({ verdict: 'PASS', waiverId: null });
    expect(failing(results).map(({ gate }) => gate)).toEqual(['SIZE']);
  });

  it('do not exist for what endangers others or has a way of its own', () => {
    expect(GATE_NAMES.filter((gate) => !WAIVABLE.includes(gate))).toEqual(['PARITY', 'ARTEFACT_SCAN', 'FINDINGS']);
  });

  it('whichever there are: every gate answers, in order, and only failures are ever waived', () => {
    const changed = fc.record({ ece: fc.double({ min: 0, max: 1, noNaN: true }), bytes: fc.nat(5_000), psi: fc.double({ min: 0, max: 5, noNaN: true }), waived: fc.subarray([...WAIVABLE]) });
    fc.assert(fc.property(changed, ({ ece, bytes, psi, waived }) => {
      const given = evidence({ ...metrics({ ece, extra: { measuredOn: 'holdout', psi } }), bytes });
      const bare = judgeGates(given, THRESHOLDS);
      const results = judgeGates(given, THRESHOLDS, waived.map((gate) => ({ id: gate, gate })));
      expect(results.map(({ gate }) => gate)).toEqual([...GATE_NAMES]);
      for (const [i, { gate, verdict, text }] of results.entries()) {
        const before = bare[i]!.verdict;
        expect(verdict).toBe(before === 'FAIL' && waived.includes(gate) ? 'WAIVED' : before);
        expect(text).toMatch(/^[A-Z].*[.)]$/);
        expect(GATES[gate].asks).toMatch(/\.$/);
      }
    }), { numRuns: 200 });
  });
});
