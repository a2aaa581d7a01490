import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeInputs, loadScorer, parseFeatureSchema } from '../../src/scoring/index.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { newFolder, run, type Ended } from '../support/cli.js';
import { envOf, grantToLocalAccount, jsonOf, SYNTHETIC_MAPPING } from './support.js';

interface Trained {
  readonly folder: string;
  readonly dossierDigest: string;
  readonly rows: { readonly training: number; readonly holdout: number };
  readonly metrics: { readonly auc: number };
}

interface Registered {
  readonly id: string;
  readonly version: number;
  readonly state: string;
  readonly dossier: { readonly digest: string };
  readonly model: { readonly name: string };
}

const KNOWN_BEFORE = ['--known-before', '2027-01-01'];

describe('assay train and assay register', () => {
  let app: TestApp;
  let folder: string;
  let quick: string[];
  let trained: Trained;
  const train = (out: string, ...more: string[]): Promise<Trained> => jsonOf(app, ['train', '--mapping', SYNTHETIC_MAPPING, '--out', join(folder, out), ...quick, ...KNOWN_BEFORE, ...more]);
  const dossierAt = async (out: string): Promise<Record<string, never>> => JSON.parse(await readFile(join(folder, out, 'dossier.json'), 'utf8')) as Record<string, never>;
  const registered = (out: string, ...more: string[]): Promise<Ended> => run(['register', join(folder, out), ...more], { env: envOf(app) });

  beforeAll(async () => {
    folder = await newFolder('assay-train-');
    app = await openTestApp();
    const settings = join(folder, 'quick.json');
    await writeFile(settings, JSON.stringify({ layers: [8], ensemble: 1, epochs: 6 }));
    quick = ['--settings', settings];
  });
  afterAll(async () => {
    await app.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('train writes a folder with everything to judge the version by, and changes nothing in the database', async () => {
    const before = await app.sql(`SELECT count(*) FROM audit_intake UNION ALL SELECT count(*) FROM artefacts UNION ALL SELECT count(*) FROM users`);
    trained = await train('first', '--split', 'time:0.25');
    expect(trained.rows.holdout / (trained.rows.training + trained.rows.holdout)).toBeCloseTo(0.25, 2);
    expect(trained.metrics.auc).toBeGreaterThan(0.6);
    const dossier = await dossierAt('first');
    expect(dossier).toMatchObject({ split: { kind: 'time' }, training: { seed: 1, extra: { trainedBy: expect.stringContaining('(command line)') } }, metrics: { auc: trained.metrics.auc } });
    expect(await app.sql(`SELECT count(*) FROM audit_intake UNION ALL SELECT count(*) FROM artefacts UNION ALL SELECT count(*) FROM users`)).toEqual(before);
    const page = await readFile(join(folder, 'first/index.html'), 'utf8');
    expect(page).not.toMatch(/<script|src="http|href="http/);
  });

  it('the same seed and data give the same artefacts', async () => {
    await train('again', '--split', 'time:0.25');
    expect((await dossierAt('again'))['artefacts']).toEqual((await dossierAt('first'))['artefacts']);
  });

  it('features are printed to be edited, and taken from the file that was edited', async () => {
    const { stdout } = await run(['train', '--mapping', SYNTHETIC_MAPPING, '--print-features'], { env: envOf(app) });
    const features = JSON.parse(stdout) as { name: string }[];
    expect(features.map(({ name }) => name)).toEqual(expect.arrayContaining(['customer.monthlyIncome', 'utilisation']));
    const edited = join(folder, 'features.json');
    await writeFile(edited, JSON.stringify(features.filter(({ name }) => name !== 'customer.region')));
    const { stdout: again } = await run(['train', '--features', edited, '--print-features'], { env: envOf(app) });
    expect(JSON.parse(again)).toHaveLength(features.length - 1);
  });

  it.each<[string, string[], RegExp]>([
    ['nothing to learn from', [], /^assay: Say which loans to learn from: --product credit-card/m],
    ['no features', ['--product', 'overdraft'], /^assay: Say what the model may see: --features FILE, or --mapping FILE/m],
    ['a split that is none', ['--mapping', SYNTHETIC_MAPPING, '--split', 'random:2'], /^assay: --split random:2: the share that is held out lies between/m],
    ['a time that is none', ['--mapping', SYNTHETIC_MAPPING, '--known-before', 'yesterday'], /^assay: --known-before yesterday: give a day like/m],
    ['settings that are none', ['--mapping', SYNTHETIC_MAPPING, '--settings', 'package.json'], /^assay: .*hyper-parameters/m],
    ['features that are none', ['--product', 'overdraft', '--features', 'package.json'], /^assay: package\.json: .*list of features/m],
    ['a product without loans', ['--mapping', SYNTHETIC_MAPPING, '--product', 'yacht-loan'], /^assay: Loans of yacht-loan with a known outcome to learn from: 0; defaults among them: 0\./m],
    ['an override without a reason', ['--mapping', SYNTHETIC_MAPPING, '--override', 'drift='], /^assay: --override drift=: write the check, the feature where the finding has one, and the reason/m],
    ['a champion that is none', ['--mapping', SYNTHETIC_MAPPING, '--against', 'TW9kZWxWZXJzaW9uOjAxODJhMWU0LTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMA'], /^assay: --against: there is no such model version here\./m],
    ['a folder that is taken', ['--mapping', SYNTHETIC_MAPPING, '--out', 'src'], /^assay: --out src: is not empty\./m],
  ])('train refuses %s in one sentence', async (_, args, sentence) => {
    const { code, stderr } = await run(['train', ...args], { env: envOf(app) });
    expect([code, stderr]).toEqual([1, expect.stringMatching(sentence)]);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  it('register needs a granted role, like anyone else, and says whom to grant it to', async () => {
    const { code, stderr } = await registered('first', '--model', 'A model', '--create', '--product', 'overdraft', '--purpose', 'PD');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^assay: .*holds no current grant of the role MODEL_OWNER.*issuer "local-account", subject "/m)]);
    expect(await app.leaves({ type: 'ACT_REFUSED' })).toContainEqual(expect.objectContaining({ act: 'REGISTER_MODEL' }));
  });

  it('register makes a DRAFT of the folder; its maker is a contributor, who has no vote', async () => {
    await grantToLocalAccount(app);
    const version = await jsonOf<Registered>(app, ['register', join(folder, 'first'), '--model', 'A model', '--create', '--product', 'overdraft', '--purpose', 'PD']);
    expect(version).toMatchObject({ version: 1, state: 'DRAFT', dossier: { digest: trained.dossierDigest }, model: { name: 'A model' } });
    const { modelVersion } = await (await app.as('auditor')).ok<{ modelVersion: { contributors: { part: string; user: { name: string } }[] } }>(
      'query ($id: ID!) { modelVersion(id: $id) { contributors { part user { name } } } }', { id: version.id });
    expect(modelVersion.contributors.map(({ part }) => part).sort()).toEqual(['BUILT', 'REGISTERED', 'TRAINED']);
    expect(new Set(modelVersion.contributors.map(({ user }) => user.name)).size).toBe(1);
  });

  it('register takes a model from elsewhere, measured on the recorded book, and refuses a sample that is not of it', async () => {
    const schema = parseFeatureSchema(JSON.parse(await readFile(join(folder, 'first/feature-schema.json'), 'utf8')));
    const onnx = await readFile(join(folder, 'first/model.onnx'));
    const nothing = schema.features.map(({ spec }) => (spec.type === 'sequence' ? Array.from({ length: spec.source.last! }, () => null) : null));
    const scorer = await loadScorer({ onnx, schema });
    const { probability } = await scorer.run(encodeInputs(schema, nothing).vector, 1);
    await scorer.dispose();
    const sample = join(folder, 'sample.json');
    const foreign = ['register', '--onnx', join(folder, 'first/model.onnx'), '--features', join(folder, 'first/feature-schema.json'), '--sample', sample, '--model', 'A model', '--product', 'overdraft', '--product', 'credit-card'];
    await writeFile(sample, JSON.stringify({ source: 'another library 2.0', rows: [nothing], probabilities: [probability[0]! / 2] }));
    expect((await run(foreign, { env: envOf(app) })).stderr).toMatch(/assay: On 1 rows the scores differ from those of another library 2\.0 by up to/);
    await writeFile(sample, JSON.stringify({ source: 'another library 2.0', rows: [nothing], probabilities: [probability[0]] }));
    const version = await jsonOf<Registered>(app, foreign);
    const [stored] = await app.sql<{ dossier: string }>('SELECT dossier FROM model_versions WHERE dossier_digest = decode($1, $2)', [version.dossier.digest, 'hex']);
    expect(JSON.parse(stored!.dossier)).toMatchObject({ family: 'foreign', source: { library: 'another library 2.0', sha256: expect.any(String) }, parity: { passed: true, source: 'another library 2.0' } });
  });

  it('register works over the API too, as whom the token names; a second version of the same model', async () => {
    const token = (await app.as('owner')).token!;
    const version = await jsonOf<Registered>(app, ['register', join(folder, 'again'), '--model', 'A model', '--url', app.url], { ASSAY_TOKEN: token });
    expect(version).toMatchObject({ version: 3, state: 'DRAFT' });
  });

  it.each<[string, (path: string) => Promise<unknown>, RegExp]>([
    ['a file that was changed', async (path) => writeFile(join(path, 'feature-schema.json'), '{}'), /feature-schema\.json: its SHA-256 is [0-9a-f]{64}, but the dossier says/],
    ['a file that is missing', async (path) => rm(join(path, 'model.onnx')), /model\.onnx: the dossier names it, but it is not there\./],
    ['a folder without a dossier', async (path) => rm(join(path, 'dossier.json')), /dossier\.json: there is no such file\./],
  ])('register refuses %s', async (what, spoil, sentence) => {
    const name = what.replaceAll(' ', '-');
    await cp(join(folder, 'first'), join(folder, name), { recursive: true });
    await spoil(join(folder, name));
    const { code, stderr } = await registered(name, '--model', 'A model');
    expect([code, stderr]).toEqual([1, expect.stringMatching(sentence)]);
  });

  it.each<[string, string[], RegExp]>([
    ['a model that is none', ['--model', 'Nobody'], /There is no model "Nobody"\. Name one that is registered, or add --create/],
    ['a new model without its purpose', ['--model', 'Nobody', '--create', '--product', 'overdraft'], /--create needs --purpose/],
    ['a server without a token', ['--model', 'A model', '--url', 'http://127.0.0.1:1'], /--url needs a token of your identity provider in the environment variable ASSAY_TOKEN\./],
  ])('register refuses %s', async (_, args, sentence) => {
    const { code, stderr } = await registered('first', ...args);
    expect([code, stderr]).toEqual([1, expect.stringMatching(sentence)]);
  });
});
