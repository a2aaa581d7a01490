import { randomUUID } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { AssayError, messageOf, type Queryable } from '../../platform/index.js';
import { rootAt } from '../merkle/index.js';
import { formatCheckpoint, formatNote, parseCheckpoint, parseNote, verifyNote, type Checkpoint } from '../note/index.js';
import { originOf, type LogKey } from './key.js';
import type { Doubt, WitnessKnowledge } from './knowledge.js';
import { asNoteSignature, signaturesOf } from './signatures.js';
import { fromWriter, newestHead, TileStore, type Head } from './store.js';

/** A head of the log, signed. */
export interface SignedHead extends Head {
  readonly origin: string;
  /** The note: checkpoint and signature. */
  readonly note: string;
}

/** Why the log signs nothing. */
export interface SigningRefusal {
  /** In a sentence, with the way out. */
  readonly says: string;
  /** That this is another log than was signed before, or an earlier state of it; otherwise too little is known. */
  readonly forked: boolean;
  readonly doubts: readonly Doubt[];
}

class SigningRefused extends AssayError {
  constructor(readonly refusal: SigningRefusal) {
    super('UNAVAILABLE', refusal.says);
  }
}

const refuse = (says: string, forked: boolean, doubts: readonly Doubt[] = []): Error => new SigningRefused({ says, forked, doubts });

/** A checkpoint that was signed, and of which epoch. */
interface Known extends Checkpoint {
  readonly epoch: number;
}

/**
 * Signs what is durable, and only what extends the last that was signed, as a file outside the database and the witnesses
 * know it: a database restored to an earlier time, or rewritten, does not fit them, and the log refuses to sign.
 */
export class Signer {
  private last: SignedHead | undefined;
  private signing: Promise<unknown> = Promise.resolve();
  private refused: SigningRefusal | undefined;
  private looked = false;

  constructor(
    private readonly key: LogKey,
    private readonly origin: string,
    /** Where the last signed checkpoint is kept. */
    private readonly path: string,
    private readonly knowledge: WitnessKnowledge,
  ) {}

  /** Why nothing is signed, as it was found when it was last tried. */
  get refusal(): SigningRefusal | undefined {
    return this.refused;
  }

  /** Whether entries may be appended: not before it was looked whether this is the log that was signed. */
  get mayGrow(): boolean {
    return this.looked && this.refused?.forked !== true;
  }

  /**
   * The newest head, signed; undefined before the first entry.
   * @throws UNAVAILABLE where the tree is not one that grew out of what was signed before
   */
  newest(db: Queryable): Promise<SignedHead | undefined> {
    // One after another: what is written to the file never goes back.
    const next = this.signing.then(() => this.look(db));
    this.signing = next.catch(() => undefined);
    return next;
  }

  /** A head of the same tree that has been extended since. @throws UNAVAILABLE */
  async earlier(db: Queryable, head: Head): Promise<SignedHead> {
    const newest = await this.newest(db);
    if (newest?.epoch !== head.epoch || newest.size < head.size) throw refuse(`The head with ${head.size} entries is not one of the log as it is now.`, true);
    const root = newest.size === head.size ? newest.root : await rootAt(new TileStore(head.epoch).reader(db, newest.size), head.size);
    if (!root.equals(head.root)) throw refuse(`The stored head with ${head.size} entries has another root than its entries. assay verify tells more.`, true);
    return this.signed(head);
  }

  private async look(db: Queryable): Promise<SignedHead | undefined> {
    try {
      // Later the rounds ask them.
      if (!this.looked) await this.knowledge.ask(db);
      const signed = await this.sign(db).catch((error: unknown) => {
        if (error instanceof SigningRefused) return fromWriter(db, (writer) => this.sign(writer));
        throw error;
      });
      this.refused = undefined;
      this.looked = true;
      return signed;
    } catch (error) {
      if (error instanceof SigningRefused) {
        this.refused = error.refusal;
        this.looked = true;
      }
      throw error;
    }
  }

  private async sign(db: Queryable): Promise<SignedHead | undefined> {
    const found = await newestHead(db);
    const doubts = this.knowledge.doubts(found?.epoch ?? 1);
    if (doubts.length > 0) throw refuse(`${doubts.map(({ says }) => says).join('; ')}. ${WAY_OUT}`, true, doubts);
    if (found && this.last?.epoch === found.epoch && this.last.size === found.size && this.last.root.equals(found.root)) return this.last;
    const known = await this.known();
    // Read after the file: a server that shares it may have signed a larger one meanwhile.
    const head = await newestHead(db);
    if (!head) {
      if (known) throw wentBack(known, 'the database has no log');
      return undefined;
    }
    await this.requireFit(db, head, known);
    const signed = this.signed(head);
    await keep(this.path, signed.note);
    return (this.last = signed);
  }

  private async requireFit(db: Queryable, head: Head, known: Known | undefined): Promise<void> {
    const origin = originOf(this.origin, head.epoch);
    if (known && (known.epoch > head.epoch || (known.epoch === head.epoch && known.origin !== origin))) throw wentBack(known, `the database has the log ${origin}`);
    if (known?.epoch === head.epoch) return requireGrowth(db, head, known);
    if (head.epoch > 1) await this.requireOpened(db, head);
    if (!known) this.requireWitnesses();
  }

  /** An epoch is opened with the log's key, not by a row: who has the database alone cannot make the log begin anew. */
  private async requireOpened(db: Queryable, head: Head): Promise<void> {
    const first = await rootAt(new TileStore(head.epoch).reader(db, head.size), 1);
    const text = formatCheckpoint({ origin: originOf(this.origin, head.epoch), size: 1, root: first });
    const signatures = (await signaturesOf(db, { epoch: head.epoch, size: 1 })).map(asNoteSignature);
    try {
      if (verifyNote({ text, signatures }, [this.key.verifier(head.epoch)]).length > 0) return;
    } catch {
      // Said below: it is the same whether there is no signature or one that does not fit.
    }
    throw refuse(`Epoch ${head.epoch} of the log was not opened with the log's key: somebody wrote it into the database. ${WAY_OUT}`, true);
  }

  /** Without the file the witnesses alone know what was signed before. */
  private requireWitnesses(): void {
    if (this.knowledge.suffices) return;
    const { witnesses, quorum } = this.knowledge.policy;
    throw refuse(`${this.path} is not there, and ${this.knowledge.answered} of ${witnesses.length} witnesses tell what was signed before; ${witnesses.length - quorum + 1} must. The log signs as soon as they do, or the file is restored.`, false);
  }

  private signed(head: Head): SignedHead {
    const origin = originOf(this.origin, head.epoch);
    const text = formatCheckpoint({ origin, size: head.size, root: head.root });
    return { ...head, origin, note: formatNote({ text, signatures: [this.key.sign(head.epoch, text)] }) };
  }

  /** The checkpoint that was signed last. @throws UNAVAILABLE where the file was changed */
  async known(): Promise<(Known & { readonly note: string }) | undefined> {
    const kept = await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (kept === undefined) return undefined;
    try {
      const note = parseNote(kept);
      const checkpoint = parseCheckpoint(note.text);
      const epoch = epochIn(checkpoint.origin);
      if (verifyNote(note, [this.key.verifier(epoch)]).length > 0) return { ...checkpoint, epoch, note: kept };
    } catch (error) {
      throw refuse(`${this.path}, the last checkpoint that was signed, cannot be read: ${messageOf(error)} The log signs nothing until it is restored.`, false);
    }
    throw refuse(`${this.path} holds a checkpoint that this log's key did not sign. The log signs nothing until the right file, or the right key, is restored.`, false);
  }
}

/** Which epoch of a log has this name. */
export const epochIn = (origin: string): number => Number(/\/epoch-(\d+)$/.exec(origin)?.[1] ?? 1);

const WAY_OUT = 'Nothing is signed until the database is restored to its newest state, or an operator opens a new epoch.';

const wentBack = ({ size, origin }: Checkpoint, found: string): Error =>
  refuse(`The log went back: a checkpoint of ${origin} with ${size} entries was signed, but ${found}. ${WAY_OUT}`, true);

async function requireGrowth(db: Queryable, head: Head, known: Checkpoint): Promise<void> {
  if (head.size < known.size) throw wentBack(known, `the database has ${head.size} entries`);
  const root = head.size === known.size ? head.root : await rootAt(new TileStore(head.epoch).reader(db, head.size), known.size);
  if (!root.equals(known.root)) throw wentBack(known, 'the first entries in the database are others now');
}

/** Durable and whole before the signature leaves this process. */
async function keep(path: string, note: string): Promise<void> {
  // Of its own: servers that share the file may have the same process id, each in its container.
  const draft = `${path}.${randomUUID()}.draft`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(note);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
