import { execFile } from 'node:child_process';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checksOfFolder } from '../../src/commands/verify/checks.js';
import { canonicalJson, sha256 } from '../../src/platform/index.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { newFolder, run } from '../support/cli.js';
import { envOf, jsonOf } from './support.js';

const shell = promisify(execFile);

const FILES = [
  'README.md', 'SHA256SUMS', 'card.en.html', 'card.en.md', 'card.zh.html', 'card.zh.md', 'dossier.json', 'feature-schema.json', 'layers-model.json', 'model.onnx', 'parity-sample.json', 'reference-set.json', 'report.json', 'votes.json',
];

interface Votes {
  readonly dossierDigest: string;
  readonly contributors: { readonly user: { readonly id: string; readonly name: string } }[];
  readonly votes: { by: { id: string; name: string }; dossierDigest: string }[];
}

/** The checks that pass; rejects with the first thing that is wrong. */
async function verified(folder: string): Promise<string[]> {
  const passed: string[] = [];
  for await (const { name, run: check } of checksOfFolder(folder)) {
    await check();
    passed.push(name);
  }
  return passed;
}

/** Edits one file of a folder. */
const edited = (file: string, edit: (json: never) => unknown, write: (json: unknown) => string = canonicalJson) => async (path: string): Promise<void> =>
  writeFile(join(path, file), write(edit(JSON.parse(await readFile(join(path, file), 'utf8')) as never)));
const votesEdited = (edit: (votes: Votes) => void) => edited('votes.json', (votes: Votes) => {
  edit(votes);
  return votes;
});

describe('assay export, assay verify and assay card', () => {
  let app: TestApp;
  let folder: string;
  let id: string;
  let digest: string;
  const exported = (): string => join(folder, 'version');
  beforeAll(async () => {
    app = await openTestApp();
    folder = await newFolder('assay-export-');
    const { modelVersions } = await (await app.as('auditor')).ok<{ modelVersions: { edges: { node: { id: string; dossier: { digest: string } } }[] } }>('{ modelVersions(first: 1) { edges { node { id dossier { digest } } } } }');
    ({ id, dossier: { digest } } = modelVersions.edges[0]!.node);
  });
  afterAll(async () => {
    await app.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('export writes everything that was voted on, over the API', async () => {
    const told = await jsonOf<{ dossierDigest: string; files: string[] }>(app, ['export', '--version', id, '--out', exported(), '--url', app.url], { ASSAY_TOKEN: (await app.as('auditor')).token! });
    expect(told).toMatchObject({ folder: exported(), version: 1, dossierDigest: digest });
    expect((await readdir(exported())).sort()).toEqual(FILES);
    const votes = JSON.parse(await readFile(join(exported(), 'votes.json'), 'utf8')) as Votes;
    expect(votes.votes.map(({ by, dossierDigest }) => [by.name, dossierDigest])).toEqual([['Viktor Validator', digest], ['Ada Admin', digest], ['Amir Admin', digest]]);
  });

  it('anyone can check it with nothing of Assay installed', async () => {
    const { stdout } = await shell('sha256sum', ['-c', 'SHA256SUMS'], { cwd: exported() });
    expect(stdout.trim().split('\n')).toHaveLength(FILES.length - 1);
    expect((await shell('sha256sum', ['dossier.json'], { cwd: exported() })).stdout).toBe(`${digest}  dossier.json\n`);
    expect(await readFile(join(exported(), 'README.md'), 'utf8')).toContain(digest);
  });

  it('verify says each check in a line, without a database', async () => {
    const { code, stdout, stderr } = await run(['verify', '--folder', exported(), '--json'], { env: { ASSAY_HOME: join(folder, 'nowhere') } });
    expect([code, stderr.split('\n').filter((line) => line.startsWith('✓')).length]).toEqual([0, 9]);
    expect(stderr).toMatch(/✓ dossier\.json is canonical JSON \(RFC 8785\) SHA-256 [0-9a-f]{64}/);
    expect(stderr).toMatch(/✓ The parity sample, scored again [\d,]+ rows, largest difference of the PD/);
    const { checks } = JSON.parse(stdout) as { checks: { check: string }[] };
    expect(checks.map(({ check }) => check)).toEqual(['sums', 'canonical', 'votes', 'artefacts', 'inputs', 'model', 'parity', 'layersModel', 'report']);
    expect((checks.at(-1) as { found?: string }).found).toBe('30 figures compared');
  });

  it('verify ends with 1 and the first thing that is wrong', async () => {
    await cp(exported(), join(folder, 'changed'), { recursive: true });
    await writeFile(join(folder, 'changed/card.en.md'), 'A better card.');
    const { code, stdout, stderr } = await run(['verify', '--folder', join(folder, 'changed'), '--json']);
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(/assay: .*card\.en\.md: its SHA-256 is [0-9a-f]{64}, but SHA256SUMS says [0-9a-f]{64}\. The file was changed after the export\./)]);
  });

  /** Spoils a copy and writes digests that fit, as a forger would. */
  const forged = async (name: string, spoil: (path: string) => Promise<void>): Promise<string> => {
    const path = join(folder, name.replaceAll(' ', '-'));
    await cp(exported(), path, { recursive: true });
    await spoil(path);
    const names = (await readdir(path)).filter((one) => one !== 'SHA256SUMS').sort();
    const lines = await Promise.all(names.map(async (one) => `${sha256(await readFile(join(path, one))).toString('hex')}  ${one}\n`));
    await writeFile(join(path, 'SHA256SUMS'), lines.join(''));
    return path;
  };

  it.each<[string, (path: string) => Promise<void>, RegExp]>([
    ['a dossier laid out otherwise', edited('dossier.json', (json) => json, (json) => JSON.stringify(json, null, 2)), /dossier\.json: is not in canonical form/],
    ['a better metric', edited('dossier.json', (json: { metrics: object }) => ({ ...json, metrics: { ...json.metrics, auc: 0.99 } })), /votes\.json: tells of the dossier [0-9a-f]{64}, but dossier\.json has the digest [0-9a-f]{64}/],
    ['a vote for another dossier', votesEdited(({ votes }) => void (votes[1]!.dossierDigest = 'cd'.repeat(32))), /votes\.json: Ada Admin voted on the dossier (cd){32}, not on .*: that vote does not count/],
    ['a vote of a maker', votesEdited(({ votes, contributors }) => void (votes[1]!.by = contributors[0]!.user)), /votes\.json: Mona Model-Owner voted, but had a part in making the version/],
    ['a second vote of one person', votesEdited(({ votes }) => void (votes[2]!.by = votes[1]!.by)), /votes\.json: Ada Admin voted twice/],
    ['another model', (path) => writeFile(join(path, 'model.onnx'), 'another model'), /model\.onnx: its SHA-256 is [0-9a-f]{64}, but the dossier says/],
    ['a missing artefact', (path) => rm(join(path, 'report.json')), /report\.json: the dossier names it, but it is not there/],
    ['missing votes', (path) => rm(join(path, 'votes.json')), /SHA256SUMS: does not list votes\.json/],
  ])('verify finds %s, though the sums fit', async (name, spoil, sentence) => {
    await expect(verified(await forged(name, spoil))).rejects.toThrow(sentence);
  });

  it.each<[string, string, RegExp]>([
    ['climb out of the folder', `${'ab'.repeat(32)}  ../secret\n`, /SHA256SUMS: "[^"]*\.\.\/secret" is not a digest and a file name/],
    ['name what is not there', `${'ab'.repeat(32)}  more.txt\n`, /more\.txt: is not there; name a folder that assay export has written/],
  ])('verify refuses sums that %s', async (name, sums, sentence) => {
    const path = await forged(name, async () => undefined);
    await writeFile(join(path, 'SHA256SUMS'), sums);
    await expect(verified(path)).rejects.toThrow(sentence);
  });

  it('export refuses a folder that is taken, and who may not see a part of it, naming the permission', async () => {
    const taken = await run(['export', '--version', id, '--out', exported()], { env: envOf(app) });
    expect([taken.code, taken.stderr]).toEqual([1, expect.stringMatching(/^assay: --out .*: is not empty\. Name a new folder\./m)]);
    const other = await app.as({ subject: 'otis', name: 'Otis', roles: ['MODEL_OWNER'] });
    const refused = await run(['export', '--version', id, '--out', join(folder, 'refused'), '--url', app.url], { env: { ASSAY_TOKEN: other.token! } });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/^assay: Otis .*prediction:detail/m)]);
    await expect(readdir(join(folder, 'refused'))).rejects.toThrow('ENOENT');
  });

  it('card writes one card, here and over the API the same', async () => {
    const here = await run(['card', '--version', id, '--language', 'zh'], { env: envOf(app) });
    expect([here.code, here.stdout]).toEqual([0, await readFile(join(exported(), 'card.zh.md'), 'utf8')]);
    const file = join(folder, 'card.html');
    expect((await run(['card', '--version', id, '--format', 'html', '--out', file, '--url', app.url], { env: { ASSAY_TOKEN: (await app.as('auditor')).token! } })).code).toBe(0);
    expect(await readFile(file, 'utf8')).toBe(await readFile(join(exported(), 'card.en.html'), 'utf8'));
    const { code, stderr } = await run(['card', '--version', 'nothing', '--url', app.url], { env: { ASSAY_TOKEN: (await app.as('auditor')).token! } });
    expect([code, stderr]).toEqual([1, expect.stringContaining('is not an id of this API')]);
  });
});
