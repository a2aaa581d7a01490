import { AssayError, badInput, type Database } from '../../platform/index.js';
import { recordEvent } from '../intake.js';
import { keptCheckpoint } from './anchors.js';
import { originOf } from './key.js';
import type { TransparencyLog } from './log.js';
import { SigningRefused } from './refusal.js';
import { newestHead, type Head } from './store.js';
import type { Known } from './checkpoint-file.js';

export interface Adoption {
  /** The id of the event, and of who adopts. */
  readonly event: string;
  readonly actor: string;
  readonly now: Date;
  /** The checkpoint that somebody kept; undefined where nobody did. */
  readonly checkpoint: string | undefined;
}

export interface Adopted {
  readonly origin: string;
  /** From where the log goes on. */
  readonly size: number;
  /** How many entries the checkpoint had that somebody kept; undefined where nobody did. */
  readonly compared: number | undefined;
  readonly file: string;
}

const refused = (says: string, remedy: string): AssayError => new AssayError('REFUSED', `${says} ${remedy}`, { rule: { name: 'ADOPT_WHERE_UNKNOWN', remedy, who: 'who runs the server, with the key of the log' } });

/**
 * Lets a log sign of which this machine knows no checkpoint: from one that somebody kept, or from what there is. That it was told so
 * is an event of the log before anything is signed.
 * @throws REFUSED where a checkpoint is known, or the log is not the one of the checkpoint; BAD_INPUT for what is no checkpoint of this log
 */
export async function adoptCheckpoint(db: Database, log: TransparencyLog, { event, actor, now, checkpoint }: Adoption): Promise<Adopted> {
  const { file } = log.signer;
  await requireUnknown(db, log, checkpoint);
  const head = await newestHead(db);
  if (!head) throw refused('The log has no entries yet.', 'It begins by itself: start the server.');
  const known = checkpoint === undefined ? await log.signer.beginning(db, head) : keptOf(log, head, checkpoint);
  const { epoch, size, root, origin, note } = await proven(db, log, head, known);
  await db.transaction((tx) => recordEvent(tx, { type: 'CHECKPOINT_ADOPTED', id: event, actor, time: now, payload: { epoch, size, root: Buffer.from(root).toString('hex'), checkpoint: checkpoint ?? null } }));
  if (!(await file.replace(db, undefined, note))) throw refused(`${file.path} came to be meanwhile.`, 'Look at assay log status.');
  return { origin, size, compared: checkpoint === undefined ? undefined : known.size, file: file.path };
}

/** @throws REFUSED */
async function requireUnknown(db: Database, log: TransparencyLog, checkpoint: string | undefined): Promise<void> {
  const refusal = await log.checkpoint(db).then(() => undefined, (error: unknown) => {
    if (error instanceof SigningRefused) return error.refusal;
    throw error;
  });
  if (!refusal) throw refused('The log signs: what was signed last is known.', 'There is nothing to adopt.');
  if (!refusal.unknown) throw refused(refusal.says, 'There is nothing to adopt: assay log status tells more.');
  if (checkpoint === undefined && log.policy.witnesses.length > 0) throw refused(refusal.says, 'Take witnesses that will never answer again out of WITNESSES; without any, --none can be said.');
}

function keptOf(log: TransparencyLog, head: Head, checkpoint: string): Known {
  const kept = keptCheckpoint(log, checkpoint, '--checkpoint');
  if (kept.epoch === head.epoch) return kept;
  throw kept.epoch < head.epoch ? badInput(`--checkpoint: is one of ${kept.origin}, but the log is ${originOf(log.origin, head.epoch)} by now. Give one of that.`) : refused(`A checkpoint of ${kept.origin} was signed, of which the database has nothing: it was restored to an earlier state.`, 'Restore its newest one.');
}

async function proven(db: Database, log: TransparencyLog, head: Head, known: Known): Promise<ReturnType<TransparencyLog['signer']['signed']>> {
  try {
    await log.signer.provenEdge(db, head, known);
  } catch (error) {
    if (error instanceof SigningRefused) throw refused(error.refusal.says, 'That is assay log new-epoch, with --witnessed and the same file.');
    throw error;
  }
  return log.signer.signed(head);
}
