import { AssayError, badInput, sha256, type Database, type Transaction } from '../../platform/index.js';
import { encodeLeaf } from '../leaf.js';
import { leafHash } from '../merkle/index.js';
import { formatCheckpoint, formatNote, parseCheckpoint, parseNote, verifyNote, type Checkpoint, type NoteSignature } from '../note/index.js';
import { cosignersOf } from '../witness/index.js';
import { currentEpoch } from './epochs.js';
import { originOf } from './key.js';
import type { TransparencyLog } from './log.js';
import { SigningRefused, type SigningRefusal } from './refusal.js';
import { holdSequencers } from './sequencer.js';
import { keepSignature } from './signatures.js';
import { readTree, type TreeHere } from './tree-here.js';

/** A checkpoint of the epoch that ends, with every signature that is known of it. */
interface KnownCheckpoint extends Checkpoint {
  readonly note: string;
  readonly witnesses: readonly string[];
}

export interface Opening {
  /** The id of the event, and of who opens it. */
  readonly event: string;
  readonly actor: string;
  readonly now: Date;
  readonly reason: string;
  /** A checkpoint that somebody kept; beside it the witnesses, the file and the database are asked. */
  readonly witnessed: string | undefined;
}

export interface OpenedEpoch {
  readonly epoch: number;
  readonly origin: string;
  /** What verifiers and witnesses are told of it. */
  readonly verifierKey: string;
  /** The checkpoint that it follows. */
  readonly predecessor: string;
  readonly witnesses: readonly string[];
  /** Entries of the epoch before that stand. */
  readonly kept: number;
  /** Entries that were signed and are not proven to be here. */
  readonly lost: number;
  /** Entries behind those that stand: their events are entered again. */
  readonly enteredAgain: number;
}

/**
 * Opens a new epoch of a log that refuses to sign: a new tree under a new origin, whose first entry embeds the last checkpoint
 * that is known of the one before.
 * @throws REFUSED where the log signs, so that there is no reason to; BAD_INPUT for a checkpoint that is none of this log
 */
export async function openEpoch(db: Database, log: TransparencyLog, opening: Opening): Promise<OpenedEpoch> {
  const refusal = await refusalOf(db, log);
  const ends = await currentEpoch(db);
  const file = await log.signer.file.read();
  const outside = await knownOutside(log, ends, file?.note, opening.witnessed);
  const { note, ...opened } = await db.transaction(async (tx) => {
    await holdSequencers(tx);
    if ((await currentEpoch(tx)) !== ends) throw refusedBy('EPOCH_FOLLOWS', 'Another epoch was opened meanwhile.', 'Look at assay log status.');
    const here = await readTree(tx, log, ends, outside.map(({ size }) => size));
    const known = merged([...outside, ...ownOf(log, ends, here, outside)]);
    requireReason(refusal, here, known);
    const predecessor = bestOf(here, known);
    if (!predecessor) throw refusedBy('EPOCH_FOLLOWS', 'Neither the witnesses, nor the checkpoint file, nor the database know a checkpoint of this log that a new epoch could follow.', 'Give the last one that somebody kept with --witnessed FILE.');
    return write(tx, log, { ...opening, epoch: ends + 1, predecessor, largest: known.reduce((a, b) => (b.size > a.size ? b : a)), kept: keptOf(log, here, known, predecessor), stored: here.entries });
  });
  // What is known of the log from now on. Where somebody was faster, they know it too.
  await log.signer.file.replace(db, file?.note, note);
  return opened;
}

const refusedBy = (name: string, says: string, remedy: string): AssayError => new AssayError('REFUSED', `${says} ${remedy}`, { rule: { name, remedy, who: 'who runs the server, with the key of the log' } });

const refusalOf = (db: Database, log: TransparencyLog): Promise<SigningRefusal | undefined> => log.checkpoint(db).then(() => undefined, (error: unknown) => {
  if (error instanceof SigningRefused) return error.refusal;
  throw error;
});

const fits = (here: TreeHere, { size, root }: Checkpoint): boolean => here.roots.get(size)?.equals(root) ?? false;

/** A log that signs goes on, and one of which too little is known is not known better in a new epoch. */
function requireReason(refusal: SigningRefusal | undefined, here: TreeHere, known: readonly KnownCheckpoint[]): void {
  if (refusal?.forked || !known.every((one) => fits(here, one))) return;
  if (!refusal) throw refusedBy('EPOCH_WHERE_NEEDED', 'The log signs, and every checkpoint that is known fits it.', 'Go on in the present epoch; where somebody kept a checkpoint that it does not fit, give that with --witnessed FILE.');
  throw refusedBy('EPOCH_WHERE_NEEDED', 'Every checkpoint that is known fits the log.', `A new epoch would only hide what is not known: ${refusal.says}`);
}

/** What is known of the epoch outside of the database: by the file, the witnesses and who opens the next. */
async function knownOutside(log: TransparencyLog, epoch: number, file: string | undefined, given: string | undefined): Promise<KnownCheckpoint[]> {
  const shown = await Promise.all(log.policy.witnesses.map((witness) => log.knowledge.shownBy(witness, [epoch]).catch(() => [])));
  const texts = [...shown.flat().map(({ note }) => note), ...(file === undefined ? [] : [file])];
  // That the log began is no checkpoint that another could follow.
  const found = texts.flatMap((text) => readCheckpoint(log, epoch, text) ?? []).filter(({ size }) => size > 0);
  if (given === undefined) return merged(found);
  const read = readCheckpoint(log, epoch, given);
  if (!read) throw badInput(`--witnessed: that is no checkpoint of ${originOf(log.origin, epoch)} that this log's key signed.`);
  return merged([...read, ...found]);
}

/** The largest that the log itself signed of this tree, as the database keeps it: unless somebody outside knows another tree. */
function ownOf(log: TransparencyLog, epoch: number, here: TreeHere, outside: readonly KnownCheckpoint[]): KnownCheckpoint[] {
  return here.own === undefined || outside.some((one) => isContradicted(here, one)) ? [] : (readCheckpoint(log, epoch, here.own) ?? []);
}

/** The tree reaches so far, and is another one. */
const isContradicted = (here: TreeHere, checkpoint: Checkpoint): boolean => checkpoint.size <= here.size && !fits(here, checkpoint);

function readCheckpoint(log: TransparencyLog, epoch: number, text: string): [KnownCheckpoint] | undefined {
  try {
    const note = parseNote(text);
    const checkpoint = parseCheckpoint(note.text);
    if (checkpoint.origin !== originOf(log.origin, epoch) || verifyNote(note, [log.key.verifier(epoch)]).length === 0) return undefined;
    return [{ ...checkpoint, note: text, witnesses: cosignersOf(note, log.policy).map(({ key }) => key.name) }];
  } catch {
    return undefined;
  }
}

/** Signatures of the same checkpoint come together, those that nobody here knows as well. */
function merged(found: readonly KnownCheckpoint[]): KnownCheckpoint[] {
  const byText = new Map<string, KnownCheckpoint>();
  for (const one of found) {
    const { text, signatures } = parseNote(one.note);
    const other = byText.get(text);
    const all = new Map([...(other ? parseNote(other.note).signatures : []), ...signatures].map((signature): [string, NoteSignature] => [`${signature.name} ${Buffer.from(signature.keyId).toString('hex')}`, signature]));
    byText.set(text, { ...one, note: formatNote({ text, signatures: [...all.values()] }), witnesses: [...new Set([...(other?.witnesses ?? []), ...one.witnesses])] });
  }
  return [...byText.values()];
}

/** The largest that a witness cosigned; where none did, the largest that was signed. One that is not of the tree here comes first: it must not be hidden. */
function bestOf(here: TreeHere, known: readonly KnownCheckpoint[]): KnownCheckpoint | undefined {
  const witnessed = known.filter(({ witnesses }) => witnesses.length > 0);
  const best = witnessed.length > 0 ? witnessed : known;
  const elsewhere = best.filter((one) => !fits(here, one));
  return (elsewhere.length > 0 ? elsewhere : best).toSorted((a, b) => b.size - a.size)[0];
}

/** How much of the tree here is proven to be that of the predecessor. */
function keptOf(log: TransparencyLog, here: TreeHere, known: readonly KnownCheckpoint[], predecessor: KnownCheckpoint): number {
  if (fits(here, predecessor)) return predecessor.size;
  // A witness cosigns one history only: what it cosigned of this tree is the beginning of what it cosigned last.
  const vouchers = log.policy.witnesses.filter(({ key }) => predecessor.witnesses.includes(key.name)).map(({ key }) => key);
  if (vouchers.length > 0) return Math.max(0, ...vouchers.map((key) => here.signedBy(key, predecessor.size)));
  // So does the log, unless there is proof that its key signed two.
  const own = log.key.verifier(here.epoch);
  const contradicted = known.filter((one) => isContradicted(here, one));
  if (contradicted.some(({ size }) => here.signedBy(own) >= size)) return 0;
  return Math.max(here.signedBy(own, predecessor.size), ...known.filter((one) => one.size <= predecessor.size && fits(here, one)).map(({ size }) => size));
}

interface Writing extends Opening {
  readonly epoch: number;
  readonly predecessor: KnownCheckpoint;
  readonly largest: KnownCheckpoint;
  readonly kept: number;
  readonly stored: number;
}

/** The epoch, its first entry and its signed head: all of it, or nothing. */
async function write(tx: Transaction, log: TransparencyLog, { event, actor, now, reason, epoch, predecessor, largest, kept, stored }: Writing): Promise<OpenedEpoch & { note: string }> {
  const origin = originOf(log.origin, epoch);
  const lost = Math.max(largest.size, predecessor.size) - kept;
  const signed = largest.size > predecessor.size ? largest.note : null;
  const leaf = encodeLeaf({
    type: 'EPOCH_OPENED', id: event, actor, time: now, payload: { epoch, origin, predecessor: predecessor.note, signed, kept, lost, text: sha256(Buffer.from(reason)).toString('hex') },
  });
  const root = leafHash(leaf);
  await tx.query('INSERT INTO log_epochs (epoch, reason, predecessor, kept) VALUES ($1, $2, $3, $4)', [epoch, reason, predecessor.note, kept]);
  await tx.query(`INSERT INTO audit_intake (id, type, leaf) VALUES ($1, 'EPOCH_OPENED', $2)`, [event, leaf]);
  await tx.query('INSERT INTO log_entries (epoch, index, intake_id) VALUES ($1, 0, $2)', [epoch, event]);
  await tx.query('INSERT INTO log_heads (epoch, size, previous, root) VALUES ($1, 1, 0, $2)', [epoch, root]);
  const text = formatCheckpoint({ origin, size: 1, root });
  const signature = log.key.sign(epoch, text);
  await keepSignature(tx, { epoch, size: 1 }, log.key.verifier(epoch), signature.bytes);
  return { note: formatNote({ text, signatures: [signature] }), epoch, origin, verifierKey: log.verifierKey(epoch), predecessor: predecessor.note, witnesses: predecessor.witnesses, kept, lost, enteredAgain: stored - kept };
}
