import { badInput, messageOf } from '../../platform/index.js';
import { parseCheckpoint, parseNote, parseReceipt, verifyNote } from '../note/index.js';
import type { TransparencyLog } from './log.js';
import { originOf } from './key.js';
import { epochIn } from './signer.js';
import type { Anchor, KeptReceipt } from './verify.js';

/** A checkpoint that somebody kept. @throws BAD_INPUT where this log did not sign it */
export function keptCheckpoint(log: TransparencyLog, text: string, from: string): Anchor {
  try {
    const note = parseNote(text);
    const checkpoint = parseCheckpoint(note.text);
    const epoch = epochIn(checkpoint.origin);
    if (checkpoint.origin === originOf(log.origin, epoch) && verifyNote(note, [log.key.verifier(epoch)]).length > 0) return { ...checkpoint, epoch, from };
  } catch (error) {
    throw badInput(`${from} cannot be read: ${messageOf(error)}`);
  }
  throw badInput(`${from} is not signed by the key of ${log.origin}.`);
}

/** A receipt that somebody kept. @throws BAD_INPUT where this log did not sign it */
export function keptReceipt(log: TransparencyLog, text: string, from: string): KeptReceipt {
  try {
    const note = parseNote(text);
    const receipt = parseReceipt(note.text);
    if (verifyNote(note, [log.key.verifier(epochIn(receipt.origin))]).length > 0) return { ...receipt, from };
  } catch (error) {
    throw badInput(`${from} cannot be read: ${messageOf(error)}`);
  }
  throw badInput(`${from} is not signed by the key of ${log.origin}.`);
}

/** What the witnesses of the settings show of these epochs. Who cannot be asked is named. */
export async function witnessAnchors(log: TransparencyLog, epochs: readonly number[]): Promise<{ anchors: Anchor[]; silent: string[] }> {
  const silent: string[] = [];
  const shown = await Promise.all(log.policy.witnesses.map((witness) => log.knowledge.shownBy(witness, epochs).catch((error: unknown) => {
    silent.push(`${witness.key.name} cannot be asked: ${messageOf(error)}`);
    return [];
  })));
  return { anchors: shown.flat().map(({ witness, epoch, checkpoint: { origin, size, root } }) => ({ origin, size, root, epoch, from: `The checkpoint that ${witness.key.name} cosigned last` })), silent };
}
