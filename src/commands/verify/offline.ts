import { readFile } from 'node:fs/promises';
import { readBundle, verifyPrediction } from '../../audit/index.js';
import { badInput, messageOf } from '../../platform/index.js';

/** Proves an exported prediction with the keys that the reader trusts. @throws BAD_INPUT with the first thing that is wrong */
export async function verifyOffline(path: string, keys: readonly string[], witnesses: number, json: boolean): Promise<void> {
  if (!Number.isSafeInteger(witnesses) || witnesses < 0) throw badInput('--witnesses: give a whole number.');
  if (keys.length === 0) throw badInput('--key: give the key of the log, as its operator published it or GET /log/key tells it. Without one anybody could have signed the bundle.');
  const text = await readText(path);
  const trusted = await Promise.all(keys.map(async (key) => (key.includes('+') ? key : (await readText(key)).trim())));
  try {
    const checks = verifyPrediction(readBundle(text), trusted, witnesses);
    for (const { says } of checks) process.stderr.write(`✓ ${says}\n`);
    if (json) process.stdout.write(`${JSON.stringify({ bundle: path, verified: true, checks })}\n`);
  } catch (error) {
    throw badInput(`${path}: ${messageOf(error)}`);
  }
}

const readText = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    throw badInput(`${path}: cannot be read: ${messageOf(error)}`);
  });
