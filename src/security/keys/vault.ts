import { badInput } from '../../platform/index.js';
import type { Place } from './cipher.js';
import type { KeyVersion } from './data-key.js';
import { readEntry, writeEntry, type WrappedVersion } from './entry.js';
import type { KeyEncryption } from './key-encryption.js';
import { RESERVED, type WrappedKey } from './key-store.js';

const MOST_VERSIONS = 65_535;

/** Entries of a key store with their keys in the clear: wraps and unwraps whole batches. */
export class Vault {
  constructor(readonly encryption: KeyEncryption) {}

  /** Entries of new keys, one version each. */
  async wrapNew(keys: readonly { customerId: string; key: Buffer }[]): Promise<WrappedKey[]> {
    const wrapped = await this.encryption.wrapAll(keys.map(({ customerId, key }) => ({ place: placeOf(customerId, 1), bytes: key })));
    return keys.map(({ customerId }, index) => ({ customerId, wrapped: writeEntry([{ version: 1, sealsFrom: 0, wrapped: wrapped[index]! }]) }));
  }

  /** The keys of entries, in their order. */
  async unwrap(entries: readonly WrappedKey[]): Promise<KeyVersion[][]> {
    const read = entries.map(({ customerId, wrapped }) => readEntry(wrapped, customerId));
    const placed = read.flatMap((versions, index) => versions.map(({ version, wrapped }) => ({ place: placeOf(entries[index]!.customerId, version), bytes: wrapped })));
    const keys = (await this.encryption.unwrapAll(placed))[Symbol.iterator]();
    return read.map((versions) => versions.map(({ version, sealsFrom }) => ({ version, sealsFrom, key: keys.next().value! })));
  }

  /** The same entries under the current key-encryption key. */
  async rewrap(entries: readonly WrappedKey[]): Promise<Buffer[]> {
    const opened = await this.unwrap(entries);
    const placed = opened.flatMap((versions, index) => versions.map(({ version, key }) => ({ place: placeOf(entries[index]!.customerId, version), bytes: key })));
    const wrapped = (await this.encryption.wrapAll(placed))[Symbol.iterator]();
    return opened.map((versions) => writeEntry(versions.map(({ version, sealsFrom }) => ({ version, sealsFrom, wrapped: wrapped.next().value! }))));
  }

  /** The same entries with one more version of the key, which seals from a time on. */
  async withNext(entries: readonly WrappedKey[], makeKey: () => Buffer, sealsFrom: number): Promise<Buffer[]> {
    const read = entries.map(({ customerId, wrapped }) => ({ customerId, versions: readEntry(wrapped, customerId) }));
    const next = read.map(({ customerId, versions }) => {
      const version = versions.at(-1)!.version + 1;
      if (version > MOST_VERSIONS) throw badInput(`The key of ${customerId} has had ${MOST_VERSIONS} versions; there can be no more.`);
      return { customerId, version };
    });
    const wrapped = await this.encryption.wrapAll(next.map(({ customerId, version }) => ({ place: placeOf(customerId, version), bytes: makeKey() })));
    return read.map(({ versions }, index) => writeEntry([...versions, { version: next[index]!.version, sealsFrom, wrapped: wrapped[index]! }]));
  }

  /** Versions of the key-encryption key that an entry is wrapped under. */
  versionsOf({ customerId, wrapped }: WrappedKey): number[] {
    return readEntry(wrapped, customerId).map((one: WrappedVersion) => this.encryption.versionOf(one.wrapped));
  }
}

/** Bound to what is wrapped. The first version, and the check, stand where they did before keys had versions. */
export function placeOf(customerId: string, version: number): Place {
  const column = customerId === RESERVED.check ? 'check' : 'wrapped';
  return { table: 'key_store', column, id: version === 1 ? customerId : `${customerId}#${version}` };
}
