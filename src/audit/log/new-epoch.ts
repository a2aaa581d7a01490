import { AssayError, badInput, messageOf, sha256, type Database, type Queryable, type Transaction } from '../../platform/index.js';
import { encodeLeaf } from '../leaf.js';
import { leafHash, rootAt } from '../merkle/index.js';
import { formatCheckpoint, formatNote, parseCheckpoint, parseNote, verifyNote, type Checkpoint, type NoteSignature } from '../note/index.js';
import { cosignersOf } from '../witness/index.js';
import { currentEpoch } from './epochs.js';
import { originOf } from './key.js';
import type { TransparencyLog } from './log.js';
import { holdSequencers } from './sequencer.js';
import { keepSignature, largestSignedBy } from './signatures.js';
import { newestHead, TileStore } from './store.js';

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
  const refusal = await log.checkpoint(db).then(() => undefined, (error: unknown) => messageOf(error));
  const ends = await currentEpoch(db);
  const known = await knownCheckpoints(db, log, ends, opening.witnessed);
  return db.transaction(async (tx) => {
    await holdSequencers(tx);
    if ((await currentEpoch(tx)) !== ends) throw refusedBy('EPOCH_FOLLOWS', 'Another epoch was opened meanwhile.', 'Look at assay log status.');
    const predecessor = bestOf(known);
    if (!predecessor) throw refusedBy('EPOCH_FOLLOWS', 'Neither the witnesses, nor the checkpoint file, nor the database know a checkpoint of this log that a new epoch could follow.', 'Give the last one that somebody kept with --witnessed FILE.');
    const standing = await standingOf(tx, log, ends, known, predecessor);
    if (refusal === undefined && standing.all) throw refusedBy('EPOCH_WHERE_NEEDED', 'The log signs, and every checkpoint that is known fits it.', 'Go on in the present epoch; where somebody kept a checkpoint that it does not fit, give that with --witnessed FILE.');
    return write(tx, log, { ...opening, epoch: ends + 1, predecessor, largest: known.reduce((a, b) => (b.size > a.size ? b : a)), kept: standing.kept, stored: standing.stored });
  });
}

const refusedBy = (name: string, says: string, remedy: string): AssayError => new AssayError('REFUSED', `${says} ${remedy}`, { rule: { name, remedy, who: 'who runs the server, with the key of the log' } });

/** What is known of the epoch: by the file, the witnesses, the database and who opens the next. */
async function knownCheckpoints(db: Queryable, log: TransparencyLog, epoch: number, given: string | undefined): Promise<KnownCheckpoint[]> {
  const origin = originOf(log.origin, epoch);
  const shown = await Promise.all(log.policy.witnesses.map((witness) => log.knowledge.shownBy(witness, [epoch]).catch(() => [])));
  const file = await log.signer.known().catch(() => undefined);
  const head = await newestHead(db);
  const stored = head?.epoch === epoch ? await largestSignedBy(db, epoch, [log.key.verifier(epoch)], 1, head.size) : undefined;
  const own = stored === undefined ? undefined : formatCheckpoint({ origin, size: stored, root: await rootAt(new TileStore(epoch).reader(db, head!.size), stored) });
  const texts = [...shown.flat().map(({ note }) => note), file?.note, own && formatNote({ text: own, signatures: [log.key.sign(epoch, own)] })];
  const found = texts.flatMap((text) => (text === undefined ? [] : (readCheckpoint(log, epoch, text) ?? [])));
  if (given === undefined) return merged(found);
  const read = readCheckpoint(log, epoch, given);
  if (!read) throw badInput(`--witnessed: that is no checkpoint of ${origin} that this log's key signed.`);
  return merged([read, ...found]);
}

function readCheckpoint(log: TransparencyLog, epoch: number, text: string): KnownCheckpoint | undefined {
  try {
    const note = parseNote(text);
    const checkpoint = parseCheckpoint(note.text);
    if (checkpoint.origin !== originOf(log.origin, epoch) || verifyNote(note, [log.key.verifier(epoch)]).length === 0) return undefined;
    return { ...checkpoint, note: text, witnesses: cosignersOf(note, log.policy).map(({ key }) => key.name) };
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

/** The largest that a witness cosigned; where none did, the largest that was signed. */
function bestOf(known: readonly KnownCheckpoint[]): KnownCheckpoint | undefined {
  const witnessed = known.filter(({ witnesses }) => witnesses.length > 0);
  return (witnessed.length > 0 ? witnessed : known).toSorted((a, b) => b.size - a.size)[0];
}

interface Standing {
  readonly kept: number;
  /** How many entries the tree here has. */
  readonly stored: number;
  /** Whether every known checkpoint is one of this tree. */
  readonly all: boolean;
}

/** How much of the tree here is proven to be that of the predecessor. */
async function standingOf(tx: Transaction, log: TransparencyLog, epoch: number, known: readonly KnownCheckpoint[], predecessor: KnownCheckpoint): Promise<Standing> {
  const head = await newestHead(tx);
  const stored = head?.epoch === epoch ? head.size : 0;
  const read = new TileStore(epoch).reader(tx, stored);
  const fits = async ({ size, root }: Checkpoint): Promise<boolean> => size <= stored && (await rootAt(read, size)).equals(root);
  const all = (await Promise.all(known.map(fits))).every(Boolean);
  if (await fits(predecessor)) return { kept: predecessor.size, stored, all };
  // A witness cosigns one history only: what it cosigned of this tree is the beginning of what it cosigned last.
  const vouchers = log.policy.witnesses.filter(({ key }) => predecessor.witnesses.includes(key.name)).map(({ key }) => key);
  const signers = vouchers.length > 0 ? vouchers : [log.key.verifier(epoch)];
  return { kept: (await largestSignedBy(tx, epoch, signers, 1, Math.min(stored, predecessor.size))) ?? 0, stored, all };
}

interface Writing extends Opening {
  readonly epoch: number;
  readonly predecessor: KnownCheckpoint;
  readonly largest: KnownCheckpoint;
  readonly kept: number;
  readonly stored: number;
}

/** The epoch, its first entry and its signed head: all of it, or nothing. */
async function write(tx: Transaction, log: TransparencyLog, { event, actor, now, reason, epoch, predecessor, largest, kept, stored }: Writing): Promise<OpenedEpoch> {
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
  await keepSignature(tx, { epoch, size: 1 }, log.key.verifier(epoch), log.key.sign(epoch, formatCheckpoint({ origin, size: 1, root })).bytes);
  return { epoch, origin, verifierKey: log.verifierKey(epoch), predecessor: predecessor.note, witnesses: predecessor.witnesses, kept, lost, enteredAgain: stored - kept };
}
