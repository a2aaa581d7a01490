import type { BulkReader } from '../../platform/index.js';
import { unpackLeaf } from '../packing.js';

/** Entries that are read at once: memory stays flat, whatever the size of the log. */
const BATCH = 4_096;

/** An entry as it is read on the way. */
export interface Entry {
  readonly epoch: number;
  readonly index: number;
  readonly type: string;
  readonly leaf: Buffer;
  /** Whether its event is not there any more; its leaf and type are empty then. */
  readonly gone: boolean;
}

/** Longer than an entry can be: whatever it is, it is not read whole, and its hash is another. */
const MOST_BYTES = 65_536;

/** Reads the entries of an epoch in order, a batch at a time. */
export class EntryReader {
  private from = 0;
  private ahead: Promise<Entry[]> | undefined;

  constructor(
    private readonly db: BulkReader,
    private readonly epoch: number,
  ) {}

  /** @returns nothing at the end */
  async next(): Promise<Entry[]> {
    const batch = await (this.ahead ?? this.read());
    this.ahead = undefined;
    this.from = (batch.at(-1)?.index ?? this.from) + 1;
    return batch;
  }

  /** Has PostgreSQL fetch the next batch, while this one is hashed: when nothing else is to be asked before, since on one connection that would wait. */
  fetch(): void {
    this.ahead = this.read();
    // It is awaited by the next call; until then a failure is nobody's.
    this.ahead.catch(() => undefined);
  }

  private async read(): Promise<Entry[]> {
    return this.db.copyOut(
      `SELECT e.index, i.type, i.leaf FROM log_entries e
       LEFT JOIN LATERAL (SELECT a.type, substr(a.leaf, 1, ${MOST_BYTES}) AS leaf FROM audit_intake a WHERE a.id = e.intake_id OFFSET 0) i ON true
       WHERE e.epoch = ${this.epoch} AND e.index >= ${this.from} ORDER BY e.index LIMIT ${BATCH}`,
      (row) => entryOf(this.epoch, row.integer()!, row.text(), row.bytes()));
  }
}

const NOTHING = Buffer.alloc(0);

const entryOf = (epoch: number, index: number, type: string | undefined, stored: Buffer | undefined): Entry =>
  ({ epoch, index, type: type ?? '', leaf: stored ? unpackLeaf(stored) : NOTHING, gone: stored === undefined });
