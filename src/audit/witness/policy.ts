import { badInput, messageOf } from '../../platform/index.js';
import { COSIGNATURE_KEY, formatKey, parseKey, verifyNote, type Note, type Verified, type VerifierKey } from '../note/index.js';

/** A witness that the log asks. */
export interface WitnessAt {
  readonly key: VerifierKey;
  /** Submission prefix, without a slash at its end. */
  readonly url: string;
  /** Monitoring prefix; most use the same for both. */
  readonly monitoring: string;
}

/** Which witnesses there are, and how many of them make a checkpoint a witnessed one. */
export interface WitnessPolicy {
  readonly witnesses: readonly WitnessAt[];
  /** 0 where there are none. */
  readonly quorum: number;
}

export const NO_WITNESSES: WitnessPolicy = { witnesses: [], quorum: 0 };

/** `key url [monitoring-url]` each, as the setting WITNESSES has them. @throws BAD_INPUT naming the entry */
export function witnessPolicy(entries: readonly string[], quorum: number): WitnessPolicy {
  const witnesses = entries.map(parseEntry);
  const twice = witnesses.find(({ key }, index) => witnesses.findIndex((other) => other.key.name === key.name || Buffer.compare(other.key.publicKey, key.publicKey) === 0) < index);
  if (twice) throw badInput(`WITNESSES: ${twice.key.name} is there twice, by its name or its key: it would count twice.`);
  return { witnesses, quorum };
}

function parseEntry(entry: string): WitnessAt {
  const [text = '', url = '', monitoring = url] = entry.trim().split(/\s+/);
  try {
    const key = parseKey(text);
    if (key.type === COSIGNATURE_KEY) return { key, url: url.replace(/\/+$/, ''), monitoring: monitoring.replace(/\/+$/, '') };
  } catch (error) {
    throw badInput(`WITNESSES: ${messageOf(error)}`);
  }
  throw badInput(`WITNESSES: the key of ${text.split('+')[0]} signs notes, not cosignatures; a witness's key begins with B behind its second plus.`);
}

/** The witnesses of the policy that cosigned a note, each once. @throws Error where one of their signatures does not fit */
export function cosignersOf(note: Note, { witnesses }: WitnessPolicy): Verified[] {
  const found = verifyNote(note, witnesses.map(({ key }) => key));
  return [...new Map(found.map((verified) => [formatKey(verified.key), verified])).values()];
}
