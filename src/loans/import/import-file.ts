import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type { Context } from '../../platform/index.js';
import type { KeyRing } from '../../security/index.js';
import { readBook } from './book.js';
import { importBook, type ImportResult, type OnError } from './import-book.js';
import { checkFile } from './lines.js';
import type { Mapping } from './mapping.js';
import { RejectsFile, rejectsPathFor } from './rejects.js';

export interface FileToImport {
  readonly path: string;
  readonly mapping: Mapping;
  readonly onError: OnError;
  /** Where rejected rows go; beside the data unless given. */
  readonly rejectsPath?: string | undefined;
  /** `total` counts lines, so it is a little more than the rows that will be seen. */
  readonly onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface FileImportResult extends ImportResult {
  /** Present when rows were rejected. */
  rejectsPath?: string;
  seconds: number;
}

/**
 * Imports a CSV file through its mapping.
 * @throws as {@link importBook}; what was rejected is then in the file of rejected rows
 */
export async function importFile(ctx: Context, keys: KeyRing, file: FileToImport): Promise<FileImportResult> {
  const { path, mapping, onError, onProgress, signal } = file;
  const started = performance.now();
  const { sha256, lines } = await fingerprint(path);
  const rejects = await RejectsFile.at(file.rejectsPath ?? rejectsPathFor(path));
  try {
    const result = await importBook(ctx, keys, {
      rows: readBook(path, mapping),
      onError,
      onRepeatedCustomer: mapping.onRepeatedCustomer,
      synthetic: mapping.synthetic,
      source: { kind: 'FILE', name: basename(path), sha256 },
      rejects,
      onProgress: (done) => onProgress?.({ done, total: lines }),
      signal,
    });
    const seconds = (performance.now() - started) / 1_000;
    return { ...result, ...(rejects.exists && { rejectsPath: rejects.path }), seconds };
  } finally {
    await rejects.close();
  }
}

/** The digest of a file, and how long it is. */
async function fingerprint(path: string): Promise<{ sha256: string; lines: number }> {
  await checkFile(path);
  const hash = createHash('sha256');
  let lines = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const bytes = chunk as Buffer;
    hash.update(bytes);
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines += 1;
  }
  return { sha256: hash.digest('hex'), lines };
}
