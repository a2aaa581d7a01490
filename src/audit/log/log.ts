import { badInput, type Queryable } from '../../platform/index.js';
import { consistencyProof, inclusionProofs, leafHash, TILE_WIDTH, widthAt, type Hash, type TileAddress } from '../merkle/index.js';
import { formatKey, formatNote, formatProof, formatReceipt } from '../note/index.js';
import { originOf, type LogKey } from './key.js';
import { Signer, type SignedHead } from './signer.js';
import { newestHead, TileStore } from './store.js';

/** That one event is in the log. */
export interface EntryProof {
  readonly index: number;
  readonly leaf: Buffer;
  readonly path: readonly Hash[];
  readonly head: SignedHead;
  /** All of it in one text, to be verified offline (C2SP tlog-proof). */
  readonly text: string;
}

export interface GrownLog {
  readonly from: number;
  readonly to: number;
  readonly path: readonly Hash[];
}

/** An event as it was taken in; `index` where it is in the tree. */
interface Taken {
  readonly id: string;
  readonly leaf: Buffer;
  readonly recordedAt: Date;
  readonly epoch: number | null;
  readonly index: number | null;
}

/** Reads the transparency log and signs what it says. */
export class TransparencyLog {
  private readonly stores = new Map<number, TileStore>();
  private readonly signer: Signer;

  constructor(
    private readonly key: LogKey,
    private readonly origin: string,
    checkpointFile: string,
  ) {
    this.signer = new Signer(key, origin, checkpointFile);
  }

  /** The newest head, signed; undefined before the first entry. @throws UNAVAILABLE where the log refuses to sign */
  checkpoint(db: Queryable): Promise<SignedHead | undefined> {
    return this.signer.newest(db);
  }

  /** What a verifier is told of the epoch's key. */
  verifierKey(epoch = 1): string {
    return formatKey(this.key.verifier(epoch));
  }

  /** Of each event, in the order asked for: undefined where it is not in the newest epoch's tree (yet). */
  async proofs(db: Queryable, ids: readonly string[]): Promise<(EntryProof | undefined)[]> {
    const head = await this.checkpoint(db);
    if (!head) return ids.map(() => undefined);
    const taken = await takenIn(db, ids);
    const provable = [...taken.values()].filter((one): one is Taken & { index: number } => one.index !== null && one.epoch === head.epoch && one.index < head.size);
    const paths = await inclusionProofs(this.storeOf(head.epoch).reader(db, head.size), provable.map(({ index }) => index), head.size);
    const proofs = new Map(provable.map(({ id, index, leaf }, at) => [id, { index, leaf, path: paths[at]!, head, text: formatProof({ index, path: paths[at]!, checkpoint: head.note }) }]));
    return ids.map((id) => proofs.get(id));
  }

  /** Signed promises that the events will be in the log, or are; undefined for what was never taken in. */
  async receipts(db: Queryable, ids: readonly string[]): Promise<(string | undefined)[]> {
    const [taken, head] = await Promise.all([takenIn(db, ids), newestHead(db)]);
    return ids.map((id) => {
      const found = taken.get(id);
      if (!found) return undefined;
      const epoch = found.epoch ?? head?.epoch ?? 1;
      const text = formatReceipt({ origin: originOf(this.origin, epoch), event: id, leaf: leafHash(found.leaf), recordedAt: found.recordedAt });
      return formatNote({ text, signatures: [this.key.sign(epoch, text)] });
    });
  }

  /** @throws BAD_INPUT for sizes that the log has not had */
  async consistency(db: Queryable, from: number, to: number): Promise<GrownLog> {
    const head = await newestHead(db);
    if (from < 1 || from > to || to > (head?.size ?? 0)) throw badInput(`from ${from}, to ${to}: give two sizes of the log, 1 or more, the smaller first. It has ${head?.size ?? 0} entries.`);
    return { from, to, path: await consistencyProof(this.storeOf(head!.epoch).reader(db, head!.size), from, to) };
  }

  /** The hashes of a tile, of the width asked for; undefined where the tree has none such. */
  async tile(db: Queryable, address: TileAddress, width: number): Promise<Buffer | undefined> {
    const head = await newestHead(db);
    if (!head || widthAt(address, head.size) < width) return undefined;
    return (await this.storeOf(head.epoch).tile(db, address, head.size)).subarray(0, width * 32);
  }

  /** Entries, each after its length in two bytes; undefined where the log has none such. */
  async bundle(db: Queryable, index: number, width: number): Promise<Buffer | undefined> {
    const head = await newestHead(db);
    if (!head || widthAt({ level: 0, index }, head.size) < width) return undefined;
    const entries = await this.storeOf(head.epoch).entries(db, index * TILE_WIDTH, index * TILE_WIDTH + width);
    return Buffer.concat(entries.flatMap((entry) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(entry.length);
      return [length, entry];
    }));
  }

  private storeOf(epoch: number): TileStore {
    const known = this.stores.get(epoch) ?? new TileStore(epoch);
    this.stores.set(epoch, known);
    return known;
  }
}

async function takenIn(db: Queryable, ids: readonly string[]): Promise<Map<string, Taken>> {
  const rows = await db.query<Omit<Taken, 'index'> & { index: string | null }>(
    `SELECT i.id, i.leaf, i.recorded_at AS "recordedAt", e.epoch, e.index FROM audit_intake i LEFT JOIN log_entries e ON e.intake_id = i.id WHERE i.id = ANY($1::uuid[])`, [ids]);
  return new Map(rows.map((row) => [row.id, { ...row, index: row.index === null ? null : Number(row.index) }]));
}
