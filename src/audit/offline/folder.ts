/**
 * Verifies a whole export of evidence with no server, no database and no library, a line at a time: that the manifest is the
 * one that the log names, files by their digests, then every prediction and event as if it had come alone, and that all of it
 * is of what was asked for.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join, normalize, relative, sep } from 'node:path';
import { createInterface } from 'node:readline';
import { parseKey } from '../note/keys.js';
import { readBundle, readEventBundle } from './bundle.js';
import { COMPLETION_FILE, sha256Of, verifyCompletion, type Trusted } from './completion.js';
import { Contents } from './contents.js';
import { readManifest, type Listed, type Manifest } from './manifest.js';
import { noteIsSigned, proven, unproven, verifyEvent, verifyPrediction, type Check } from './verify.js';

export interface FolderCheck {
  readonly checks: readonly Check[];
  /** SHA-256 of the manifest: what the log's event EXPORT_COMPLETED names. */
  readonly manifest: string;
}

/**
 * @param progress hears how many predictions and events were verified
 * @throws Error with the first thing that does not hold, and where
 */
export async function verifyFolder(folder: string, trusted: Trusted, progress: (done: number, of: number) => void = () => undefined): Promise<FolderCheck> {
  const bytes = await readFile(join(folder, 'manifest.json')).catch(isNotThere('manifest.json'));
  const [manifest, digest] = [readManifest(bytes.toString('utf8')), sha256Of(bytes)];
  const completed = await verifyCompletion(folder, manifest, digest, trusted);
  const contents = new Contents(manifest);
  const told = (): void => progress(contents.counts.predictions + contents.counts.events, manifest.predictions + manifest.events);
  const verifiers = verifiersOf(contents, trusted);
  for (const file of manifest.files) {
    await requireDigest(folder, file);
    const kind = /^(predictions|events)\/.*\.jsonl$/.exec(file.name)?.[1] as keyof typeof verifiers | undefined;
    if (!kind) continue;
    const rows = await verifyLines(folder, file.name, verifiers[kind], told);
    if (rows !== file.rows) throw new Error(`${file.name}: has ${rows} lines, not ${file.rows} as the manifest says.`);
  }
  const files = proven('files', `All ${manifest.files.length} files have the digests of the manifest`);
  return { manifest: digest, checks: [completed, files, ...headOf(manifest, trusted), ...contents.checks(), ...(await unlisted(folder, manifest))] };
}

const verifiersOf = (contents: Contents, { keys, witnesses }: Trusted) => ({
  predictions: (line: string): void => {
    const bundle = readBundle(line);
    contents.prediction(bundle, verifyPrediction(bundle, keys, witnesses));
  },
  events: (line: string): void => {
    const bundle = readEventBundle(line);
    verifyEvent(bundle, keys, witnesses);
    contents.event(bundle);
  },
});

/** That of the manifest needs no witnesses: what is proven here is proven by checkpoints of its own. */
function headOf({ checkpoint }: Manifest, { keys }: Trusted): Check[] {
  if (checkpoint === '') return [unproven('checkpoint', 'manifest.json has no checkpoint of the log')];
  return [noteIsSigned(checkpoint, keys.map(parseKey))];
}

async function requireDigest(folder: string, { name, sha256, bytes }: Listed): Promise<void> {
  if (isAbsolute(name) || normalize(name).startsWith('..')) throw new Error(`manifest.json: ${JSON.stringify(name)} is not a file of this folder.`);
  const hash = createHash('sha256');
  let length = 0;
  const file = await open(join(folder, name)).catch(isNotThere(name));
  for await (const chunk of file.createReadStream() as AsyncIterable<Buffer>) {
    hash.update(chunk);
    length += chunk.length;
  }
  if (length !== bytes || hash.digest('hex') !== sha256) throw new Error(`${name}: was changed after the export: its SHA-256 is not that of the manifest.`);
}

const isNotThere = (name: string) => (error: unknown): never => {
  throw new Error(`${name}: is not there, or cannot be read. Name the folder as the export wrote it.`, { cause: error });
};

async function verifyLines(folder: string, name: string, verify: (line: string) => void, done: () => void): Promise<number> {
  let rows = 0;
  for await (const line of createInterface({ input: createReadStream(join(folder, name)), crlfDelay: Infinity })) {
    rows += 1;
    try {
      verify(line);
    } catch (error) {
      throw new Error(`${name}, line ${rows}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    done();
  }
  return rows;
}

/** What somebody laid beside the evidence. */
async function unlisted(folder: string, { files }: Manifest): Promise<Check[]> {
  const known = new Set(['manifest.json', COMPLETION_FILE, ...files.map(({ name }) => name)]);
  const there = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => !entry.isDirectory());
  const others = there.map(({ parentPath, name }) => relative(folder, join(parentPath, name)).split(sep).join('/')).filter((name) => !known.has(name));
  return others.length === 0 ? [] : [unproven('unlisted', `${others.length} files are no part of the export: ${others.slice(0, 5).join(', ')}${others.length > 5 ? ' …' : ''}`)];
}
