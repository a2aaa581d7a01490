import { createPrivateKey, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { badInput, messageOf, refused, type Config } from '../../platform/index.js';
import { NOTE_KEY, rawPublicKey, signNote, verifierKey, type NoteSignature, type VerifierKey } from '../note/index.js';

/** The public half of a log's key: the same in all epochs, under another name in each. */
export class LogVerifier {
  constructor(
    readonly publicKey: Uint8Array,
    readonly origin: string,
  ) {}

  /** What verifiers need, of an epoch. */
  verifier(epoch: number): VerifierKey {
    return verifierKey(originOf(this.origin, epoch), NOTE_KEY, this.publicKey);
  }
}

/** Signs for the log. Its name is the log's origin. */
export class LogKey extends LogVerifier {
  constructor(
    readonly privateKey: KeyObject,
    origin: string,
  ) {
    super(rawPublicKey(privateKey), origin);
  }

  sign(epoch: number, text: string): NoteSignature {
    return signNote(this.verifier(epoch), this.privateKey, text);
  }
}

/** A new epoch is another log, so it has another origin. */
export const originOf = (origin: string, epoch: number): string => (epoch === 1 ? origin : `${origin}/epoch-${epoch}`);

/** Which epoch of the log has this name; undefined for another log. */
export function epochNamed(name: string, origin: string): number | undefined {
  if (name === origin) return 1;
  const epoch = name.startsWith(`${origin}/epoch-`) ? Number(name.slice(`${origin}/epoch-`.length)) : Number.NaN;
  return Number.isSafeInteger(epoch) && epoch > 1 && originOf(origin, epoch) === name ? epoch : undefined;
}

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

/** The public half of the key that this machine has; undefined where it has none. Makes nothing. @throws BAD_INPUT */
export async function readLogVerifier({ logKeyFile, logOrigin }: Pick<Config, 'logKeyFile' | 'logOrigin'>): Promise<LogVerifier | undefined> {
  const pem = await readFile(logKeyFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return pem === undefined ? undefined : new LogVerifier(rawPublicKey(parseKeyFile(pem, logKeyFile)), logOrigin);
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
