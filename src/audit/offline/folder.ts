/**
 * Verifies a whole export of evidence with no server, no database and no library, a line at a time: files by their digests,
 * then every prediction and event as if it had come alone.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { createInterface } from 'node:readline';
import { readBundle, readEventBundle } from './bundle.js';
import { verifyEvent, verifyPrediction, type Check } from './verify.js';

interface Listed {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly rows?: number;
}

interface Manifest {
  readonly format: string;
  readonly scope: object;
  readonly until: string;
  readonly predictions: number;
  readonly events: number;
  readonly files: readonly Listed[];
}

export interface FolderCheck {
  readonly checks: readonly Check[];
  /** SHA-256 of the manifest: what the log's event EXPORT_COMPLETED names. */
  readonly manifest: string;
}

/**
 * @param trusted keys from somewhere else than the folder @param progress hears how many predictions and events were verified
 * @throws Error with the first thing that does not hold, and where
 */
export async function verifyFolder(folder: string, trusted: readonly string[], witnesses = 0, progress: (done: number, of: number) => void = () => undefined): Promise<FolderCheck> {
  const bytes = await readFile(join(folder, 'manifest.json'));
  const manifest = JSON.parse(bytes.toString('utf8')) as Manifest;
  if (manifest.format !== 'assay-evidence@1') throw new Error(`manifest.json: its format is ${JSON.stringify(manifest.format)}, not "assay-evidence@1".`);
  const counts = { predictions: 0, events: 0 };
  for (const file of manifest.files) {
    await requireDigest(folder, file);
    const kind = /^(predictions|events)\/.*\.jsonl$/.exec(file.name)?.[1] as keyof typeof counts | undefined;
    if (!kind) continue;
    const rows = await verifyLines(join(folder, file.name), (line) => void (kind === 'predictions' ? verifyPrediction(readBundle(line), trusted, witnesses) : verifyEvent(readEventBundle(line), trusted, witnesses)), () =>
      progress((counts[kind] += 1) && counts.predictions + counts.events, manifest.predictions + manifest.events));
    if (rows !== file.rows) throw new Error(`${file.name}: has ${rows} lines, not ${file.rows} as the manifest says.`);
  }
  for (const kind of ['predictions', 'events'] as const) {
    if (counts[kind] !== manifest[kind]) throw new Error(`manifest.json: tells of ${manifest[kind]} ${kind}, but the files hold ${counts[kind]}.`);
  }
  return { manifest: createHash('sha256').update(bytes).digest('hex'), checks: checksOf(manifest) };
}

const checksOf = ({ files, predictions, events, until }: Manifest): Check[] => [
  { name: 'files', says: `All ${files.length} files have the digests of the manifest` },
  { name: 'predictions', says: `All ${predictions} predictions are in the log, as they were recorded` },
  { name: 'events', says: `All ${events} events are in the log` },
  { name: 'until', says: `Nothing recorded after ${until} is in it` },
];

async function requireDigest(folder: string, { name, sha256, bytes }: Listed): Promise<void> {
  if (isAbsolute(name) || normalize(name).startsWith('..')) throw new Error(`manifest.json: ${JSON.stringify(name)} is not a file of this folder.`);
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of createReadStream(join(folder, name)) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    length += chunk.length;
  }
  if (length !== bytes || hash.digest('hex') !== sha256) throw new Error(`${name}: was changed after the export: its SHA-256 is not that of the manifest.`);
}

async function verifyLines(path: string, verify: (line: string) => void, done: () => void): Promise<number> {
  let rows = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    rows += 1;
    try {
      verify(line);
    } catch (error) {
      throw new Error(`${path}, line ${rows}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    done();
  }
  return rows;
}
