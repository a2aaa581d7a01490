import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { conflict, internal } from '../../platform/index.js';
import { readEntry } from './entry.js';
import type { KeyStore, Replacement, WrappedKey } from './key-store.js';
import { overwriteResidue } from './lmdb-residue.js';

const UUID_BYTES = 16;
const UUID_CHARACTERS = 36;

/** Before the uuid of an entry that is being destroyed: what is left of it must still be overwritten. */
const GRAVE = 0xff;
/** Of a wrapped key, enough to find it and too little to open it: its IV. */
const LOCATOR = { from: 3, to: 15 } as const;

/** The embedded provider: an LMDB file on this machine, shared by the processes on it. */
export class LocalKeyStore implements KeyStore {
  private constructor(
    private readonly database: RootDatabase<Buffer, Buffer>,
    private readonly path: string,
  ) {}

  static async open(path: string): Promise<LocalKeyStore> {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const store = new LocalKeyStore(open<Buffer, Buffer>({ path, encoding: 'binary', keyEncoding: 'binary', noSubdir: false }), path);
    await store.finishDestructions();
    return store;
  }

  get place(): string {
    return this.path;
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

  /** An absent key means erased, and what was replaced is overwritten, so each look is a fresh one: reads of one turn would share a snapshot. */
  async getAll(customerIds: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    this.database.resetReadTxn();
    return customerIds.map((id) => this.database.get(keyOf(id)));
  }

  async scan(after: string | undefined, most: number): Promise<WrappedKey[]> {
    this.database.resetReadTxn();
    const start = after === undefined ? Buffer.alloc(UUID_BYTES) : keyOf(after);
    const found: WrappedKey[] = [];
    for (const { key, value } of this.database.getRange({ start, limit: most + 1 })) {
      if (key.length === UUID_BYTES && idOf(key) !== after) found.push({ customerId: idOf(key), wrapped: Buffer.from(value) });
    }
    return found.slice(0, most);
  }

  async count(): Promise<number> {
    this.database.resetReadTxn();
    return this.database.getCount({ start: Buffer.alloc(UUID_BYTES) });
  }

  async replaceAll(changes: readonly Replacement[]): Promise<string[]> {
    const replaced = await this.database.transaction(() => {
      const unchanged = changes.filter(({ customerId, from }) => this.database.get(keyOf(customerId))?.equals(from));
      for (const { customerId, to } of unchanged) void this.database.put(keyOf(customerId), Buffer.from(to));
      return unchanged.map(({ customerId }) => customerId);
    });
    await this.database.flushed;
    return replaced;
  }

  /**
   * In three steps, so that a crash leaves nothing behind: the entries go, and a grave with what finds their bytes takes
   * their place; all that is left of them in the file is overwritten; the graves go, and what is left of them.
   */
  async destroyAll(customerIds: readonly string[]): Promise<void> {
    const gone = await this.database.transaction(() => {
      const secrets: Buffer[] = [];
      for (const customerId of new Set(customerIds)) {
        const entry = this.database.get(keyOf(customerId));
        if (!entry) continue;
        const wrapped = readable(entry, customerId);
        secrets.push(...wrapped);
        void this.database.put(graveOf(customerId), Buffer.concat(wrapped.map(locatorOf)));
        void this.database.remove(keyOf(customerId));
      }
      return secrets;
    });
    await this.database.flushed;
    if (gone.length > 0) await this.overwrite(gone, customerIds);
  }

  async close(): Promise<void> {
    await this.database.close();
  }

  overwriteResidue(wrapped: readonly Uint8Array[]): void {
    this.overwriteNow(wrapped.map((bytes) => Buffer.from(bytes.subarray(LOCATOR.from))));
  }

  /** What a process that died had begun. Without its IV, what is left of a wrapped key opens under no key. */
  private async finishDestructions(): Promise<void> {
    const graves = [...this.database.getRange({ start: Buffer.from([GRAVE]) })].filter(({ key }) => key.length === UUID_BYTES + 1);
    if (graves.length === 0) return;
    const locators = graves.flatMap(({ value }) => locatorsIn(Buffer.from(value)));
    await this.overwrite(locators, graves.map(({ key }) => idOf(key.subarray(1))));
  }

  /** No process writes to the file meanwhile: the empty transaction holds the store's write lock. */
  private async overwrite(secrets: readonly Buffer[], customerIds: readonly string[]): Promise<void> {
    this.overwriteNow(secrets);
    await this.database.transaction(() => {
      for (const customerId of customerIds) void this.database.remove(graveOf(customerId));
    });
    await this.database.flushed;
    this.overwriteNow(secrets.map(locatorOf));
  }

  private overwriteNow(secrets: readonly Buffer[]): void {
    this.database.resetReadTxn();
    this.database.transactionSync(() => void overwriteResidue(join(this.path, 'data.mdb'), secrets));
  }
}

/** The random part of each wrapped key; what cannot be read is destroyed all the same, as it is. */
function readable(entry: Buffer, customerId: string): Buffer[] {
  try {
    return readEntry(Buffer.from(entry), customerId).map(({ wrapped }) => wrapped.subarray(LOCATOR.from));
  } catch {
    return [Buffer.from(entry)];
  }
}

/** Back to front, so that overwriting does not find, and lose, the grave itself. */
const locatorOf = (secret: Buffer): Buffer => Buffer.from(secret.subarray(0, LOCATOR.to - LOCATOR.from)).reverse();

function locatorsIn(grave: Buffer): Buffer[] {
  const length = LOCATOR.to - LOCATOR.from;
  return Array.from({ length: Math.floor(grave.length / length) }, (_, index) => Buffer.from(grave.subarray(index * length, (index + 1) * length)).reverse());
}

/** The sixteen bytes of the uuid. */
function keyOf(customerId: string): Buffer {
  const key = Buffer.from(customerId.replaceAll('-', ''), 'hex');
  if (key.length !== UUID_BYTES || customerId.length !== UUID_CHARACTERS) throw internal(`"${customerId.slice(0, 40)}" is not the id of a customer.`);
  return key;
}

const graveOf = (customerId: string): Buffer => Buffer.concat([Buffer.from([GRAVE]), keyOf(customerId)]);

const idOf = (key: Uint8Array): string => Buffer.from(key).toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
