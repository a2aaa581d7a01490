import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestApp, type TestApp } from '../support/app.js';
import { approveSmallVersion, registerSmallModel } from '../support/small-version.js';
import { REPORT } from './full-report.js';

const ASK = `query ($id: ID!) { modelVersion(id: $id) {
  evaluation { measuredOn metrics { auc ece threshold } intervals { level of { metric low high } } roc { falsePositiveRate truePositiveRate pd } lift { decile lift gain } calibration { count low high }
    distribution { edges goods bads } vintages { name auc } }
  globalImportance { feature label meanAbsolute share meanSigned } partialDependence { feature label varies points { value meanPd } }
  dataQuality { findings { check severity feature message value threshold } overrides { check feature reason } }
  crossValidation { auc aucDeviation ks brier folds { rows bads auc ks brier logLoss ece } }
  trials { trial status settings rungs auc message } scorecard { basePoints features { feature label period informationValue coefficient bins { label rows bads woe points } } }
  artefacts { kind } features { name source missing sentinels monotone mutable bounds { min max } categories bins { woe } columns } } }`;

const GROUPS = 'query ($id: ID!) { modelVersion(id: $id) { evaluation { groups { attribute groups { name approvalRatio belowLeastRatio } skipped } } } }';

const CHECKS = 'query ($id: ID!) { modelVersion(id: $id) { dataQuality { findings { check } overrides { check } } } }';

describe('the report of a version', () => {
  let app: TestApp;
  let reported: string;
  let bare: string;
  beforeAll(async () => {
    app = await openTestApp();
    const model = await registerSmallModel(app, 'reported');
    bare = (await approveSmallVersion(app, model, { report: null })).versionId;
    reported = (await approveSmallVersion(app, model, { report: REPORT })).versionId;
  });
  afterAll(() => app.close());

  it('is told over GraphQL, part by part', async () => {
    const { modelVersion } = await (await app.as('admin')).ok<{ modelVersion: Record<string, unknown> & { features: object[] } }>(ASK, { id: reported });
    expect(modelVersion).toMatchObject({
      evaluation: {
        measuredOn: 'TRAINING',
        metrics: { auc: 0.75, ece: 0.01, threshold: 0.4 }, intervals: { level: 0.95, of: [{ metric: 'auc', low: 0.71, high: 0.79 }] },
        roc: REPORT.evaluation.curves.roc, lift: [{ decile: 1, lift: 4, gain: 0.4 }], calibration: [{ count: 40, low: 0.26, high: 0.55 }],
        distribution: REPORT.evaluation.curves.distribution, vintages: [{ name: '2024-Q1', auc: 0.7 }, { name: '2024-Q2', auc: null }],
      },
      globalImportance: REPORT.importance.features,
      partialDependence: [{ feature: 'principal', label: 'Amount', varies: 'value', points: [{ value: 1000, meanPd: 0.1 }, { value: null, meanPd: 0.2 }] }],
      crossValidation: REPORT.crossValidation,
      trials: [
        { trial: 0, status: 'FINISHED', settings: '{"units":8}', rungs: 2, auc: 0.72, message: null },
        { trial: 1, status: 'FAILED', settings: '{"units":900}', rungs: 0, auc: null, message: 'Out of memory.' },
      ],
      scorecard: { basePoints: 400, features: [{ feature: 'principal', label: 'Amount', period: null, informationValue: 0.3, coefficient: 0.5, bins: [{ label: 'below 2000', rows: 20, bads: 8, woe: 0.5, points: -18 }] }] },
      artefacts: expect.arrayContaining([{ kind: 'REPORT' }]),
      features: [{ name: 'principal', source: 'loan.principal', missing: 'median', sentinels: [], monotone: null, mutable: false, categories: [], bins: [], columns: ['principal'] }],
    });
    const { min, max } = (modelVersion.features[0] as { bounds: { min: number; max: number }[] }).bounds[0]!;
    // Training saw 1,000 to 4,900; the bounds are a little wider.
    expect(min < 1000 && min > 500 && max > 4900 && max < 5400).toBe(true);
  });

  it.each(['owner', 'validator', 'admin', 'auditor', 'riskManager'] as const)('shows aggregates by group to the %s, who makes, judges or watches models', async (person) => {
    const client = await app.as(person);
    expect(await client.ok(GROUPS, { id: reported })).toEqual({ modelVersion: { evaluation: { groups: [
      { attribute: 'sex', groups: [{ name: 'female', approvalRatio: 1, belowLeastRatio: false }, { name: 'male', approvalRatio: 0.7, belowLeastRatio: true }], skipped: ['other'] },
    ] } } });
    expect(await client.ok(CHECKS, { id: reported })).toEqual({ modelVersion: { dataQuality: {
      findings: [{ check: 'missing-values' }, { check: 'group-size' }], overrides: [{ check: 'missing-values' }, { check: 'group-size' }],
    } } });
  });

  it('shows nothing about groups of people to others who may see models', async () => {
    const underwriter = await app.as('underwriter');
    const { extensions, message } = await underwriter.refusal(GROUPS, { id: reported });
    expect([extensions.code, message]).toEqual(['FORBIDDEN', expect.stringContaining('model:fairness')]);
    expect(await underwriter.ok(CHECKS, { id: reported })).toEqual({ modelVersion: { dataQuality: { findings: [{ check: 'missing-values' }], overrides: [{ check: 'missing-values' }] } } });
  });

  it('is absent where a version has none', async () => {
    const { modelVersion } = await (await app.as('auditor')).ok<{ modelVersion: object }>(ASK, { id: bare });
    expect(modelVersion).toMatchObject({ evaluation: null, globalImportance: [], partialDependence: [], dataQuality: null, crossValidation: null, trials: [], scorecard: null });
  });

  it('says where it does not tell which loans it was measured on', async () => {
    const { measuredOn: _, ...evaluation } = REPORT.evaluation;
    const { versionId } = await approveSmallVersion(app, await registerSmallModel(app, 'untold'), { report: { version: 1, evaluation } });
    expect(await (await app.as('auditor')).ok('query ($id: ID!) { modelVersion(id: $id) { evaluation { measuredOn metrics { auc } } } }', { id: versionId }))
      .toEqual({ modelVersion: { evaluation: { measuredOn: null, metrics: { auc: 0.75 } } } });
  });

  it('is refused at registration where it is not one', async () => {
    const model = await registerSmallModel(app, 'misreported');
    await expect(approveSmallVersion(app, model, { report: { ...REPORT, importance: { rows: 1, features: [{ feature: 'principal', label: 'Amount' }] } } }))
      .rejects.toThrow(/The report is not valid at importance\.features\[0\]\.meanAbsolute: /);
  });
});
