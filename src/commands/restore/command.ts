import type { Command } from 'commander';
import { badInput, checkDump, loadDump, prepareEmbeddedDatabase, readConfig, recoverEmbeddedPostgres, refused, Stages, startEmbeddedPostgres, type Config, type DatabaseUrls } from '../../platform/index.js';
import { claimHome, migrate } from '../../runtime.js';
import { DUMPED } from '../backup/source.js';
import { asRole, manifestDigest, witness, witnessWithin } from '../backup/witness.js';
import { repeatable, time } from '../support/flags.js';
import { judge } from './judge.js';

interface DumpFlags {
  readonly from: string;
  readonly json?: boolean;
}

interface BaseFlags extends DumpFlags {
  readonly archive: readonly string[];
  readonly until?: string;
  readonly timeline: string;
}

export function restoreCommand(command: Command): void {
  command
    .command('dump')
    .description('Fill a new database with what backup dump wrote: the one at DATABASE_OWNER_URL, or the embedded one of a new ASSAY_HOME.')
    .requiredOption('--from <folder>', 'what assay backup dump wrote')
    .option('--json', 'print one line of JSON at the end')
    .action(restoreDump);
  command
    .command('base')
    .description('Put the embedded PostgreSQL back as backup base found it, and forward as far as the write-ahead log goes, or to a point in time. What is there now is set aside.')
    .requiredOption('--from <folder>', 'what assay backup base wrote')
    .option('--archive <folder>', 'the folder of EMBEDDED_WAL_ARCHIVE, or a pg_wal that can still be read; repeatable', repeatable, [])
    .option('--until <time>', 'the moment to go back to, like 2025-12-31T12:00:00Z; without it the newest that is there')
    .option('--timeline <n>', 'after earlier restores: which history to follow; latest, current, or a number', 'latest')
    .option('--json', 'print one line of JSON at the end')
    .action(restoreBase);
}

/** What there is not in a database in which nobody has acted yet: migrations alone leave leaves of the rows that they write. */
const HOLD_ACTS = [{ table: 'audit_intake', where: `type <> 'ROW_WRITTEN'` }, { table: 'customers' }, { table: 'predictions' }];

async function restoreDump({ from, json }: DumpFlags): Promise<void> {
  const config = readConfig();
  const stages = new Stages(process.stderr);
  const manifest = await stages.run('check', 'Check the digests of the dump', (progress) => checkDump(from, (done, of) => progress.advance(done, of, 'bytes')), ({ takenAt, tables }) => `${tables.length} tables of ${takenAt}`);
  await onDatabase(config, async (urls) => {
    await stages.run('migrate', 'Make the tables', () => migrate(urls.owner));
    const digest = await manifestDigest(from);
    await stages.run('load', `Restore ${from}`, (progress) => asRole(urls.owner, async (db) => {
      await db.transaction(async (tx) => {
        await loadDump(tx, DUMPED, from, manifest, HOLD_ACTS, (done, of) => progress.advance(done, of, 'rows'));
        // With it or not at all: a restore that the log was not told of did not happen.
        await witnessWithin(tx, 'DATABASE_RESTORED', { kind: 'DUMP', manifest: digest, until: null });
      });
      await db.query('ANALYZE');
    }));
    const found = await judge(config, urls, stages);
    if (json) process.stdout.write(`${JSON.stringify({ from, takenAt: manifest.takenAt, ...found })}\n`);
  });
}

async function restoreBase({ from, archive, until, timeline, json }: BaseFlags): Promise<void> {
  const config = readConfig();
  if (config.database) throw refused('restore base puts back the files of the embedded PostgreSQL, but DATABASE_URL names another. Restore that with its own tools, or use a dump.');
  if (!/^(latest|current|\d{1,9})$/.test(timeline)) throw badInput(`--timeline ${timeline}: give latest, current or a number.`);
  const moment = until === undefined ? undefined : time(until, '--until');
  const stages = new Stages(process.stderr);
  const release = await claimHome(config.home);
  const recovered = await stages.run('recover', `Recover from ${from}`, (progress) => recoverEmbeddedPostgres({ home: config.home, from, archives: archive, until: moment, timeline, archive: config.walArchive }, (said) => progress.update(said)),
    ({ lastCommit }) => (lastCommit === undefined ? 'as the backup was' : `last transaction of ${lastCommit}`)).finally(release);
  if (recovered.aside !== undefined) stages.say(`  What was there before is in ${recovered.aside}. Remove it when you no longer need it.`);
  await onDatabase(config, async (urls) => {
    await migrate(urls.owner);
    await witness(urls.app, 'DATABASE_RESTORED', { kind: 'BASE', manifest: await manifestDigest(from), until: moment?.toISOString() ?? null });
    const found = await judge(config, urls, stages);
    if (json) process.stdout.write(`${JSON.stringify({ from, ...recovered, ...found })}\n`);
  });
}

/** The configured database, or the embedded one, started for the while. */
async function onDatabase(config: Config, work: (urls: DatabaseUrls) => Promise<void>): Promise<void> {
  if (config.database) {
    const { owner } = config.database;
    if (owner === undefined) throw refused('Restoring writes as the owner of the tables: set DATABASE_OWNER_URL beside DATABASE_URL.');
    return work({ ...config.database, owner });
  }
  const release = await claimHome(config.home);
  try {
    const server = await startEmbeddedPostgres({ home: config.home, archive: config.walArchive });
    try {
      await work(await prepareEmbeddedDatabase(server.superuserUrl, 'assay'));
    } finally {
      await server.stop();
    }
  } finally {
    await release();
  }
}
