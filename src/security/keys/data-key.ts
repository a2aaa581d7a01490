import { internal } from '../../platform/index.js';
import { keyVersionOf, seal, unseal, type Place } from './cipher.js';

export interface KeyVersion {
  readonly version: number;
  readonly sealsFrom: number;
  readonly key: Buffer;
}

/** One customer's data key in all its versions, unwrapped. Lives in memory only. The newest that is due seals; all open. */
export class DataKey {
  /** @param versions oldest first; the first seals until the next is due */
  constructor(private readonly versions: readonly KeyVersion[]) {}

  seal(place: Place, plaintext: Uint8Array): Buffer {
    const now = Date.now();
    const { key, version } = this.versions.findLast(({ sealsFrom }) => sealsFrom <= now) ?? this.versions[0]!;
    return seal(key, place, plaintext, version);
  }

  unseal(place: Place, sealed: Uint8Array): Buffer {
    const version = keyVersionOf(sealed);
    const found = this.versions.find((one) => one.version === version);
    if (!found) throw internal(`The stored ${place.table}.${place.column} of ${place.id} is under version ${version} of its key, which is not known here.`);
    return unseal(found.key, place, sealed);
  }
}
