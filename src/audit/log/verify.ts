import type { Queryable } from '../../platform/index.js';
import { Edge, leafHash, type FullTile } from '../merkle/index.js';
import { EntryReader, type Entry } from './entry-reader.js';

export type { Entry };

/** What was looked at. */
export interface TreeCounts {
  readonly epochs: number;
  readonly entries: number;
  readonly tiles: number;
  readonly heads: number;
}

export interface TreeCheck {
  /** Hears what does not fit, in a sentence. */
  problem(text: string): void;
  /** Gets every entry, a batch at a time, in order. */
  entries?(batch: readonly Entry[]): Promise<void>;
  progress?(done: number): void;
}

/** Recomputes the whole tree from the entries as they are stored, and compares every full tile and every head. */
export async function verifyTree(db: Queryable, check: TreeCheck): Promise<TreeCounts> {
  const epochs = await db.query<{ epoch: number }>('SELECT epoch FROM log_epochs ORDER BY epoch');
  let counts: TreeCounts = { epochs: epochs.length, entries: 0, tiles: 0, heads: 0 };
  for (const { epoch } of epochs) {
    const walk = new Walk(db, epoch, check, counts.entries);
    await walk.run();
    counts = { epochs: epochs.length, entries: counts.entries + walk.size, tiles: counts.tiles + walk.tiles, heads: counts.heads + walk.heads };
  }
  const [stray] = await db.query<{ heads: number; tiles: number; entries: number }>(
    `SELECT (SELECT count(*)::int FROM log_heads) AS heads, (SELECT count(*)::int FROM log_tiles) AS tiles, (SELECT count(*)::int FROM log_entries) AS entries`);
  for (const name of ['heads', 'tiles', 'entries'] as const) {
    if (stray![name] !== counts[name]) check.problem(`${stray![name]} ${name} are stored, but the ${counts.epochs} epochs that there are have ${counts[name]}.`);
  }
  return counts;
}

interface StoredHead {
  readonly previous: string;
  readonly root: Buffer;
}

/** One epoch's tree, from its first entry on. */
class Walk {
  private readonly edge = Edge.empty();
  private readonly reader: EntryReader;
  /** Which entry comes next: beyond the size of the tree where some are missing. */
  private expected = 0;
  tiles = 0;
  heads = 0;
  /** The size of the head before the next one: each extends another. */
  private headAt = 0;

  constructor(
    private readonly db: Queryable,
    private readonly epoch: number,
    private readonly check: TreeCheck,
    private readonly before: number,
  ) {
    this.reader = new EntryReader(db, epoch);
  }

  get size(): number {
    return this.edge.size;
  }

  async run(): Promise<void> {
    for (;;) {
      const batch = await this.read();
      if (batch.length === 0) break;
      await this.append(batch);
      await this.check.entries?.(batch);
      this.check.progress?.(this.before + this.size);
    }
    await this.nothingBeyond();
  }

  private async read(): Promise<Entry[]> {
    return (await this.reader.next()).map(({ index, type, leaf }): Entry => {
      if (index !== this.expected) this.check.problem(`Entry ${this.expected} of epoch ${this.epoch} is missing: the next one is ${index}.`);
      this.expected = index + 1;
      if (leaf === undefined) this.check.problem(`Entry ${index} of epoch ${this.epoch} is of an event that is not there any more.`);
      // Within canonical JSON these bytes are a name and its value: in a text the quotes would be escaped.
      else if (!leaf.includes(`"type":"${type}"`)) this.check.problem(`Entry ${index} of epoch ${this.epoch} is kept as ${type}, which its leaf is not.`);
      return { epoch: this.epoch, index, type, leaf: leaf ?? Buffer.alloc(0) };
    });
  }

  private async append(batch: readonly Entry[]): Promise<void> {
    const from = this.size;
    const heads = await this.headsWithin(from, from + batch.length);
    const filled: FullTile[] = [];
    for (const { leaf } of batch) {
      filled.push(...this.edge.append(leafHash(leaf)));
      const stored = heads.get(this.size);
      if (stored) this.compareHead(stored);
    }
    this.heads += heads.size;
    await this.compareTiles(filled);
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
      'SELECT t.level, t.index, t.hashes, t.root FROM log_tiles t JOIN unnest($2::int[], $3::bigint[]) AS a (level, index) ON t.level = a.level AND t.index = a.index WHERE t.epoch = $1',
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
    const [last] = await this.db.query<{ size: string | null }>('SELECT max(size) AS size FROM log_heads WHERE epoch = $1', [this.epoch]);
    if (Number(last!.size ?? 0) !== this.size) this.check.problem(`The newest head of epoch ${this.epoch} has ${last!.size ?? 0} entries, but ${this.size} are there.`);
  }
}
