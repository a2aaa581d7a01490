import { createHmac, randomBytes } from 'node:crypto';
import { AssayError, canonicalJson, internal, notFound } from '../../platform/index.js';
import { DataKey, type KeyVersion } from './data-key.js';
import { HeldKeys, type KeyEncryption } from './key-encryption.js';
import { RESERVED, type KeyStore, type WrappedKey } from './key-store.js';
import { Vault } from './vault.js';

export const KEY_BYTES = 32;
const MOST_CACHED = 20_000;
export const CACHE_MILLISECONDS = 60_000;

/** Makes, keeps and finds the data keys of customers, wrapped by the key-encryption key. */
export class KeyRing {
  readonly vault: Vault;
  private readonly cache = new Map<string, { key: DataKey; until: number }>();
  private index: { keys: readonly KeyVersion[]; until: number } | undefined;
  private requests: Promise<Buffer> | undefined;
  /** What was looked up before a destruction is not remembered after it. */
  private destructions = 0;

  constructor(
    readonly store: KeyStore,
    keyEncryption: KeyEncryption | Buffer,
  ) {
    this.vault = new Vault(Buffer.isBuffer(keyEncryption) ? new HeldKeys(new Map([[1, keyEncryption]])) : keyEncryption);
  }

  /** Makes a key for each new customer. Durable before it resolves: a row must never outlive the loss of its key. */
  async createAll(customerIds: readonly string[]): Promise<DataKey[]> {
    const raw = randomBytes(KEY_BYTES * customerIds.length);
    const keys = customerIds.map((customerId, index) => ({ customerId, key: raw.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES) }));
    await this.store.putAll(await this.vault.wrapNew(keys));
    return keys.map(({ key }) => new DataKey([{ version: 1, sealsFrom: 0, key }]));
  }

  /** @throws NOT_FOUND when the key was destroyed: the customer's data was erased */
  async keyOf(customerId: string): Promise<DataKey> {
    const [key] = await this.keysOf([customerId]);
    if (!key) throw notFound(`The personal data of customer ${customerId} was erased.`);
    return key;
  }

  /** Keys in the order asked for; undefined where a customer was erased. */
  async keysOf(customerIds: readonly string[]): Promise<(DataKey | undefined)[]> {
    // Taken hold of before anything is awaited: what leaves the cache meanwhile is not erased.
    const keys = new Map([...new Set(customerIds)].map((id) => [id, this.cached(id)]));
    const missing = [...keys].filter(([, key]) => key === undefined).map(([id]) => id);
    const destructions = this.destructions;
    // What was destroyed or replaced at this very moment reads as zeros: a second look tells which.
    const found = await this.unwrapped(missing).catch(() => this.unwrapped(missing));
    for (const { customerId, versions } of found) {
      const key = new DataKey(versions);
      keys.set(customerId, key);
      if (destructions === this.destructions) this.remember(customerId, key);
    }
    return customerIds.map((id) => keys.get(id));
  }

  destroy(customerId: string): Promise<void> {
    return this.destroyAll([customerId]);
  }

  async destroyAll(customerIds: readonly string[]): Promise<void> {
    await this.store.destroyAll(customerIds);
    this.forget(customerIds);
  }

  /** Looks for the keys of the blind index anew. */
  forgetIndex(): void {
    this.index = undefined;
  }

  /** Goes back to the store for these: another process destroyed their keys. */
  forget(customerIds: readonly string[]): void {
    this.destructions += 1;
    for (const customerId of customerIds) this.cache.delete(customerId);
  }

  /** The keys of the blind index, oldest first; made on first use. What is written is written under all, what is looked for too. */
  async indexKeys(): Promise<readonly KeyVersion[]> {
    if (this.index && this.index.until > Date.now()) return this.index.keys;
    const keys = await this.reserved(RESERVED.index);
    this.index = { keys, until: Date.now() + CACHE_MILLISECONDS };
    return keys;
  }

  /**
   * What tells one request from another without telling what was asked: a keyed digest, under a key that is never in the
   * database. A plain digest of few possible values, such as an income, could be found by trying.
   */
  async fingerprint(body: unknown): Promise<string> {
    this.requests ??= this.reserved(RESERVED.requests).then(([first]) => first!.key).catch((error: unknown) => {
      this.requests = undefined;
      throw error;
    });
    return createHmac('sha256', await this.requests).update('assay request\0').update(canonicalJson(body)).digest('hex');
  }

  async close(): Promise<void> {
    this.cache.clear();
    this.index = undefined;
    this.requests = undefined;
    await this.store.close();
  }

  /** Of several processes that make the entry at once, all use the first. */
  private async reserved(id: string): Promise<KeyVersion[]> {
    const known = await this.store.get(id);
    if (known) return (await this.vault.unwrap([{ customerId: id, wrapped: known }]))[0]!;
    await this.store.putAll(await this.vault.wrapNew([{ customerId: id, key: randomBytes(KEY_BYTES) }])).catch((error: unknown) => {
      if (!(error instanceof AssayError && error.code === 'CONFLICT')) throw error;
    });
    const made = await this.store.get(id);
    if (!made) throw internal(`The key store at ${this.store.place} does not keep what it confirms.`);
    return (await this.vault.unwrap([{ customerId: id, wrapped: made }]))[0]!;
  }

  private async unwrapped(ids: readonly string[]): Promise<{ customerId: string; versions: KeyVersion[] }[]> {
    const stored = ids.length > 0 ? await this.store.getAll(ids) : [];
    const found = ids.flatMap((customerId, index): WrappedKey[] => (stored[index] ? [{ customerId, wrapped: stored[index] }] : []));
    const keys = found.length > 0 ? await this.vault.unwrap(found) : [];
    return found.map(({ customerId }, index) => ({ customerId, versions: keys[index]! }));
  }

  /** Remembered for a minute at most: another process may have erased the customer. */
  private cached(customerId: string): DataKey | undefined {
    const entry = this.cache.get(customerId);
    return entry && entry.until > Date.now() ? entry.key : undefined;
  }

  private remember(customerId: string, key: DataKey): void {
    if (this.cache.size >= MOST_CACHED) this.cache.clear();
    this.cache.set(customerId, { key, until: Date.now() + CACHE_MILLISECONDS });
  }
}
