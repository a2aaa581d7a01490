import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { graphql } from 'graphql';
import { openLocalApp } from '../../src/app.js';
import { openLogKey, Sequencer, TransparencyLog } from '../../src/audit/index.js';
import { localContext } from '../../src/commands/support/local-account.js';
import { newContext, readConfig } from '../../src/platform/index.js';
import { openRuntime } from '../../src/runtime.js';
import { deployedHome, testConfig, DEPLOYED } from '../support/deployed-template.js';
import { newFolder, PROJECT, run, type Ended } from '../support/cli.js';

/** The commands of the page, block by block. */
const blocksOf = (markdown: string): string[][] => [...markdown.matchAll(/```sh\n([^]*?)```/g)].map(([, block]) => block!.trim().split('\n').map((line) => line.replace(/ {2,}#.*$/, '')));

/** As a restore told it. */
const predictionsIn = (said: string): number => Number(/✓ Verify the transparency log: .* ([\d,]+) predictions/.exec(said)![1]!.replaceAll(',', ''));

describe('docs/backup.md', () => {
  let folder: string;
  let blocks: string[][];
  /** What a reader has set. */
  const env: Record<string, string> = {};

  beforeAll(async () => {
    folder = await newFolder('assay-backup-');
    blocks = blocksOf(await readFile(join(PROJECT, 'docs/backup.md'), 'utf8'));
    for (const name of ['BACKUPS', 'SAFE', 'NEW_HOME']) env[name] = join(folder, name.toLowerCase());
    await mkdir(env['SAFE']!);
    // The database that is dumped is one of a server of its own, as in production.
    await cp(deployedHome(), join(folder, 'home'), { recursive: true });
    const { database } = testConfig(DEPLOYED, join(folder, 'home'));
    Object.assign(env, { ASSAY_HOME: join(folder, 'home'), DATABASE_URL: database!.app, DATABASE_OWNER_URL: database!.owner!, DATABASE_READER_URL: database!.reader });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const filled = (text: string): string => text.replaceAll(/\$([A-Z_]+)/g, (_, name: string) => env[name] ?? `$${name}`);

  /** Runs the block that holds this text, line by line, as a shell would. */
  async function paste(text: string): Promise<Ended[]> {
    const block = blocks.find((lines) => lines.some((line) => line.includes(text)));
    if (!block) throw new Error(`docs/backup.md has no block with "${text}".`);
    const ended: Ended[] = [];
    for (const line of block) {
      const [, name, value] = /^export ([A-Z_]+)=(.*)$/.exec(line) ?? [];
      if (name !== undefined) env[name] = filled(value!);
      else if (line.startsWith('assay ')) ended.push(await run(filled(line).split(' ').slice(1), { env }));
      else await promisify(execFile)('sh', ['-ec', filled(line)]);
    }
    return ended;
  }

  async function ok(text: string): Promise<string> {
    const ended = await paste(text);
    for (const { code, stderr } of ended) if (code !== 0) throw new Error(`exit ${String(code)}\n${stderr}`);
    return ended.map(({ stderr }) => stderr).join('');
  }

  async function inEmbedded<T>(work: (runtime: Awaited<ReturnType<typeof openRuntime>>) => Promise<T>): Promise<T> {
    const runtime = await openRuntime(readConfig({ ...env, LOG_LEVEL: 'silent' }));
    try {
      return await work(runtime);
    } finally {
      await runtime.close();
    }
  }

  /** Scores two loans, which are events that wait. */
  async function score(loans: readonly string[]): Promise<void> {
    await writeFile(join(folder, 'loans.csv'), `loan\n${loans.join('\n')}\n`);
    const { code, stderr } = await run(['score', '--data', join(folder, 'loans.csv'), '--column', 'loan', '--as-of', 'decision', '--json'], { env });
    if (code !== 0) throw new Error(stderr);
  }

  /** In this process: scores them, integrates what waits, and signs. */
  const scoreAndSign = (ids: readonly string[]): Promise<void> => inEmbedded(async (runtime) => {
    const { db, log, config } = runtime;
    const app = await openLocalApp(runtime);
    const { actor } = await localContext(runtime, ['PORTAL']);
    const source = 'mutation ($input: ScoreLoanInput!) { scoreLoan(input: $input) { prediction { status } } }';
    for (const externalId of ids) expect(await graphql({ schema: app.schema, contextValue: newContext({ db, log, actor }), source, variableValues: { input: { externalId, purpose: 'ORIGINATION' } } })).not.toHaveProperty('errors');
    await app.close();
    await new Sequencer(db, log).drain();
    await new TransparencyLog(await openLogKey(config), config.logOrigin, config.logCheckpointFile).checkpoint(db);
  });

  let loans: string[];
  let predictions: number;

  it('dumps a database that is in use, and its keys', async () => {
    expect(await ok('backup dump')).toMatch(/✓ Back up into .*dump \d+ tables, [\d,]+ rows, [\d,]+ bytes/);
    await ok('backup keys');
    const refused = await paste('backup dump');
    expect(refused.map(({ code, stderr }) => [code, stderr])).toEqual([[1, expect.stringContaining('is not empty. Name a new folder.')]]);
  });

  it('restores it into an embedded PostgreSQL, verified; what else is missing is said', async () => {
    for (const name of ['DATABASE_URL', 'DATABASE_OWNER_URL', 'DATABASE_READER_URL']) delete env[name];
    const said = await ok('restore dump');
    expect(said).toMatch(/✓ Verify the transparency log: tree and rows [\d,]+ entries/);
    predictions = predictionsIn(said);
    expect(said.match(/^! .*/gm)).toEqual([expect.stringContaining('There is no checkpoint of the log')]);
    await inEmbedded(async ({ db }) => {
      const events = await db.query<{ type: string }>(`SELECT type FROM audit_intake WHERE type IN ('BACKUP_TAKEN', 'DATABASE_RESTORED')`);
      expect(events.map(({ type }) => type)).toEqual(['DATABASE_RESTORED']);
      // Triggers rest only while rows are restored.
      expect(await db.query(`SELECT tgname FROM pg_trigger WHERE tgenabled <> 'O' AND NOT tgisinternal`)).toEqual([]);
      loans = (await db.query<{ id: string }>('SELECT external_id AS id FROM loans ORDER BY 1 LIMIT 4')).map(({ id }) => id);
    });
    const again = await paste('restore dump');
    expect(again[0]!.stderr).toContain('The database is not empty: there are audit_intake.');
  }, 120_000);

  it('a dump that was changed is not restored', async () => {
    const manifest = JSON.parse(await readFile(join(env['BACKUPS']!, 'dump/manifest.json'), 'utf8')) as { tables: { name: string; path: string }[] };
    const path = join(env['BACKUPS']!, 'dump', manifest.tables.find(({ name }) => name === 'loans')!.path);
    const bytes = await readFile(path);
    await writeFile(path, gzipSync(gunzipSync(bytes).subarray(1)));
    const { code, stderr } = await run(['restore', 'dump', '--from', join(env['BACKUPS']!, 'dump')], { env: { ...env, ASSAY_HOME: join(folder, 'other') } });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/was changed after the dump: its SHA-256 is/)]);
    await writeFile(path, bytes);
  });

  it('goes back to a point in time, where the log refuses to sign, and forward again on the first timeline', async () => {
    await ok('backup base');
    await score(loans.slice(0, 2));
    env['MOMENT'] = new Date().toISOString();
    await scoreAndSign(loans.slice(2));

    const back = await ok('--until');
    expect(back).toMatch(/✓ Recover from .* last transaction of /);
    expect(back).toMatch(/! The log went back: a checkpoint of localhost\/assay with \d+ entries was signed, but the database has \d+ entries/);
    expect(back).toContain('What was there before is in');
    expect(predictionsIn(back)).toBe(predictions + 2);

    const forward = await ok('--timeline');
    expect(forward).not.toMatch(/^!/m);
    expect(predictionsIn(forward)).toBe(predictions + 4);
  }, 300_000);

  it('says where the write-ahead log ends, and leaves what is there as it is', async () => {
    const { code, stderr } = await run(['restore', 'base', '--from', join(env['BACKUPS']!, 'base'), '--until', '2999-01-01'], { env });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/The write-ahead log ends before 2999-01-01T00:00:00.000Z: its last transaction is of/)]);
  });

  it('predictions of a restored database replay to the same numbers', () => inEmbedded(async (runtime) => {
    const app = await openLocalApp(runtime);
    const { actor } = await localContext(runtime, ['AUDITOR']);
    const { data, errors } = await graphql({ schema: app.schema, contextValue: newContext({ db: runtime.db, log: runtime.log, actor }), source: '{ predictions(first: 10) { edges { node { replay { reproduced maxAbsDifference } } } } }' });
    await app.close();
    expect(errors).toBeUndefined();
    const replays = (data as { predictions: { edges: { node: { replay: { reproduced: boolean; maxAbsDifference: number } } }[] } }).predictions.edges.map(({ node: { replay: { reproduced, maxAbsDifference } } }) => [reproduced, maxAbsDifference]);
    expect(replays.length).toBeGreaterThanOrEqual(4);
    expect(replays).toEqual(replays.map(() => [true, 0]));
  }));
});
