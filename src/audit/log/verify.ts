import type { BulkReader, Queryable } from '../../platform/index.js';
import { Edge, leafHash, type FullTile } from '../merkle/index.js';
import type { Checkpoint, Receipt } from '../note/index.js';
import { EntryReader, type Entry } from './entry-reader.js';
import { epochsOf, type Epoch } from './epochs.js';
import { TILES_AT } from './store.js';
import { lostBefore, openingProblems, predecessorOf } from './verify-opening.js';
import { SignatureCheck, type TrustedKeys } from './verify-signatures.js';

/** What was looked at. */
export interface TreeCounts {
  readonly epochs: number;
  readonly entries: number;
  readonly tiles: number;
  readonly heads: number;
  /** Signatures of heads that are kept: the log's own and its witnesses'. */
  readonly signatures: number;
  /** Checkpoints, kept or embedded, whose tree this one is. */
  readonly checkpoints: number;
  /** Entries that were signed in epochs that others follow, and are gone: their openings say so. */
  readonly lost: number;
  /** Entries of the newest epoch that a signature by a trusted key covers; 0 where no keys are trusted. */
  readonly signed: number;
}

/** A checkpoint that the tree must be the one of. */
export interface Anchor extends Checkpoint {
  readonly epoch: number;
  /** Whose it is, as a sentence begins with it. */
  readonly from: string;
}

export interface TreeCheck {
  /** Hears what does not fit, in a sentence. */
  problem(text: string): void;
  /** Gets every entry, a batch at a time, in order. */
  entries?(batch: readonly Entry[]): Promise<void>;
  progress?(done: number): void;
  /** Checkpoints that somebody kept, or witnesses show. */
  readonly anchors?: readonly Anchor[];
  /** Receipts that somebody kept: their leaves must be entries. */
  readonly receipts?: readonly KeptReceipt[];
  /** Keys of the log and of witnesses, from elsewhere. Without them nobody knows whose signatures are kept. */
  readonly trusted?: TrustedKeys | undefined;
  /** Hears of a checkpoint that reaches into what an epoch has lost: there is nothing to compare it with. */
  uncompared?(anchor: Anchor): void;
}

/** What the log promised once. */
export interface KeptReceipt extends Receipt {
  /** Whose it is, as a sentence begins with it. */
  readonly from: string;
}

/** Recomputes the whole tree from the entries as they are stored, and compares every full tile, head, signature and known checkpoint. */
export async function verifyTree(db: BulkReader, check: TreeCheck): Promise<TreeCounts> {
  const epochs = await epochsOf(db);
  const promised = new Map((check.receipts ?? []).map((receipt) => [hex(receipt.leaf), receipt]));
  let counts: TreeCounts = { epochs: epochs.length, entries: 0, tiles: 0, heads: 0, signatures: 0, checkpoints: 0, lost: 0, signed: 0 };
  for (const [at, epoch] of epochs.entries()) {
    if (epoch.epoch !== at + 1) check.problem(`Epoch ${at + 1} of the log is missing.`);
    const next = epochs[at + 1];
    const walk = new Walk(db, epoch, check, { before: counts.entries, next, promised, lost: next ? await lostBefore(db, next) : 0 });
    await walk.run();
    counts = {
      epochs: epochs.length, entries: counts.entries + walk.size, tiles: counts.tiles + walk.tiles, heads: counts.heads + walk.heads,
      signatures: counts.signatures + walk.signatures.count, checkpoints: counts.checkpoints + walk.anchored, lost: counts.lost + walk.around.lost, signed: walk.signatures.covers,
    };
  }
  await nothingStray(db, check);
  for (const { epoch, from } of check.anchors ?? []) if (!epochs.some((one) => one.epoch === epoch)) check.problem(`${from} is of epoch ${epoch}, which is not there.`);
  for (const { from, event, recordedAt } of promised.values()) {
    check.problem(`${from} promised at ${recordedAt.toISOString()} that the event ${event} would be in the log. It is in no tree: it was dropped, or the server that took it in has not integrated it yet.`);
  }
  return counts;
}

/** What is stored of epochs that there are not. */
async function nothingStray(db: Queryable, check: TreeCheck): Promise<void> {
  const stray = await db.query<{ kind: string; count: number }>(
    `SELECT kind, count(*)::int AS count FROM (
       SELECT 'heads' AS kind, epoch FROM log_heads UNION ALL SELECT 'tiles', epoch FROM log_tiles UNION ALL SELECT 'entries', epoch FROM log_entries UNION ALL SELECT 'signatures', epoch FROM log_signatures
     ) s WHERE epoch NOT IN (SELECT epoch FROM log_epochs) GROUP BY kind ORDER BY kind`);
  for (const { kind, count } of stray) check.problem(`${count} ${kind} are stored of epochs that there are not.`);
}

const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');

interface StoredHead {
  readonly previous: string;
  readonly root: Buffer;
}

interface Around {
  /** Receipts whose leaves were not met yet, by their hashes. */
  readonly promised: Map<string, KeptReceipt>;
  /** Entries of the epochs before. */
  readonly before: number;
  /** The epoch that follows: it says how much of this one stands. */
  readonly next: Epoch | undefined;
  /** How many entries behind those that stand were signed, and are gone, as the next one owns. */
  readonly lost: number;
}

/** One epoch's tree, from its first entry on. */
class Walk {
  private readonly edge = Edge.empty();
  private readonly epoch: number;
  readonly signatures: SignatureCheck;
  /** The checkpoint that the next epoch embeds, where the tree here reaches so far. */
  private readonly predecessor: Anchor | undefined;
  /** By the size at which they are compared. */
  private readonly anchors = new Map<number, Anchor[]>();
  private readonly reader: EntryReader;
  /** Which entry comes next: beyond the size of the tree where some are missing. */
  private expected = 0;
  tiles = 0;
  heads = 0;
  /** The size of the head before the next one: each extends another. */
  private headAt = 0;
  /** Checkpoints that fit. */
  anchored = 0;
  /** Whether a signature is kept of exactly what stands. */
  private signedWhereItEnds = false;

  constructor(
    private readonly db: BulkReader,
    private readonly opened: Epoch,
    private readonly check: TreeCheck,
    readonly around: Around,
  ) {
    this.epoch = opened.epoch;
    this.reader = new EntryReader(db, this.epoch);
    this.signatures = new SignatureCheck(db, this.epoch, (text) => check.problem(text), check.trusted, around.next?.kept ?? Infinity);
    this.predecessor = around.next && predecessorOf(around.next, (text) => check.problem(text), check.trusted?.log);
    const anchors = [...(check.anchors ?? []).filter(({ epoch }) => epoch === this.epoch), ...(this.predecessor ? [this.predecessor] : [])];
    for (const anchor of anchors) this.anchors.set(anchor.size, [...(this.anchors.get(anchor.size) ?? []), anchor]);
  }

  /** How many of its entries stand. */
  private get stands(): number {
    return this.around.next?.kept ?? Infinity;
  }

  get size(): number {
    return this.edge.size;
  }

  async run(): Promise<void> {
    for (;;) {
      const batch = await this.read();
      if (batch.length === 0) break;
      if (this.size === 0) for (const problem of openingProblems(this.opened, batch[0])) this.check.problem(problem);
      await this.append(batch);
      await this.check.entries?.(batch.filter(({ index }) => index < this.stands));
      this.check.progress?.(this.around.before + this.size);
    }
    if (this.size === 0 && this.epoch > 1) this.check.problem(`Epoch ${this.epoch} has no first entry, which would tell why it was opened.`);
    await this.nothingBeyond();
  }

  private async read(): Promise<Entry[]> {
    const batch = await this.reader.next();
    for (const { index, type, leaf, gone } of batch) {
      if (index !== this.expected) this.check.problem(`Entry ${this.expected} of epoch ${this.epoch} is missing: the next one is ${index}.`);
      this.expected = index + 1;
      if (gone) this.check.problem(`Entry ${index} of epoch ${this.epoch} is of an event that is not there any more.`);
      // Within canonical JSON these bytes are a name and its value: in a text the quotes would be escaped.
      else if (leaf.lastIndexOf(`"type":"${type}"`) < 0) this.check.problem(`Entry ${index} of epoch ${this.epoch} is kept as ${type}, which its leaf is not.`);
    }
    return batch;
  }

  private async append(batch: readonly Entry[]): Promise<void> {
    const from = this.size;
    const heads = await this.headsWithin(from, from + batch.length);
    await this.signatures.read(from, from + batch.length);
    this.reader.fetch();
    const filled: FullTile[] = [];
    for (const { leaf } of batch) {
      const hash = leafHash(leaf);
      if (this.around.promised.size > 0 && this.size < this.stands) this.around.promised.delete(hex(hash));
      filled.push(...this.edge.append(hash));
      const stored = heads.get(this.size);
      this.compareAnchors();
      if (this.signatures.has(this.size)) this.signatures.compare(this.size, this.edge.root());
      if (this.size === this.stands) this.signedWhereItEnds = this.signatures.has(this.size);
      if (stored) this.compareHead(stored);
    }
    this.heads += heads.size;
    await this.compareTiles(filled);
  }

  /** Whoever kept it: a tree that was computed anew has another root there. */
  private compareAnchors(): void {
    for (const { size, root, from } of this.anchors.get(this.size) ?? []) {
      if (size > this.stands) continue;
      if (this.edge.root().equals(root)) this.anchored += 1;
      else this.check.problem(`${from} has another root for ${size} entries of epoch ${this.epoch} than the entries: they were changed since, or it is of another log.`);
    }
  }

  private async headsWithin(above: number, upTo: number): Promise<Map<number, StoredHead>> {
    const rows = await this.db.query<StoredHead & { size: string }>('SELECT size, previous, root FROM log_heads WHERE epoch = $1 AND size > $2 AND size <= $3', [this.epoch, above, upTo]);
    return new Map(rows.map((row) => [Number(row.size), row]));
  }

  private compareHead({ root, previous }: StoredHead): void {
    if (!root.equals(this.edge.root())) this.check.problem(`The head of epoch ${this.epoch} with ${this.size} entries has another root than its entries.`);
    if (Number(previous) !== this.headAt) this.check.problem(`The head of epoch ${this.epoch} with ${this.size} entries extends one with ${previous}, but the one before it has ${this.headAt}.`);
    this.headAt = this.size;
  }

  private async compareTiles(filled: readonly FullTile[]): Promise<void> {
    if (filled.length === 0) return;
    const rows = await this.db.query<{ level: number; index: string; hashes: Buffer; root: Buffer }>(
      `SELECT level, index, hashes, root FROM ${TILES_AT}`,
      [this.epoch, filled.map(({ level }) => level), filled.map(({ index }) => index)]);
    const stored = new Map(rows.map((row) => [`${row.level} ${row.index}`, row]));
    for (const { level, index, hashes, root } of filled) {
      const tile = stored.get(`${level} ${index}`);
      if (!tile) this.check.problem(`Tile ${level}/${index} of epoch ${this.epoch} is missing.`);
      else if (!tile.hashes.equals(hashes) || !tile.root.equals(root)) this.check.problem(`Tile ${level}/${index} of epoch ${this.epoch} has other hashes than the entries beneath.`);
    }
    this.tiles += filled.length;
  }

  /** What is stored of a larger tree than the entries make. */
  private async nothingBeyond(): Promise<void> {
    for (const anchor of [...this.anchors.values()].flat()) {
      const { size, from } = anchor;
      if (size > this.stands && size <= Math.min(this.size, this.stands) + this.around.lost) this.check.uncompared?.(anchor);
      if (size > Math.min(this.size, this.stands) + this.around.lost) this.check.problem(`${from} has ${size} entries of epoch ${this.epoch}, but ${Math.min(this.size, this.stands)} are there.`);
    }
    if (this.around.next && this.around.next.kept! > this.size) this.check.problem(`Of epoch ${this.epoch}, ${this.around.next.kept} entries stand according to the next, but ${this.size} are there.`);
    if (this.around.next && this.stands > 0 && this.predecessor?.size !== this.stands && !(this.signedWhereItEnds && this.signatures.provesEnd)) {
      this.check.problem(`Of epoch ${this.epoch}, ${this.stands} entries stand according to the next, but no signature that is kept proves them.`);
    }
    await this.signatures.nothingBeyond(this.size);
    const [last] = await this.db.query<{ size: string | null; count: number }>('SELECT max(size) AS size, count(*)::int AS count FROM log_heads WHERE epoch = $1', [this.epoch]);
    if (Number(last!.size ?? 0) !== this.size) this.check.problem(`The newest head of epoch ${this.epoch} has ${last!.size ?? 0} entries, but ${this.size} are there.`);
    if (last!.count !== this.heads) this.check.problem(`Epoch ${this.epoch} has ${last!.count} heads, of which ${last!.count - this.heads} are of sizes that it does not reach.`);
    const [tiles] = await this.db.query<{ count: number }>('SELECT count(*)::int AS count FROM log_tiles WHERE epoch = $1', [this.epoch]);
    if (tiles!.count !== this.tiles) this.check.problem(`Epoch ${this.epoch} has ${tiles!.count} tiles; its entries make ${this.tiles}.`);
  }
}
