import { internal } from '../../platform/index.js';

/** One version of a customer's data key, wrapped. */
export interface WrappedVersion {
  /** Named by every ciphertext that it seals. */
  readonly version: number;
  /** From when it seals, in milliseconds since 1970; every process knows it by then. It opens at once. */
  readonly sealsFrom: number;
  readonly wrapped: Buffer;
}

/** First byte of an entry that is a lone wrapped key, as all were before keys had versions: that of the cipher's format. */
const LONE = 1;
const VERSIONED = 2;
const HEAD = 2 + 6 + 2;

/** What a key store holds of a customer. One version that seals from the beginning is stored as before keys had versions. */
export function writeEntry(versions: readonly WrappedVersion[]): Buffer {
  const [first] = versions;
  if (versions.length === 1 && first!.version === 1 && first!.sealsFrom === 0 && first!.wrapped[0] === LONE) return first!.wrapped;
  return Buffer.concat([Buffer.from([VERSIONED]), ...versions.flatMap((one) => [headOf(one), one.wrapped])]);
}

function headOf({ version, sealsFrom, wrapped }: WrappedVersion): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeUInt16BE(version, 0);
  head.writeUIntBE(sealsFrom, 2, 6);
  head.writeUInt16BE(wrapped.length, 8);
  return head;
}

/** @throws INTERNAL where the bytes are no entry */
export function readEntry(stored: Uint8Array, id: string): WrappedVersion[] {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  if (bytes[0] === LONE) return [{ version: 1, sealsFrom: 0, wrapped: bytes }];
  if (bytes[0] !== VERSIONED) throw broken(id);
  const versions: WrappedVersion[] = [];
  for (let at = 1; at < bytes.length; ) {
    if (at + HEAD > bytes.length) throw broken(id);
    const end = at + HEAD + bytes.readUInt16BE(at + 8);
    if (end > bytes.length) throw broken(id);
    versions.push({ version: bytes.readUInt16BE(at), sealsFrom: bytes.readUIntBE(at + 2, 6), wrapped: bytes.subarray(at + HEAD, end) });
    at = end;
  }
  return versions;
}

const broken = (id: string): Error => internal(`The entry of ${id} in the key store is not what was written there.`);
