import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database, newContext, openLog, type Context, type DatabaseUrls } from '../../src/platform/index.js';
import { ensureUser, KeyRing, LocalKeyStore, permissionsOf, type Role } from '../../src/security/index.js';
import { entities } from '../../src/entities.js';
import { createDatabase, dropDatabase, TEMPLATE, urlsOf } from './postgres.js';

/** A suite's own database, cloned from the migrated template, and its own key store. */
export interface TestDatabase {
  readonly name: string;
  readonly urls: DatabaseUrls;
  readonly db: Database;
  readonly keys: KeyRing;
  readonly keyStorePath: string;
  /** A context of a person with these roles, without going through HTTP. */
  contextOf(...roles: Role[]): Promise<Context>;
  close(): Promise<void>;
}

export async function openTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await createDatabase(name, TEMPLATE);
  const urls = urlsOf(name);
  const db = await Database.open(urls, { entities, pool: 5 });
  const keyStorePath = await mkdtemp(join(tmpdir(), 'assay-keys-'));
  const keys = new KeyRing(await LocalKeyStore.open(keyStorePath), randomBytes(32));
  const log = openLog('silent');
  return {
    name,
    urls,
    db,
    keys,
    keyStorePath,
    contextOf: async (...roles) => {
      const user = await ensureUser(db, { issuer: 'test', subject: roles.join('+'), name: `Test ${roles.join('+')}` });
      return newContext({ db, log, actor: { id: user.id, name: user.name, roles, permissions: permissionsOf(roles), ownCustomerId: undefined } });
    },
    close: async () => {
      await db.close();
      await keys.close();
      await dropDatabase(name);
      await rm(keyStorePath, { recursive: true, force: true });
    },
  };
}
