import type { Database, Logger, Queryable, Transaction } from '../../platform/index.js';
import { leafHash, type Edge, type FullTile } from '../merkle/index.js';
import { unpackLeaf } from '../packing.js';
import { currentEpoch } from './epochs.js';
import { newestHead, TileStore } from './store.js';

/** Entries of one transaction: it holds as many leaves in memory. */
const MOST_AT_ONCE = 4_096;

/** How often the intake is looked at. The promise is a second. */
const EVERY_MILLISECONDS = 200;

/** No other use of advisory locks takes a pair whose first half is this. */
const LOCK = [0x10_67_00, 1] as const;

/** Lets nobody append until this transaction ends. */
export const holdSequencers = (tx: Transaction): Promise<unknown> => tx.query('SELECT pg_advisory_xact_lock($1, $2)', [...LOCK]);

interface Waiting {
  readonly id: string;
  readonly leaf: Buffer;
}

interface Left {
  readonly epoch: number;
  readonly edge: Edge;
}

/** Which transactions had ended when the intake was last read to its end: what they wrote is in the log. */
interface Horizon {
  readonly xmax: string;
  readonly running: readonly string[];
}

/** More waits than is read at once: read on, by ids, to what becomes the horizon when the end is reached. */
interface Pass {
  readonly horizon: Horizon;
  readonly after: string;
}

interface Page {
  readonly rows: readonly Waiting[];
  /** What is known after it. */
  readonly horizon: Horizon | undefined;
  /** Where to read on; undefined at the end. */
  readonly pass: Pass | undefined;
}

/**
 * Moves events from the intake into the tree: entries, tiles and head in one transaction. Any replica may; one at a time
 * does, and two that nevertheless met would collide on the size they extend, since a head is the only successor of another.
 */
export class Sequencer {
  private readonly stores = new Map<number, TileStore>();
  /** The edge of the tree as it was left; used again where nobody else has appended meanwhile. */
  private left: Left | undefined;
  private horizon: Horizon | undefined;
  private pass: Pass | undefined;
  /** Of which the horizon tells. */
  private epoch: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<unknown> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly db: Database,
    private readonly log: Logger,
    /** Nothing is appended to a tree that is not the one that was signed: what waits is taken up by the next epoch. */
    private readonly mayGrow: () => boolean = () => true,
  ) {}

  start(): void {
    const beat = async (): Promise<void> => {
      this.working = this.drain().catch((error: unknown) => this.log.error({ err: error }, 'the log could not be extended; tried again'));
      await this.working;
      if (!this.stopped) this.timer = setTimeout(() => void beat(), EVERY_MILLISECONDS).unref();
    };
    void beat();
  }

  /** Ends after what is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.working;
  }

  /** Integrates all that waits. @returns how many entries that were */
  async drain(): Promise<number> {
    let count = 0;
    do {
      count += await this.integrate().catch((error: unknown) => {
        // A database that crashed may give numbers of transactions again: everything is looked at anew.
        [this.pass, this.horizon] = [undefined, undefined];
        throw error;
      });
    } while (this.pass && !this.stopped);
    return count;
  }

  /** One batch. Looks first with the reader's connection, so that waiting costs no transaction. */
  private async integrate(): Promise<number> {
    if (!this.mayGrow() || !(await this.hasWork())) return 0;
    const done = await this.db.transaction(async (tx) => {
      const [lock] = await tx.query<{ taken: boolean }>('SELECT pg_try_advisory_xact_lock($1, $2) AS taken', [...LOCK]);
      if (!lock!.taken) return undefined;
      const page = this.pass ? await readOn(tx, this.pass, this.horizon) : await readWaiting(tx, this.horizon);
      return { page, left: page.rows.length > 0 ? await this.append(tx, page.rows) : this.left };
    });
    // Remembered only now that it is durable.
    this.left = done?.left ?? this.left;
    this.pass = done?.page.pass;
    if (done) this.horizon = done.page.horizon;
    return done?.page.rows.length ?? 0;
  }

  /** In a new epoch everything is looked at anew: what the one before could not keep is entered again. */
  private async hasWork(): Promise<boolean> {
    const { epoch, waits } = await readWork(this.db, this.horizon);
    if (epoch === this.epoch || this.epoch === undefined) this.epoch = epoch;
    else [this.epoch, this.horizon, this.pass] = [epoch, undefined, undefined];
    return waits || this.pass !== undefined || this.horizon === undefined;
  }

  private async append(tx: Transaction, rows: readonly Waiting[]): Promise<Left> {
    const head = await newestHead(tx);
    const epoch = head?.epoch ?? (await currentEpoch(tx));
    const size = head?.size ?? 0;
    const edge = this.left?.epoch === epoch && this.left.edge.size === size ? this.left.edge.copy() : await this.storeOf(epoch).edge(tx, size);
    const filled = rows.flatMap(({ leaf }) => edge.append(leafHash(leaf)));
    await tx.query('INSERT INTO log_entries (epoch, index, intake_id) SELECT $1, $2::bigint + n - 1, id FROM unnest($3::uuid[]) WITH ORDINALITY AS e (id, n)', [epoch, size, rows.map(({ id }) => id)]);
    await insertTiles(tx, epoch, filled);
    await tx.query('INSERT INTO log_heads (epoch, size, previous, root) VALUES ($1, $2, $3, $4)', [epoch, edge.size, size, edge.root()]);
    return { epoch, edge };
  }

  private storeOf(epoch: number): TileStore {
    const known = this.stores.get(epoch) ?? new TileStore(epoch);
    this.stores.set(epoch, known);
    return known;
  }
}

const WAITS = 'NOT EXISTS (SELECT FROM log_standing e WHERE e.intake_id = i.id)';

/** Everything before the horizon is in the log; without one, everything is looked at. The fence keeps the planner from walking the table by id instead. */
const candidates = (horizon: Horizon | undefined): string =>
  horizon ? '(SELECT id, xid FROM audit_intake WHERE xid >= $1::xid8 OR xid = ANY($2::xid8[]) OFFSET 0)' : 'audit_intake';

const parametersOf = (horizon: Horizon | undefined): unknown[] => (horizon ? [horizon.xmax, horizon.running] : []);

async function readWork(db: Queryable, horizon: Horizon | undefined): Promise<{ epoch: number; waits: boolean }> {
  const [row] = await db.query<{ epoch: number; waits: boolean }>(
    `SELECT (SELECT max(epoch) FROM log_epochs) AS epoch, EXISTS (SELECT FROM ${candidates(horizon)} i WHERE ${WAITS}) AS waits`, parametersOf(horizon));
  return row!;
}

/** A crash that no query of ours met gives back the numbers of transactions of which nothing was durable: few, and the last ones. */
const GIVEN_AGAIN = 100n;

const before = (xmax: string): string => String(BigInt(xmax) > GIVEN_AGAIN ? BigInt(xmax) - GIVEN_AGAIN : 0n);

/** The first of what waits. */
async function readWaiting(tx: Transaction, horizon: Horizon | undefined): Promise<Page> {
  // One statement sees one snapshot: what it does not show had not ended, and is in the horizon that it gives.
  const [found] = await tx.query<{ ids: string[]; xmax: string; running: string[] }>(
    `SELECT ARRAY(SELECT i.id FROM ${candidates(horizon)} i WHERE ${WAITS} ORDER BY i.id LIMIT ${MOST_AT_ONCE}) AS ids, pg_snapshot_xmax(s)::text AS xmax, ARRAY(SELECT pg_snapshot_xip(s)::text) AS running
     FROM pg_current_snapshot() AS s`, parametersOf(horizon));
  const { ids, xmax, running } = found!;
  const next = { xmax: before(xmax), running };
  const full = ids.length === MOST_AT_ONCE;
  return { rows: await leavesOf(tx, ids), horizon: full ? horizon : next, pass: full ? { horizon: next, after: ids.at(-1)! } : undefined };
}

/**
 * What waits beyond the ids that were read: looked up one by one, so that a log that has fallen far behind is not compared
 * as a whole for each batch. What is committed behind our back is later than the pass began, so the next horizon shows it.
 */
async function readOn(tx: Transaction, { horizon: next, after }: Pass, horizon: Horizon | undefined): Promise<Page> {
  const looked = await tx.query<{ id: string; waits: boolean }>(
    `SELECT i.id, e.there IS NULL AS waits FROM (SELECT id FROM audit_intake WHERE id > $1 ORDER BY id LIMIT ${MOST_AT_ONCE}) i
     LEFT JOIN LATERAL (SELECT true AS there FROM log_standing WHERE intake_id = i.id LIMIT 1) e ON true ORDER BY i.id`, [after]);
  const rows = await leavesOf(tx, looked.filter(({ waits }) => waits).map(({ id }) => id));
  if (looked.length < MOST_AT_ONCE) return { rows, horizon: next, pass: undefined };
  return { rows, horizon, pass: { horizon: next, after: looked.at(-1)!.id } };
}

/** In the order of their transactions. */
async function leavesOf(tx: Transaction, ids: readonly string[]): Promise<Waiting[]> {
  const rows = await tx.query<Waiting>('SELECT id, leaf FROM audit_intake WHERE id = ANY($1::uuid[]) ORDER BY xid, id', [ids]);
  return rows.map(({ id, leaf }) => ({ id, leaf: unpackLeaf(leaf) }));
}

async function insertTiles(tx: Transaction, epoch: number, tiles: readonly FullTile[]): Promise<void> {
  if (tiles.length === 0) return;
  await tx.query(
    'INSERT INTO log_tiles (epoch, level, index, hashes, root) SELECT $1, * FROM unnest($2::int[], $3::bigint[], $4::bytea[], $5::bytea[])',
    [epoch, tiles.map(({ level }) => level), tiles.map(({ index }) => index), tiles.map(({ hashes }) => hashes), tiles.map(({ root }) => root)]);
}
