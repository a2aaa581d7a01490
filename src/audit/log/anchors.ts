import { badInput, messageOf } from '../../platform/index.js';
import { parseCheckpoint, parseNote, parseReceipt, verifyNote } from '../note/index.js';
import { CheckpointFile } from './checkpoint-file.js';
import { epochNamed, type LogVerifier } from './key.js';
import type { WitnessKnowledge } from './knowledge.js';
import type { Anchor, KeptReceipt } from './verify.js';

/** A log as its verifiers know it. */
interface Log {
  readonly key: LogVerifier;
}

/** A checkpoint that somebody kept. @throws BAD_INPUT where this log did not sign it */
export function keptCheckpoint({ key }: Log, text: string, from: string): Anchor {
  try {
    const note = parseNote(text);
    const checkpoint = parseCheckpoint(note.text);
    const epoch = epochNamed(checkpoint.origin, key.origin);
    if (epoch !== undefined && verifyNote(note, [key.verifier(epoch)]).length > 0) return { ...checkpoint, epoch, from };
  } catch (error) {
    throw badInput(`${from} cannot be read: ${messageOf(error)}`);
  }
  throw badInput(`${from} is not signed by the key of ${key.origin}.`);
}

/** The checkpoint that this machine keeps; undefined where there is none. @throws UNAVAILABLE where it was changed */
export async function ownCheckpoint({ key }: Log, path: string): Promise<Anchor | undefined> {
  const known = await new CheckpointFile(path, key).read();
  return known && { ...known, from: `The checkpoint in ${path}` };
}

/** A receipt that somebody kept. @throws BAD_INPUT where this log did not sign it */
export function keptReceipt({ key }: Log, text: string, from: string): KeptReceipt {
  try {
    const note = parseNote(text);
    const receipt = parseReceipt(note.text);
    const epoch = epochNamed(receipt.origin, key.origin);
    if (epoch !== undefined && verifyNote(note, [key.verifier(epoch)]).length > 0) return { ...receipt, from };
  } catch (error) {
    throw badInput(`${from} cannot be read: ${messageOf(error)}`);
  }
  throw badInput(`${from} is not signed by the key of ${key.origin}.`);
}

/** What the witnesses of the settings show of these epochs. Who cannot be asked is named. */
export async function witnessAnchors(knowledge: WitnessKnowledge, epochs: readonly number[]): Promise<{ anchors: Anchor[]; silent: string[] }> {
  const silent: string[] = [];
  const shown = await Promise.all(knowledge.policy.witnesses.map((witness) => knowledge.shownBy(witness, epochs).catch((error: unknown) => {
    silent.push(`${witness.key.name} cannot be asked: ${messageOf(error)}`);
    return [];
  })));
  return { anchors: shown.flat().map(({ witness, epoch, checkpoint: { origin, size, root } }) => ({ origin, size, root, epoch, from: `The checkpoint that ${witness.key.name} cosigned last` })), silent };
}
