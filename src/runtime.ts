import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrations } from '../migrations/index.js';
import { entities } from './entities.js';
import {
  asOwner, Database, installJobQueue, isAlive, isMigrated, migrateUp, openLog, prepareEmbeddedDatabase, refused, removeEmbeddedPostgres, startEmbeddedPostgres,
  type Config, type DatabaseUrls, type Logger,
} from './platform/index.js';
import { EXPORT_JOBS } from './evidence/index.js';
import { SCORE_JOBS } from './predictions/index.js';
import { openKeyRing, type KeyRing } from './security/index.js';

/** What every command stands on: a migrated database, the key ring and the log. */
export interface Runtime {
  readonly config: Config;
  readonly urls: Pick<DatabaseUrls, 'app' | 'reader'>;
  readonly db: Database;
  readonly keys: KeyRing;
  readonly log: Logger;
  /** Something the user should know, such as where data went. */
  readonly note: string | undefined;
  close(): Promise<void>;
}

/** What to undo, newest first. */
type Undo = (() => Promise<void>)[];

/**
 * Opens the configured PostgreSQL, or starts the embedded one under `config.home`, which is migrated on the way.
 * A configured server must have been migrated by `assay migrate`: the application does not run as its owner.
 */
export const openRuntime = (config: Config): Promise<Runtime> => opened(async (undo) => {
  const { urls, note } = config.database ? { urls: config.database, note: undefined } : await startEmbedded(config, undo);
  const log = openLog(config.logLevel);
  const db = await openDatabase(config, urls, undo);
  const keys = await openKeyRing(config, {
    hasCustomers: () => hasCustomers(db), newestCustomers: () => newestCustomers(db), cluster: () => clusterOf(db), warn: (sentence) => log.warn(sentence),
  });
  undo.push(() => keys.close());
  return { config, urls, db, keys, log, note };
});

/**
 * The database alone, for a command that only looks: it opens no keys, and makes and migrates nothing.
 * @throws REFUSED where there is no database yet, or one of another release
 */
export const openReading = (config: Config): Promise<Pick<Runtime, 'db' | 'close'>> => opened(async (undo) => {
  const urls = config.database ?? (await startExisting(config, undo)).urls;
  return { db: await openDatabase(config, urls, undo) };
});

/** What was opened is closed together, also where opening the rest fails. */
async function opened<Parts extends object>(open: (undo: Undo) => Promise<Parts>): Promise<Parts & { close(): Promise<void> }> {
  const undo: Undo = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return { ...(await open(undo)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openDatabase(config: Config, urls: Pick<DatabaseUrls, 'app' | 'reader'>, undo: Undo): Promise<Database> {
  const db = await Database.open(urls, { entities, pool: config.databasePool });
  undo.push(() => db.close());
  if (!(await isMigrated(db, migrations))) throw refused('The database schema is not up to date. Run: npm run assay -- migrate');
  return db;
}

async function startExisting(config: Config, undo: Undo): Promise<Started> {
  const there = await access(join(config.home, 'postgres')).then(() => true, () => false);
  if (!there) throw refused(`There is no database in ${config.home}. Set ASSAY_HOME to the folder that has one, or DATABASE_URL.`);
  return startServer(config, undo);
}

const hasCustomers = async (db: Database): Promise<boolean> => (await db.query('SELECT id FROM customers LIMIT 1')).length > 0;

const newestCustomers = async (db: Database): Promise<string[]> =>
  (await db.query<{ id: string }>('SELECT c.id FROM customers c WHERE NOT EXISTS (SELECT FROM erasures e WHERE e.customer_id = c.id) ORDER BY c.id DESC LIMIT 100')).map(({ id }) => id);

/** Not everybody may ask. */
const clusterOf = (db: Database): Promise<string | undefined> =>
  db.query<{ id: string }>('SELECT system_identifier::text AS id FROM pg_control_system()').then(([row]) => row?.id, () => undefined);

interface Started {
  readonly urls: DatabaseUrls;
  readonly note: string | undefined;
}

async function startServer(config: Config, undo: Undo): Promise<Started> {
  undo.push(await claimHome(config.home));
  const server = await startEmbeddedPostgres({ home: config.home, archive: config.walArchive });
  undo.push(() => server.stop());
  return { urls: await prepareEmbeddedDatabase(server.superuserUrl, 'assay'), note: server.note };
}

async function startEmbedded(config: Config, undo: Undo): Promise<Started> {
  const started = await startServer(config, undo);
  await migrate(started.urls.owner);
  return started;
}

/** Brings a database up to date: the tables, partitions for the year ahead, then the job queue's own tables. */
export async function migrate(ownerUrl: string): Promise<string[]> {
  const ran = await migrateUp(ownerUrl, migrations);
  await asOwner(ownerUrl, `SELECT create_prediction_partitions((now() AT TIME ZONE 'UTC')::date, 13)`);
  await installJobQueue(ownerUrl, [SCORE_JOBS, EXPORT_JOBS]);
  return ran;
}

/** What Assay itself puts into its folder; nothing else is ever removed from it. */
const OWN_FILES = ['postgres.password', 'keys', 'key-encryption.key', 'log.key', 'log.checkpoint', 'exports', 'development-issuer.jwk', 'demo.json', 'synthetic.csv', 'rejected.csv'];

/** Forgets the embedded database, its keys and what a demonstration left. @throws REFUSED for a configured server */
export async function resetHome({ home, database }: Config): Promise<void> {
  if (database) throw refused('--reset removes the embedded database only. DATABASE_URL is set: empty that database yourself.');
  const release = await claimHome(home);
  await removeEmbeddedPostgres(home);
  await Promise.all(OWN_FILES.map((name) => rm(join(home, name), { recursive: true, force: true })));
  await release();
}

/** One Assay at a time owns the folder of an embedded database. */
export async function claimHome(home: string): Promise<() => Promise<void>> {
  const path = join(home, 'assay.pid');
  await mkdir(home, { recursive: true });
  const holder = Number(await readFile(path, 'utf8').catch(() => ''));
  if (holder && holder !== process.pid && isAlive(holder)) {
    throw refused(`Another Assay (process ${holder}) uses ${home}. Stop it, or set ASSAY_HOME to another folder.`);
  }
  await writeFile(path, String(process.pid));
  return () => rm(path, { force: true });
}
