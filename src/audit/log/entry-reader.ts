import type { Queryable } from '../../platform/index.js';

/** Entries that are read at once: memory stays flat, whatever the size of the log. */
const BATCH = 2_000;

/** An entry as it is read on the way. */
export interface Entry {
  readonly epoch: number;
  readonly index: number;
  readonly type: string;
  readonly leaf: Buffer;
}

/** As it is stored; without a leaf where its event is gone. */
export interface StoredEntry {
  readonly index: number;
  readonly type: string;
  readonly leaf: Buffer | undefined;
}

interface Packed {
  readonly indexes: Buffer | null;
  readonly lengths: Buffer;
  readonly leaves: Buffer;
  readonly types: string;
}

/** Longer than an entry can be: whatever it is, it is not read whole, and its hash is another. */
const MOST_BYTES = 65_536;

/**
 * Reads the entries of an epoch in order, a batch ahead. A batch comes as one row, its leaves one after another: a row for
 * each would cost more to read than to hash.
 */
export class EntryReader {
  private from = 0;
  private ahead: Promise<StoredEntry[]> | undefined;

  constructor(
    private readonly db: Queryable,
    private readonly epoch: number,
  ) {}

  /** @returns nothing at the end */
  async next(): Promise<StoredEntry[]> {
    const batch = await (this.ahead ?? this.read());
    const last = batch.at(-1);
    if (last) this.from = last.index + 1;
    this.ahead = last && this.read();
    // It is awaited by the next call; until then a failure is nobody's.
    this.ahead?.catch(() => undefined);
    return batch;
  }

  private async read(): Promise<StoredEntry[]> {
    const [packed] = await this.db.query<Packed>(
      `SELECT string_agg(int8send(index), '' ORDER BY index) AS indexes, string_agg(int4send(coalesce(octet_length(leaf), -1)), '' ORDER BY index) AS lengths,
         string_agg(coalesce(leaf, ''), '' ORDER BY index) AS leaves, string_agg(coalesce(replace(type, chr(10), ' '), ''), chr(10) ORDER BY index) AS types
       FROM (SELECT e.index, i.type, i.leaf FROM log_entries e
             LEFT JOIN LATERAL (SELECT a.type, substr(a.leaf, 1, ${MOST_BYTES}) AS leaf FROM audit_intake a WHERE a.id = e.intake_id OFFSET 0) i ON true
             WHERE e.epoch = $1 AND e.index >= $2 ORDER BY e.index LIMIT ${BATCH}) s`, [this.epoch, this.from]);
    return packed!.indexes ? unpacked({ ...packed!, indexes: packed!.indexes }) : [];
  }
}

function unpacked({ indexes, lengths, leaves, types }: Packed & { readonly indexes: Buffer }): StoredEntry[] {
  let at = 0;
  return types.split('\n').map((type, n) => {
    const length = lengths.readInt32BE(4 * n);
    const leaf = length < 0 ? undefined : leaves.subarray(at, (at += length));
    return { index: Number(indexes.readBigInt64BE(8 * n)), type, leaf };
  });
}
