import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { ReadReport } from '../../src/scoring/index.js';
import { failing, GATES, judgeGates, WAIVABLE } from '../../src/models/gates/gates.js';
import { GATE_NAMES, type GateEvidence, type GateName, type GateResult } from '../../src/models/gates/types.js';
import { CHAMPION, evidence, reported, slice, sound, THRESHOLDS } from './gate-evidence.js';
import { dossierJson, MEASURED } from './support.js';

const of = (gate: GateName, changes: Partial<GateEvidence> = {}): GateResult => judgeGates(evidence(changes), THRESHOLDS).find((result) => result.gate === gate)!;
const measured = ({ ece = 0, psi = 0.03, ...on }: { ece?: number; psi?: number | null; measuredOn?: string | undefined }): Pick<GateEvidence, 'report'> =>
  ({ report: reported({ evaluation: { measuredOn: 'holdout', ...on, metrics: { ...MEASURED, ece }, groups: {} }, stability: psi === null ? null : { psi } }) });

describe('a sound version', () => {
  it('passes every gate, but that of a champion it does not have yet', () => {
    expect(judgeGates(evidence(), THRESHOLDS).map(({ gate, verdict }) => [gate, verdict])).toEqual(GATE_NAMES.map((gate) => [gate, gate === 'DISCRIMINATION' ? 'NOT_APPLICABLE' : 'PASS']));
  });

  it('is told with figure, threshold, unit and source', () => {
    expect(of('CALIBRATION')).toEqual({
      gate: 'CALIBRATION', verdict: 'PASS', unit: 'PD', measured: 0.02, threshold: 0.05, source: 'report.evaluation.metrics.ece', waiverId: null,
      text: 'The expected calibration error is 0.02 on 10 held-out loans; at most 0.05 passes.',
    });
  });
});

describe('a version whose dossier says that all is well, but no report does', () => {
  const claimed = sound({ fairness: { leastRatio: 0.8, attributes: [] }, comparison: { champion: `version 1 (${CHAMPION.versionId})`, rows: 400, auc: 0.9, championAuc: 0.8, standardError: 0.01, z: 9, p: 0 } });
  const RESTS_ON_A_REPORT = ['DISCRIMINATION', 'CALIBRATION', 'STABILITY', 'DATA_QUALITY', 'EXPLANATION', 'FAIRNESS'];

  it.each<[string, ReadReport | undefined]>([['without a report', undefined], ['with an empty one', { version: 1 }]])('%s fails every gate that rests on one, can have it waived, and is told how to get one', (_, report) => {
    const results = judgeGates(evidence({ dossier: claimed, report, champion: CHAMPION }), THRESHOLDS);
    expect(failing(results).map(({ gate }) => gate)).toEqual(RESTS_ON_A_REPORT);
    for (const { measured: figure, text, gate } of failing(results)) expect([figure, text, WAIVABLE.includes(gate)]).toEqual([null, expect.stringMatching(/^No report backs .*assay train/), true]);
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

const compared = ({ auc = 0.79, champion = `version 1 (${CHAMPION.versionId})` }): GateResult =>
  of('DISCRIMINATION', { champion: CHAMPION, report: reported({ comparison: { champion, rows: 400, test: { aucA: auc, aucB: 0.8, standardError: 0.01, z: -1, p: 0.32 } } }) });

describe('DISCRIMINATION', () => {
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
    expect(of('CALIBRATION', measured({ ece }))).toMatchObject({ verdict, measured: ece });
  });

  it.each([[0.25, 'PASS'], [0.26, 'FAIL']])('a PSI of %d: %s', (psi, verdict) => {
    expect(of('STABILITY', measured({ psi }))).toMatchObject({ verdict, measured: psi });
  });

  it('fail where nothing was held out, or the report does not tell', () => {
    const unheld = sound({ split: { kind: 'all', trainRows: 40, holdoutRows: 0 } });
    for (const gate of ['CALIBRATION', 'STABILITY'] as const) {
      expect(of(gate, measured({ measuredOn: 'training', psi: null }))).toMatchObject({ verdict: 'FAIL', text: expect.stringContaining('loans it was trained on') });
      expect(of(gate, { dossier: unheld })).toMatchObject({ verdict: 'FAIL', text: expect.stringContaining('loans it was trained on') });
      expect(of(gate, measured({ measuredOn: undefined }))).toMatchObject({ verdict: 'FAIL', text: expect.stringContaining('does not tell on which loans') });
    }
  });

  it('go by the report, whatever the dossier claims', () => {
    const claimed = sound({ metrics: { ...dossierJson.metrics, ece: 0.01, extra: { measuredOn: 'holdout', psi: 0.01 } } });
    expect(of('CALIBRATION', { dossier: claimed, ...measured({ ece: 0.4 }) })).toMatchObject({ verdict: 'FAIL', measured: 0.4 });
    expect(of('STABILITY', { dossier: claimed, ...measured({ psi: 3 }) })).toMatchObject({ verdict: 'FAIL', measured: 3 });
  });
});

const GRAVE = { check: 'leaking-values', feature: 'score', severity: 'HIGH', message: 'Leaks.' };
const qualityOf = (findings: object[], overrides: object[] = []): GateResult => of('DATA_QUALITY', { report: reported({ quality: { findings, overrides } }) });

describe('DATA_QUALITY', () => {
  it('passes without a grave finding', () => {
    expect(qualityOf([{ ...GRAVE, severity: 'MEDIUM' }])).toMatchObject({ verdict: 'PASS', measured: 0 });
  });

  it('fails on a grave finding although its makers overrode it, shows why they did, and leaves it to others to waive', () => {
    expect(qualityOf([GRAVE], [{ check: 'leaking-values', feature: 'score', reason: 'Known at application.' }]))
      .toMatchObject({ verdict: 'FAIL', measured: 1, text: expect.stringMatching(/: leaking-values of score\. Its makers went on in spite of leaking-values of score: Known at application\. .* two people who did not make it/) });
  });

  it('tells nobody by whom groups are made up: gates are read by all who read models', () => {
    expect(qualityOf([{ ...GRAVE, check: 'group-size', feature: 'religion' }], [{ check: 'group-size', feature: 'religion', reason: 'Few of them.' }]).text).not.toMatch(/religion|Few of them/);
  });
});

describe('EXPLANATION', () => {
  it.each([[0.05, 'PASS'], [0.06, 'FAIL']])('with %d log-odds left over: %s', (residual95, verdict) => {
    expect(of('EXPLANATION', { report: reported({ importance: { method: 'linear', rows: 500, residual95, features: [] } }) })).toMatchObject({ verdict, measured: residual95 });
  });

  it('fails for features without a reason code, and for artefacts that cannot be loaded', () => {
    expect(of('EXPLANATION', { explanation: { features: 2, withoutReasonCode: ['income'], referenceRows: 64 } })).toMatchObject({ verdict: 'FAIL', text: expect.stringContaining('income') });
    expect(of('EXPLANATION', { explanation: undefined }).verdict).toBe('FAIL');
  });
});

const fair = (...lowest: (readonly (number | null)[])[]): GateResult =>
  of('FAIRNESS', { report: reported({ evaluation: { groups: Object.fromEntries(lowest.map((ratios, i) => [`attribute ${i}`, { groups: ratios.map((ratio, k) => slice(`group ${k}`, ratio)), skipped: [] }])) } }) });

describe('FAIRNESS', () => {
  it.each([[[[1, 0.8], [1, 0.9]], 'PASS', 0.8], [[[1, 0.9], [0.79, 1]], 'FAIL', 0.79], [[[null, null], [1, 0.9]], 'PASS', 0.9], [[[1], [1, 0.5]], 'FAIL', 0.5]])('of the ratios %j: %s', (ratios, verdict, lowest) => {
    expect(fair(...ratios)).toMatchObject({ verdict, measured: lowest });
  });

  it('is not applicable where its report knows of no attribute, or none can be compared, and says so', () => {
    expect(fair()).toMatchObject({ verdict: 'NOT_APPLICABLE', text: expect.stringContaining('No protected attribute is known') });
    expect(fair([null, null])).toMatchObject({ verdict: 'NOT_APPLICABLE', text: expect.stringContaining('Without two groups large enough to compare: attribute 0') });
    expect(fair([1])).toMatchObject({ verdict: 'NOT_APPLICABLE', measured: null });
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
      const given = evidence({ ...measured({ ece, psi }), bytes });
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
