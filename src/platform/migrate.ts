import { DataSource, type MixedList } from 'typeorm';
import { sqlState, type Database } from './database.js';
import { AssayError, messageOf, refused } from '../base/index.js';

type Migrations = MixedList<Function>;

/** Runs what has not run yet, as the owner. @returns the names of the migrations that ran, in order */
export async function migrateUp(ownerUrl: string, migrations: Migrations): Promise<string[]> {
  return withOwner(ownerUrl, migrations, async (source) => {
    await requireRoles(source);
    return (await source.runMigrations({ transaction: 'each' })).map(({ name }) => name);
  });
}

/** Takes back the last `steps` migrations, newest first. */
export async function migrateDown(ownerUrl: string, migrations: Migrations, steps: number): Promise<void> {
  await withOwner(ownerUrl, migrations, async (source) => {
    for (let step = 0; step < steps; step += 1) await source.undoLastMigration({ transaction: 'each' });
  });
}

/**
 * Whether every migration has run, asked as the application: a server needs no owner's credentials.
 * @throws what the database says, unless it says that nothing was ever migrated
 */
export async function isMigrated(db: Database, migrations: readonly Function[]): Promise<boolean> {
  try {
    const ran = await db.transaction((tx) => tx.query<{ name: string }>('SELECT name FROM migrations'));
    return migrations.every((migration) => ran.some(({ name }) => name === migration.name));
  } catch (error) {
    if (sqlState(error) === UNDEFINED_TABLE) return false;
    throw error;
  }
}

const UNDEFINED_TABLE = '42P01';

/** Runs statements as the owner, for what is kept up beside the migrations. */
export const asOwner = (ownerUrl: string, sql: string): Promise<void> => withOwner(ownerUrl, [], async (source) => void (await source.query(sql)));

async function withOwner<T>(url: string, migrations: Migrations, work: (source: DataSource) => Promise<T>): Promise<T> {
  const source = new DataSource({ type: 'postgres', url, migrations, applicationName: 'assay-migrate' });
  await source.initialize().catch((error: unknown) => {
    throw new AssayError('UNAVAILABLE', `The database cannot be reached as its owner: ${messageOf(error)}`, { cause: error });
  });
  try {
    return await work(source);
  } finally {
    await source.destroy();
  }
}

async function requireRoles(source: DataSource): Promise<void> {
  const found: { rolname: string }[] = await source.query(`SELECT rolname FROM pg_roles WHERE rolname IN ('assay_app', 'assay_reader')`);
  const missing = ['assay_app', 'assay_reader'].filter((role) => !found.some(({ rolname }) => rolname === role));
  if (missing.length > 0) {
    throw refused(
      `The database has no role ${missing.join(' and ')}. Create it as a superuser first: ` +
        missing.map((role) => `CREATE ROLE ${role} LOGIN PASSWORD '…';`).join(' '),
    );
  }
}
