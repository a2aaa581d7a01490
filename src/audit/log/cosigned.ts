import type { Queryable } from '../../platform/index.js';
import { formatCheckpoint, formatKey, formatNote, parseCheckpoint, parseNote, verifyNote, type NoteSignature, type Verified } from '../note/index.js';
import type { TransparencyLog } from './log.js';
import { originOf } from './key.js';
import { asNoteSignature, signaturesOf, sizesSignedBy } from './signatures.js';
import type { SignedHead } from './signer.js';
import { headAt } from './store.js';

/** That a witness saw the log with this many entries, and that it had only grown. */
export interface Cosignature {
  /** The name of the witness's key. */
  readonly witness: string;
  /** By the witness's clock. */
  readonly at: Date;
}

/** A signed head with what witnesses said of it. Its note carries their signatures. */
export interface WitnessedHead extends SignedHead {
  readonly cosignatures: readonly Cosignature[];
  /** When enough of them had; undefined before. */
  readonly witnessedAt: Date | undefined;
}

type Log = Pick<TransparencyLog, 'key' | 'origin' | 'policy'>;

const witnessKeys = ({ policy }: Log) => policy.witnesses.map(({ key }) => key);

/** The largest head of an epoch, of at most `most` entries, that enough witnesses cosigned. */
export async function witnessedHead(db: Queryable, log: Log, epoch: number, most?: number): Promise<WitnessedHead | undefined> {
  if (log.policy.quorum === 0) return undefined;
  return firstOf(await sizesSignedBy(db, epoch, witnessKeys(log), log.policy.quorum, most), async (size) => {
    const head = await storedHead(db, log, epoch, size);
    return head?.witnessedAt && head;
  });
}

/** The largest head of an epoch, of at most `most` entries, that the log's own signature is kept of. */
export async function signedHead(db: Queryable, log: Log, epoch: number, most?: number): Promise<WitnessedHead | undefined> {
  return firstOf(await sizesSignedBy(db, epoch, [log.key.verifier(epoch)], 1, most), (size) => storedHead(db, log, epoch, size));
}

/** Of what is said to be signed, the first that is. */
async function firstOf(sizes: readonly number[], read: (size: number) => Promise<WitnessedHead | undefined>): Promise<WitnessedHead | undefined> {
  for (const size of sizes) {
    const head = await read(size);
    if (head) return head;
  }
  return undefined;
}

/** Which witnesses cosigned a head, as the signatures that are kept of it prove. */
export async function cosignersHere(db: Queryable, log: Log, head: SignedHead): Promise<Set<string>> {
  const { cosignatures } = await cosignaturesOf(db, log, head);
  return new Set(cosignatures.map(({ witness }) => witness));
}

/** A signed head, with the cosignatures that are kept of it. */
export async function cosignaturesOf(db: Queryable, log: Log, head: SignedHead): Promise<WitnessedHead> {
  const text = formatCheckpoint(head);
  const valid = (await signaturesOf(db, head)).map(asNoteSignature).flatMap((signature) => cosignatureIn(text, signature, log));
  const [own] = parseNote(head.note).signatures;
  return described(log, { ...head, note: formatNote({ text, signatures: [own!, ...valid.map(({ signature }) => signature)] }) }, valid.map(({ verified }) => verified));
}

/** Undefined where head or signature are not there, or do not fit each other: what is stored is taken for nothing that it does not prove. */
async function storedHead(db: Queryable, log: Log, epoch: number, size: number): Promise<WitnessedHead | undefined> {
  const head = await headAt(db, epoch, size);
  if (!head) return undefined;
  const origin = originOf(log.origin, epoch);
  const own = log.key.sign(epoch, formatCheckpoint({ origin, size, root: head.root }));
  // Ed25519 signs the same the same way: that the log signed this once is seen by comparing.
  const signed = (await signaturesOf(db, head)).some(({ key, bytes }) => formatKey(key) === formatKey(log.key.verifier(epoch)) && bytes.equals(own.bytes));
  return signed ? cosignaturesOf(db, log, { ...head, origin, note: formatNote({ text: formatCheckpoint({ origin, size, root: head.root }), signatures: [own] }) }) : undefined;
}

function cosignatureIn(text: string, signature: NoteSignature, log: Log): { signature: NoteSignature; verified: Verified }[] {
  try {
    return verifyNote({ text, signatures: [signature] }, witnessKeys(log)).map((verified) => ({ signature, verified }));
  } catch {
    return [];
  }
}

function described({ policy }: Log, head: SignedHead, verified: readonly Verified[]): WitnessedHead {
  const cosignatures = verified.map(({ key, time }) => ({ witness: key.name, at: new Date(time! * 1000) })).sort((a, b) => a.at.getTime() - b.at.getTime());
  return { ...head, cosignatures, witnessedAt: policy.quorum > 0 ? cosignatures[policy.quorum - 1]?.at : undefined };
}

/** The last known checkpoint of an epoch that another follows, as that one's opening embeds it; undefined where the tree here does not reach so far. */
export async function closingHead(db: Queryable, { origin, key }: Log, epoch: number): Promise<SignedHead | undefined> {
  const [row] = await db.query<{ predecessor: string; kept: string; recorded_at: Date }>('SELECT predecessor, kept, recorded_at FROM log_epochs WHERE epoch = $1', [epoch + 1]);
  if (!row) return undefined;
  const note = parseNote(row.predecessor);
  const { size, root, origin: of } = parseCheckpoint(note.text);
  const ours = of === originOf(origin, epoch) && size <= Number(row.kept) && verifyNote(note, [key.verifier(epoch)]).length > 0;
  return ours ? { epoch, size, root: Buffer.from(root), recordedAt: row.recorded_at, origin: of, note: row.predecessor } : undefined;
}
