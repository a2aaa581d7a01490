import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestApp, type TestApp } from '../support/app.js';
import { newFolder, run } from '../support/cli.js';
import { envOf, jsonOf, SYNTHETIC_MAPPING, syntheticCsv } from './support.js';

interface Scored {
  readonly counts: Record<'scored' | 'refused' | 'failed' | 'notFound', number>;
  readonly predictions: readonly { readonly loan: string; readonly status: string; readonly pd: number; readonly points: number; readonly decision: string; readonly grade: string; readonly reasons: readonly { code: string; text: string }[] }[];
}

/** Writes the deployed version as the folder that training would have written. */
async function writeDeployed(app: TestApp, folder: string): Promise<void> {
  const names: Record<string, string> = { ONNX: 'model.onnx', FEATURE_SCHEMA: 'feature-schema.json', REFERENCE_SET: 'reference-set.json', PARITY_SAMPLE: 'parity-sample.json', LAYERS_MODEL: 'layers-model.json', REPORT: 'report.json' };
  await mkdir(folder);
  for (const { kind, bytes } of await app.sql<{ kind: string; bytes: Buffer }>('SELECT va.kind, a.bytes FROM model_version_artefacts va JOIN artefacts a USING (sha256)')) await writeFile(join(folder, names[kind]!), bytes);
  const [version] = await app.sql<{ dossier: string }>('SELECT dossier FROM model_versions');
  await writeFile(join(folder, 'dossier.json'), version!.dossier);
}

describe('assay score', () => {
  let app: TestApp;
  let folder: string;
  let recorded: Scored;
  beforeAll(async () => {
    folder = await newFolder('assay-score-');
    app = await openTestApp();
    await writeDeployed(app, join(folder, 'version'));
  });
  afterAll(async () => {
    await app.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('scores all loans of a product as the API does: each is a recorded prediction of the local account', async () => {
    recorded = await jsonOf<Scored>(app, ['score', '--all', '--product', 'overdraft', '--as-of', 'decision']);
    const [stored] = await app.sql<{ rows: number; loans: number }>(
      `SELECT count(*)::int AS rows, (SELECT count(*)::int FROM loans WHERE product = 'overdraft') AS loans FROM predictions p JOIN users u ON u.id = p.actor_id WHERE u.issuer = 'local-account' AND p.status = 'SCORED'`);
    expect(recorded.counts).toEqual({ scored: stored!.loans, refused: 0, failed: 0, notFound: 0 });
    expect(stored!.rows).toBe(stored!.loans);
    expect(await app.leaves({ type: 'PREDICTION_RECORDED' })).toHaveLength(stored!.loans);
  });

  it('a folder scores a file to the same numbers and reasons, and records nothing', async () => {
    const leaves = (await app.leaves()).length;
    const offline = await jsonOf<Scored>(app, ['score', '--folder', join(folder, 'version'), '--data', syntheticCsv(app), '--mapping', SYNTHETIC_MAPPING]);
    const byLoan = new Map(offline.predictions.map((one) => [one.loan, one]));
    expect(recorded.predictions.map(({ loan }) => byLoan.get(loan))).toEqual(recorded.predictions);
    expect((await app.leaves()).length).toBe(leaves);
  });

  it('reads external ids from a file, tells of unknown ones, and writes CSV', async () => {
    const [first] = recorded.predictions;
    const ids = join(folder, 'ids.csv');
    const out = join(folder, 'out.csv');
    await writeFile(ids, `name,loan\n"A, B",${first!.loan}\nC,no-such-loan\n`);
    const result = await jsonOf<Scored>(app, ['score', '--data', ids, '--column', 'loan', '--as-of', 'decision', '--out', out]);
    expect(result.counts).toEqual({ scored: 1, refused: 0, failed: 0, notFound: 1 });
    const [header, scored, unknown] = (await readFile(out, 'utf8')).split('\n');
    expect(header).toBe('loan,status,decision,grade,pd,points,reason1_code,reason1,reason2_code,reason2,reason3_code,reason3,reason4_code,reason4,problem');
    expect(scored).toMatch(new RegExp(`^${first!.loan},SCORED,${first!.decision},${first!.grade},${first!.pd},`));
    expect(unknown).toMatch(/^no-such-loan,NOT_FOUND,.*There is no loan/);
  });

  it('shows a person a table with reasons', async () => {
    const declined = recorded.predictions.find(({ reasons }) => reasons.length > 0)!;
    const { code, stdout } = await run(['score', '--loan', declined.loan, '--as-of', 'decision'], { env: envOf(app) });
    expect(code).toBe(0);
    expect(stdout).toContain(`  - ${declined.reasons[0]!.text}  [${declined.reasons[0]!.code}]`);
  });

  it('with the same request id scores nothing twice', async () => {
    const args = ['score', '--loan', recorded.predictions[0]!.loan, '--as-of', 'decision', '--request-id', 'once'];
    await jsonOf(app, args);
    const leaves = (await app.leaves()).length;
    await jsonOf(app, args);
    expect((await app.leaves()).length).toBe(leaves);
  });

  it.each<[string, string[], RegExp]>([
    ['no loans named', [], /Say which loans: --loan ID \(once for each\), --all --product PRODUCT, or --data FILE: one of them\./],
    ['all without a product', ['--all'], /--all needs --product/],
    ['a column that is not there', ['--data', 'mappings/../test/../package.json'], /package\.json: is not CSV|there is no column "externalId"/],
    ['a folder without data', ['--folder', 'x'], /--folder scores a file: give --data FILE and --mapping FILE with it\./],
    ['a folder that is not there', ['--folder', 'nowhere', '--data', 'x.csv', '--mapping', SYNTHETIC_MAPPING], /nowhere: there is no such folder\./],
    ['a time that is none', ['--loan', 'x', '--as-of', 'soon'], /--as-of soon: give a day like/],
  ])('refuses %s', async (_, args, sentence) => {
    const { code, stdout, stderr } = await run(['score', ...args], { env: envOf(app) });
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(sentence)]);
  });
});
