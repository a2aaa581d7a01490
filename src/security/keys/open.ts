import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AssayError, refused, type Config } from '../../platform/index.js';
import { seal, unseal } from './cipher.js';
import { KeyRing, parseKeyEncryptionKey } from './key-ring.js';
import type { KeyStore } from './key-store.js';
import { LocalKeyStore } from './local-key-store.js';

type KeyConfig = Pick<Config, 'production' | 'keyStorePath' | 'keyEncryptionKeyFile'>;

/** No customer's: the entry that tells which key-encryption key a store belongs to. */
const CHECK_ID = '00000000-0000-0000-0000-000000000000';
const CHECK_PLACE = { table: 'key_store', column: 'check', id: CHECK_ID };

/**
 * Opens the local key store under the configured key-encryption key, which is made on first use outside production.
 * @param hasCustomers whether the database has customers, whose keys must then be here
 * @throws REFUSED where the key is missing in production, was lost, or is not the one that the store was made under, and
 *   where the store is empty though customers are recorded
 */
export async function openKeyRing(config: KeyConfig, hasCustomers: () => Promise<boolean> = async () => false): Promise<KeyRing> {
  const store = await LocalKeyStore.open(config.keyStorePath);
  try {
    const keyEncryptionKey = (await readKeyEncryptionKey(config)) ?? (await makeKeyEncryptionKey(config, store));
    await requireOwnKey(config, store, keyEncryptionKey, hasCustomers);
    return new KeyRing(store, keyEncryptionKey);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function readKeyEncryptionKey({ keyEncryptionKeyFile: path }: KeyConfig): Promise<Buffer | undefined> {
  const known = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return known === undefined ? undefined : parseKeyEncryptionKey(known, path);
}

/** Appears whole or not at all; of several processes that make one at once, all use the first. */
async function makeKeyEncryptionKey(config: KeyConfig, store: KeyStore): Promise<Buffer> {
  const { keyEncryptionKeyFile: path, keyStorePath, production } = config;
  if (await store.get(CHECK_ID)) {
    throw refused(`The keys in ${keyStorePath} are wrapped under a key-encryption key that is no longer at ${path}. Restore it: without it no personal data can be read.`);
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
  return parseKeyEncryptionKey(await readFile(path, 'utf8'), path);
}

async function requireOwnKey({ keyEncryptionKeyFile, keyStorePath }: KeyConfig, store: KeyStore, key: Buffer, hasCustomers: () => Promise<boolean>): Promise<void> {
  if (!(await store.get(CHECK_ID))) {
    if (await hasCustomers()) throw refused(`The key store at ${keyStorePath} is empty, but customers are recorded. Mount or restore the right one: with this one everybody would look erased.`);
    await putCheck(store, key);
  }
  try {
    unseal(key, CHECK_PLACE, (await store.get(CHECK_ID))!);
  } catch {
    throw refused(`The key-encryption key at ${keyEncryptionKeyFile} is not the one under which the keys in ${keyStorePath} are wrapped. Restore the right one.`);
  }
}

async function putCheck(store: KeyStore, key: Buffer): Promise<void> {
  await store.putAll([{ customerId: CHECK_ID, wrapped: seal(key, CHECK_PLACE, Buffer.alloc(0)) }]).catch((error: unknown) => {
    if (!(error instanceof AssayError && error.code === 'CONFLICT')) throw error; // another process was faster; its entry counts
  });
}
