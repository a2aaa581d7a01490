import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { AssayError, refused } from '../../base/index.js';
import { copyFile, forAll, MANIFEST, sha256OfFile, syncFolders, walk, writeDurably, type BackupFile } from './files.js';

export const BASE_FORMAT = 'assay-base-backup@1';

/** A copy of a server's data folder, with the write-ahead log that makes it whole. */
export interface BaseManifest {
  readonly format: typeof BASE_FORMAT;
  /** PostgreSQL's major version: another cannot read the files. */
  readonly postgres: number;
  readonly system: string;
  readonly startedAt: string;
  /** From this time on recovery can stop. */
  readonly endedAt: string;
  readonly startLsn: string;
  readonly stopLsn: string;
  /** Folders, which may be empty. */
  readonly folders: readonly string[];
  readonly files: readonly BackupFile[];
  /** Segments of the write-ahead log, in `wal`. */
  readonly wal: readonly BackupFile[];
}

type Progress = (done: number, of: number) => void;

/** Made anew by the server, or of no use to another: PostgreSQL's manual, "Making a Base Backup Using the Low Level API". */
const LEFT_OUT = /^(postmaster\.(pid|opts)|(pg_wal|pg_replslot|pg_dynshmem|pg_notify|pg_serial|pg_snapshots|pg_stat_tmp|pg_subtrans)\/.*|.*\/?pgsql_tmp.*|.*\/?pg_internal\.init.*|backup_label.*|tablespace_map.*)$/;

/** Copied last, so that it is never older than what it tells of. */
const CONTROL = 'global/pg_control';

const SLOT = 'assay_backup';

/**
 * Copies the data folder of a running server between pg_backup_start and pg_backup_stop, then the write-ahead log of the
 * meantime. Reads and writes go on.
 */
export async function takeBaseBackup(superuserUrl: string, data: string, to: string, progress: Progress): Promise<BaseManifest> {
  const client = new Client({ connectionString: superuserUrl, application_name: 'assay-backup' });
  await client.connect();
  try {
    // For this session only: the segments that the backup needs are kept until it has them.
    await client.query(`SELECT pg_create_physical_replication_slot($1, true, true)`, [SLOT]).catch((error: { code?: string }) => {
      if (error.code === '42710') throw refused('Another base backup of this server is under way. Wait for it.');
      throw error;
    });
    return await backUp(client, data, to, progress);
  } finally {
    await client.end();
  }
}

async function backUp(client: Client, data: string, to: string, progress: Progress): Promise<BaseManifest> {
  const known = await one<{ version: string; system: string }>(client, `SELECT current_setting('server_version_num') AS version, system_identifier::text AS system FROM pg_control_system()`);
  const start = await one<{ lsn: string; at: Date }>(client, `SELECT pg_backup_start('assay', fast => true)::text AS lsn, clock_timestamp() AS at`);
  const { folders, files } = await copyData(data, join(to, 'data'), progress);
  const stop = await one<{ lsn: string; labelfile: string; spcmapfile: string }>(client, 'SELECT lsn::text, labelfile, spcmapfile FROM pg_backup_stop(wait_for_archive => false)');
  if (stop.spcmapfile.trim() !== '') throw refused('The server has tablespaces outside its data folder, which are not backed up. Use pg_basebackup.');
  const label = 'backup_label';
  await writeDurably(join(to, 'data', label), stop.labelfile);
  files.push({ path: label, bytes: Buffer.byteLength(stop.labelfile), sha256: await sha256OfFile(join(to, 'data', label)) });
  const { at } = await one<{ at: Date }>(client, 'SELECT clock_timestamp() AS at');
  const manifest: BaseManifest = {
    format: BASE_FORMAT, postgres: Math.floor(Number(known.version) / 10_000), system: known.system, startedAt: start.at.toISOString(), endedAt: at.toISOString(),
    startLsn: start.lsn, stopLsn: stop.lsn, folders, files, wal: await copyWal(client, data, join(to, 'wal'), start.lsn, stop.lsn),
  };
  await syncFolders(to);
  await writeDurably(join(to, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`);
  return manifest;
}

async function copyData(data: string, to: string, progress: Progress): Promise<{ folders: string[]; files: BackupFile[] }> {
  const { files: all, folders } = await walk(data);
  const paths = all.filter((path) => !LEFT_OUT.test(path) && path !== CONTROL);
  const total = await bytesOf(data, paths);
  const files: BackupFile[] = [];
  let done = 0;
  const copy = async (path: string): Promise<void> => {
    const copied = await copyFile(join(data, path), join(to, path), true);
    if (!copied) return; // a table that was dropped meanwhile; the log tells that too
    files.push({ path, ...copied });
    progress((done += copied.bytes), total);
  };
  await forAll(paths, copy);
  await copy(CONTROL);
  return { folders: folders.filter((path) => !LEFT_OUT.test(`${path}/`) || ['pg_wal', 'pg_replslot'].includes(path) || !path.includes('/')), files };
}

async function bytesOf(data: string, paths: readonly string[]): Promise<number> {
  let total = 0;
  for (const path of paths) total += await stat(join(data, path)).then(({ size }) => size, () => 0);
  return total;
}

/** The segments from where the backup began to where it ended, and the histories of timelines. */
async function copyWal(client: Client, data: string, to: string, startLsn: string, stopLsn: string): Promise<BackupFile[]> {
  const { first, last } = await one<{ first: string; last: string }>(client, 'SELECT pg_walfile_name($1::pg_lsn) AS first, pg_walfile_name($2::pg_lsn) AS last', [startLsn, stopLsn]);
  const names = (await readdir(join(data, 'pg_wal'))).filter((name) => name.endsWith('.history') || (/^[0-9A-F]{24}$/.test(name) && name >= first && name <= last)).sort();
  if (!names.includes(first) || !names.includes(last)) throw new AssayError('UNAVAILABLE', `The write-ahead log from ${first} to ${last} is not there any more. Take the backup again.`);
  await mkdir(to, { recursive: true });
  const files: BackupFile[] = [];
  for (const path of names) files.push({ path, ...(await copyFile(join(data, 'pg_wal', path), join(to, path), true))! });
  return files;
}

async function one<Row>(client: Client, sql: string, parameters: unknown[] = []): Promise<Row> {
  const { rows } = await client.query(sql, parameters);
  return rows[0] as Row;
}

/** The major version of the server whose data folder this is. */
export const majorOf = async (data: string): Promise<number> => Number((await readFile(join(data, 'PG_VERSION'), 'utf8')).trim());
