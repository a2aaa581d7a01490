import { AssayError, type Queryable } from '../../platform/index.js';
import { consistencyProof, Edge, EMPTY_ROOT, verifyConsistency, type Hash } from '../merkle/index.js';
import { formatCheckpoint, formatNote, verifyNote } from '../note/index.js';
import { CheckpointFile, type Known } from './checkpoint-file.js';
import { originOf, type LogKey } from './key.js';
import type { WitnessKnowledge } from './knowledge.js';
import { forked, SigningRefused, unclear, wentBack, type SigningRefusal } from './refusal.js';
import { asNoteSignature, signaturesOf } from './signatures.js';
import { appendEntries, fromWriter, newestHead, rootHere, TileStore, type Head } from './store.js';

/** A head of the log, signed. */
export interface SignedHead extends Head {
  readonly origin: string;
  /** The note: checkpoint and signature. */
  readonly note: string;
}

/** Servers that share the file go on one another's heels; each time one of them has made a step. */
const MOST_RACES = 50;

/**
 * Signs what is durable, and only what extends the last that was signed, as a file outside the database and the witnesses
 * know it: a database restored to an earlier time, or rewritten, does not fit them, and the log refuses to sign. Where nothing
 * is known of what was signed before it refuses as well: only a log without entries begins by itself.
 */
export class Signer {
  readonly file: CheckpointFile;
  private last: SignedHead | undefined;
  /** The edge of the tree that was signed last. */
  private edge: Edge | undefined;
  private signing: Promise<unknown> = Promise.resolve();
  private refused: SigningRefusal | undefined;
  private looked = false;

  constructor(
    private readonly key: LogKey,
    private readonly origin: string,
    /** Where the last signed checkpoint is kept. */
    path: string,
    private readonly knowledge: WitnessKnowledge,
  ) {
    this.file = new CheckpointFile(path, key);
  }

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
    if (newest?.epoch !== head.epoch || newest.size < head.size) throw forked(`The head with ${head.size} entries is not one of the log as it is now.`);
    const path = await consistencyProof(new TileStore(head.epoch).reader(db, newest.size), head.size, newest.size).catch(() => undefined);
    if (!path || !verifyConsistency({ from: head.size, to: newest.size, fromRoot: head.root, toRoot: newest.root, path })) throw forked(`The stored head with ${head.size} entries has another root than its entries. assay verify tells more.`);
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
    for (let race = 0; race < MOST_RACES; race += 1) {
      const found = await newestHead(db);
      this.requireNoDoubts(found?.epoch ?? 1);
      if (found && this.last?.epoch === found.epoch && this.last.size === found.size && this.last.root.equals(found.root)) return this.last;
      const known = await this.file.read();
      // Read after the file: a server that shares it may have signed a larger one meanwhile.
      const head = await newestHead(db);
      if (!head) {
        if (await this.begins(db, known)) return undefined;
        continue;
      }
      const edge = await this.provenEdge(db, head, known ?? (await this.vouchedFor(db, head)));
      const signed = this.signed(head);
      if (!(await this.file.replace(db, known?.note, signed.note))) continue;
      this.edge = edge;
      return (this.last = signed);
    }
    throw new AssayError('UNAVAILABLE', `${this.file.path} is written by others all the time, so that nothing could be kept there. Ask again.`);
  }

  /** @throws UNAVAILABLE */
  requireNoDoubts(epoch: number): void {
    const doubts = this.knowledge.doubts(epoch);
    if (doubts.length > 0) throw forked(`${doubts.map(({ says }) => says).join('; ')}.`, doubts);
  }

  /** A log without entries begins: that it did is kept before it has any, so that it is known from then on. @returns false where another server kept one first */
  private async begins(db: Queryable, known: Known | undefined): Promise<boolean> {
    if (known && known.size > 0) throw wentBack(known, 'the database has no log');
    const [{ there }] = (await db.query<{ there: boolean }>('SELECT EXISTS (SELECT FROM log_entries) AS there')) as [{ there: boolean }];
    if (there) throw forked('The database has entries of the log, but no head of them.');
    if (known || !this.knowledge.suffices) return true;
    const text = formatCheckpoint({ origin: this.origin, size: 0, root: EMPTY_ROOT });
    return this.file.replace(db, undefined, formatNote({ text, signatures: [this.key.sign(1, text)] }));
  }

  /**
   * The edge of the head's tree, made of the entries themselves, after it was seen that what is known is its beginning.
   * @throws UNAVAILABLE where it is not, or the entries make another tree
   */
  async provenEdge(db: Queryable, head: Head, known: Known): Promise<Edge> {
    const origin = originOf(this.origin, head.epoch);
    if (known.epoch > head.epoch) throw wentBack(known, `the database has the log ${origin}`);
    const base = known.epoch === head.epoch ? known : await this.opened(db, head);
    if (head.size < base.size) throw wentBack(base, `the database has ${head.size} entries`);
    const edge = await this.edgeOf(db, base);
    if (!edge.root().equals(base.root)) throw wentBack(base, 'the first entries in the database are others now');
    const all = await appendEntries(db, head.epoch, edge, head.size);
    if (!all || !edge.root().equals(head.root)) throw forked(`The newest head of ${origin} in the database has ${head.size} entries and ${all ? 'another root than they make' : 'not all of them are there'}: somebody wrote it there, or took entries away. assay verify tells more.`);
    return edge;
  }

  private async edgeOf(db: Queryable, { epoch, size, root }: Known): Promise<Edge> {
    const remembered = this.last?.epoch === epoch && this.edge?.size === size && this.edge.root().equals(root);
    return remembered ? this.edge!.copy() : new TileStore(epoch).edge(db, size);
  }

  /** An epoch is opened with the log's key, not by a row: who has the database alone cannot make the log begin anew. */
  private async opened(db: Queryable, { epoch, size }: Head): Promise<Known> {
    const origin = originOf(this.origin, epoch);
    const root = epoch === 1 ? EMPTY_ROOT : await rootHere(db, epoch, size, 1);
    if (epoch === 1 || (root && (await this.signedHere(db, epoch, root)))) return { epoch, origin, size: epoch === 1 ? 0 : 1, root: root! };
    throw forked(`Epoch ${epoch} of the log was not opened with the log's key: somebody wrote it into the database.`);
  }

  private async signedHere(db: Queryable, epoch: number, root: Hash): Promise<boolean> {
    const text = formatCheckpoint({ origin: originOf(this.origin, epoch), size: 1, root });
    const signatures = (await signaturesOf(db, { epoch, size: 1 })).map(asNoteSignature);
    try {
      return verifyNote({ text, signatures }, [this.key.verifier(epoch)]).length > 0;
    } catch {
      // It is the same whether there is no signature or one that does not fit.
      return false;
    }
  }

  /** Without the file the witnesses alone know what was signed before. @throws UNAVAILABLE where they do not, or there are none */
  private async vouchedFor(db: Queryable, head: Head): Promise<Known> {
    const { policy: { witnesses, quorum }, suffices, answered } = this.knowledge;
    const begin = await this.opened(db, head);
    if (witnesses.length === 0) {
      throw unclear(`There is no checkpoint of the log at ${this.file.path}, so nothing tells whether this is all that was signed or the database was restored to an earlier state. Put the newest one back that you have, or run assay log adopt --checkpoint FILE; where nobody kept one, assay log adopt --none takes the log as it is, for everybody to see.`, true);
    }
    if (!suffices) throw unclear(`${this.file.path} is not there, and ${answered} of ${witnesses.length} witnesses tell what was signed before; ${witnesses.length - quorum + 1} must. The log signs as soon as they do, or the file is restored.`, true);
    return this.knowledge.cosignedLast(head.epoch) ?? begin;
  }

  /** @param head of which it is known that it may be signed */
  signed(head: Head): SignedHead {
    const origin = originOf(this.origin, head.epoch);
    const text = formatCheckpoint({ origin, size: head.size, root: head.root });
    return { ...head, origin, note: formatNote({ text, signatures: [this.key.sign(head.epoch, text)] }) };
  }

  /** Where the log begins that nothing is known of. @throws UNAVAILABLE for an epoch that was not opened with the key */
  beginning(db: Queryable, head: Head): Promise<Known> {
    return this.opened(db, head);
  }
}
