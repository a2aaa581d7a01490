import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readEventBundle } from './bundle.js';
import type { Manifest } from './manifest.js';
import { leafOf, must, proven, unproven, verifyEvent, type Check } from './verify.js';

/** The log's word that an export is complete, beside its manifest, which it names by digest. */
export const COMPLETION_FILE = 'completed.json';

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export interface Trusted {
  /** From somewhere else than what is verified. */
  readonly keys: readonly string[];
  /** How many witnesses among them must have signed as well. */
  readonly witnesses?: number;
  /** Accepts a folder without completed.json, as earlier releases wrote them: that it is whole is then not proven. */
  readonly withoutCompletion?: boolean;
}

/** @throws Error unless the log says that this manifest is that of a complete export */
export async function verifyCompletion(folder: string, manifest: Manifest, digest: string, { keys, witnesses, withoutCompletion = false }: Trusted): Promise<Check> {
  const text = await readFile(join(folder, COMPLETION_FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) {
    must(withoutCompletion, `${COMPLETION_FILE}: is not there, so nothing proves that manifest.json is the one that the export ended with, and that the folder is whole. Ask for it again; a folder of an earlier release is accepted with --without-completion.`);
    return unproven('completed', `It is not proven that the folder is whole: there is no ${COMPLETION_FILE}, so what manifest.json says is its own word`);
  }
  const bundle = readEventBundle(text);
  verifyEvent(bundle, keys, witnesses);
  const leaf = leafOf(bundle);
  must(leaf['type'] === 'EXPORT_COMPLETED', `${COMPLETION_FILE}: is of another event.`);
  must(leaf['manifest'] === digest, 'manifest.json: is not the one that the log names: the folder was changed after the export.');
  must(leaf['export'] === manifest.export && leaf['predictions'] === manifest.predictions && leaf['events'] === manifest.events, 'manifest.json: says otherwise than the log how much was exported, or by which export.');
  return proven('completed', `The log says that this is all of export ${String(leaf['export'])}, complete at ${String(leaf['time'])}`);
}
