import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, replaceDurably, type Queryable } from '../../platform/index.js';
import { parseCheckpoint, parseNote, verifyNote, type Checkpoint } from '../note/index.js';
import { epochNamed, type LogVerifier } from './key.js';
import { unclear } from './refusal.js';
import { fromWriter } from './store.js';

/** A checkpoint that was signed, and of which epoch. */
export interface Known extends Checkpoint {
  readonly epoch: number;
}

/** No other use of advisory locks takes a pair whose first half is this. */
const LOCK = [0x10_67_00, 2] as const;

/** So old, a draft is of a server that was killed. */
const OLD_MILLISECONDS = 60_000;

/** The last signed checkpoint, kept in a file outside the database. */
export class CheckpointFile {
  private swept = false;

  constructor(
    readonly path: string,
    private readonly key: LogVerifier,
  ) {}

  /** The checkpoint that was signed last; undefined where there is no file. @throws UNAVAILABLE where it was changed */
  async read(): Promise<(Known & { readonly note: string }) | undefined> {
    const kept = await this.text();
    if (kept === undefined) return undefined;
    try {
      const note = parseNote(kept);
      const checkpoint = parseCheckpoint(note.text);
      const epoch = epochNamed(checkpoint.origin, this.key.origin);
      if (epoch !== undefined && verifyNote(note, [this.key.verifier(epoch)]).length > 0) return { ...checkpoint, epoch, note: kept };
    } catch (error) {
      throw unclear(`${this.path}, the last checkpoint that was signed, cannot be read: ${messageOf(error)} The log signs nothing until it is restored; where there is no other, remove it and run assay log adopt.`);
    }
    throw unclear(`${this.path} holds a checkpoint that this log's key did not sign. The log signs nothing until the right file, or the right key, is restored.`);
  }

  /**
   * Keeps another checkpoint; durable and whole when it resolves. Servers that share the file share the database, which has
   * them take turns: none of them puts a smaller checkpoint in the place of a larger one that it has not read.
   * @param before the note that was read @returns false where the file holds another one by now
   */
  replace(db: Queryable, before: string | undefined, note: string): Promise<boolean> {
    return fromWriter(db, async (writer) => {
      await writer.query('SELECT pg_advisory_xact_lock($1, $2)', [...LOCK]);
      const now = await this.text();
      if (now === note) return true;
      if (now !== before) return false;
      await this.write(note);
      return true;
    });
  }

  private text(): Promise<string | undefined> {
    return readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
  }

  private async write(note: string): Promise<void> {
    if (!this.swept) await this.sweep();
    this.swept = true;
    // Of its own: servers that share the file may have the same process id, each in its container.
    await replaceDurably(this.path, `${this.path}.${randomUUID()}.draft`, note);
  }

  /** Drafts of servers that were killed while they wrote. */
  private async sweep(): Promise<void> {
    const folder = dirname(this.path);
    const drafts = (await readdir(folder)).filter((name) => name.startsWith(`${basename(this.path)}.`) && name.endsWith('.draft'));
    for (const name of drafts) {
      const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: Infinity }));
      if (mtimeMs < Date.now() - OLD_MILLISECONDS) await rm(join(folder, name), { force: true });
    }
  }
}
