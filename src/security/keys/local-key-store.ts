import { mkdir } from 'node:fs/promises';
import { open, type RootDatabase } from 'lmdb';
import { conflict, internal } from '../../platform/index.js';
import type { KeyStore, WrappedKey } from './key-store.js';

const UUID_BYTES = 16;
const UUID_CHARACTERS = 36;

/** The embedded provider: an LMDB file on this machine, shared by the processes on it. */
export class LocalKeyStore implements KeyStore {
  private constructor(private readonly database: RootDatabase<Buffer, Buffer>) {}

  static async open(path: string): Promise<LocalKeyStore> {
    await mkdir(path, { recursive: true, mode: 0o700 });
    return new LocalKeyStore(open<Buffer, Buffer>({ path, encoding: 'binary', keyEncoding: 'binary', noSubdir: false }));
  }

  /** Everything is checked before anything is put: an LMDB transaction that throws keeps what it did. */
  async putAll(entries: readonly WrappedKey[]): Promise<void> {
    await this.database.transaction(() => {
      const seen = new Set<string>();
      for (const { customerId } of entries) {
        if (seen.has(customerId) || this.database.doesExist(keyOf(customerId))) throw conflict(`Customer ${customerId} already has a data key.`);
        seen.add(customerId);
      }
      for (const { customerId, wrapped } of entries) void this.database.put(keyOf(customerId), Buffer.from(wrapped));
    });
    await this.database.flushed;
  }

  async get(customerId: string): Promise<Uint8Array | undefined> {
    return (await this.getAll([customerId]))[0];
  }

  /** An absent key means erased, so absence is looked at again with fresh eyes: reads of one turn share a snapshot. */
  async getAll(customerIds: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    const found = customerIds.map((id) => this.database.get(keyOf(id)));
    if (!found.includes(undefined)) return found;
    this.database.resetReadTxn();
    return found.map((wrapped, index) => wrapped ?? this.database.get(keyOf(customerIds[index]!)));
  }

  async destroy(customerId: string): Promise<void> {
    await this.database.remove(keyOf(customerId));
    await this.database.flushed;
  }

  async close(): Promise<void> {
    await this.database.close();
  }
}

/** The sixteen bytes of the uuid. */
function keyOf(customerId: string): Buffer {
  const key = Buffer.from(customerId.replaceAll('-', ''), 'hex');
  if (key.length !== UUID_BYTES || customerId.length !== UUID_CHARACTERS) throw internal(`"${customerId.slice(0, 40)}" is not the id of a customer.`);
  return key;
}
