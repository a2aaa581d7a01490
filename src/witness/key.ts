import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { COSIGNATURE_KEY, rawPublicKey, verifierKey, type VerifierKey } from '../audit/index.js';
import { badInput, messageOf } from '../platform/index.js';

export interface WitnessKey {
  readonly verifier: VerifierKey;
  readonly privateKey: KeyObject;
}

/** Reads the key of a witness, or makes one where there is none. @throws BAD_INPUT */
export async function openWitnessKey(path: string, name: string): Promise<WitnessKey> {
  const pem = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw badInput(`--key ${path}: cannot be read: ${messageOf(error)}`);
    return makeKey(path);
  });
  try {
    const privateKey = createPrivateKey(pem);
    if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error('it is of another kind');
    return { privateKey, verifier: verifierKey(name, COSIGNATURE_KEY, rawPublicKey(privateKey)) };
  } catch (error) {
    throw badInput(`--key ${path}: is not the Ed25519 key of a witness: ${messageOf(error)}. Make one with: openssl genpkey -algorithm ed25519 -out ${path}`);
  }
}

async function makeKey(path: string): Promise<string> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await writeFile(path, pem, { mode: 0o600, flag: 'wx' });
  return pem;
}
