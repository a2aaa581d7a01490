import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { refused, type Config } from '../../platform/index.js';
import { KeyRing, parseKeyEncryptionKey } from './key-ring.js';
import { LocalKeyStore } from './local-key-store.js';

type KeyConfig = Pick<Config, 'production' | 'keyStorePath' | 'keyEncryptionKeyFile'>;

/** Opens the local key store under the configured key-encryption key, which is made on first use outside production. */
export async function openKeyRing(config: KeyConfig): Promise<KeyRing> {
  const keyEncryptionKey = await readKeyEncryptionKey(config);
  return new KeyRing(await LocalKeyStore.open(config.keyStorePath), keyEncryptionKey);
}

async function readKeyEncryptionKey({ keyEncryptionKeyFile: path, production }: KeyConfig): Promise<Buffer> {
  const known = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (known !== undefined) return parseKeyEncryptionKey(known, path);
  if (production) throw refused(`There is no key-encryption key at ${path}. Make one with: openssl rand -base64 32 > ${path}`);
  const key = randomBytes(32);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${key.toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  return key;
}
