import { readFile } from 'node:fs/promises';
import { keysIn, readBundle, verifyFolder, verifyPrediction, type Check, type Trusted } from '../../audit/index.js';
import { badInput, messageOf, Stages } from '../../platform/index.js';

/** What whoever verifies trusts: from somewhere else than what is verified. */
export interface Trust {
  readonly keys: readonly string[];
  /** How many witnesses among the keys must have signed as well. */
  readonly witnesses: number;
  /** Accepts an export of an earlier release, which lacks the log's word that it is whole. */
  readonly withoutCompletion: boolean;
}

/** Proves an exported prediction with the keys that the reader trusts. @throws BAD_INPUT with the first thing that is wrong */
export async function verifyOffline(path: string, trust: Trust, json: boolean): Promise<void> {
  const { keys, witnesses } = await trusted(trust);
  const text = await readText(path);
  await proven(path, json, () => ({ checks: verifyPrediction(readBundle(text), keys, witnesses) }));
}

/** Proves a whole export of evidence, likewise. */
export async function verifyEvidence(folder: string, trust: Trust, json: boolean): Promise<void> {
  const of = await trusted(trust);
  const stages = new Stages(process.stderr);
  await proven(folder, json, () => stages.run('verify', `Verify ${folder}`, (progress) => verifyFolder(folder, of, (done, total) => progress.advance(done, total, 'predictions and events'))));
}

async function proven(path: string, json: boolean, verify: () => Promise<Found> | Found): Promise<void> {
  let found: Found;
  try {
    found = await verify();
  } catch (error) {
    throw badInput(`${path}: ${messageOf(error)}`);
  }
  for (const check of found.checks) process.stderr.write(`${check.proven ? '✓' : '!'} ${check.says}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ path, verified: true, ...found })}\n`);
}

interface Found {
  readonly checks: readonly Check[];
}

async function trusted({ keys, ...trust }: Trust): Promise<Trusted> {
  if (!Number.isSafeInteger(trust.witnesses) || trust.witnesses < 0) throw badInput('--witnesses: give a whole number.');
  if (keys.length === 0) throw badInput('--key: give the keys of the log, as its operator published them or GET /log/keys tells them. Without one anybody could have signed what you verify.');
  return { ...trust, keys: (await Promise.all(keys.map(keysOf))).flat() };
}

/** One key, or several, one in each line. */
async function keysOf(key: string): Promise<string[]> {
  const text = key.includes('+') ? key : await readText(key);
  try {
    return keysIn(text);
  } catch (error) {
    throw badInput(`--key ${key.slice(0, 120)}: ${messageOf(error)}`);
  }
}

const readText = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    throw badInput(`${path}: cannot be read: ${messageOf(error)}`);
  });
