import { mkdir } from 'node:fs/promises';
import { open, type RootDatabase } from 'lmdb';
import { conflict } from '../../platform/index.js';
import type { KeyStore, WrappedKey } from './key-store.js';

/** The embedded provider: an LMDB file on this machine, shared by the processes on it. */
export class LocalKeyStore implements KeyStore {
  private constructor(private readonly database: RootDatabase<Buffer, Buffer>) {}

  static async open(path: string): Promise<LocalKeyStore> {
    await mkdir(path, { recursive: true, mode: 0o700 });
    return new LocalKeyStore(open<Buffer, Buffer>({ path, encoding: 'binary', keyEncoding: 'binary', noSubdir: false }));
  }

  async putAll(entries: readonly WrappedKey[]): Promise<void> {
    await this.database.transaction(() => {
      for (const { customerId } of entries) {
        if (this.database.doesExist(keyOf(customerId))) throw conflict(`Customer ${customerId} already has a data key.`);
      }
      for (const { customerId, wrapped } of entries) void this.database.put(keyOf(customerId), Buffer.from(wrapped));
    });
    await this.database.flushed;
  }

  async get(customerId: string): Promise<Uint8Array | undefined> {
    return this.database.get(keyOf(customerId));
  }

  async getAll(customerIds: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return customerIds.map((id) => this.database.get(keyOf(id)));
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
const keyOf = (customerId: string): Buffer => Buffer.from(customerId.replaceAll('-', ''), 'hex');
