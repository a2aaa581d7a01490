import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { conflict, internal } from '../../platform/index.js';
import { readEntry } from './entry.js';
import { isCustomers, type KeyStore, type Replacement, type WrappedKey } from './key-store.js';
import { destroyJournal, journalsIn, readJournal, writeJournal, type Gone } from './lmdb-journal.js';
import { overwriteResidue } from './lmdb-residue.js';

const UUID_BYTES = 16;
const UUID_CHARACTERS = 36;

/** Before the uuid of what an earlier release was destroying, and of what length its pieces are. */
const GRAVE = 0xff;
const LOCATOR = 12;
/** Format and version of the key-encryption key come before. */
const RANDOM_FROM = 3;

/** The embedded provider: an LMDB file on this machine, shared by the processes on it. */
export class LocalKeyStore implements KeyStore {
  private constructor(
    private readonly database: RootDatabase<Buffer, Buffer>,
    private readonly path: string,
  ) {}

  static async open(path: string): Promise<LocalKeyStore> {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const store = new LocalKeyStore(open<Buffer, Buffer>({ path, encoding: 'binary', keyEncoding: 'binary', noSubdir: false }), path);
    await store.finishGraves();
    store.overwriteReplaced();
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

  async newest(): Promise<string | undefined> {
    this.database.resetReadTxn();
    // Graves, which are longer, come after it.
    const [last] = [...this.database.getRange({ start: Buffer.from([GRAVE]), reverse: true, limit: 1 })].map(({ key }) => idOf(key));
    return last !== undefined && isCustomers(last) ? last : undefined;
  }

  async replaceAll(changes: readonly Replacement[]): Promise<string[]> {
    const replaced = await this.database.transaction(() => {
      const unchanged = changes.filter(({ customerId, from }) => this.database.get(keyOf(customerId))?.equals(from));
      this.note(unchanged.flatMap(({ customerId, from, to }) => goneOf(customerId, Buffer.from(from), Buffer.from(to))));
      for (const { customerId, to } of unchanged) void this.database.put(keyOf(customerId), Buffer.from(to));
      return unchanged.map(({ customerId }) => customerId);
    });
    await this.database.flushed;
    return replaced;
  }

  /** In three steps, so that a crash leaves nothing behind: what is to go is noted; it goes; all that is left of it in the file is overwritten, then the note. */
  async destroyAll(customerIds: readonly string[]): Promise<void> {
    const noted = await this.database.transaction(() => {
      const there = [...new Set(customerIds)].flatMap((customerId) => {
        const entry = this.database.get(keyOf(customerId));
        return entry ? [{ customerId, gone: goneOf(customerId, entry) }] : [];
      });
      const journals = this.note(there.flatMap(({ gone }) => gone));
      for (const { customerId } of there) void this.database.remove(keyOf(customerId));
      return journals;
    });
    await this.database.flushed;
    this.finish(noted);
  }

  async close(): Promise<void> {
    await this.database.close();
  }

  overwriteReplaced(): void {
    this.finish(journalsIn(this.path));
  }

  /** An LMDB transaction that throws keeps what it did, so this comes first in it. */
  private note(gone: readonly Gone[]): string[] {
    return gone.length > 0 ? [writeJournal(this.path, gone)] : [];
  }

  /** What is noted and still in the tree never left it: the process died before that. Nobody writes to the file meanwhile: the transaction holds the store's write lock. */
  private finish(journals: readonly string[]): void {
    if (journals.length === 0) return;
    this.database.resetReadTxn();
    this.database.transactionSync(() => {
      const gone = journals.flatMap(readJournal).filter(({ id, secret }) => !secretsOf(this.database.get(id) ?? Buffer.alloc(0)).some((live) => live.equals(secret)));
      overwriteResidue(this.file, gone.map(({ secret }) => secret));
      for (const journal of journals) destroyJournal(journal);
    });
  }

  private get file(): string {
    return join(this.path, 'data.mdb');
  }

  /** What a process of an earlier release that died had begun: in place of the entry it left what finds the bytes. */
  private async finishGraves(): Promise<void> {
    const graves = [...this.database.getRange({ start: Buffer.from([GRAVE]) })].filter(({ key }) => key.length === UUID_BYTES + 1);
    if (graves.length === 0) return;
    const locators = graves.flatMap(({ value }) => locatorsIn(Buffer.from(value)));
    this.database.transactionSync(() => void overwriteResidue(this.file, locators));
    await this.database.transaction(() => {
      for (const { key } of graves) void this.database.remove(key);
    });
    await this.database.flushed;
    this.database.resetReadTxn();
    this.database.transactionSync(() => void overwriteResidue(this.file, locators.map((locator) => Buffer.from(locator).reverse())));
  }
}

/** The random part of each wrapped key; what cannot be read is taken as it is. */
function secretsOf(entry: Buffer): Buffer[] {
  try {
    return readEntry(entry, '').map(({ wrapped }) => wrapped.subarray(RANDOM_FROM));
  } catch {
    return entry.length > 0 ? [Buffer.from(entry)] : [];
  }
}

/** What leaves the tree with an entry, or where another takes its place. */
function goneOf(customerId: string, from: Buffer, to: Buffer = Buffer.alloc(0)): Gone[] {
  const kept = secretsOf(to);
  return secretsOf(Buffer.from(from)).filter((secret) => !kept.some((one) => one.equals(secret))).map((secret) => ({ id: keyOf(customerId), secret }));
}

/** Back to front, so that overwriting does not find, and lose, the grave itself. */
function locatorsIn(grave: Buffer): Buffer[] {
  return Array.from({ length: Math.floor(grave.length / LOCATOR) }, (_, index) => Buffer.from(grave.subarray(index * LOCATOR, (index + 1) * LOCATOR)).reverse());
}

/** The sixteen bytes of the uuid. */
function keyOf(customerId: string): Buffer {
  const key = Buffer.from(customerId.replaceAll('-', ''), 'hex');
  if (key.length !== UUID_BYTES || customerId.length !== UUID_CHARACTERS) throw internal(`"${customerId.slice(0, 40)}" is not the id of a customer.`);
  return key;
}

const idOf = (key: Uint8Array): string => Buffer.from(key).toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
