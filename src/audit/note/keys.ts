import { createHash, createPublicKey, verify } from 'node:crypto';
import { isKeyName, type Note } from './note.js';

/** C2SP signed-note: what a key signs. The type is part of a key's id, so that no signature passes for one of the other kind. */
export const NOTE_KEY = 0x01;
/** C2SP tlog-cosignature: with a time. */
export const COSIGNATURE_KEY = 0x04;

export type KeyType = typeof NOTE_KEY | typeof COSIGNATURE_KEY;

/** A public key by which notes are verified. */
export interface VerifierKey {
  readonly name: string;
  readonly type: KeyType;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 4 bytes. */
  readonly id: Uint8Array;
}

/** What stands before the raw key in DER. */
export const SPKI_OF_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');
const KEY_BYTES = 32;

/** @throws SyntaxError for a name that no key may have */
export function verifierKey(name: string, type: KeyType, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) throw new SyntaxError(`"${name}" cannot be the name of a key: it may have no spaces and no plus.`);
  if (publicKey.length !== KEY_BYTES) throw new SyntaxError(`The Ed25519 key of ${name} has ${publicKey.length} bytes instead of ${KEY_BYTES}.`);
  const id = createHash('sha256').update(`${name}\n`).update(Buffer.from([type])).update(publicKey).digest().subarray(0, 4);
  return { name, type, publicKey, id };
}

/** `name+hex of the id+base64 of type and key`: how a verifier is told a key. */
export const formatKey = ({ name, type, publicKey, id }: VerifierKey): string =>
  `${name}+${Buffer.from(id).toString('hex')}+${Buffer.concat([Buffer.from([type]), publicKey]).toString('base64')}`;

/** @throws SyntaxError */
export function parseKey(text: string): VerifierKey {
  const [, name = '', id = '', encoded = ''] = /^([^+]*)\+([0-9a-f]{8})\+(\S+)$/.exec(text.trim()) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  const type = bytes[0];
  if (bytes.toString('base64') !== encoded || (type !== NOTE_KEY && type !== COSIGNATURE_KEY)) {
    throw new SyntaxError(`"${text.slice(0, 120)}" is not the key of a verifier, like log.example.com+0a1b2c3d+AQ….`);
  }
  const key = verifierKey(name, type, bytes.subarray(1));
  if (Buffer.from(key.id).toString('hex') !== id) throw new SyntaxError(`The id ${id} is not that of the key of ${name}.`);
  return key;
}

/** What a cosignature signs. @param time POSIX seconds */
export const cosignedText = (time: number, text: string): Buffer => Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);

const SIGNATURE_BYTES = 64;

/** A signature by a known key, and of a cosignature when it was made (POSIX seconds). */
export interface Verified {
  readonly key: VerifierKey;
  readonly time: number | undefined;
}

/**
 * The signatures by known keys; others are ignored, as the format asks.
 * @throws Error where a known key's signature does not verify: the note was changed
 */
export function verifyNote({ text, signatures }: Note, known: readonly VerifierKey[]): Verified[] {
  return signatures.flatMap((signature) => {
    const key = known.find(({ name, id }) => name === signature.name && Buffer.compare(id, signature.keyId) === 0);
    if (!key) return [];
    const verified = verifySignature(key, signature.bytes, text);
    if (!verified) throw new Error(`The signature of ${key.name} does not fit the text: one of the two was changed.`);
    return [verified];
  });
}

function verifySignature(key: VerifierKey, bytes: Uint8Array, text: string): Verified | undefined {
  const stamped = key.type === COSIGNATURE_KEY;
  if (bytes.length !== SIGNATURE_BYTES + (stamped ? 8 : 0)) return undefined;
  const time = stamped ? Number(Buffer.from(bytes).readBigUInt64BE()) : undefined;
  const message = time === undefined ? Buffer.from(text) : cosignedText(time, text);
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_OF_ED25519, key.publicKey]), format: 'der', type: 'spki' });
  return verify(null, message, publicKey, bytes.slice(-SIGNATURE_BYTES)) ? { key, time } : undefined;
}
