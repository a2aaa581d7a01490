import { readFile } from 'node:fs/promises';
import { COSIGNATURE_KEY, formatKey, LogVerifier, parseKey, readLogVerifier, type VerifierKey } from '../../audit/index.js';
import { badInput, messageOf, type Config } from '../../platform/index.js';

/** Whose signatures count for who verifies the log. */
export interface LogTrust {
  /** Undefined where nobody told the log's key. */
  readonly log: LogVerifier | undefined;
  readonly witnesses: readonly VerifierKey[];
  /** Where the log's key was taken from. */
  readonly from: string;
}

/**
 * The keys that were given; without any the public half of the one that this machine has. Makes none.
 * @throws BAD_INPUT
 */
export async function logTrust(config: Config, given: readonly string[]): Promise<LogTrust> {
  const keys = (await Promise.all(given.map(keysIn))).flat();
  const witnesses = keys.filter(({ type }) => type === COSIGNATURE_KEY);
  const [first, ...others] = keys.filter(({ type }) => type !== COSIGNATURE_KEY).map(verifierOf);
  const other = others.find(({ origin, publicKey }) => origin !== first!.origin || Buffer.compare(publicKey, first!.publicKey) !== 0);
  if (other) throw badInput(`--key: ${formatKey(other.verifier(1))} is the key of another log than ${formatKey(first!.verifier(1))}. Give that of the log which is verified.`);
  if (first) return { log: first, witnesses, from: '--key' };
  return { log: await readLogVerifier(config), witnesses, from: config.logKeyFile };
}

/** All epochs of a log have the same key. */
const verifierOf = ({ name, publicKey }: VerifierKey): LogVerifier => new LogVerifier(publicKey, name.replace(/\/epoch-[1-9]\d*$/, ''));

async function keysIn(text: string): Promise<VerifierKey[]> {
  const lines = (text.includes('+') ? text : await readText('--key', text)).split('\n').map((line) => line.trim()).filter((line) => line !== '');
  try {
    return lines.map(parseKey);
  } catch (error) {
    throw badInput(`--key: ${messageOf(error)}`);
  }
}

/** @throws BAD_INPUT naming the option */
export const readText = (option: string, path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    throw badInput(`${option} ${path}: cannot be read: ${messageOf(error)}`);
  });
