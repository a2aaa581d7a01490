import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { MANIFEST, readConfig, refused, sha256OfFile, Stages, takeBaseBackup, takeDump, type StageProgress } from '../../platform/index.js';
import { backupLocalKeyStore } from '../../security/index.js';
import { requireNewFolder } from '../support/new-folder.js';
import { DUMPED, openSource, type Source } from './source.js';
import { manifestDigest, witness } from './witness.js';

interface BackupFlags {
  readonly to: string;
  readonly json?: boolean;
}

/** Copies into the folder. @returns what it did, in a line */
type Take = (source: Source, to: string, progress: StageProgress) => Promise<string>;

export function backupCommand(command: Command): void {
  const kind = (name: 'dump' | 'base', says: string, take: Take): void => {
    command
      .command(name)
      .description(says)
      .requiredOption('--to <folder>', 'a new folder')
      .option('--json', 'print one line of JSON at the end')
      .action((flags: BackupFlags) => run(name, take, flags));
  };
  kind('dump', 'Every table by COPY, all of one moment; restored into any PostgreSQL. Nothing has to stop.', dump);
  command
    .command('keys')
    .description("The customers' wrapped keys. To be kept apart from the others, and no longer than erasures may take: who has both can read what was erased since.")
    .requiredOption('--to <folder>', 'a new folder')
    .action(keys);
  kind('base', 'The data folder of the embedded PostgreSQL with the write-ahead log that makes it whole. Nothing has to stop.', base);
}

async function run(kind: 'dump' | 'base', take: Take, { to, json }: BackupFlags): Promise<void> {
  await requireNewFolder(to, '--to');
  const stages = new Stages(process.stderr);
  const source = await openSource(readConfig());
  try {
    await makeFolder(to);
    await stages.run(kind, `Back up into ${to}`, (progress) => take(source, to, progress), (says) => says);
    const manifest = await manifestDigest(to);
    await witness(source.url, 'BACKUP_TAKEN', { kind: kind === 'dump' ? 'DUMP' : 'BASE', manifest }).catch(async (error: unknown) => {
      // What the log was not told of did not happen: without its manifest the folder is no backup.
      await rm(join(to, MANIFEST));
      throw error;
    });
    stages.say(`  SHA-256 of its manifest, also in the log: ${manifest}\n  Not in it, and to be kept apart from it: the customers' keys, the log's key and checkpoint (docs/backup.md).`);
    if (json) process.stdout.write(`${JSON.stringify({ folder: to, kind, manifest })}\n`);
  } finally {
    await source.close();
  }
}

async function keys({ to }: BackupFlags): Promise<void> {
  await requireNewFolder(to, '--to');
  const config = readConfig();
  const { keyStore } = config;
  if (keyStore.provider !== 'lmdb') throw refused('The key store is a PostgreSQL of its own: back it up with the tools of that server, and keep its backups for a short time only, for it is those that an erasure waits for.');
  const source = await openSource(config);
  try {
    // All keys go out at once: the log is told before they do.
    await witness(source.url, 'KEYS_ACT_BEGUN', { act: 'BACKUP', keys: 'KEY_STORE' });
    await makeFolder(to);
    await new Stages(process.stderr).run('keys', `Back the key store up into ${to}`, () => backupLocalKeyStore(keyStore.path, to));
    await witness(source.url, 'KEYS_BACKED_UP', { sha256: await sha256OfFile(join(to, 'data.mdb')) });
  } finally {
    await source.close();
  }
}

const dump: Take = async ({ url }, to, progress) => {
  const { tables } = await takeDump(url, DUMPED, to, (done, of) => progress.advance(done, of, 'rows'));
  return `${tables.length} tables, ${sum(tables.map(({ rows }) => rows))} rows, ${sum(tables.map(({ bytes }) => bytes))} bytes`;
};

const base: Take = async ({ embedded }, to, progress) => {
  if (!embedded) throw refused('backup base copies the files of the embedded PostgreSQL. For your own use its tools (pg_basebackup, the snapshots of its provider), or: assay backup dump.');
  const { files, wal } = await takeBaseBackup(embedded.superuserUrl, embedded.data, to, (done, of) => progress.advance(done, of, 'bytes'));
  return `${files.length} files, ${sum([...files, ...wal].map(({ bytes }) => bytes))} bytes, ${wal.length} of the write-ahead log`;
};

/** Nobody else reads it; the folders above it stay open to who may pass, such as PostgreSQL's user. */
async function makeFolder(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

const sum = (numbers: readonly number[]): string => numbers.reduce((total, one) => total + one, 0).toLocaleString('en');
