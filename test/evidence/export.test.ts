import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parquetReadObjects } from 'hyparquet';
import { openLogKey, verifyFolder } from '../../src/audit/index.js';
import type { ExportManifest } from '../../src/evidence/index.js';
import { ExportFolder } from '../../src/evidence/export/folder.js';
import { signState, type ExportState } from '../../src/evidence/export/state.js';
import { canonicalJson, sha256 } from '../../src/platform/index.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { scoreLoan, someLoans, type BookLoan } from '../support/builders.js';
import { run } from '../support/cli.js';
import type { TestClient } from '../support/client.js';
import { envOf } from '../commands/support.js';

const EXPORT = 'mutation ($input: ExportEvidenceInput!) { exportEvidence(input: $input) { job { id kind state } } }';
const FILES = '{ manifestSha256 predictions events until files { name bytes sha256 rows path } }';

interface Exported {
  readonly manifestSha256: string;
  readonly predictions: number;
  readonly events: number;
  readonly files: { readonly name: string; readonly bytes: number; readonly sha256: string; readonly path: string }[];
}

interface Listed {
  readonly name: string;
  bytes: number;
  sha256: string;
  rows?: number;
}

/** A manifest, to be changed. */
interface Written {
  until: string;
  scope: Record<string, string>;
  predictions: number;
  checkpoint: string;
  files: Listed[];
}

/** What was proven, and what was only told. */
const told = (stderr: string): string[] => stderr.split('\n').filter((line) => /^[✓!]/.test(line) && !line.includes('Verify '));

describe('exporting evidence', () => {
  let app: TestApp;
  let auditor: TestClient;
  let loans: BookLoan[];
  let folder: string;
  let key: string;
  const predictions: string[] = [];
  beforeAll(async () => {
    app = await openTestApp();
    auditor = await app.as('auditor');
    const portal = await app.as('portal');
    loans = (await someLoans(app, 3)) as BookLoan[];
    for (const loan of [...loans, loans[0]!]) predictions.push((await scoreLoan(portal, { loanId: loan.id })).id);
    folder = await mkdtemp(join(tmpdir(), 'assay-export-'));
    key = (await (await fetch(`${app.url}/log/key`)).text()).trim();
  });
  afterAll(async () => {
    await app?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const verified = (path: string, ...more: string[]): ReturnType<typeof run> => run(['verify', '--evidence', path, '--key', key, ...more], { env: envOf(app) });

  /** As an auditor would: asks, follows the job, fetches every file that is listed. */
  async function exported(input: object): Promise<{ jobId: string; found: Exported; path: string }> {
    const { exportEvidence: { job } } = await auditor.ok<{ exportEvidence: { job: { id: string } } }>(EXPORT, { input });
    for (;;) {
      const { job: { state, error } } = await auditor.ok<{ job: { state: string; error: string | null } }>('query ($id: ID!) { job(id: $id) { state error } }', { id: job.id });
      if (state === 'FAILED') throw new Error(error!);
      if (state === 'DONE') break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { evidenceExport: found } = await auditor.ok<{ evidenceExport: Exported }>(`query ($id: ID!) { evidenceExport(jobId: $id) ${FILES} }`, { id: job.id });
    const path = join(app.runtime.config.exportFolder, Buffer.from(job.id, 'base64url').toString().split(':')[1]!);
    return { jobId: job.id, found, path };
  }

  const acts = async (type: string, id?: string): Promise<Record<string, unknown>[]> => (await app.leaves({ type })).filter((leaf) => id === undefined || leaf['export'] === id);

  /** As somebody who changes what they were handed, and the manifest so that it fits. */
  async function forged(path: string, change: (manifest: Written, copy: string) => unknown): Promise<string> {
    const copy = await mkdtemp(join(folder, 'forged-'));
    await cp(path, copy, { recursive: true });
    const manifest = JSON.parse(await readFile(join(copy, 'manifest.json'), 'utf8')) as Written;
    await change(manifest, copy);
    for (const file of manifest.files) {
      const bytes = await readFile(join(copy, file.name));
      [file.sha256, file.bytes] = [sha256(bytes).toString('hex'), bytes.length];
    }
    await writeFile(join(copy, 'manifest.json'), canonicalJson(manifest));
    return copy;
  }

  const fetched = (path: string, token: string | undefined): Promise<Response> => fetch(`${app.url}${path}`, { headers: { authorization: `Bearer ${token}` } });

  it('of a customer holds their predictions and acts, verifies with no server and no database, and is in the log before it is taken', async () => {
    const { found, path, jobId } = await exported({ customerId: loans[0]!.customer.id, requestId: 'customer' });
    expect([found.predictions, found.files[0]!.name]).toEqual([2, 'manifest.json']);
    expect(found.files.map(({ name }) => name)).toEqual(expect.arrayContaining(['predictions/00001.jsonl', 'predictions/00001.parquet', 'keys/log.txt', 'README.md', expect.stringMatching(/models\/.*\/card\.zh\.html/)]));
    const { code, stderr } = await verified(path);
    expect([code, told(stderr)]).toEqual([0, [
      expect.stringMatching(/^✓ The log says that this is all of export /), expect.stringMatching(/^✓ All \d+ files have the digests of the manifest/), expect.stringMatching(/^✓ localhost\/assay signed that it has/),
      '✓ All 2 predictions are in the log, as they were recorded, each once', expect.stringMatching(/^✓ All \d+ events are in the log, each once/), expect.stringMatching(/^✓ All of it is of customerId /),
      expect.stringMatching(/^✓ Nothing recorded after /), '✓ 1 dossiers are those that the log names', expect.stringMatching(/^! Tables and model cards .* is not checked/),
    ]]);
    const [begun] = await app.leaves({ type: 'EXPORT_BEGUN' });
    const [completed] = await app.leaves({ type: 'EXPORT_COMPLETED' });
    const id = Buffer.from(jobId, 'base64url').toString().split(':')[1];
    expect([begun, completed]).toMatchObject([{ export: id }, { export: id, manifest: found.manifestSha256, predictions: 2 }]);
    expect(found.files[1]!.name).toBe('completed.json');
    expect((await readdir(path)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('gives the same as a table, and every file over HTTP with its digest', async () => {
    const { found, path, jobId } = await exported({ customerId: loans[0]!.customer.id, requestId: 'customer' });
    const { token } = await app.as('auditor');
    for (const { path: url, sha256: digest, bytes } of found.files) {
      const response = await fetched(url, token);
      const body = Buffer.from(await response.arrayBuffer());
      expect([response.status, body.length, sha256(body).toString('hex')]).toEqual([200, bytes, digest]);
    }
    const lines = (await readFile(join(path, 'predictions/00001.jsonl'), 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as { columns: { id: string; pd: number }; body: string });
    const bytes = await readFile(join(path, 'predictions/00001.parquet'));
    const rows = await parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer });
    expect(rows.map((row) => [row['id'], row['pd'], JSON.parse(row['outputs'] as string)])).toEqual(lines.map(({ columns, body }) => [columns.id, columns.pd, (JSON.parse(body) as { outputs: object }).outputs]));
    const listed = `/exports/${jobId}`;
    expect((await fetched(`${listed}/../log.key`, token)).status).toBe(404);
    expect((await fetched(`${listed}/.export-state.json`, token)).status).toBe(404);
    expect((await fetched(`${listed}/manifest.json`, (await app.as('portal')).token)).status).toBe(403);
  });

  it('of a version holds all that it predicted, with what was done about it; of a period, all of that time', async () => {
    const { modelVersions } = await auditor.ok<{ modelVersions: { edges: { node: { id: string } }[] } }>('{ modelVersions { edges { node { id } } } }');
    const { found, path } = await exported({ versionId: modelVersions.edges[0]!.node.id, requestId: 'version' });
    expect(found.predictions).toBe(4);
    const events = (await readFile(join(path, 'events/00001.jsonl'), 'utf8')).trim().split('\n').map((line) => (JSON.parse((JSON.parse(line) as { leaf: string }).leaf) as { type: string }).type);
    expect(events).toEqual(expect.arrayContaining(['MODEL_REGISTERED', 'VERSION_SUBMITTED', 'VOTE_CAST', 'VERSION_DEPLOYED']));
    expect((await verified(path)).code).toBe(0);
    const all = await exported({ since: '2020-01-01T00:00:00Z', requestId: 'period' });
    expect(all.found.predictions).toBeGreaterThanOrEqual(4);
    expect((await exported({ before: '2020-01-01T00:00:00Z', requestId: 'empty' })).found).toMatchObject({ predictions: 0, events: 0 });
  });

  it('shows every change to what was exported', async () => {
    const { path } = await exported({ customerId: loans[0]!.customer.id, requestId: 'customer' });
    const manifest = JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8')) as { files: { name: string }[] };
    for (const { name } of manifest.files) {
      const before = await readFile(join(path, name));
      await appendFile(join(path, name), ' ');
      await expect(verifyFolder(path, { keys: [key] })).rejects.toThrow(`${name}: was changed after the export`);
      await writeFile(join(path, name), before);
    }
    const { code, stderr } = await run(['verify', '--evidence', path, '--key', key.replace(/^[^+]+/, 'another.log')], { env: envOf(app) });
    expect([code, stderr]).toEqual([1, expect.stringContaining('is not that of the key')]);
    expect((await verified(path)).code).toBe(0);
  });

  const LINES = 'predictions/00001.jsonl';
  const other = '00000000-0000-7000-8000-000000000000';
  it.each<[string, (manifest: Written, copy: string) => unknown, RegExp]>([
    ['an earlier end', (manifest) => (manifest.until = '2020-01-01T00:00:00.000Z'), /00001\.jsonl, line 1: It is of .*, later than 2020-01-01/],
    ['another customer', (manifest) => (manifest.scope = { customerId: other }), /line 1: The prediction is of customer .*, not of 00000000/],
    ['another period', (manifest) => (manifest.scope = { before: '2020-01-01T00:00:00.000Z' }), /line 1: It is of .*, which is not of the period/],
    ['a prediction twice', async (manifest, copy) => {
      await appendFile(join(copy, LINES), await readFile(join(copy, LINES)));
      manifest.files.find(({ name }) => name === LINES)!.rows! *= 2;
      manifest.predictions *= 2;
    }, /line 3: .* is there twice, or out of order/],
    ['another dossier', async (manifest, copy) => writeFile(join(copy, manifest.files.find(({ name }) => name.endsWith('dossier.json'))!.name), 'forged'), /dossier\.json: is not the dossier that the log names/],
    ['no dossier', (manifest) => (manifest.files = manifest.files.filter(({ name }) => !name.endsWith('dossier.json'))), /dossier\.json: is not there, but the version predicted/],
    ['another checkpoint', (manifest) => (manifest.checkpoint = manifest.checkpoint.replace(/\n\d+\n/, '\n9999\n')), /does not fit the text/],
    ['an earlier checkpoint', (manifest) => (manifest.checkpoint = manifest.checkpoint.replace(/\n\d+\n/, '\n1\n')), /line 1: It is proven by a checkpoint that does not fit the one in manifest\.json/],
    ['fewer predictions', (manifest) => (manifest.predictions -= 1), /tells of 1 predictions, but the files hold 2/],
  ])('that says what was never exported is refused, even where the log is not asked: %s', async (_, change, sentence) => {
    const { path } = await exported({ customerId: loans[0]!.customer.id, requestId: 'customer' });
    const copy = await forged(path, change);
    await expect(verifyFolder(copy, { keys: [key] })).rejects.toThrow(/^manifest\.json: (is not the one|says otherwise)/);
    await rm(join(copy, 'completed.json'));
    await expect(verifyFolder(copy, { keys: [key], withoutCompletion: true })).rejects.toThrow(sentence);
  });

  it('is not taken for whole without the word of the log, nor with a word about another', async () => {
    const { path } = await exported({ customerId: loans[0]!.customer.id, requestId: 'customer' });
    const copy = await forged(path, (manifest) => {
      manifest.files = manifest.files.filter(({ name }) => !name.startsWith('predictions/'));
      manifest.predictions = 0;
    });
    expect(await verified(copy)).toMatchObject({ code: 1, stderr: expect.stringContaining('manifest.json: is not the one that the log names') });
    await writeFile(join(copy, 'completed.json'), (await readFile(join(copy, 'events/00001.jsonl'), 'utf8')).split('\n')[0]!);
    expect(await verified(copy)).toMatchObject({ code: 1, stderr: expect.stringContaining('completed.json: is of another event') });
    await rm(join(copy, 'completed.json'));
    expect(await verified(copy)).toMatchObject({ code: 1, stderr: expect.stringContaining('completed.json: is not there, so nothing proves') });
    const { code, stderr } = await verified(copy, '--without-completion');
    expect([code, told(stderr)[0], told(stderr).at(-1)]).toEqual([0, expect.stringMatching(/^! It is not proven that the folder is whole/), expect.stringMatching(/^! 2 files are no part of the export: predictions\/00001/)]);
    const bodiless = await forged(path, async (_, where) => {
      const lines = (await readFile(join(where, LINES), 'utf8')).trim().split('\n').map((line) => JSON.stringify({ ...(JSON.parse(line) as object), body: null }));
      await writeFile(join(where, LINES), `${lines.join('\n')}\n`);
      await rm(join(where, 'completed.json'));
    });
    expect((await verifyFolder(bodiless, { keys: [key], withoutCompletion: true })).checks.find(({ name }) => name === 'erased')).toMatchObject({ proven: false, says: expect.stringContaining('of 1 of their customers no erasure') });
    await expect(verifyFolder(folder, { keys: [key] })).rejects.toThrow('manifest.json: is not there, or cannot be read');
    for (const [text, sentence] of [['null', 'manifest.json is not a JSON object'], ['{"format":"assay-evidence@1"}', 'manifest.json: scope is missing'], ['{"format":"assay-evidence@2"}', 'its format is "assay-evidence@2"']] as const) {
      await writeFile(join(copy, 'manifest.json'), text);
      await expect(verifyFolder(copy, { keys: [key] })).rejects.toThrow(sentence);
    }
  });

  it('takes several keys from one file', async () => {
    const { path } = await exported({ customerId: loans[0]!.customer.id, requestId: 'customer' });
    const file = join(folder, 'keys.txt');
    await writeFile(file, `PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n${key}\n`);
    expect((await run(['verify', '--evidence', path, '--key', file], { env: envOf(app) })).code).toBe(0);
    await writeFile(file, 'no key');
    expect(await run(['verify', '--evidence', path, '--key', file], { env: envOf(app) })).toMatchObject({ code: 1, stderr: expect.stringContaining('"no key" is not the key of a verifier') });
  });

  describe('that was interrupted', () => {
    let out: string;
    let args: string[];
    let complete: ExportManifest;
    beforeAll(async () => {
      out = join(folder, 'customer');
      args = ['evidence', '--customer', loans[0]!.customer.id, '--out', out, '--json'];
      const { code, stderr } = await run(args, { env: envOf(app) });
      expect([code, stderr]).toEqual([0, expect.stringContaining(`--key ${key}`)]);
      complete = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8')) as ExportManifest;
    });
    /** As it would have been left. */
    const left = async (change: Partial<ExportState>): Promise<string> => {
      const { export: id, scope } = complete;
      const state: ExportState = { id, scope, until: new Date().toISOString(), files: [], lastPrediction: null, lastEvent: null, predictions: 0, events: 0, versions: [], completion: null, ...change };
      return signState(await openLogKey(app.runtime.config), state);
    };

    it('goes on after the last prediction that is in a file, and says so in the log before', async () => {
      await writeFile(join(out, '.export-state'), await left({ lastPrediction: rowId(predictions[0]!) }));
      const again = await run(args, { env: envOf(app) });
      expect([again.code, JSON.parse(again.stdout)]).toEqual([0, expect.objectContaining({ predictions: 1 })]);
      expect((await verified(out)).code).toBe(0);
      const id = complete.export;
      expect([await acts('EXPORT_BEGUN', id), await acts('EXPORT_RESUMED', id), await acts('EXPORT_COMPLETED', id)]).toMatchObject([[{}], [{ customer: complete.scope.customerId }], [{ predictions: 2 }, { predictions: 1 }]]);
    });

    it('when the log was already told that it is complete tells it once', async () => {
      const { manifest } = JSON.parse((JSON.parse(await readFile(join(out, 'completed.json'), 'utf8')) as { leaf: string }).leaf) as { manifest: string };
      const event = (JSON.parse(await readFile(join(out, 'completed.json'), 'utf8')) as { receipt: string }).receipt.split('\n')[2]!;
      const before = (await acts('EXPORT_COMPLETED', complete.export)).length;
      await rm(join(out, 'completed.json'));
      await writeFile(join(out, '.export-state'), await left({ predictions: 1, completion: { manifest, event } }));
      expect((await run(args, { env: envOf(app) })).code).toBe(0);
      expect([(await verified(out)).code, (await acts('EXPORT_COMPLETED', complete.export)).length]).toEqual([0, before]);
    });

    it('goes on from nothing that another wrote, changed or left elsewhere', async () => {
      const found = new ExportFolder(out, await openLogKey(app.runtime.config));
      const refused = async (state: string, why: string, id?: string): Promise<void> => {
        await writeFile(join(out, '.export-state'), state);
        await expect(found.state(complete.scope, id)).rejects.toThrow(why);
      };
      const begun = (await acts('EXPORT_BEGUN')).length;
      await refused(await left({ scope: { since: '2020-01-01T00:00:00.000Z' } }), 'begun earlier');
      await refused(await left({}), 'begun earlier', other);
      await refused((await left({})).replace('"predictions":0', '"predictions":1'), 'is not signed by the key of this log');
      await refused(JSON.stringify({ scope: complete.scope }), 'is not signed by the key of this log');
      await refused(await left({ files: [{ ...complete.files[0]!, sha256: '00'.repeat(32) }] }), 'is not as it was left');
      await rm(join(out, '.export-state'));
      expect(await run(args, { env: envOf(app) })).toMatchObject({ code: 1, stderr: expect.stringContaining('holds an export that is complete') });
      expect((await acts('EXPORT_BEGUN')).length).toBe(begun);
      // A state of earlier releases was signed by nobody: all of it is taken anew, and that is in the log.
      const planted = join(folder, 'planted');
      await mkdir(planted);
      await writeFile(join(planted, '.export-state.json'), JSON.stringify({ scope: complete.scope, until: complete.until, files: [], lastPrediction: rowId(predictions[0]!), lastEvent: null, predictions: 0, events: 0, versions: [] }));
      const { stdout } = await run(args.with(4, planted), { env: envOf(app) });
      expect([JSON.parse(stdout), (await acts('EXPORT_BEGUN')).length]).toEqual([expect.objectContaining({ predictions: 2 }), begun + 1]);
    });
  });

  it.each([
    [{}, 'Say of what'],
    [{ customerId: 'x', versionId: 'y' }, 'is not an id of this API'],
    [{ since: '2026-02-01T00:00:00Z', before: '2026-01-01T00:00:00Z' }, 'is empty'],
  ])('says what is wrong with %j', async (input, sentence) => {
    const { errors } = await auditor.query(EXPORT, { input: { ...input, requestId: 'wrong' } });
    expect(errors[0]).toMatchObject({ extensions: { code: 'BAD_INPUT' }, message: expect.stringContaining(sentence) });
  });
});

const rowId = (globalId: string): string => Buffer.from(globalId, 'base64url').toString().split(':').at(-1)!;
