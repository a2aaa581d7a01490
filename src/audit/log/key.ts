import { createPrivateKey, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { badInput, messageOf, refused, type Config } from '../../platform/index.js';
import { NOTE_KEY, rawPublicKey, signNote, verifierKey, type NoteSignature, type VerifierKey } from '../note/index.js';

/** Signs for the log. Its name is the log's origin. */
export class LogKey {
  constructor(
    readonly privateKey: KeyObject,
    private readonly origin: string,
  ) {}

  /** What verifiers need, of an epoch. */
  verifier(epoch: number): VerifierKey {
    return verifierKey(originOf(this.origin, epoch), NOTE_KEY, rawPublicKey(this.privateKey));
  }

  sign(epoch: number, text: string): NoteSignature {
    return signNote(this.verifier(epoch), this.privateKey, text);
  }
}

/** A new epoch is another log, so it has another origin. */
export const originOf = (origin: string, epoch: number): string => (epoch === 1 ? origin : `${origin}/epoch-${epoch}`);

type KeyConfig = Pick<Config, 'production' | 'logKeyFile' | 'logOrigin'>;

/** Reads the key; outside production it is made on first use. @throws REFUSED, BAD_INPUT */
export async function openLogKey({ production, logKeyFile, logOrigin }: KeyConfig): Promise<LogKey> {
  const pem = await readFile(logKeyFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    if (production) throw refused(`There is no key of the log at ${logKeyFile}. Make one with: openssl genpkey -algorithm ed25519 -out ${logKeyFile}`);
    return makeKey(logKeyFile);
  });
  return new LogKey(parseKeyFile(pem, logKeyFile), logOrigin);
}

function parseKeyFile(pem: string, path: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (error) {
    throw badInput(`${path}: is not a private key in PEM: ${messageOf(error)}. Make one with: openssl genpkey -algorithm ed25519`);
  }
  throw badInput(`${path}: must hold an Ed25519 key. Make one with: openssl genpkey -algorithm ed25519`);
}

/** Appears whole or not at all; of several processes that make one at once, all use the first. */
async function makeKey(path: string): Promise<string> {
  const draft = `${path}.${randomUUID()}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(draft, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft);
  }
  return readFile(path, 'utf8');
}
