import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExportManifest } from './exporter.js';
import { MANIFEST_FILE } from './folder.js';

export interface FinishedExport {
  readonly manifest: ExportManifest;
  /** Of the manifest itself. */
  readonly sha256: string;
  readonly bytes: number;
}

/** What the folder of an export holds; undefined until it is complete, and where it was taken away. */
export async function finishedExport(folder: string): Promise<FinishedExport | undefined> {
  const bytes = await readFile(join(folder, MANIFEST_FILE)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return bytes && { manifest: JSON.parse(bytes.toString('utf8')) as ExportManifest, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}
