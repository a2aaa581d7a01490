import type { Queryable } from '../../platform/index.js';
import { Edge, leafHash, type FullTile } from '../merkle/index.js';
import { EntryReader, type Entry } from './entry-reader.js';
import { TILES_AT } from './store.js';

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
  return counts;
}

/** One epoch's tree, from its first entry on. */
class Walk {
  private readonly edge = Edge.empty();
  private readonly reader: EntryReader;
  tiles = 0;
  heads = 0;

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
    return (await this.reader.next()).map(({ index, type, leaf }, offset): Entry => {
      if (index !== this.size + offset) this.check.problem(`Entry ${this.size + offset} of epoch ${this.epoch} is missing: the next one is ${index}.`);
      if (leaf === undefined) this.check.problem(`Entry ${index} of epoch ${this.epoch} is of an event that is not there any more.`);
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
      if (stored && !stored.equals(this.edge.root())) this.check.problem(`The head of epoch ${this.epoch} with ${this.size} entries has another root than its entries.`);
    }
    this.heads += heads.size;
    await this.compareTiles(filled);
  }

  private async headsWithin(above: number, upTo: number): Promise<Map<number, Buffer>> {
    const rows = await this.db.query<{ size: string; root: Buffer }>('SELECT size, root FROM log_heads WHERE epoch = $1 AND size > $2 AND size <= $3', [this.epoch, above, upTo]);
    return new Map(rows.map(({ size, root }) => [Number(size), root]));
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
    const [last] = await this.db.query<{ size: string | null; count: number }>('SELECT max(size) AS size, count(*)::int AS count FROM log_heads WHERE epoch = $1', [this.epoch]);
    if (Number(last!.size ?? 0) !== this.size) this.check.problem(`The newest head of epoch ${this.epoch} has ${last!.size ?? 0} entries, but ${this.size} are there.`);
    if (last!.count !== this.heads) this.check.problem(`Epoch ${this.epoch} has ${last!.count} heads, of which ${last!.count - this.heads} are of sizes that it does not reach.`);
    const [tiles] = await this.db.query<{ count: number }>('SELECT count(*)::int AS count FROM log_tiles WHERE epoch = $1', [this.epoch]);
    if (tiles!.count !== this.tiles) this.check.problem(`Epoch ${this.epoch} has ${tiles!.count} tiles; its entries make ${this.tiles}.`);
  }
}
