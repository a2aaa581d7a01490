import { Database, type Queryable } from '../../platform/index.js';
import { Edge, HASH_BYTES, hashesOf, hashWithin, leafHash, placeOf, rootAt, TILE_WIDTH, widthAt, type Hash, type HashReader, type Place, type TileAddress } from '../merkle/index.js';
import { unpackLeaf } from '../packing.js';

/** The tree as it is stored: its epoch, how many entries it has, and its root. */
export interface Head {
  readonly epoch: number;
  readonly size: number;
  readonly root: Hash;
  readonly recordedAt: Date;
}

interface HeadRow {
  readonly epoch: number;
  readonly size: string;
  readonly root: Buffer;
  readonly recorded_at: Date;
}

/** The newest head of the newest epoch; undefined before the first entry. */
export async function newestHead(db: Queryable): Promise<Head | undefined> {
  const [row] = await db.query<HeadRow>(
    'SELECT epoch, size, root, recorded_at FROM log_heads WHERE epoch = (SELECT max(epoch) FROM log_epochs) ORDER BY size DESC LIMIT 1');
  return row && toHead(row);
}

const toHead = ({ epoch, size, root, recorded_at }: HeadRow): Head => ({ epoch, size: Number(size), root, recordedAt: recorded_at });

/** The head of an epoch with so many entries. */
export async function headAt(db: Queryable, epoch: number, size: number): Promise<Head | undefined> {
  const [row] = await db.query<HeadRow>('SELECT epoch, size, root, recorded_at FROM log_heads WHERE epoch = $1 AND size = $2', [epoch, size]);
  return row && toHead(row);
}

/**
 * The newest head of the newest epoch that was there when the present span of so many seconds began: the same for all
 * servers, so that all ask the witnesses for the same one.
 */
export async function headOfSpan(db: Queryable, seconds: number): Promise<Head | undefined> {
  const [row] = await db.query<HeadRow>(
    `SELECT epoch, size, root, recorded_at FROM log_heads WHERE epoch = (SELECT max(epoch) FROM log_epochs)
       AND ($1::float8 = 0 OR recorded_at <= to_timestamp(floor(extract(epoch FROM clock_timestamp()) / nullif($1, 0)) * $1)) ORDER BY size DESC LIMIT 1`, [seconds]);
  return row && toHead(row);
}

/** Reads where the application writes: a reader that follows it may be a moment behind, and that is no reason to refuse anything. */
export const fromWriter = <T>(db: Queryable, work: (db: Queryable) => Promise<T>): Promise<T> => (db instanceof Database ? db.transaction(work) : work(db));

/** The root of the first `size` of `of` entries; undefined where some of them, or tiles over them, are not there. */
export async function rootHere(db: Queryable, epoch: number, of: number, size: number): Promise<Hash | undefined> {
  try {
    return await rootAt(new TileStore(epoch).reader(db, of), size);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Entries that are read at once. */
const ENTRIES_AT_ONCE = 4_096;

/**
 * Appends the entries themselves, whatever tiles and heads say, until the tree has this size.
 * @returns false where one is missing: then those before it were appended
 */
export async function appendEntries(db: Queryable, epoch: number, edge: Edge, size: number): Promise<boolean> {
  while (edge.size < size) {
    const to = Math.min(size, edge.size + ENTRIES_AT_ONCE);
    const rows = await db.query<{ index: string; leaf: Buffer }>(
      'SELECT e.index, i.leaf FROM log_entries e JOIN audit_intake i ON i.id = e.intake_id WHERE e.epoch = $1 AND e.index >= $2 AND e.index < $3 ORDER BY e.index', [epoch, edge.size, to]);
    for (const { index, leaf } of rows) if (Number(index) === edge.size) edge.append(leafHash(unpackLeaf(leaf)));
    if (edge.size !== to) return false;
  }
  return true;
}

const MOST_CACHED = 2_048;

/** Tiles of epoch $1 at levels $2 and indexes $3: each is looked up, however many there are. */
export const TILES_AT = `unnest($2::int[], $3::bigint[]) AS a (l, i) CROSS JOIN LATERAL (SELECT level, index, hashes, root FROM log_tiles WHERE epoch = $1 AND level = a.l AND index = a.i OFFSET 0) t`;

/**
 * Reads tiles and entries of one epoch. Only full tiles are stored, and never changed, so they are remembered; what is
 * unfilled is made from the entries (level 0) or from the roots of the tiles below.
 */
export class TileStore {
  private readonly full = new Map<string, Buffer>();
  /** The unfilled tile at the end of each level, as far as it was read. */
  private readonly last = new Map<number, { readonly index: number; readonly hashes: Buffer }>();

  constructor(private readonly epoch: number) {}

  /** The hashes of a tile in a tree of this size, one after another. */
  async tile(db: Queryable, address: TileAddress, size: number): Promise<Buffer> {
    const [tile] = await this.tiles(db, [address], size);
    return tile!;
  }

  /** Reads hashes of perfect subtrees of the tree of this size, all of them in few statements. */
  reader(db: Queryable, size: number): HashReader {
    return async (nodes) => {
      const places = nodes.map(placeOf);
      const addresses = distinct(places);
      const tiles = new Map((await this.tiles(db, addresses, size)).map((tile, index) => [keyOf(addresses[index]!), tile]));
      return places.map((place) => hashWithin(tiles.get(keyOf(place.tile))!, place));
    };
  }

  /** The entries from `begin` up to, but without, `end`, in their order. */
  async entries(db: Queryable, begin: number, end: number): Promise<Buffer[]> {
    const rows = await db.query<{ leaf: Buffer }>(
      'SELECT i.leaf FROM log_entries e JOIN audit_intake i ON i.id = e.intake_id WHERE e.epoch = $1 AND e.index >= $2 AND e.index < $3 ORDER BY e.index',
      [this.epoch, begin, end]);
    return rows.map(({ leaf }) => unpackLeaf(leaf));
  }

  private async tiles(db: Queryable, addresses: readonly TileAddress[], size: number): Promise<Buffer[]> {
    await this.remember(db, addresses.filter((address) => widthAt(address, size) === TILE_WIDTH && !this.full.has(keyOf(address))));
    return Promise.all(addresses.map(async (address) => this.full.get(keyOf(address)) ?? this.partial(db, address, widthAt(address, size))));
  }

  private async remember(db: Queryable, addresses: readonly TileAddress[]): Promise<void> {
    if (addresses.length === 0) return;
    const rows = await db.query<{ level: number; index: string; hashes: Buffer }>(
      `SELECT level, index, hashes FROM ${TILES_AT}`,
      [this.epoch, addresses.map(({ level }) => level), addresses.map(({ index }) => index)]);
    if (this.full.size + rows.length > MOST_CACHED) this.full.clear();
    for (const { level, index, hashes } of rows) this.full.set(keyOf({ level, index: Number(index) }), hashes);
  }

  /** It grows at its end only, so what was read of it is not read again. */
  private async partial(db: Queryable, address: TileAddress, width: number): Promise<Buffer> {
    const { level, index } = address;
    const last = this.last.get(level);
    const known = last?.index === index ? last.hashes : Buffer.alloc(0);
    if (known.length >= width * HASH_BYTES) return known.subarray(0, width * HASH_BYTES);
    const hashes = Buffer.concat([known, ...(await this.hashesFrom(db, address, known.length / HASH_BYTES, width))]);
    if (hashes.length === width * HASH_BYTES) this.last.set(level, { index, hashes });
    return hashes;
  }

  private async hashesFrom(db: Queryable, { level, index }: TileAddress, from: number, to: number): Promise<Hash[]> {
    const begin = index * TILE_WIDTH;
    if (level === 0) return (await this.entries(db, begin + from, begin + to)).map(leafHash);
    const rows = await db.query<{ root: Buffer }>(
      'SELECT root FROM log_tiles WHERE epoch = $1 AND level = $2 AND index >= $3 AND index < $4 ORDER BY index', [this.epoch, level - 1, begin + from, begin + to]);
    return rows.map(({ root }) => root);
  }

  /** The right edge of the tree of this size, to which entries can be appended. */
  async edge(db: Queryable, size: number): Promise<Edge> {
    const partial: Hash[][] = [];
    for (let level = 0; TILE_WIDTH ** level <= size; level += 1) {
      const address = { level, index: Math.floor(size / TILE_WIDTH ** (level + 1)) };
      partial.push(hashesOf(await this.partial(db, address, widthAt(address, size))));
    }
    return new Edge(size, partial);
  }
}

const keyOf = ({ level, index }: TileAddress): string => `${level} ${index}`;

const distinct = (places: readonly Place[]): TileAddress[] => [...new Map(places.map(({ tile }) => [keyOf(tile), tile])).values()];
