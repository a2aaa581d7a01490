import { messageOf, sha256, type Queryable } from '../../platform/index.js';
import { parseCheckpoint, parseNote, verifyNote } from '../note/index.js';
import type { Epoch } from './epochs.js';
import type { Entry } from './entry-reader.js';
import type { LogVerifier } from './key.js';
import type { Anchor } from './verify.js';

interface OpeningLeaf {
  readonly lost: number;
  readonly epoch: number;
  readonly predecessor: string;
  readonly kept: number;
  readonly text: string;
}

/** Whether an epoch's first entry says what the epoch's row says, and is there in later epochs only. */
export function openingProblems({ epoch, reason, predecessor, kept }: Epoch, first: Entry | undefined): string[] {
  const opens = first?.type === 'EPOCH_OPENED';
  if (epoch === 1) return opens ? ['The first epoch of the log begins as if another had been before it.'] : [];
  if (!first || !opens) return [`Epoch ${epoch} does not begin with the event of its opening.`];
  const leaf = JSON.parse(first.leaf.toString('utf8') || '{}') as Partial<OpeningLeaf>;
  const fits = leaf.epoch === epoch && leaf.predecessor === predecessor && leaf.kept === kept && leaf.text === sha256(Buffer.from(reason)).toString('hex');
  return fits ? [] : [`What is stored of the opening of epoch ${epoch} is not what its first entry says.`];
}

/**
 * The checkpoint that an epoch embeds, as one that the epoch before must have had; undefined where it reaches further than what
 * stands of that one: then its entries are lost, and the first entry says how many.
 * @param key of the log, where it is known
 */
export function predecessorOf({ epoch, predecessor, kept }: Epoch, problem: (text: string) => void, key?: LogVerifier): Anchor | undefined {
  const from = `The checkpoint that epoch ${epoch} embeds`;
  try {
    const note = parseNote(predecessor ?? '');
    const checkpoint = parseCheckpoint(note.text);
    if (key && (checkpoint.origin !== key.verifier(epoch - 1).name || verifyNote(note, [key.verifier(epoch - 1)]).length === 0)) throw new Error("the log's key did not sign it.");
    return checkpoint.size <= (kept ?? 0) ? { ...checkpoint, epoch: epoch - 1, from } : undefined;
  } catch (error) {
    problem(`${from} cannot be read: ${messageOf(error)}`);
    return undefined;
  }
}

/** How many entries of the epoch before were signed and are gone, as the first entry of the one that follows says. */
export async function lostBefore(db: Queryable, { epoch }: Epoch): Promise<number> {
  const [first] = await db.query<{ leaf: Buffer }>(`SELECT i.leaf FROM log_entries e JOIN audit_intake i ON i.id = e.intake_id WHERE e.epoch = $1 AND e.index = 0 AND i.type = 'EPOCH_OPENED'`, [epoch]);
  const lost = first && (JSON.parse(first.leaf.toString('utf8') || '{}') as Partial<OpeningLeaf>).lost;
  return typeof lost === 'number' ? lost : 0;
}
