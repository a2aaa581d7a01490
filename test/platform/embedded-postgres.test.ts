import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { prepareEmbeddedDatabase, removeEmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/index.js';

const PLATFORM = new URL('../../src/platform/index.js', import.meta.url).href;
const SETTINGS = ['fsync=off', 'full_page_writes=off', 'shared_buffers=16MB'];
const isRoot = process.getuid?.() === 0;

async function query<Row>(url: string, sql: string): Promise<Row[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}

const kept = async (url: string): Promise<unknown> => (await query(url, 'SELECT n FROM kept'))[0];

const start = (home: string) => startEmbeddedPostgres({ home, settings: SETTINGS });
const lockFile = (data: string): Promise<string | undefined> => readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => undefined);
const pidIn = async (data: string): Promise<number> => Number((await lockFile(data))!.split('\n')[0]);

/** Whether a process runs; one that ended and that nobody waited for does not. */
async function runs(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (status !== undefined) return !/\) [ZX]/.test(status);
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Another Assay, that starts a server in a home and is then killed without a chance to stop it. */
async function startAndKill(home: string): Promise<void> {
  const code = `import { startEmbeddedPostgres } from ${JSON.stringify(PLATFORM)};
    await startEmbeddedPostgres({ home: ${JSON.stringify(home)}, settings: ${JSON.stringify(SETTINGS)} });
    console.log('ready'); setInterval(() => undefined, 60_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = new Promise((resolve) => child.on('exit', resolve));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', () => resolve());
    child.on('exit', () => reject(new Error('the other Assay ended before its server was ready')));
  });
  child.kill('SIGKILL');
  await gone;
}

describe('the embedded PostgreSQL', () => {
  let parent: string;
  let home: string;
  let data: string;
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'assay-embedded-'));
    await chmod(parent, 0o755);
    home = join(parent, 'home');
    data = join(home, 'postgres');
    const server = await start(home);
    await query(server.superuserUrl, 'CREATE TABLE kept (n integer); INSERT INTO kept VALUES (42)');
    await server.stop();
  });
  afterAll(async () => {
    await removeEmbeddedPostgres(home);
    await rm(parent, { recursive: true, force: true });
  });

  it('is a real server on loopback only, with a password, and keeps its data over a restart', async () => {
    const server = await start(home);
    try {
      expect(await kept(server.superuserUrl)).toEqual({ n: 42 });
      const [settings] = await query(server.superuserUrl, `SELECT current_setting('listen_addresses') AS listens, current_setting('unix_socket_directories') AS sockets,
        current_setting('server_encoding') AS encoding, current_setting('TimeZone') AS zone`);
      expect(settings).toEqual({ listens: '127.0.0.1', sockets: '', encoding: 'UTF8', zone: 'UTC' });
      const withoutPassword = new URL(server.superuserUrl);
      withoutPassword.password = 'guess';
      await expect(query(withoutPassword.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    } finally {
      await server.stop();
    }
  });

  it('leaves no process, no lock and no open port when it is stopped, and may be stopped twice', async () => {
    const server = await start(home);
    const [pid, workers] = [await pidIn(data), await query<{ pid: number }>(server.superuserUrl, 'SELECT pid FROM pg_stat_activity')];
    await server.stop();
    await server.stop();
    expect(await Promise.all([pid, ...workers.map((worker) => worker.pid)].map(runs))).not.toContain(true);
    expect(await lockFile(data)).toBeUndefined();
    await expect(query(server.superuserUrl, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('stops although somebody is still connected', async () => {
    const server = await start(home);
    const client = new Client(server.superuserUrl);
    client.on('error', () => undefined);
    await client.connect();
    await server.stop();
    expect(await lockFile(data)).toBeUndefined();
    await client.end().catch(() => undefined);
  });

  it('stops the server that a killed Assay left behind, and goes on with its data', async () => {
    await startAndKill(home);
    const left = await pidIn(data);
    expect(await runs(left)).toBe(true);
    const server = await start(home);
    try {
      expect(await runs(left)).toBe(false);
      expect(await kept(server.superuserUrl)).toEqual({ n: 42 });
    } finally {
      await server.stop();
    }
  });

  it('recovers from a server that was killed itself, and does not touch a process that has its number now', async () => {
    const server = await start(home);
    process.kill(await pidIn(data), 'SIGKILL');
    await server.stop();
    const lock = (await lockFile(data))!.split('\n');
    await writeFile(join(data, 'postmaster.pid'), [process.pid, ...lock.slice(1)].join('\n'));
    const again = await start(home);
    expect(await kept(again.superuserUrl)).toEqual({ n: 42 });
    await again.stop();
  });

  it('keeps its password for its owner', async () => {
    expect((await stat(join(home, 'postgres.password'))).mode & 0o777).toBe(0o600);
    expect((await readdir(home)).sort()).toEqual(['postgres', 'postgres.password']);
  });

  it('refuses to begin anew over data whose password is missing: nothing is removed', async () => {
    const [password, elsewhere] = [join(home, 'postgres.password'), join(parent, 'password')];
    await rename(password, elsewhere);
    await expect(start(home)).rejects.toMatchObject({ code: 'REFUSED', message: expect.stringMatching(/holds a database, but its password is not in .*postgres\.password\. Restore that file/) as unknown });
    await rename(elsewhere, password);
    const server = await start(home);
    expect(await kept(server.superuserUrl)).toEqual({ n: 42 });
    await server.stop();
  });

  it('says why it did not start, and leaves no process', async () => {
    await expect(startEmbeddedPostgres({ home, settings: ['no_such_setting=1'] })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^The embedded PostgreSQL did not start \(exit 1\): .*no_such_setting/s) as unknown,
    });
    expect(await lockFile(data)).toBeUndefined();
  });

  it('gives each role a password of its own and no more than a login; again and again', async () => {
    const server = await start(home);
    try {
      const [first, second] = [await prepareEmbeddedDatabase(server.superuserUrl, 'assay'), await prepareEmbeddedDatabase(server.superuserUrl, 'assay')];
      expect(new Set([...Object.values(first), ...Object.values(second)]).size).toBe(6);
      await expect(query(first.app, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
      for (const [role, url] of Object.entries(second)) {
        expect(await query(url, 'SELECT current_user AS name, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS more FROM pg_roles WHERE rolname = current_user'))
          .toEqual([{ name: `assay_${role}`, more: false }]);
      }
    } finally {
      await server.stop();
    }
  });
});

const forRoot = isRoot ? describe : describe.skip;

// PostgreSQL does not run as root, and its user cannot enter root's own folders.
forRoot('the embedded PostgreSQL of root in a folder that others cannot enter', () => {
  let locked: string;
  let home: string;
  beforeAll(async () => {
    locked = await mkdtemp(join(tmpdir(), 'assay-locked-'));
    await chmod(locked, 0o700);
    home = join(locked, 'home');
  });
  afterAll(() => rm(locked, { recursive: true, force: true }));

  it('runs as another user with its data in a refuge, says so, and finds the data again', async () => {
    const server = await start(home);
    const refuge = /keeps its data in (\/.*)$/.exec(server.note ?? '')![1]!;
    try {
      const data = join(refuge, 'postgres');
      expect((await stat(`/proc/${await pidIn(data)}`)).uid).not.toBe(0);
      expect((await stat(refuge)).mode & 0o777).toBe(0o711);
      expect((await stat(data)).mode & 0o777).toBe(0o700);
      await query(server.superuserUrl, 'CREATE TABLE kept (n integer); INSERT INTO kept VALUES (42)');
      await server.stop();
      const again = await start(home);
      expect(await query(again.superuserUrl, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
      await again.stop();
      await rm(home, { recursive: true });
      const anew = await start(home);
      expect(await query(anew.superuserUrl, "SELECT 1 FROM pg_tables WHERE tablename = 'kept'")).toEqual([]);
      await anew.stop();
      expect((await readdir(refuge)).filter((name) => /^postgres\.\d+$/.test(name))).toHaveLength(1);
      await removeEmbeddedPostgres(home);
      await expect(readdir(refuge)).rejects.toMatchObject({ code: 'ENOENT' });
    } finally {
      await server.stop();
      await rm(refuge, { recursive: true, force: true });
    }
  });

  it('refuses a refuge that is a link to somewhere else', async () => {
    const trapped = join(locked, 'trapped');
    const server = await start(trapped);
    const refuge = /keeps its data in (\/.*)$/.exec(server.note ?? '')![1]!;
    await server.stop();
    await rm(refuge, { recursive: true });
    await mkdir(join(locked, 'target'));
    await symlink(join(locked, 'target'), refuge);
    try {
      await expect(start(trapped)).rejects.toMatchObject({ code: 'REFUSED', message: `${refuge} belongs to somebody else. Remove it, or run as an ordinary user.` });
      expect(await readdir(join(locked, 'target'))).toEqual([]);
    } finally {
      await rm(refuge);
    }
  });
});
