import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrations } from '../../migrations/index.js';
import { isMigrated, migrateDown, migrateUp } from '../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';

/** Everything that the migrations make: columns, constraints, indexes, functions, privileges. */
const catalogue = (database: string): Promise<unknown[]> =>
  asSuperuser(database, async (client) => {
    const { rows } = await client.query(`
      SELECT 'column' AS kind, table_name || '.' || column_name AS name, data_type || ' ' || is_nullable AS detail
        FROM information_schema.columns WHERE table_schema = 'public'
      UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
      UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'migrations'
      UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      UNION ALL SELECT 'privilege', table_name || '.' || grantee, privilege_type
        FROM information_schema.table_privileges WHERE table_schema = 'public' AND grantee LIKE 'assay%'
      ORDER BY 1, 2, 3`);
    return rows;
  });

describe('migrations', () => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await openTestDatabase()));
  afterAll(() => database.close());

  it('each have a way back, and forth again to the same schema', async () => {
    const before = await catalogue(database.name);
    for (let steps = 1; steps <= migrations.length; steps += 1) {
      await migrateDown(database.urls.owner, migrations, steps);
      expect(await isMigrated(database.db, migrations)).toBe(false);
      expect(await migrateUp(database.urls.owner, migrations)).toHaveLength(steps);
      expect(await catalogue(database.name)).toEqual(before);
      expect(await isMigrated(database.db, migrations)).toBe(true);
    }
  });

  it('leave nothing behind when all are taken back', async () => {
    await migrateDown(database.urls.owner, migrations, migrations.length);
    const left = (await catalogue(database.name)) as { name: string }[];
    expect(left.filter(({ name }) => !name.startsWith('migrations'))).toEqual([]);
    await migrateUp(database.urls.owner, migrations);
  });
});
