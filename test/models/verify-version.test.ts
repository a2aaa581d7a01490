import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from '../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { Bank, dossierJson, MEASURED, smallLayersModel, smallVersion, soundReport } from './support.js';

let database: TestDatabase;
let bank: Bank;
let olga: Context;

beforeAll(async () => {
  database = await openTestDatabase();
  bank = await Bank.open(database);
  olga = await bank.person('Olga', ['MODEL_OWNER']);
});
afterAll(() => database.close());

const stateOf = async (versionId: string): Promise<string> => (await bank.version(versionId)).state;

const registeringModel = async (layersModel: object): Promise<string> => bank.newVersion(olga, await bank.newModel(olga, 'HIGH'), await smallVersion({ layersModel }));

describe('registering a version with a LayersModel', () => {
  it('takes the one that the ONNX model was compiled from', async () => {
    expect(await stateOf(await registeringModel(smallLayersModel()))).toBe('DRAFT');
  });

  it('refuses another model than the ONNX model, which the runtime TensorFlow would score with', async () => {
    await expect(registeringModel(smallLayersModel({ weight: 1.01 }))).rejects.toMatchObject({ code: 'REFUSED', rule: { name: 'SAME_MODEL', who: 'MODEL_OWNER' }, message: expect.stringContaining('The LayersModel is another model than the ONNX model: on 40 rows of the parity sample') });
  });

  it.each([
    ['whose layers double their columns forty times', smallLayersModel({ between: Array.from({ length: 40 }, () => ({ class_name: 'Concatenate', inputs: 2 })) }), 'numbers a row'],
    ['with a layer that does not compile', smallLayersModel({ between: [{ class_name: 'Lambda', inputs: 1 }] }), 'is of a kind that is not supported'],
    ['that is no model', { layers: [] }, 'The LayersModel'],
  ])('refuses one %s', async (_, document, sentence) => {
    await expect(registeringModel(document)).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining(sentence) });
  });
});

const registeringReport = async (changes: object): Promise<string> => {
  const version = await smallVersion({ report: { version: 1, evaluation: { metrics: { ...MEASURED, ...changes } } } });
  return bank.newVersion(olga, await bank.newModel(olga, 'HIGH'), { ...version, dossier: { ...version.dossier, metrics: dossierJson.metrics } });
};

describe('registering a version with a report', () => {
  it('takes one that measured what the dossier says', async () => {
    expect(await stateOf(await registeringReport({}))).toBe('DRAFT');
  });

  it.each([
    ['rows', 11, 'metrics.rows is 10, but its report measured 11'],
    ['auc', 0.6, 'metrics.auc is 0.8, but its report measured 0.6'],
    ['brier', 0.2, 'metrics.brier is 0.1, but its report measured 0.2'],
    ['ece', 0.4, 'metrics.ece is 0.01, but its report measured 0.4'],
    ['ks', 0.1, 'metrics.ks is 0.5, but its report measured 0.1'],
  ])('refuses one with another %s than the dossier', async (name, value, sentence) => {
    await expect(registeringReport({ [name]: value })).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining(sentence) });
  });
});

describe('registering a version whose dossier claims another measurement than its report', () => {
  const { extra, ...metrics } = dossierJson.metrics;
  const override = { check: 'leaking-values', feature: 'score', reason: 'Known at application.' };
  const compared = { champion: 'version 1 (x)', rows: 10, auc: 0.8, championAuc: 0.8, standardError: 0.1, z: 0, p: 1 };
  const REPORT = soundReport({
    stability: { psi: 3 },
    evaluation: { measuredOn: 'training', metrics: MEASURED, groups: {} },
    quality: { findings: [{ check: 'leaking-values', feature: 'score', severity: 'HIGH', message: 'Leaks.' }], overrides: [override] },
    comparison: { champion: 'version 1 (x)', rows: 10, test: { aucA: 0.7, aucB: 0.8, standardError: 0.1, z: 0, p: 1 } },
  });
  const quality = { high: 1, medium: 0, low: 0, overrides: [override] };

  it.each<[string, object, string]>([
    ['of which loans', { metrics: { ...metrics, extra: { ...extra, measuredOn: 'holdout', psi: 3 } } }, 'metrics.extra.measuredOn is holdout, but its report measured training'],
    ['of stability', { metrics: { ...metrics, extra: { measuredOn: 'training', psi: 0.01 } } }, 'metrics.extra.psi is 0.01, but its report measured 3'],
    ['of fewer grave findings', { quality: { ...quality, high: 0 } }, 'quality.high is 0, but its report measured 1'],
    ['of other reasons', { quality: { ...quality, overrides: [{ ...override, reason: 'All is well.' }] } }, 'quality.overrides is ["leaking-values of score: All is well."], but its report measured ["leaking-values of score: Known at application."]'],
    ['of the champion', { comparison: compared }, 'comparison.auc is 0.8, but its report measured 0.7'],
    ['of another champion', { comparison: { ...compared, champion: 'version 2 (y)' } }, 'comparison.champion is version 2 (y), but its report measured version 1 (x)'],
  ])('%s refuses it, naming the figure and both values', async (_, changes, sentence) => {
    const version = await smallVersion({ report: REPORT });
    await expect(bank.newVersion(olga, await bank.newModel(olga, 'HIGH'), { ...version, dossier: { ...version.dossier, ...changes } })).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining(sentence) });
  });
});

const group = (name: string, approvalRatio: number | null) => ({ name, rows: 200, bads: 20, defaultRate: 0.1, meanPd: 0.1, auc: 0.7, approvalRate: 0.8, approvalRatio, belowLeastRatio: false });

describe('registering a version whose dossier tells of fairness and explanations', () => {
  const REPORT = {
    version: 1,
    evaluation: { groups: { sex: { groups: [group('female', 1), group('male', 0.9)], skipped: [{ name: 'other', rows: 3 }], leastRatio: 0.8 } } },
    importance: { method: 'linear', rows: 100, residual95: 1e-7, features: [] },
  };
  const sex = { attribute: 'sex', groups: ['male', 'female'], skipped: ['other'], lowestRatio: 0.9 };
  const fairness = { leastRatio: 0.8, attributes: [sex] };
  const registering = async (changes: object, report: object = REPORT): Promise<string> => {
    const version = await smallVersion({ report: { ...report } });
    return bank.newVersion(olga, await bank.newModel(olga, 'HIGH'), { ...version, dossier: { ...version.dossier, ...changes } });
  };

  it('takes what its report measured, in whatever order, and a dossier that says nothing of it', async () => {
    expect(await stateOf(await registering({ fairness, explanation: { method: 'linear', rows: 100, residual95: 1e-7 } }))).toBe('DRAFT');
    expect(await stateOf(await registering({}))).toBe('DRAFT');
  });

  it.each<[string, object, string]>([
    ['a better ratio', { fairness: { ...fairness, attributes: [{ ...sex, lowestRatio: 0.95 }] } }, 'fairness of sex: lowestRatio is 0.95, but its report measured 0.9'],
    ['a group left out', { fairness: { ...fairness, attributes: [{ ...sex, groups: ['female'] }] } }, 'fairness of sex: groups is ["female"], but its report measured ["female","male"]'],
    ['a skipped group left out', { fairness: { ...fairness, attributes: [{ ...sex, skipped: [] }] } }, 'fairness of sex: skipped is [], but its report measured ["other"]'],
    ['an attribute left out', { fairness: { ...fairness, attributes: [] } }, 'the attributes of fairness is nothing, but its report measured sex'],
    ['another convention', { fairness: { ...fairness, leastRatio: 0.5 } }, 'fairness.leastRatio is 0.5, but its report measured 0.8'],
    ['smaller residuals', { explanation: { method: 'linear', rows: 100, residual95: 1e-9 } }, 'explanation.residual95 is 1e-9, but its report measured 1e-7'],
  ])('refuses %s than its report measured', async (_, changes, sentence) => {
    await expect(registering(changes)).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining(sentence) });
  });

  it('refuses groups that its report did not measure', async () => {
    await expect(registering({ fairness }, { version: 1, evaluation: {} })).rejects.toThrow('the attributes of fairness is sex, but its report measured nothing');
  });
});
