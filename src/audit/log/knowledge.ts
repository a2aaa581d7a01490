import { messageOf, type Queryable } from '../../platform/index.js';
import { formatKey, parseCheckpoint, parseNote, verifyNote, type Checkpoint } from '../note/index.js';
import { WitnessClient, type WitnessAt, type WitnessPolicy } from '../witness/index.js';
import { originOf, type LogVerifier } from './key.js';
import type { Known } from './checkpoint-file.js';
import { fromWriter, newestHead, rootHere, type Head } from './store.js';

/** Why a witness is a reason to sign nothing: it knows a log that this one is not, or is no longer. */
export interface Doubt {
  readonly witness: string;
  readonly epoch: number;
  /** In a sentence. */
  readonly says: string;
  /** The checkpoint that shows it, signed by this log's own key; undefined where there is only the witness's word. */
  readonly checkpoint: string | undefined;
}

/** A checkpoint as a witness shows it, signed by this log. */
export interface Shown {
  readonly witness: WitnessAt;
  readonly epoch: number;
  readonly note: string;
  readonly checkpoint: Checkpoint;
}

/** Whether a tree is the one of a checkpoint, with entries appended or none. */
export type Fit = { readonly fits: true } | { readonly fits: false; readonly says: string };

/** Compares with what the database has now: what a witness cosigned was durable before. */
export async function fitOf(db: Queryable, epoch: number, checkpoint: Checkpoint): Promise<Fit> {
  const fit = await compared(db, epoch, checkpoint);
  return fit.fits ? fit : fromWriter(db, (writer) => compared(writer, epoch, checkpoint));
}

async function compared(db: Queryable, epoch: number, { origin, size, root }: Checkpoint): Promise<Fit> {
  const head = await newestHead(db);
  const have = head?.epoch === epoch ? head.size : 0;
  if (size > have) return { fits: false, says: `a checkpoint of ${origin} with ${size} entries, but the database has ${have} entries` };
  const here = size === have && head?.epoch === epoch ? head.root : await rootHere(db, epoch, have, size);
  return here?.equals(root) ? { fits: true } : { fits: false, says: `a checkpoint of ${origin} with ${size} entries, but the first entries in the database are others` };
}

/** What the witnesses know of this log: asked before it signs for the first time, and whenever one of them is in doubt. */
export class WitnessKnowledge {
  private readonly clients: ReadonlyMap<string, WitnessClient>;
  private readonly doubting = new Map<string, Doubt>();
  /** Witnesses that told what they know since this process began. */
  private readonly heard = new Set<string>();
  /** The largest checkpoint that any of them showed, and that fitted. */
  private cosigned: Known | undefined;
  /** Why others did not. */
  private readonly silent = new Map<string, string>();
  private asking: Promise<void> | undefined;

  constructor(
    readonly policy: WitnessPolicy,
    private readonly key: LogVerifier,
    private readonly origin: string,
    patienceMilliseconds?: number,
  ) {
    this.clients = new Map(policy.witnesses.map((at) => [at.key.name, new WitnessClient(at, patienceMilliseconds)]));
  }

  clientOf(witness: WitnessAt): WitnessClient {
    return this.clients.get(witness.key.name)!;
  }

  /** The doubts about the epoch that is the newest. */
  doubts(epoch: number): readonly Doubt[] {
    return [...this.doubting.values()].filter((doubt) => doubt.epoch === epoch).sort((a, b) => (a.witness < b.witness ? -1 : 1));
  }

  /** Whether so many answered that one of them knows of every checkpoint that was ever witnessed. */
  get suffices(): boolean {
    return this.heard.size > this.policy.witnesses.length - this.policy.quorum || this.policy.witnesses.length === 0;
  }

  /** The largest checkpoint of the epoch that one of them showed; undefined where none did. */
  cosignedLast(epoch: number): Known | undefined {
    return this.cosigned?.epoch === epoch ? this.cosigned : undefined;
  }

  get answered(): number {
    return this.heard.size;
  }

  /** Why a witness did not tell what it knows when it was last asked; undefined where it did. */
  silenceOf(witness: WitnessAt): string | undefined {
    return this.silent.get(witness.key.name);
  }

  doubt(witness: WitnessAt, epoch: number, says: string, checkpoint?: string): void {
    this.doubting.set(witness.key.name, { witness: witness.key.name, epoch, says, checkpoint });
  }

  /** The witness cosigned what there is: it doubts no longer. */
  trusts(witness: WitnessAt): void {
    this.heard.add(witness.key.name);
    this.doubting.delete(witness.key.name);
  }

  /** Asks all of them at once what they cosigned last; at most as long as one may take. Who asks meanwhile waits for the same answers. */
  ask(db: Queryable): Promise<void> {
    this.asking ??= this.askAll(db).finally(() => void (this.asking = undefined));
    return this.asking;
  }

  private async askAll(db: Queryable): Promise<void> {
    if (this.policy.witnesses.length === 0) return;
    const head = await newestHead(db);
    await Promise.all(this.policy.witnesses.map((witness) => this.askOne(db, witness, head)));
  }

  private async askOne(db: Queryable, witness: WitnessAt, head: Head | undefined): Promise<void> {
    const epoch = head?.epoch ?? 1;
    const shown = await this.shownBy(witness, [epoch, epoch + 1]).catch((error: unknown) => void this.silent.set(witness.key.name, messageOf(error)));
    if (!shown) return;
    this.heard.add(witness.key.name);
    this.silent.delete(witness.key.name);
    for (const { epoch: of, note, checkpoint } of shown) {
      const fit = of > epoch ? { fits: false as const, says: `a checkpoint of ${checkpoint.origin}, but the database has no such epoch` } : await fitOf(db, of, checkpoint);
      if (!fit.fits) return this.doubt(witness, epoch, `${witness.key.name} shows ${fit.says}`, note);
      if (this.cosigned?.epoch !== of || this.cosigned.size < checkpoint.size) this.cosigned = { ...checkpoint, epoch: of };
    }
    // A witness's bare word is taken back only by what it shows.
    if (shown.some(({ epoch: of }) => of === epoch)) this.doubting.delete(witness.key.name);
  }

  /** What a witness cosigned last of these epochs. What this log's key did not sign is nothing. @throws Error where it cannot be asked */
  async shownBy(witness: WitnessAt, epochs: readonly number[]): Promise<Shown[]> {
    const notes = await Promise.all(epochs.map((epoch) => this.clientOf(witness).latest(originOf(this.origin, epoch))));
    return notes.flatMap((note, index) => (note === undefined ? [] : this.readShown(witness, epochs[index]!, note)));
  }

  private readShown(witness: WitnessAt, epoch: number, text: string): Shown[] {
    try {
      const note = parseNote(text);
      const checkpoint = parseCheckpoint(note.text);
      const signers = new Set(verifyNote(note, [this.key.verifier(epoch), witness.key]).map(({ key }) => formatKey(key)));
      const ours = checkpoint.origin === originOf(this.origin, epoch) && signers.has(formatKey(this.key.verifier(epoch)));
      return ours ? [{ witness, epoch, note: text, checkpoint }] : [];
    } catch (error) {
      throw new Error(`it shows what is no checkpoint: ${messageOf(error)}`, { cause: error });
    }
  }
}
