import { randomBytes } from 'node:crypto';
import { link, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AssayError, refused, type Config } from '../../platform/index.js';
import { FileKeys, type KeyEncryption } from './key-encryption.js';
import { KeyRing } from './key-ring.js';
import { RESERVED, type KeyStore } from './key-store.js';
import { LocalKeyStore } from './local-key-store.js';
import { PostgresKeyStore } from './postgres-key-store.js';
import { Vault } from './vault.js';

type KeyConfig = Pick<Config, 'production' | 'keyStore' | 'keyEncryptionKeyFile'> & Partial<Pick<Config, 'acceptLostKeys'>>;

/** What the database that the keys belong to says of itself. */
export interface KeyedDatabase {
  /** Whether it has customers, whose keys must then be in the store. */
  hasCustomers(): Promise<boolean>;
  /** The customers who were recorded last and whom nobody erased, newest first. */
  newestCustomers?(): Promise<string[]>;
  /** Is told what is not as it should be, but no reason to refuse. */
  warn?(sentence: string): void;
  /** Which cluster it is in. */
  cluster?(): Promise<string | undefined>;
}

const NO_DATABASE: KeyedDatabase = { hasCustomers: async () => false };

/**
 * Opens the configured key store under the configured key-encryption key, which is made on first use outside production.
 * @param encryption another way to wrap keys than the configured file, such as a KMS
 * @throws REFUSED where the key is missing in production, was lost, or is not the one that the store was made under;
 *   where the store is empty though customers are recorded, or of a time before the last of them were; in production where store and database share a cluster
 */
export async function openKeyRing(config: KeyConfig, database: KeyedDatabase = NO_DATABASE, encryption?: KeyEncryption): Promise<KeyRing> {
  const store = await openStore(config, database);
  try {
    const wrapping = encryption ?? (await openFileKeys(config, store));
    await requireOwnKey(config, store, wrapping, database);
    await requireCurrent(config, store, database);
    return new KeyRing(store, wrapping);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openStore({ keyStore, production }: KeyConfig, database: KeyedDatabase): Promise<KeyStore> {
  if (keyStore.provider === 'lmdb') return LocalKeyStore.open(keyStore.path);
  const store = await PostgresKeyStore.open(keyStore.url);
  if (!production) return store;
  const [keys, data] = await Promise.all([store.cluster(), database.cluster?.()]);
  if (keys !== data) return store;
  await store.close();
  throw refused(`KEY_STORE: ${store.place} is on the same PostgreSQL server as the data, so that their log and backups would hold both. Use another server.`);
}

async function openFileKeys(config: KeyConfig, store: KeyStore): Promise<FileKeys> {
  const { keyEncryptionKeyFile: path } = config;
  if (!(await isThere(path))) await makeKeyEncryptionKey(config, store);
  return FileKeys.open(path);
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(() => true, (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return false;
    throw error;
  });

/** Appears whole or not at all; of several processes that make one at once, all use the first. */
async function makeKeyEncryptionKey({ keyEncryptionKeyFile: path, production }: KeyConfig, store: KeyStore): Promise<void> {
  if (await store.get(RESERVED.check)) {
    throw refused(`The keys in ${store.place} are wrapped under a key-encryption key that is no longer at ${path}. Restore it: without it no personal data can be read.`);
  }
  if (production) throw refused(`There is no key-encryption key at ${path}. Make one with: openssl rand -base64 32 > ${path}`);
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft);
  }
}

async function requireOwnKey({ keyEncryptionKeyFile }: KeyConfig, store: KeyStore, encryption: KeyEncryption, database: KeyedDatabase): Promise<void> {
  if (!(await store.get(RESERVED.check))) {
    if (await database.hasCustomers()) throw refused(`The key store at ${store.place} is empty, but customers are recorded. Mount or restore the right one: with this one everybody would look erased.`);
    await putCheck(store, encryption);
  }
  try {
    await new Vault(encryption).unwrap([{ customerId: RESERVED.check, wrapped: (await store.get(RESERVED.check))! }]);
  } catch (error) {
    if (error instanceof AssayError && error.code === 'REFUSED') throw error;
    throw refused(`The key-encryption key at ${keyEncryptionKeyFile} is not the one under which the keys in ${store.place} are wrapped. Restore the right one.`);
  }
}

/**
 * A key store that was restored from a backup lacks the keys of customers who were recorded since, which all would look
 * erased. Keys are durable before their customers are recorded, so whoever is newer than every key has lost theirs. Gaps
 * further back have another cause: a database that was restored from before their erasure.
 */
async function requireCurrent({ acceptLostKeys }: KeyConfig, store: KeyStore, database: KeyedDatabase): Promise<void> {
  const customers = (await database.newestCustomers?.()) ?? [];
  const [stored, newest] = [await store.getAll(customers), await store.newest()];
  const missing = customers.filter((_, index) => !stored[index]);
  const lost = missing.filter((id) => newest === undefined || id > newest);
  const [last] = lost;
  if (last !== undefined && last !== acceptLostKeys) {
    throw refused(
      `The key store at ${store.place} is older than the database: it has no keys of the ${lost.length} customers recorded last${lost.length === customers.length ? ', or more' : ''}, whom nobody erased, and who would look erased. ` +
        `Mount or restore a newer one. Where there is none, their data is lost: start with ACCEPT_LOST_KEYS=${last}.`,
    );
  }
  if (missing.length > 0) {
    database.warn?.(`Of the ${customers.length} customers recorded last, ${missing.length} have no key in ${store.place}, though no decision says that they were erased. If the database was restored from before their erasure, propose it again; if the key store was restored, a newer one has their keys.`);
  }
}

async function putCheck(store: KeyStore, encryption: KeyEncryption): Promise<void> {
  const check = await new Vault(encryption).wrapNew([{ customerId: RESERVED.check, key: Buffer.alloc(0) }]);
  await store.putAll(check).catch((error: unknown) => {
    if (!(error instanceof AssayError && error.code === 'CONFLICT')) throw error; // another process was faster; its entry counts
  });
}
