import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { buildVersion, checkParity, encode, explain, fingerprintRows, loadScorer, parseFeatureSchema, parseFeatureSpecs, parseParitySample, parseReferenceSet, proposeFeatureSpecs, reasonsOf, type FieldDescription, type GatheredRecord, type VersionBundle } from '../../src/scoring/index.js';
import { Random } from '../../src/scoring/random.js';

const fields: FieldDescription[] = [
  { path: 'customer.income', label: 'Income', type: 'numeric', unit: 'EUR' },
  { path: 'customer.sex', label: 'Sex', type: 'categorical', protected: true },
  { path: 'loan.creditLimit', label: 'Credit limit', type: 'numeric', unit: 'EUR' },
  { path: 'loan.kind', label: 'Kind of loan', type: 'categorical', reasonCode: 'KIND' },
  { path: 'repayments.balance', label: 'Balance', type: 'numeric', unit: 'EUR' },
  { path: 'repayments.amountPaid', label: 'Amount paid', type: 'numeric', unit: 'EUR' },
  { path: 'repayments.status', label: 'Repayment status', type: 'categorical' },
];

/** Loans that default when they use much of their limit. */
function smallBook(rows: number): { records: GatheredRecord[]; labels: number[] } {
  const random = new Random(17);
  const labels: number[] = [];
  const records = Array.from({ length: rows }, () => {
    const use = random.uniform();
    labels.push(random.uniform() < 0.05 + 0.6 * use * use ? 1 : 0);
    const repayments = Array.from({ length: 4 }, () => ({ balance: String(Math.round(1_000 * use)), amountPaid: 50, status: use > 0.8 ? 'LATE' : 'PAID' }));
    return { customer: { income: Math.round(2_000 + 500 * random.normal()) }, loan: { creditLimit: '1000.00', kind: 'REVOLVING' }, repayments };
  });
  return { records, labels };
}

const artefact = (bundle: VersionBundle, name: string): Uint8Array => bundle.artefacts.find((a) => a.name === name)!.bytes;
const jsonOf = (bundle: VersionBundle, name: string): unknown => JSON.parse(new TextDecoder().decode(artefact(bundle, name)));

describe('proposed features', () => {
  const specs = proposeFeatureSpecs(fields);
  const names = specs.map(({ name }) => name);

  it('are sound, and cover every field that is not protected', () => {
    expect(parseFeatureSpecs(specs)).toEqual(specs);
    for (const { path } of fields.filter((field) => field.protected !== true)) expect(names).toContain(path);
    expect(names).not.toContain('customer.sex');
  });

  it('include what lenders derive, where its parts exist', () => {
    expect(names).toEqual(expect.arrayContaining(['utilisation', 'paymentRatio', 'smallestPayment']));
    expect(names).not.toContain('worstDaysPastDue');
    expect(specs.find(({ name }) => name === 'utilisation')!.source).toEqual({ path: 'repayments.balance', last: 6, per: ['loan.creditLimit'] });
  });

  it('keep the declared direction of a field and of its history; what is derived has none', () => {
    const directed = fields.map((field): FieldDescription => (field.type === 'numeric' ? { ...field, monotone: field.path === 'repayments.balance' ? 'increasing' : 'decreasing' } : field));
    const made = parseFeatureSpecs(proposeFeatureSpecs(directed));
    const declared = Object.fromEntries(made.flatMap(({ name, monotone }) => (monotone ? [[name, monotone]] : [])));
    expect(declared).toEqual({ 'customer.income': 'decreasing', 'loan.creditLimit': 'decreasing', 'repayments.balance': 'increasing', 'repayments.amountPaid': 'decreasing' });
    expect(made.find(({ name }) => name === 'repayments.balance')).toMatchObject({ type: 'sequence', monotone: 'increasing' });
    expect(made.length).toBeGreaterThan(fields.length - 1);
  });

  it('take the reason code of the field, or one made from its name', () => {
    expect(specs.find(({ name }) => name === 'loan.kind')!.reasonCode).toBe('KIND');
    expect(specs.find(({ name }) => name === 'loan.creditLimit')!.reasonCode).toBe('CREDIT_LIMIT');
  });
});

describe('a fingerprint of rows', () => {
  it('depends on content and order, not on the order of keys', async () => {
    const rows = [{ a: 1, b: 'x' }, { a: 2, b: null }];
    const print = await fingerprintRows(rows);
    expect(print).toMatchObject({ rows: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/u) });
    expect(await fingerprintRows([{ b: 'x', a: 1 }, { b: null, a: 2 }])).toEqual(print);
    expect(await fingerprintRows(rows.toReversed())).not.toEqual(print);
    expect(await fingerprintRows([{ a: 1, b: 'x' }])).not.toEqual(print);
  });

  it('is the SHA-256 of canonical JSON lines', async () => {
    expect((await fingerprintRows([])).sha256).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('refuses what JSON cannot say', async () => {
    await expect(fingerprintRows([{ a: Number.NaN }])).rejects.toThrow('plain JSON with finite numbers');
  });
});

describe('building a version', () => {
  it('gives artefacts that load, score and explain on their own', async () => {
    const { records, labels } = smallBook(1_200);
    async function* stream(): AsyncGenerator<GatheredRecord> {
      yield* records.slice(0, 900);
    }
    const bundle = await buildVersion({
      specs: proposeFeatureSpecs(fields),
      records: stream(),
      labels: labels.slice(0, 900),
      holdout: { records: records.slice(900), labels: labels.slice(900) },
      hyperParameters: { epochs: 15, ensemble: 2 },
      seed: 3,
    });
    expect(bundle.parity).toMatchObject({ rows: 1_100, passed: true });
    expect(bundle.report.evaluation.metrics.auc).toBeGreaterThan(0.6);
    expect(bundle.report.stability!.psi).toBeLessThan(0.1);
    expect(bundle.trainingData.rows).toBe(900);

    const schema = parseFeatureSchema(jsonOf(bundle, 'schema'));
    const reference = parseReferenceSet(jsonOf(bundle, 'reference'), schema);
    expect((await checkParity(artefact(bundle, 'onnx'), parseParitySample(jsonOf(bundle, 'parity')))).passed).toBe(true);
    const scorer = await loadScorer({ onnx: artefact(bundle, 'onnx'), schema });
    const riskiest = records.toSorted((a, b) => Number(b.repayments[0]!['balance']) - Number(a.repayments[0]!['balance']))[0]!;
    const { vector, inputs } = encode(schema, riskiest);
    const [explanation] = await explain(scorer, schema, reference, vector, 1);
    const codes = reasonsOf(explanation!, schema, reference, inputs).map(({ code }) => code);
    expect(codes.some((code) => ['UTILISATION', 'BALANCE', 'STATUS'].includes(code))).toBe(true);
  });

  it.each([
    [{ labels: [0, 1] }, 'one outcome per record'],
    [{ labels: Array.from({ length: 10 }, (_, i) => (i === 4 ? 2 : i % 2)) }, 'The outcome of record 4 is 2'],
    [{ labels: Array.from({ length: 10 }, () => 0) }, 'loans of both outcomes'],
    [{ holdout: { records: smallBook(2).records, labels: [1, 1] } }, 'loans of both outcomes in training and in the hold-out'],
    [{}, 'at least 20 loans of either outcome are needed'],
  ])('is refused before training when the outcomes are unsound (%#)', async (parts, sentence) => {
    const { records } = smallBook(10);
    const request = { specs: proposeFeatureSpecs(fields), records, labels: Array.from({ length: 10 }, (_, i) => i % 2), seed: 1, ...parts };
    await expect(buildVersion(request)).rejects.toThrow(sentence);
  });
});

const numberAt = (name: string) => (row: Record<string, string>) => Number(row[name]);
const taiwanStatus = (pay: number): string => (pay === -2 ? 'NOT_USED' : pay === -1 ? 'PAID_IN_FULL' : pay === 0 ? 'PARTLY_PAID' : 'LATE');
const taiwanRecord = (row: Record<string, string>): GatheredRecord => ({
  customer: {},
  loan: { creditLimit: row['LIMIT_BAL']! },
  repayments: [0, 2, 3, 4, 5, 6].map((month, i) => {
    const pay = numberAt(`PAY_${month}`)(row);
    return { balance: numberAt(`BILL_AMT${i + 1}`)(row), amountPaid: numberAt(`PAY_AMT${i + 1}`)(row), daysPastDue: 30 * Math.max(pay, 0), status: taiwanStatus(pay) };
  }),
});
const DATA = resolve('../shared/data/UCI_Credit_Card.csv');
const withData = existsSync(DATA) ? describe : describe.skip;

withData('the Taiwan set (skipped where ../shared/data is absent)', () => {
  const described: FieldDescription[] = [
    { path: 'loan.creditLimit', label: 'Credit limit', type: 'numeric' },
    { path: 'repayments.balance', label: 'Balance', type: 'numeric' },
    { path: 'repayments.amountPaid', label: 'Amount paid', type: 'numeric' },
    { path: 'repayments.daysPastDue', label: 'Days past due', type: 'numeric' },
    { path: 'repayments.status', label: 'Repayment status', type: 'categorical' },
  ];

  it('gives a hold-out AUC of at least 0.765 without protected attributes and without help', async () => {
    const rows = parse(readFileSync(DATA), { columns: true }) as Record<string, string>[];
    const split = parse(readFileSync(DATA.replace('.csv', '.split.csv')), { columns: true }) as { part: string }[];
    const part = (name: string) => {
      const chosen = rows.filter((_, i) => split[i]!.part === name);
      return { records: chosen.map(taiwanRecord), labels: chosen.map(numberAt('default.payment.next.month')) };
    };
    const { report: { evaluation }, parity } = await buildVersion({ specs: proposeFeatureSpecs(described), ...part('train'), holdout: part('holdout'), hyperParameters: { ensemble: 1, epochs: 10 }, seed: 1 });
    expect(evaluation.metrics).toMatchObject({ rows: 6_000, bads: 1_327 });
    expect(evaluation.metrics.auc).toBeGreaterThanOrEqual(0.765);
    expect(parity.passed).toBe(true);
  }, 180_000);
});
