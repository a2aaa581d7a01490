import { AssayError, messageOf, type Database, type Logger } from '../../platform/index.js';
import { consistencyProof } from '../merkle/index.js';
import { formatCheckpoint, formatKey, verifyNote, type NoteSignature } from '../note/index.js';
import type { WitnessAnswer, WitnessAt } from '../witness/index.js';
import { cosignersHere } from './cosigned.js';
import { fitOf } from './knowledge.js';
import type { TransparencyLog } from './log.js';
import { keepSignature, newestOfEach } from './signatures.js';
import type { SignedHead } from './signer.js';
import { fromWriter, headOfSpan, newestHead, TileStore, type Head } from './store.js';

/** What became of asking a witness. */
export type WitnessState = 'COSIGNED' | 'WAITING' | 'UNREACHABLE' | 'REFUSES' | 'DOUBTS';

/** What this server last heard of a witness. */
export interface Heard {
  readonly state: WitnessState;
  /** In a sentence; undefined where all is well. */
  readonly says: string | undefined;
  readonly at: Date;
}

/** All servers ask for the head that was there when the present span began. The promise is 10 s. */
const SPAN_SECONDS = 3;
const EVERY_MILLISECONDS = 1_000;

/** A witness that tells another size each time is not asked for ever. */
const MOST_STEPS = 4;

/**
 * Has the log's heads cosigned. Every server does: the head asked for is the same for all, and a cosignature that is there is not
 * asked for again. Each witness has its own pace, so that a slow one holds up nobody; no act waits for any.
 */
export class Witnessing {
  private readonly heard = new Map<string, Heard>();
  private readonly underWay = new Map<string, Promise<void>>();
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private beating: Promise<unknown> = Promise.resolve();
  /** What was last said in the server's log, so that it is said once. */
  private told: string | undefined;
  private kept: string | undefined;
  /** The head about which there is nothing left to ask. */
  private settled: string | undefined;

  constructor(
    private readonly db: Database,
    private readonly log: TransparencyLog,
    private readonly logger: Logger,
    /** 0: always the newest head. */
    private readonly spanSeconds = SPAN_SECONDS,
  ) {}

  start(): void {
    const beat = async (): Promise<void> => {
      this.beating = this.begin().catch((error: unknown) => this.logger.error({ err: error }, 'the witnesses could not be asked; tried again'));
      await this.beating;
      if (!this.stopping.signal.aborted) this.timer = setTimeout(() => void beat(), EVERY_MILLISECONDS).unref();
    };
    void beat();
  }

  /** Ends what is under way: a witness that does not answer is not waited for. */
  async stop(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.timer);
    await this.beating;
    await Promise.all(this.underWay.values());
  }

  heardOf(witness: WitnessAt): Heard | undefined {
    return this.heard.get(witness.key.name);
  }

  /** One round, to its end. */
  async round(): Promise<void> {
    await this.begin();
    await Promise.all(this.underWay.values());
  }

  /** Signs the head of this span, and begins to ask for its cosignatures. */
  private async begin(): Promise<void> {
    const newest = await newestHead(this.db);
    const place = newest && placeOf(newest);
    if (place !== undefined && place === this.settled && !this.log.refusal) return;
    const head = await this.signedHead();
    if (!head) return;
    const { witnesses } = this.log.policy;
    const cosigned = await cosignersHere(this.db, this.log, head);
    // What is said to be signed is where to begin to ask; it suffices only if it verifies.
    const said = await newestOfEach(this.db, head.epoch, witnesses.map(({ key }) => key));
    for (const witness of witnesses) {
      if (cosigned.has(witness.key.name)) this.hears(witness, 'COSIGNED');
      else if (!this.underWay.has(witness.key.name)) this.ask(witness, head, Math.min(said.get(formatKey(witness.key))?.size ?? 0, head.size - 1));
    }
    if (witnesses.every(({ key }) => cosigned.has(key.name)) && placeOf(head) === place) this.settled = place;
  }

  /** Undefined where there is nothing to sign, or the log refuses: then it is asked whether the witnesses still doubt. */
  private async signedHead(): Promise<SignedHead | undefined> {
    try {
      await this.log.checkpoint(this.db);
      const head = await headOfSpan(this.db, this.spanSeconds);
      const signed = head && (await this.log.signer.earlier(this.db, head));
      if (signed) await this.keepOwn(signed);
      if (this.told !== undefined) this.logger.info('the log signs again');
      this.told = undefined;
      return signed;
    } catch (error) {
      if (!(error instanceof AssayError) || error.code !== 'UNAVAILABLE') throw error;
      if (this.told !== error.message) this.logger.error({ err: error }, 'the log refuses to sign');
      this.told = error.message;
      await this.log.knowledge.ask(this.db);
      return undefined;
    }
  }

  /** The log's own signature is kept as well: by it a later epoch knows how far this one was signed. */
  private async keepOwn(head: SignedHead): Promise<void> {
    const place = placeOf(head);
    if (this.kept === place) return;
    const { bytes } = this.log.key.sign(head.epoch, formatCheckpoint(head));
    await this.db.transaction((tx) => keepSignature(tx, head, this.log.key.verifier(head.epoch), bytes));
    this.kept = place;
  }

  private ask(witness: WitnessAt, head: SignedHead, from: number): void {
    const asked = this.submit(witness, head, from)
      .catch((error: unknown) => {
        this.hears(witness, 'UNREACHABLE', messageOf(error));
        this.logger.error({ err: error, witness: witness.key.name }, 'a cosignature could not be kept; tried again');
      })
      .finally(() => void this.underWay.delete(witness.key.name));
    this.underWay.set(witness.key.name, asked);
  }

  /** Goes on from the size that the witness names, a few times at most; then the next round does. */
  private async submit(witness: WitnessAt, head: SignedHead, from: number): Promise<void> {
    let old = from;
    for (let step = 0; step < MOST_STEPS; step += 1) {
      const proof = old === 0 ? [] : await consistencyProof(new TileStore(head.epoch).reader(this.db, head.size), old, head.size);
      const answer = await this.log.knowledge.clientOf(witness).addCheckpoint({ old, proof, checkpoint: head.note }, this.stopping.signal);
      if (this.stopping.signal.aborted) return;
      if (answer.kind !== 'GO_ON_FROM') return this.take(witness, head, answer, old);
      if (answer.size > head.size) return this.aheadOf(witness, head, answer.size);
      if (answer.size === old) break;
      old = answer.size;
    }
    this.hears(witness, 'REFUSES', `it names one size after another that it cosigned last, ${old} at the end`);
  }

  private async take(witness: WitnessAt, head: SignedHead, answer: Exclude<WitnessAnswer, { kind: 'GO_ON_FROM' }>, old: number): Promise<void> {
    if (answer.kind === 'COSIGNED') return this.keepCosignature(witness, head, answer.signatures);
    if (answer.kind === 'UNREACHABLE') return this.hears(witness, 'UNREACHABLE', answer.says);
    if (answer.kind === 'REFUSED') return this.hears(witness, 'REFUSES', refusalOf(answer, this.log.verifierKey(head.epoch)));
    await this.doubts(witness, head.epoch, `${witness.key.name} cosigned a checkpoint of ${head.origin} with ${old} entries, and says that the log as it is now did not grow out of it: ${answer.says}`);
  }

  private async keepCosignature(witness: WitnessAt, head: SignedHead, signatures: readonly NoteSignature[]): Promise<void> {
    const [verified] = verifyNote({ text: formatCheckpoint(head), signatures }, [witness.key]);
    const signature = signatures.find(({ name, keyId }) => name === witness.key.name && Buffer.compare(keyId, witness.key.id) === 0);
    if (!verified?.time || !signature) return this.hears(witness, 'REFUSES', 'its answer has no cosignature by the key that WITNESSES gives');
    await this.db.transaction((tx) => keepSignature(tx, head, witness.key, signature.bytes));
    this.log.knowledge.trusts(witness);
    this.hears(witness, 'COSIGNED');
  }

  /** Another server may have had a larger head cosigned. A larger one than there is was made by another log, or before a restore. */
  private async aheadOf(witness: WitnessAt, head: SignedHead, size: number): Promise<void> {
    const newest = await fromWriter(this.db, newestHead);
    if (newest?.epoch !== head.epoch || size <= newest.size) return this.hears(witness, 'WAITING');
    await this.doubts(witness, head.epoch, `${witness.key.name} cosigned a checkpoint of ${head.origin} with ${size} entries, but the database has ${newest.size} entries`);
  }

  /** Its word suffices to sign nothing; what it shows proves it. */
  private async doubts(witness: WitnessAt, epoch: number, says: string): Promise<void> {
    const [shown] = await this.log.knowledge.shownBy(witness, [epoch]).catch(() => []);
    const fit = shown && (await fitOf(this.db, epoch, shown.checkpoint));
    this.log.knowledge.doubt(witness, epoch, fit && !fit.fits ? `${witness.key.name} shows ${fit.says}` : says, fit && !fit.fits ? shown.note : undefined);
    this.hears(witness, 'DOUBTS', says);
    // So that whoever asks is told from now on.
    await this.log.checkpoint(this.db).catch(() => undefined);
  }

  private hears(witness: WitnessAt, state: WitnessState, says?: string): void {
    const before = this.heard.get(witness.key.name);
    if (says !== undefined && before?.says !== says) this.logger.warn({ witness: witness.key.name, state }, `no cosignature: ${says}`);
    this.heard.set(witness.key.name, { state, says, at: new Date() });
  }
}

const placeOf = ({ epoch, size, root }: Head): string => `${epoch} ${size} ${root.toString('base64')}`;

function refusalOf({ status, says }: { status: number; says: string }, verifierKey: string): string {
  if (status === 404) return `it does not know this log; give its operator the key ${verifierKey}`;
  if (status === 403) return `it does not accept the log's signature; give its operator the key ${verifierKey}`;
  return `it answers ${status} ${says}`;
}
