import { open, readFile, rename } from 'node:fs/promises';
import { AssayError, messageOf, type Queryable } from '../../platform/index.js';
import { rootAt } from '../merkle/index.js';
import { formatCheckpoint, formatNote, parseCheckpoint, parseNote, verifyNote, type Checkpoint } from '../note/index.js';
import { originOf, type LogKey } from './key.js';
import { newestHead, TileStore, type Head } from './store.js';

/** A head of the log, signed. */
export interface SignedHead extends Head {
  readonly origin: string;
  /** The note: checkpoint and signature. */
  readonly note: string;
}

/**
 * Signs what is durable, and only what extends the last that was signed. The last one is kept in a file outside the
 * database: a database restored to an earlier time, or rewritten, does not fit it, and the log refuses to sign.
 */
export class Signer {
  private last: SignedHead | undefined;
  private signing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly key: LogKey,
    private readonly origin: string,
    /** Where the last signed checkpoint is kept. */
    private readonly path: string,
  ) {}

  /**
   * The newest head, signed; undefined before the first entry.
   * @throws UNAVAILABLE where the tree is not one that grew out of what was signed before
   */
  newest(db: Queryable): Promise<SignedHead | undefined> {
    // One after another: what is written to the file never goes back.
    const next = this.signing.then(() => this.sign(db));
    this.signing = next.catch(() => undefined);
    return next;
  }

  private async sign(db: Queryable): Promise<SignedHead | undefined> {
    const head = await newestHead(db);
    if (head && this.last?.epoch === head.epoch && this.last.size === head.size && this.last.root.equals(head.root)) return this.last;
    const known = await this.known();
    if (!head) {
      if (known) throw wentBack(known, 'the database has no log');
      return undefined;
    }
    const origin = originOf(this.origin, head.epoch);
    if (known && known.origin === origin) await requireGrowth(db, head, known);
    else if (known && head.epoch === 1) throw wentBack(known, `the database has the log ${origin}`);
    const text = formatCheckpoint({ origin, size: head.size, root: head.root });
    const note = formatNote({ text, signatures: [this.key.sign(head.epoch, text)] });
    await keep(this.path, note);
    this.last = { ...head, origin, note };
    return this.last;
  }

  /** The checkpoint that was signed last. @throws UNAVAILABLE where the file was changed */
  private async known(): Promise<Checkpoint | undefined> {
    const kept = await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (kept === undefined) return undefined;
    try {
      const note = parseNote(kept);
      const checkpoint = parseCheckpoint(note.text);
      const epoch = Number(/\/epoch-(\d+)$/.exec(checkpoint.origin)?.[1] ?? 1);
      if (verifyNote(note, [this.key.verifier(epoch)]).length > 0) return checkpoint;
    } catch (error) {
      throw new AssayError('UNAVAILABLE', `${this.path}, the last checkpoint that was signed, cannot be read: ${messageOf(error)} The log signs nothing until it is restored.`, { cause: error });
    }
    throw new AssayError('UNAVAILABLE', `${this.path} holds a checkpoint that this log's key did not sign. The log signs nothing until the right file, or the right key, is restored.`);
  }
}

const wentBack = ({ size, origin }: Checkpoint, found: string): Error =>
  new AssayError('UNAVAILABLE', `The log went back: a checkpoint of ${origin} with ${size} entries was signed, but ${found}. Nothing is signed until the database is restored to its newest state, or an operator opens a new epoch.`);

async function requireGrowth(db: Queryable, head: Head, known: Checkpoint): Promise<void> {
  if (head.size < known.size) throw wentBack(known, `the database has ${head.size} entries`);
  const root = head.size === known.size ? head.root : await rootAt(new TileStore(head.epoch).reader(db, head.size), known.size);
  if (!root.equals(known.root)) throw wentBack(known, 'the first entries in the database are others now');
}

/** Durable and whole before the signature leaves this process. */
async function keep(path: string, note: string): Promise<void> {
  const draft = `${path}.${process.pid}.draft`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(note);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
