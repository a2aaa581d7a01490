import { createPublicKey, sign, type KeyObject } from 'node:crypto';
import { cosignedText, SPKI_OF_ED25519, type VerifierKey } from './keys.js';
import type { NoteSignature } from './note.js';

/** The public half of a key, raw. */
export const rawPublicKey = (key: KeyObject): Buffer => createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(SPKI_OF_ED25519.length);

/** Signs a note's text. */
export const signNote = (key: VerifierKey, privateKey: KeyObject, text: string): NoteSignature => ({ name: key.name, keyId: key.id, bytes: sign(null, Buffer.from(text), privateKey) });

/** @param time POSIX seconds */
export function cosign(key: VerifierKey, privateKey: KeyObject, text: string, time: number): NoteSignature {
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(BigInt(time));
  return { name: key.name, keyId: key.id, bytes: Buffer.concat([stamp, sign(null, cosignedText(time, text), privateKey)]) };
}
