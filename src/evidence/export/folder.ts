import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LogKey } from '../../audit/index.js';
import { badInput, canonicalJson, messageOf, sha256OfFile } from '../../platform/index.js';
import type { ExportManifest } from './exporter.js';
import type { ExportScope } from './scope.js';
import { readState, signState, type ExportState } from './state.js';

/** A file of an export, as its manifest lists it. */
export interface ExportedFile {
  readonly name: string;
  readonly bytes: number;
  /** Lowercase hexadecimal. */
  readonly sha256: string;
  /** Predictions or events; absent for other files. */
  readonly rows?: number;
}

export const STATE_FILE = '.export-state';
/** Of earlier releases, which did not sign it: nobody goes on from it. */
const UNSIGNED_STATE_FILE = '.export-state.json';
export const MANIFEST_FILE = 'manifest.json';

/** For a file that may not be there. */
export function orUndefined(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** Whether an export began in a folder and did not come to its end. */
export const isLeft = async (folder: string): Promise<boolean> =>
  (await Promise.all([STATE_FILE, UNSIGNED_STATE_FILE].map((name) => stat(join(folder, name)).catch(orUndefined)))).some((found) => found !== undefined);

/** The folder of one export. Files appear whole; what is in its state is durable, and signed by the log's key. */
export class ExportFolder {
  constructor(
    readonly path: string,
    private readonly key: LogKey,
  ) {}

  /**
   * The state of an export that began here earlier, with its files as they were left; undefined where none did.
   * @param id of the one that goes on; any, unless given
   * @throws BAD_INPUT where it is another one, or is not what was left
   */
  async state(scope: ExportScope, id: string | undefined): Promise<ExportState | undefined> {
    const path = join(this.path, STATE_FILE);
    const note = await readFile(path, 'utf8').catch(orUndefined);
    if (note === undefined) return this.empty();
    const state = readState(this.key, note);
    if (!state) throw badInput(`${path}: is not signed by the key of this log, so nobody goes on from it. Name another folder, or take the file away to begin anew.`);
    if (canonicalJson(state.scope) !== canonicalJson(scope) || state.id !== (id ?? state.id)) throw badInput(`${this.path}: holds an export of ${canonicalJson(state.scope)}, begun earlier. Name another folder, or ask for the same again to go on with it.`);
    for (const file of state.files) await this.requireUnchanged(file);
    return state;
  }

  private async empty(): Promise<undefined> {
    if (await readFile(join(this.path, MANIFEST_FILE)).catch(orUndefined) && !(await isLeft(this.path))) throw badInput(`${this.path}: holds an export that is complete. Name another folder.`);
  }

  private async requireUnchanged({ name, sha256 }: Pick<ExportedFile, 'name' | 'sha256'>): Promise<void> {
    const found = await sha256OfFile(join(this.path, name)).catch(messageOf);
    if (found !== sha256) throw badInput(`${join(this.path, name)}: is not as it was left when the export was interrupted. Take the folder away to begin anew.`);
  }

  async save(state: ExportState): Promise<void> {
    await this.write(STATE_FILE, [signState(this.key, state)]);
  }

  /** The one that was written before the log was told of it. @throws BAD_INPUT where it is another one */
  async manifest(sha256: string): Promise<{ manifest: ExportManifest; file: ExportedFile }> {
    await this.requireUnchanged({ name: MANIFEST_FILE, sha256 });
    const bytes = await readFile(join(this.path, MANIFEST_FILE));
    return { manifest: JSON.parse(bytes.toString('utf8')) as ExportManifest, file: { name: MANIFEST_FILE, bytes: bytes.length, sha256 } };
  }

  /** Takes away a file that turned out empty. */
  remove({ name }: ExportedFile): Promise<void> {
    return rm(join(this.path, name));
  }

  /** It is complete: nothing is left to go on with. */
  async close(): Promise<void> {
    for (const name of [UNSIGNED_STATE_FILE, STATE_FILE]) await rm(join(this.path, name), { force: true });
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
