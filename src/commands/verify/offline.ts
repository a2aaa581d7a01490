import { readFile } from 'node:fs/promises';
import { readBundle, verifyFolder, verifyPrediction, type Check } from '../../audit/index.js';
import { badInput, messageOf, Stages } from '../../platform/index.js';

/** What whoever verifies trusts: from somewhere else than what is verified. */
export interface Trust {
  readonly keys: readonly string[];
  /** How many witnesses among the keys must have signed as well. */
  readonly witnesses: number;
}

/** Proves an exported prediction with the keys that the reader trusts. @throws BAD_INPUT with the first thing that is wrong */
export async function verifyOffline(path: string, trust: Trust, json: boolean): Promise<void> {
  const keys = await keysOf(trust);
  const text = await readText(path);
  await proven(path, json, () => ({ checks: verifyPrediction(readBundle(text), keys, trust.witnesses) }));
}

/** Proves a whole export of evidence, likewise. */
export async function verifyEvidence(folder: string, trust: Trust, json: boolean): Promise<void> {
  const keys = await keysOf(trust);
  const stages = new Stages(process.stderr);
  await proven(folder, json, () => stages.run('verify', `Verify ${folder}`, (progress) => verifyFolder(folder, keys, trust.witnesses, (done, of) => progress.advance(done, of, 'predictions and events'))));
}

async function proven(path: string, json: boolean, verify: () => Promise<Found> | Found): Promise<void> {
  let found: Found;
  try {
    found = await verify();
  } catch (error) {
    throw badInput(`${path}: ${messageOf(error)}`);
  }
  for (const { says } of found.checks) process.stderr.write(`✓ ${says}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ path, verified: true, ...found })}\n`);
}

interface Found {
  readonly checks: readonly Check[];
}

async function keysOf({ keys, witnesses }: Trust): Promise<string[]> {
  if (!Number.isSafeInteger(witnesses) || witnesses < 0) throw badInput('--witnesses: give a whole number.');
  if (keys.length === 0) throw badInput('--key: give the key of the log, as its operator published it or GET /log/key tells it. Without one anybody could have signed what you verify.');
  return Promise.all(keys.map(async (key) => (key.includes('+') ? key : (await readText(key)).trim())));
}

const readText = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    throw badInput(`${path}: cannot be read: ${messageOf(error)}`);
  });
