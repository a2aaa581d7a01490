import { badInput } from '../platform/index.js';

const DIGEST = /^[0-9a-f]{64}$/;

/** The 32 bytes of a SHA-256 in hexadecimal. @throws BAD_INPUT naming the place when it is not one */
export function digestBytes(hex: string, where: string): Buffer {
  if (!DIGEST.test(hex)) throw badInput(`${where}: "${hex.slice(0, 80)}" is not a SHA-256 digest. Write its 64 hexadecimal digits in lower case.`);
  return Buffer.from(hex, 'hex');
}
