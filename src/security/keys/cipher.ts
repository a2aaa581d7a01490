import { createCipheriv, createDecipheriv } from 'node:crypto';
import { internal, randomPool } from '../../platform/index.js';

/** Which stored value a ciphertext is; bound to it as associated data, so that it cannot be moved elsewhere. */
export interface Place {
  readonly table: string;
  readonly column: string;
  readonly id: string;
}

const ALGORITHM = 'aes-256-gcm';
const FORMAT = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + 2 + IV_BYTES;

/** Key versions start at 1. Rotation seals what is new under the next; what is stored is evidence and stays as it is. */
export const FIRST_KEY_VERSION = 1;

/** The version of the key that sealed these bytes, as they say; bound to them, so that a false one opens nothing. */
export const keyVersionOf = (sealed: Uint8Array): number => (sealed.length < HEADER_BYTES ? 0 : (sealed[1]! << 8) | sealed[2]!);

/** Format byte, key version (2 bytes, big endian), IV (12), ciphertext, tag (16). */
export function seal(key: Buffer, place: Place, plaintext: Uint8Array, keyVersion = FIRST_KEY_VERSION): Buffer {
  // One buffer, filled in place: an import seals four times for each customer.
  const sealed = Buffer.allocUnsafe(HEADER_BYTES + plaintext.length + TAG_BYTES);
  sealed.writeUInt8(FORMAT, 0);
  sealed.writeUInt16BE(keyVersion, 1);
  randomPool.next(IV_BYTES).copy(sealed, 3);
  const cipher = createCipheriv(ALGORITHM, key, sealed.subarray(3, HEADER_BYTES), { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(place, keyVersion));
  const written = cipher.update(plaintext).copy(sealed, HEADER_BYTES);
  cipher.final().copy(sealed, HEADER_BYTES + written);
  cipher.getAuthTag().copy(sealed, HEADER_BYTES + plaintext.length);
  return sealed;
}

/** @throws INTERNAL when the bytes are not what was sealed at this place under this key */
export function unseal(key: Buffer, place: Place, sealed: Uint8Array): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < HEADER_BYTES + TAG_BYTES || bytes.readUInt8(0) !== FORMAT) throw broken(place);
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(3, HEADER_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(place, bytes.readUInt16BE(1)));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(HEADER_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw broken(place, cause);
  }
}

const associatedData = ({ table, column, id }: Place, keyVersion: number): Buffer =>
  Buffer.from(`${table}\0${column}\0${id}\0${keyVersion}`);

const broken = ({ table, column, id }: Place, cause?: unknown): Error =>
  internal(`The stored ${table}.${column} of ${id} is not what was written there.`, cause);
