import { mkdtemp, readdir, readFile, rm, writeFile, appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parquetReadObjects } from 'hyparquet';
import { sha256 } from '../../src/platform/index.js';
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

  const fetched = (path: string, token: string | undefined): Promise<Response> => fetch(`${app.url}${path}`, { headers: { authorization: `Bearer ${token}` } });

  it('of a customer holds their predictions and acts, verifies with no server and no database, and is in the log before it is taken', async () => {
    const { found, path, jobId } = await exported({ customerId: loans[0]!.customer.id, requestId: 'customer' });
    expect([found.predictions, found.files[0]!.name]).toEqual([2, 'manifest.json']);
    expect(found.files.map(({ name }) => name)).toEqual(expect.arrayContaining(['predictions/00001.jsonl', 'predictions/00001.parquet', 'keys/log.txt', 'README.md', expect.stringMatching(/models\/.*\/card\.zh\.html/)]));
    const { code, stderr } = await verified(path);
    expect([code, stderr]).toEqual([0, expect.stringContaining('All 2 predictions are in the log')]);
    const [begun] = await app.leaves({ type: 'EXPORT_BEGUN' });
    const [completed] = await app.leaves({ type: 'EXPORT_COMPLETED' });
    expect([begun, completed]).toMatchObject([{ export: Buffer.from(jobId, 'base64url').toString().split(':')[1] }, { manifest: found.manifestSha256, predictions: 2 }]);
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
      expect(await verified(path)).toMatchObject({ code: 1, stderr: expect.stringContaining(`${name}: was changed after the export`) });
      await writeFile(join(path, name), before);
    }
    const { code, stderr } = await run(['verify', '--evidence', path, '--key', key.replace(/^[^+]+/, 'another.log')], { env: envOf(app) });
    expect([code, stderr]).toEqual([1, expect.stringContaining('is not that of the key')]);
    expect((await verified(path)).code).toBe(0);
  });

  it('goes on where it was interrupted, by the command line as well', async () => {
    const out = join(folder, 'customer');
    const args = ['evidence', '--customer', loans[0]!.customer.id, '--out', out, '--json'];
    await run(args, { env: envOf(app) });
    // As it would have been left after the first prediction.
    const complete = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8')) as { files: object[] };
    await writeFile(join(out, '.export-state.json'), JSON.stringify({
      scope: { customerId: (complete as unknown as { scope: { customerId: string } }).scope.customerId }, until: new Date().toISOString(), files: [], lastPrediction: rowId(predictions[0]!), lastEvent: null, predictions: 0, events: 0, versions: [],
    }));
    const again = await run(args, { env: envOf(app) });
    expect([again.code, JSON.parse(again.stdout)]).toEqual([0, expect.objectContaining({ predictions: 1 })]);
    expect((await verified(out)).code).toBe(0);
    await writeFile(join(out, '.export-state.json'), JSON.stringify({ scope: { since: 'another' } }));
    expect(await run(args, { env: envOf(app) })).toMatchObject({ code: 1, stderr: expect.stringContaining('begun earlier') });
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
