import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMPLETION_FILE } from '../../audit/index.js';
import type { ExportManifest } from './exporter.js';
import { isLeft, MANIFEST_FILE, orUndefined, type ExportedFile } from './folder.js';

export interface FinishedExport {
  readonly manifest: ExportManifest;
  /** Of the manifest itself. */
  readonly sha256: string;
  /** All there are, the manifest first, then the log's word that the export is complete; exports of earlier releases lack that. */
  readonly files: readonly ExportedFile[];
}

/** What the folder of an export holds; undefined until it is complete, and where it was taken away. */
export async function finishedExport(folder: string): Promise<FinishedExport | undefined> {
  if (await isLeft(folder)) return undefined;
  const [bytes, completion] = await Promise.all([MANIFEST_FILE, COMPLETION_FILE].map((name) => readFile(join(folder, name)).catch(orUndefined)));
  if (!bytes) return undefined;
  const manifest = JSON.parse(bytes.toString('utf8')) as ExportManifest;
  const first = listed(MANIFEST_FILE, bytes);
  return { manifest, sha256: first.sha256, files: [first, ...(completion ? [listed(COMPLETION_FILE, completion)] : []), ...manifest.files] };
}

const listed = (name: string, bytes: Buffer): ExportedFile => ({ name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
