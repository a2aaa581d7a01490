import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  adoptVersion, buildVersion, encode, explainerFor, loadScorer, parseFeatureSchema, parseReferenceSet, parseVersionReport, proposeFeatureSpecs, scorePoints,
  type BuildRequest, type FeatureSpec, type FieldDescription, type GatheredRecord, type LabelledRecords, type VersionBundle,
} from '../../src/scoring/index.js';
import { Random } from '../../src/scoring/random.js';

const fields: FieldDescription[] = [
  { path: 'customer.income', label: 'Income', type: 'numeric', unit: 'EUR' },
  { path: 'loan.principal', label: 'Amount', type: 'numeric', unit: 'EUR' },
  { path: 'loan.region', label: 'Region', type: 'categorical' },
  { path: 'repayments.daysPastDue', label: 'Days past due', type: 'numeric', unit: 'days' },
];
const declared = (spec: FeatureSpec): FeatureSpec => ({ ...spec, monotone: 'decreasing' });
const specs = proposeFeatureSpecs(fields, { periods: 4 }).map((spec) => (spec.name === 'customer.income' ? declared(spec) : spec));

interface Book extends LabelledRecords {
  readonly records: readonly GatheredRecord[];
  readonly labels: readonly number[];
}

/** Loans that default when they were late, and more often with little income; decided over two years. */
function book(rows: number, seed: number): Book {
  const random = new Random(seed);
  const labels: number[] = [];
  const groups: (string | null)[] = [];
  const records = Array.from({ length: rows }, (_, i): GatheredRecord => {
    const late = Math.max(0, random.normal());
    const income = Math.exp(7.5 + 0.5 * random.normal());
    labels.push(random.uniform() < 1 / (1 + Math.exp(2.2 - 1.2 * late + 0.9 * Math.log(income / 1_800))) ? 1 : 0);
    groups.push(i % 3 === 0 ? 'north' : 'south');
    const repayments = Array.from({ length: 4 }, (_unused, period) => ({ daysPastDue: Math.round(30 * late * (1 - period / 8)) }));
    return { customer: { income: Math.round(income) }, loan: { principal: Math.round(5_000 * (1 + random.uniform())), region: ['A', 'B', 'C'][i % 3]! }, repayments };
  });
  return { records, labels, groups: { area: groups }, times: records.map((_, i) => new Date(Date.UTC(2023, Math.floor((24 * i) / rows), 15))) };
}

const [train, holdout] = [book(1_500, 1), book(600, 2)];
const build = (request: Partial<BuildRequest>): Promise<VersionBundle> => buildVersion({ specs, ...train, holdout, seed: 5, ...request });

const bytesOf = (bundle: VersionBundle, name: string): Uint8Array => bundle.artefacts.find((artefact) => artefact.name === name)!.bytes;
const jsonOf = (bundle: VersionBundle, name: string): unknown => JSON.parse(new TextDecoder().decode(bytesOf(bundle, name)));

async function scored(bundle: VersionBundle, records: readonly GatheredRecord[]) {
  const schema = parseFeatureSchema(jsonOf(bundle, 'schema'));
  const scorer = await loadScorer({ onnx: bytesOf(bundle, 'onnx'), schema });
  const matrix = new Float32Array(records.length * schema.width);
  records.forEach((record, row) => matrix.set(encode(schema, record).vector, row * schema.width));
  const output = await scorer.run(matrix, records.length);
  return { schema, scorer, matrix, ...output };
}

/** A scorecard, compared with a champion that scores nine of ten, which several look at. */
let bundle: VersionBundle;
beforeAll(async () => {
  const pds = holdout.labels.map((_, i) => (i % 10 === 0 ? null : 0.1 + 0.001 * (i % 100)));
  bundle = await build({ hyperParameters: { family: 'scorecard' }, policy: { rule: { approvalRate: 0.7 } }, champion: { name: 'version 1', pds } });
}, 120_000);

describe('a scorecard', () => {
  it('gives every applicant the sum of the points of its bins', async () => {
    const { scorecard } = bundle.report;
    const { schema, matrix, probability, scorer } = await scored(bundle, holdout.records.slice(0, 200));
    await scorer.dispose();
    const coefficients = scorecard!.features.map(({ coefficient }) => coefficient);
    const perLogOdds = scorecard!.scale.doubling / Math.LN2;
    for (let row = 0; row < 200; row++) {
      const evidence = matrix.subarray(row * schema.width, (row + 1) * schema.width);
      const points = coefficients.reduce((sum, coefficient, c) => sum - perLogOdds * coefficient * evidence[c]!, scorecard!.basePoints);
      expect(points).toBeCloseTo(scorePoints(probability[row]!), 1);
    }
  });

  it('takes points for risk only, and prints what each bin is worth', () => {
    for (const { coefficient, bins } of bundle.report.scorecard!.features) {
      expect(coefficient).toBeGreaterThanOrEqual(0);
      for (const { woe, points } of bins) expect(Math.sign(points) * Math.sign(woe)).toBeLessThanOrEqual(0);
    }
    const income = bundle.report.scorecard!.features.find(({ feature }) => feature === 'customer.income')!;
    expect(income.bins.at(-1)!.label).toMatch(/and above$/u);
    expect(income.informationValue).toBeGreaterThan(0.1);
  });

  it('tells only the settings that it went by, and what did the arithmetic', () => {
    expect(Object.keys(bundle.hyperParameters).sort()).toEqual(['calibration', 'family', 'l2', 'seed', 'validationFraction']);
    expect(bundle.backend).toBe('javascript');
  });

  it.each([
    [{ family: 'scorecard', calibration: 'isotonic' }, 'calibrate a scorecard by platt'],
    [{ family: 'scorecard', loss: 'mse' }, 'fitted by maximum likelihood'],
  ] as const)('is refused with settings that it cannot keep: %j', async (hyperParameters, sentence) => {
    await expect(build({ hyperParameters })).rejects.toThrow(sentence);
  });

  it('is not made sure of itself by bins that know the outcomes', async () => {
    const random = new Random(3);
    const noise = (rows: number): Book => {
      const records = Array.from({ length: rows }, (): GatheredRecord => ({ customer: {}, loan: Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`x${i}`, random.normal()])), repayments: [] }));
      return { records, labels: records.map(() => (random.uniform() < 0.2 ? 1 : 0)) };
    };
    const noisy = proposeFeatureSpecs(Array.from({ length: 12 }, (_, i) => ({ path: `loan.x${i}`, label: `X${i}`, type: 'numeric' as const })));
    const made = await buildVersion({ specs: noisy, ...noise(800), holdout: noise(4_000), hyperParameters: { family: 'scorecard' }, seed: 1 });
    // Nothing can be learned here: an honest PD stays near the default rate of one in five.
    expect(made.report.evaluation.metrics.ece).toBeLessThan(0.04);
    expect(made.calibration).toMatchObject({ kind: 'platt', slope: expect.any(Number) });
    if (made.calibration!.kind === 'platt') expect(made.calibration!.slope).toBeLessThan(0.4);
  }, 60_000);

  it('is explained in closed form', async () => {
    const { schema, scorer, matrix } = await scored(bundle, holdout.records.slice(0, 5));
    const explainer = await explainerFor(scorer, schema, parseReferenceSet(jsonOf(bundle, 'reference'), schema));
    expect(explainer.method).toBe('linear');
    for (const { residual } of await explainer.explain(matrix, 5)) expect(Math.abs(residual)).toBeLessThan(1e-4);
    await scorer.dispose();
  });

  it('approves the share that was asked for', () => {
    expect(bundle.report.threshold).toMatchObject({ rule: { approvalRate: 0.7 }, chosen: { approvalRate: expect.closeTo(0.7, 2) } });
    expect(bundle.decisionPolicy.approveBelow).toBe(bundle.report.threshold!.chosen.threshold);
  });

  it('has a report with intervals, groups, vintages, importance, dependence and data quality that reads back', () => {
    const { evaluation, importance, partialDependence, quality, stability } = bundle.report;
    expect(evaluation.measuredOn).toBe('holdout');
    expect(evaluation.metrics.intervals.auc.low).toBeLessThan(evaluation.metrics.auc);
    expect(evaluation.groups['area']!.groups.map(({ name }) => name)).toEqual(['north', 'south']);
    expect(evaluation.vintages).toHaveLength(8);
    expect(importance.features[0]!.feature).toMatch(/PastDue|latePeriods|income/u);
    expect(partialDependence).toHaveLength(specs.length);
    expect(quality.findings.filter(({ severity }) => severity === 'HIGH')).toEqual([]);
    expect(stability!.psi).toBeLessThan(0.1);
    expect(parseVersionReport(jsonOf(bundle, 'report'))).toEqual(JSON.parse(JSON.stringify(bundle.report)));
  });
});

describe('networks and scorecards', () => {
  it('of the family cnn look at the history and pass parity', async () => {
    const network = await build({ hyperParameters: { family: 'cnn', convolution: { window: 2, filters: 6 }, layers: [12], epochs: 12, ensemble: 2 } });
    expect(network.report.family).toBe('cnn');
    expect(network.parity).toMatchObject({ rows: 1_700, passed: true });
    expect(network.report.evaluation.metrics.auc).toBeGreaterThan(0.7);
    const model = JSON.stringify(JSON.parse(new TextDecoder().decode(bytesOf(network, 'layersModel'))).modelTopology);
    expect(model).toContain('member1');
  }, 120_000);

  it('keep a declared direction for every applicant, with isotonic calibration too', async () => {
    const network = await build({ hyperParameters: { layers: [16, 8], epochs: 12, ensemble: 3, calibration: 'isotonic' } });
    expect(network.calibration!.kind).toBe('isotonic');
    await expect(build({ hyperParameters: { ensemble: 1, calibration: 'isotonic' } })).rejects.toThrow('Isotonic calibration needs at least 500 loans that are kept aside');
    const incomes = [300, 800, 1_500, 2_500, 5_000, 9_000];
    const records = holdout.records.slice(0, 40).flatMap((record) => incomes.map((income) => ({ loan: record.loan, repayments: record.repayments, customer: { income } })));
    const { logit, scorer } = await scored(network, records);
    await scorer.dispose();
    for (let i = 1; i < logit.length; i++) if (i % incomes.length > 0) expect(logit[i]!).toBeLessThanOrEqual(logit[i - 1]! + 1e-5);
  }, 120_000);

  it('are compared with the champion on the rows that both can score', () => {
    const { report } = bundle;
    expect(report.comparison).toMatchObject({ champion: 'version 1', rows: 540 });
    expect(report.comparison!.test.aucA).toBeGreaterThan(report.comparison!.test.aucB);
    expect(report.comparison!.test.p).toBeLessThan(0.01);
  });
});

describe('grave findings in the data', () => {
  const leaking = { ...train, records: train.records.map((record, i) => ({ ...record, customer: { ...record.customer, income: 1_000 + 5_000 * train.labels[i]! } })) };

  it('stop training with a sentence', async () => {
    await expect(build(leaking)).rejects.toThrow(/data-quality report stops training.*customer\.income/u);
  });

  it('are overridden by a reason, which the report shows', async () => {
    const overrides = [{ check: 'leaking-values', feature: 'customer.income', reason: 'Income is set by the product here.' }] as const;
    const { report } = await build({ ...leaking, overrides, hyperParameters: { family: 'scorecard' } });
    expect(report.quality.overrides).toEqual(overrides);
  }, 60_000);
});

describe('a model from elsewhere', () => {
  it('becomes a version whose scores are those of its own library', async () => {
    const made = bundle;
    const schema = parseFeatureSchema(jsonOf(made, 'schema'));
    const records = holdout.records.slice(0, 50);
    const { probability, scorer } = await scored(made, records);
    await scorer.dispose();
    const rows = records.map((record) => encode(schema, record).inputs.map(({ value }) => (Array.isArray(value) ? Array.from(value) : value))) as (number | string | null)[][];
    const sample = { source: 'assay test', rows, probabilities: [...probability] };
    const adopted = await adoptVersion({ ...train, holdout, seed: 1, onnx: bytesOf(made, 'onnx'), features: schema, sample });
    expect(adopted.report.family).toBe('foreign');
    expect(adopted.parity).toMatchObject({ rows: 50, passed: true });
    expect(adopted.report.evaluation.metrics.auc).toBeCloseTo(made.report.evaluation.metrics.auc, 6);
    const wrong = { ...sample, probabilities: sample.probabilities.map((p) => Math.min(1, p + 0.01)) };
    await expect(adoptVersion({ ...train, holdout, seed: 1, onnx: bytesOf(made, 'onnx'), features: schema, sample: wrong })).rejects.toThrow('differ from those of assay test');
  }, 120_000);
});
