import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { badInput, canonicalJson } from '../../platform/index.js';
import type { ExportScope } from './scope.js';

/** A file of an export, as its manifest lists it. */
export interface ExportedFile {
  readonly name: string;
  readonly bytes: number;
  /** Lowercase hexadecimal. */
  readonly sha256: string;
  /** Predictions or events; absent for other files. */
  readonly rows?: number;
}

/** How far an export is: all that is needed to go on with it. */
export interface ExportState {
  readonly scope: ExportScope;
  /** Nothing that was recorded later is in it. */
  readonly until: string;
  readonly files: readonly ExportedFile[];
  /** The last prediction and the last event that are in a file. */
  readonly lastPrediction: string | null;
  readonly lastEvent: string | null;
  readonly predictions: number;
  readonly events: number;
  /** Of the predictions so far. */
  readonly versions: readonly string[];
}

export const STATE_FILE = '.export-state.json';
export const MANIFEST_FILE = 'manifest.json';

/** The folder of one export. Files appear whole; what is in its state is durable. */
export class ExportFolder {
  constructor(readonly path: string) {}

  /** The state of an export that began here earlier; undefined where none did. @throws BAD_INPUT where it is another one */
  async state(scope: ExportScope): Promise<ExportState | undefined> {
    const text = await readFile(join(this.path, STATE_FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const state = JSON.parse(text) as ExportState;
    if (canonicalJson(state.scope) !== canonicalJson(scope)) throw badInput(`${this.path}: holds an export of ${canonicalJson(state.scope)}, begun earlier. Name another folder, or ask for the same again to go on with it.`);
    return state;
  }

  async save(state: ExportState): Promise<void> {
    await this.write(STATE_FILE, [JSON.stringify(state)]);
  }

  /** Takes away a file that turned out empty. */
  remove({ name }: ExportedFile): Promise<void> {
    return rm(join(this.path, name));
  }

  /** It is complete: nothing is left to go on with. */
  async close(): Promise<void> {
    await rm(join(this.path, STATE_FILE), { force: true });
  }

  /** Writes a file from its pieces, one at a time. */
  async write(name: string, pieces: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>): Promise<ExportedFile> {
    const path = join(this.path, name);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const [hash, draft] = [createHash('sha256'), `${path}.draft`];
    let bytes = 0;
    const file = await open(draft, 'w', 0o600);
    try {
      for await (const piece of pieces) {
        const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece;
        hash.update(chunk);
        bytes += chunk.length;
        await file.writeFile(chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    return { name, bytes, sha256: hash.digest('hex') };
  }
}
