import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateSyntheticBook } from '../../src/demo/index.js';
import { isInUse, newFolder, PROJECT, run, runAlone, RunningCommand } from '../support/cli.js';
import { asSuperuser, dropDatabase, urlsOf } from '../support/postgres.js';

describe('assay', () => {
  let folder: string;
  let home: { env: { ASSAY_HOME: string } };
  beforeAll(async () => {
    folder = await newFolder('assay-commands-');
    home = { env: { ASSAY_HOME: join(folder, 'home') } };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  describe('used wrongly', () => {
    it.each([
      [['dance'], /unknown command 'dance'/],
      [['demo', '--fast'], /unknown option '--fast'/],
      [['import'], /required option '--data <file>' not specified/],
      [['import', '--data', 'x.csv'], /required option '--mapping <file>' not specified/],
      [['token', '--role', 'KING'], /KING.*Allowed choices are PORTAL/],
      [['demo', '--data'], /argument missing/],
      [['serve', 'now'], /too many arguments/],
    ])('%j exits with 2 and shows how it is used', async (args, message) => {
      const { code, stdout, stderr } = await run(args, home);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(message);
      expect(stderr).toContain('Usage: assay');
    });

    it('--version tells the release before a verb, and is an option of the verb behind it', async () => {
      const { version } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8')) as { version: string };
      expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
      expect(await run(['card', '--version'], home)).toMatchObject({ code: 2, stderr: expect.stringContaining("option '--version <id>' argument missing") });
    });

    it('--help is no mistake', async () => {
      const { code, stdout } = await runAlone(['--help']);
      expect([code, stdout]).toEqual([0, expect.stringContaining('Usage: assay')]);
      for (const verb of ['demo', 'serve', 'migrate', 'import', 'train', 'register', 'score', 'token', 'schema', 'bench']) expect(stdout).toMatch(new RegExp(`^ {2}${verb}\\b`, 'm'));
    });
  });

  describe('refuses in one sentence, with 1:', () => {
    const production = { NODE_ENV: 'production', DATABASE_URL: 'postgres://x', DATABASE_OWNER_URL: 'postgres://x', OIDC_ISSUER: 'https://id.example', KEY_STORE_PATH: '/x', KEY_ENCRYPTION_KEY_FILE: '/x', LOG_ORIGIN: 'x', LOG_KEY_FILE: '/x', LOG_CHECKPOINT_FILE: '/x' };
    it.each<[string, string[], Record<string, string>, RegExp]>([
      ['a book without its mapping', ['demo', '--once', '--data', 'x.csv'], {}, /^assay: Give --data FILE and --mapping FILE together, or neither for the synthetic book\.$/m],
      ['a mapping without its book', ['demo', '--once', '--mapping', 'mappings/german.json'], {}, /^assay: Give --data FILE and --mapping FILE together/m],
      ['a book that is not there', ['demo', '--data', 'nowhere.csv', '--mapping', 'mappings/german.json'], {}, /^assay: nowhere\.csv: there is no such file\./m],
      ['a mapping that is not there', ['import', '--data', 'package.json', '--mapping', 'nowhere.json'], {}, /^assay: nowhere\.json: /m],
      ['a size that is none', ['demo', '--customers', '-5'], {}, /^assay: --customers -5: give a whole number above 0\.$/m],
      ['to serve nobody', ['serve'], {}, /^assay: No token would be accepted: set OIDC_ISSUER to your identity provider, or DEV_ISSUER=1 to try Assay\.$/m],
      ['a witness of nothing', ['witness', '--key', 'w.pem', '--state', 'w'], {}, /^assay: --log: give the key of a log to watch, as GET \/log\/key tells it\.$/m],
      ['witnesses that nobody could reach', ['serve'], { WITNESS_QUORUM: '2' }, /WITNESSES: is needed beside WITNESS_QUORUM: without them nobody could sign/],
      ['to migrate what migrates itself', ['migrate'], {}, /^assay: Set DATABASE_URL and DATABASE_OWNER_URL: the embedded database migrates itself\.$/m],
      ['a bench group that is none', ['bench', 'nonsense'], {}, /^assay: There is no bench group "nonsense"\. There are: /m],
      ['the development issuer in production', ['token', '--role', 'AUDITOR'], production, /^assay: The development issuer does not start with NODE_ENV=production: it signs tokens for anyone\.$/m],
      ['a demonstration in production', ['demo', '--use-database'], production, /^assay: The development issuer does not start with NODE_ENV=production/m],
      ['a demonstration in a database of your own', ['demo'], { DATABASE_URL: 'postgres://x' }, /^assay: DATABASE_URL is set, and the demonstration would fill that database/m],
      ['DEV_ISSUER in production', ['serve'], { ...production, DEV_ISSUER: '1' }, /DEV_ISSUER: must not be set in production: it signs tokens for anyone/],
      ['production without what it needs', ['serve'], { NODE_ENV: 'production' }, /DATABASE_URL: is needed in production[\s\S]*OIDC_ISSUER: is needed[\s\S]*KEY_STORE: is needed[\s\S]*KEY_ENCRYPTION_KEY_FILE: is needed/],
      ['to reset a server of your own', ['demo', '--reset'], { DATABASE_URL: 'postgres://x', DATABASE_OWNER_URL: 'postgres://x' }, /^assay: --reset removes the embedded database only\. DATABASE_URL is set: empty that database yourself\.$/m],
    ])('%s', async (_, args, env, sentence) => {
      const { code, stdout, stderr } = await run(args, { env: { ...home.env, ...env } });
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(sentence);
      expect(stderr).not.toMatch(/^ {4}at /m);
    });
  });

  describe('schema', () => {
    it('--check is content with the committed one', async () => {
      expect(await run(['schema', '--check'])).toEqual({ code: 0, stdout: '', stderr: '' });
    });

    it('writes what --check compares, and --check notices a change', async () => {
      expect(await run(['schema'], { cwd: folder })).toMatchObject({ code: 0 });
      const path = join(folder, 'schema.graphql');
      const written = await readFile(path, 'utf8');
      expect(written).toBe(await readFile(join(PROJECT, 'schema.graphql'), 'utf8'));
      await writeFile(path, written.replace('type Loan ', 'type Lone '));
      expect(await run(['schema', '--check'], { cwd: folder })).toMatchObject({ code: 1, stderr: 'assay: schema.graphql is not what the resolvers say. Run: npm run assay -- schema\n' });
    });
  });

  describe('import', () => {
    let data: string;
    beforeAll(async () => {
      data = join(folder, 'book.csv');
      await generateSyntheticBook({ path: data, customers: 30, seed: 1 });
      const lines = (await readFile(data, 'utf8')).trimEnd().split('\n');
      const column = lines[0]!.split(',').indexOf('principal');
      const broken = (line: string): string => line.split(',').map((cell, at) => (at === column ? 'plenty' : cell)).join(',');
      await writeFile(data, `${lines.map((line, at) => (at === 4 || at === 9 ? broken(line) : line)).join('\n')}\n`);
    });
    const args = (...more: string[]): string[] => ['import', '--data', data, '--mapping', 'mappings/synthetic.json', ...more];

    it('takes all or nothing: a bad row is told with its line, and nothing is imported', async () => {
      const { code, stdout, stderr } = await run(args('--json'), home);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^assay: .*2.*rows?/m);
    });

    it('--skip-bad imports the good rows and writes the bad ones with their lines and reasons', async () => {
      const rejects = join(folder, 'rejects.csv');
      const { code, stdout, stderr } = await run(args('--skip-bad', '--json', '--rejects', rejects), home);
      expect([code, stderr]).toEqual([0, expect.stringContaining('2 rows rejected')]);
      expect(JSON.parse(stdout)).toMatchObject({ rejected: 2, rejectsPath: rejects });
      const text = await readFile(rejects, 'utf8');
      expect(text).toMatch(/plenty/);
      expect(text).toMatch(/\b5\b.*principal|principal.*\b5\b/);
      expect(text).toMatch(/\b10\b.*principal|principal.*\b10\b/);
    });

    it('a second time finds every loan there already, and says so', async () => {
      const { code, stderr } = await run(args(), home);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^assay: /m);
    });
  });

  describe('serve', () => {
    let command: RunningCommand;
    let url: string;
    beforeAll(async () => {
      command = RunningCommand.start(['serve'], { env: { ...home.env, DEV_ISSUER: '1', PORT: '0' } });
      url = (await command.says('stderr', /Assay serves (http:\/\/localhost:\d+)\/graphql\. Ctrl-C stops it\./))[1]!;
    });

    it('lets in who has a token of the development issuer', async () => {
      const { code, stdout } = await run(['token', '--role', 'AUDITOR', '--name', 'Tess Tester'], home);
      expect(code).toBe(0);
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${stdout.trim()}` };
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: '{"query": "{ me { name roles } loans { totalCount } }"}' });
      expect(await response.json()).toEqual({ data: { me: { name: 'Tess Tester', roles: ['AUDITOR'] }, loans: { totalCount: expect.any(Number) } } });
    });

    it('says that its port is taken, and by which setting it is chosen', async () => {
      const { code, stderr } = await run(['serve'], { env: { ASSAY_HOME: join(folder, 'second'), DEV_ISSUER: '1', PORT: new URL(url).port } });
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^assay: Port \d+ on 127\.0\.0\.1 is in use\. Stop what uses it, or set PORT to another one\.$/m)]);
      expect(await isInUse(join(folder, 'second'))).toBe(false);
    });

    it('ends with 0 when it is told to, and leaves nothing running', async () => {
      command.signal('SIGTERM');
      expect((await command.ended).code).toBe(0);
      expect([command.hasProcesses, await isInUse(home.env.ASSAY_HOME)]).toEqual([false, false]);
    });
  });

  describe('migrate, on a server of your own', () => {
    const name = 'migrate_me';
    let env: Record<string, string>;
    beforeAll(async () => {
      await asSuperuser('postgres', (client) => client.query(`CREATE DATABASE ${name} OWNER assay_owner`));
      const { app, owner, reader } = urlsOf(name);
      env = { ASSAY_HOME: join(folder, 'own'), DATABASE_URL: app, DATABASE_OWNER_URL: owner, DATABASE_READER_URL: reader, DEV_ISSUER: '1', PORT: '0' };
    });
    afterAll(() => dropDatabase(name));

    it('must come before serving', async () => {
      expect(await run(['serve'], { env })).toMatchObject({ code: 1, stderr: 'assay: The database schema is not up to date. Run: npm run assay -- migrate\n' });
    });

    it('brings it up to date, once, and takes back what it is told to', async () => {
      expect(await run(['migrate'], { env })).toMatchObject({ code: 0, stderr: expect.stringMatching(/^Ran .*Predictions1764000000004.*\.\n$/) });
      expect(await run(['migrate'], { env })).toMatchObject({ code: 0, stderr: 'The database is up to date.\n' });
      expect(await run(['migrate', '--down', '0'], { env })).toMatchObject({ code: 1, stderr: 'assay: --down 0: give a whole number of migrations, 1 or more.\n' });
      expect(await run(['migrate', '--down', '1'], { env })).toMatchObject({ code: 0 });
      expect(await run(['serve'], { env })).toMatchObject({ code: 1, stderr: expect.stringContaining('not up to date') });
      expect(await run(['migrate'], { env })).toMatchObject({ code: 0, stderr: expect.stringMatching(/^Ran /) });
    });

    it('lets it be served', async () => {
      const command = RunningCommand.start(['serve'], { env });
      const [, url] = await command.says('stderr', /Assay serves (http:\/\/localhost:\d+)\//);
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
      command.signal('SIGINT');
      expect((await command.ended).code).toBe(0);
    });
  });
});
