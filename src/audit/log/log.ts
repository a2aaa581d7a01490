import { badInput, type Config, type Queryable } from '../../platform/index.js';
import { consistencyProof, inclusionProofs, leafHash, TILE_WIDTH, widthAt, type Hash, type TileAddress } from '../merkle/index.js';
import { formatKey, formatNote, formatProof, formatReceipt } from '../note/index.js';
import { unpackLeaf } from '../packing.js';
import { NO_WITNESSES, witnessPolicy, type WitnessPolicy } from '../witness/index.js';
import { closingHead, cosignaturesOf, signedHead, witnessedHead, type WitnessedHead } from './cosigned.js';
import { WitnessKnowledge } from './knowledge.js';
import { openLogKey, originOf, type LogKey } from './key.js';
import { Signer, type SignedHead, type SigningRefusal } from './signer.js';
import { newestHead, TileStore } from './store.js';
import { currentEpoch, keptOf } from './epochs.js';

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

type LogConfig = Pick<Config, 'production' | 'logKeyFile' | 'logOrigin' | 'logCheckpointFile' | 'witnesses' | 'witnessQuorum'>;

/** The log of this configuration. @throws REFUSED, BAD_INPUT where key or witnesses cannot be used */
export async function openTransparencyLog(config: LogConfig): Promise<TransparencyLog> {
  return new TransparencyLog(await openLogKey(config), config.logOrigin, config.logCheckpointFile, witnessPolicy(config.witnesses, config.witnessQuorum));
}

type Integrated = Taken & { readonly epoch: number; readonly index: number };

/** Reads the transparency log and signs what it says. */
export class TransparencyLog {
  private readonly stores = new Map<number, TileStore>();
  /** Signs; of use to the parts of this room. */
  readonly signer: Signer;
  readonly knowledge: WitnessKnowledge;

  constructor(
    readonly key: LogKey,
    readonly origin: string,
    checkpointFile: string,
    readonly policy: WitnessPolicy = NO_WITNESSES,
    witnessPatienceMilliseconds?: number,
  ) {
    this.knowledge = new WitnessKnowledge(policy, key, origin, witnessPatienceMilliseconds);
    this.signer = new Signer(key, origin, checkpointFile, this.knowledge);
  }

  /** The newest head, signed; undefined before the first entry. @throws UNAVAILABLE where the log refuses to sign */
  checkpoint(db: Queryable): Promise<SignedHead | undefined> {
    return this.signer.newest(db);
  }

  /** The newest head that enough witnesses cosigned, with their cosignatures; undefined where there is none, or no witnesses. */
  async witnessed(db: Queryable): Promise<WitnessedHead | undefined> {
    const head = await newestHead(db);
    return head && witnessedHead(db, this, head.epoch);
  }

  /** A signed head with what witnesses said of it so far. */
  withCosignatures(db: Queryable, head: SignedHead): Promise<WitnessedHead> {
    return cosignaturesOf(db, this, head);
  }

  /** What is published: the newest witnessed head where there are witnesses, otherwise the newest. @throws UNAVAILABLE where the log refuses to sign */
  async published(db: Queryable): Promise<SignedHead | undefined> {
    const newest = await this.checkpoint(db);
    return (await this.witnessed(db)) ?? newest;
  }

  /** Why nothing is signed, as it was found when it was last tried; undefined where the log signs. */
  get refusal(): SigningRefusal | undefined {
    return this.signer.refusal;
  }

  /** Whether entries may be appended. */
  get mayGrow(): boolean {
    return this.signer.mayGrow;
  }

  /** Which tree is the newest one. */
  epoch(db: Queryable): Promise<number> {
    return currentEpoch(db);
  }

  /** What a verifier is told of the epoch's key. */
  verifierKey(epoch = 1): string {
    return formatKey(this.key.verifier(epoch));
  }

  /** Those of all epochs so far, the newest last: who verifies older evidence needs them all. */
  async verifierKeys(db: Queryable): Promise<string[]> {
    return Array.from({ length: await this.epoch(db) }, (_, epoch) => this.verifierKey(epoch + 1));
  }

  /** Of each event, in the order asked for, by the newest witnessed head that covers it, else by the newest; undefined where it is not in a tree (yet). */
  async proofs(db: Queryable, ids: readonly string[]): Promise<(EntryProof | undefined)[]> {
    const newest = await this.checkpoint(db);
    if (!newest) return ids.map(() => undefined);
    const taken = [...(await takenIn(db, ids)).values()].filter((one): one is Integrated => one.index !== null && one.epoch !== null);
    const proofs = new Map<string, EntryProof>();
    for (const epoch of new Set(taken.map((one) => one.epoch))) {
      const heads = await this.provingHeads(db, epoch, newest);
      for (const [at, head] of heads.entries()) {
        const covered = taken.filter((one) => one.epoch === epoch && heads.findIndex(({ size }) => one.index < size) === at);
        for (const [id, proof] of await this.proofsBy(db, head, covered)) proofs.set(id, proof);
      }
    }
    return ids.map((id) => proofs.get(id));
  }

  /** The heads by which entries of an epoch are proven, the better ones first. */
  private async provingHeads(db: Queryable, epoch: number, newest: SignedHead): Promise<SignedHead[]> {
    const heads = epoch === newest.epoch ? [await witnessedHead(db, this, epoch), newest] : await this.headsOfPast(db, epoch);
    return heads.filter((head) => head !== undefined);
  }

  private async headsOfPast(db: Queryable, epoch: number): Promise<(SignedHead | undefined)[]> {
    const kept = await keptOf(db, epoch);
    return [await witnessedHead(db, this, epoch, kept), await closingHead(db, this, epoch), await signedHead(db, this, epoch, kept)];
  }

  private async proofsBy(db: Queryable, head: SignedHead, covered: readonly Integrated[]): Promise<[string, EntryProof][]> {
    if (covered.length === 0) return [];
    const paths = await inclusionProofs(this.storeOf(head.epoch).reader(db, head.size), covered.map(({ index }) => index), head.size);
    return covered.map(({ id, index, leaf }, at) => [id, { index, leaf, path: paths[at]!, head, text: formatProof({ index, path: paths[at]!, checkpoint: head.note }) }]);
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

  /** @param epoch the newest unless told otherwise @throws BAD_INPUT for sizes that the log has not had */
  async consistency(db: Queryable, from: number, to: number, epoch?: number): Promise<GrownLog> {
    const extent = await this.extent(db, epoch);
    if (!extent || from < 1 || from > to || to > extent.size) throw badInput(`from ${from}, to ${to}: give two sizes of the log, 1 or more, the smaller first. It has ${extent?.size ?? 0} entries.`);
    return { from, to, path: await consistencyProof(this.storeOf(extent.epoch).reader(db, extent.size), from, to) };
  }

  /** The hashes of a tile, of the width asked for; undefined where the tree has none such. */
  async tile(db: Queryable, address: TileAddress, width: number, epoch?: number): Promise<Buffer | undefined> {
    const extent = await this.extent(db, epoch);
    if (!extent || widthAt(address, extent.size) < width) return undefined;
    return (await this.storeOf(extent.epoch).tile(db, address, extent.size)).subarray(0, width * 32);
  }

  /** Entries, each after its length in two bytes; undefined where the log has none such. */
  async bundle(db: Queryable, index: number, width: number, epoch?: number): Promise<Buffer | undefined> {
    const extent = await this.extent(db, epoch);
    if (!extent || widthAt({ level: 0, index }, extent.size) < width) return undefined;
    const entries = await this.storeOf(extent.epoch).entries(db, index * TILE_WIDTH, index * TILE_WIDTH + width);
    return Buffer.concat(entries.flatMap((entry) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(entry.length);
      return [length, entry];
    }));
  }

  /** The last head of an epoch that others follow, of what stands of it; undefined where nothing signed is known of it. */
  async closing(db: Queryable, epoch: number): Promise<SignedHead | undefined> {
    const heads = epoch < (await currentEpoch(db)) ? await this.headsOfPast(db, epoch) : [];
    return heads.find((head) => head !== undefined);
  }

  /** A tree, as far as it stands. */
  private async extent(db: Queryable, epoch?: number): Promise<{ epoch: number; size: number } | undefined> {
    const head = await newestHead(db);
    if (!head || epoch === undefined || epoch === head.epoch) return head;
    const kept = epoch < head.epoch ? await keptOf(db, epoch) : undefined;
    return kept === undefined ? undefined : { epoch, size: kept };
  }

  private storeOf(epoch: number): TileStore {
    const known = this.stores.get(epoch) ?? new TileStore(epoch);
    this.stores.set(epoch, known);
    return known;
  }
}

async function takenIn(db: Queryable, ids: readonly string[]): Promise<Map<string, Taken>> {
  const rows = await db.query<Omit<Taken, 'index'> & { index: string | null }>(
    `SELECT i.id, i.leaf, i.recorded_at AS "recordedAt", e.epoch, e.index FROM audit_intake i LEFT JOIN log_standing e ON e.intake_id = i.id WHERE i.id = ANY($1::uuid[])`, [ids]);
  return new Map(rows.map((row) => [row.id, { ...row, leaf: unpackLeaf(row.leaf), index: row.index === null ? null : Number(row.index) }]));
}
