import { randomFillSync } from 'node:crypto';
import { internal } from './errors.js';

const POOL_BYTES = 16_384;

/** Random bytes from the system, fetched in bulk: asking it for a dozen bytes at a time costs more than sealing with them. */
class RandomPool {
  private readonly bytes = Buffer.allocUnsafeSlow(POOL_BYTES);
  private used = POOL_BYTES;

  /** A view of `length` bytes that are never handed out again. The pool is refilled in place: copy what is to be kept. */
  next(length: number): Buffer {
    if (length > POOL_BYTES) throw internal(`${length} random bytes at once are more than the pool of ${POOL_BYTES}.`);
    if (this.used + length > POOL_BYTES) {
      randomFillSync(this.bytes);
      this.used = 0;
    }
    this.used += length;
    return this.bytes.subarray(this.used - length, this.used);
  }

  nextUint32(): number {
    return this.next(4).readUInt32LE();
  }
}

export const randomPool = new RandomPool();
