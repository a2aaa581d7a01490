import { randomBytes } from 'node:crypto';
import { badInput, notFound } from '../../platform/index.js';
import { seal, unseal, type Place } from './cipher.js';
import type { KeyStore } from './key-store.js';

const KEY_BYTES = 32;
const MOST_CACHED = 20_000;
const CACHE_MILLISECONDS = 60_000;

/** One customer's data key, unwrapped. Lives in memory only. */
export class DataKey {
  constructor(private readonly key: Buffer) {}

  seal(place: Place, plaintext: Uint8Array): Buffer {
    return seal(this.key, place, plaintext);
  }

  unseal(place: Place, sealed: Uint8Array): Buffer {
    return unseal(this.key, place, sealed);
  }
}

/** Makes, keeps and finds the data keys of customers, wrapped by the key-encryption key. */
export class KeyRing {
  private readonly cache = new Map<string, { key: DataKey; until: number }>();
  /** What was looked up before a destruction is not remembered after it. */
  private destructions = 0;

  constructor(
    private readonly store: KeyStore,
    private readonly keyEncryptionKey: Buffer,
  ) {}

  /** Makes a key for each new customer. Durable before it resolves: a row must never outlive the loss of its key. */
  async createAll(customerIds: readonly string[]): Promise<DataKey[]> {
    const raw = randomBytes(KEY_BYTES * customerIds.length);
    const keys = customerIds.map((_, index) => raw.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES));
    await this.store.putAll(
      customerIds.map((customerId, index) => ({ customerId, wrapped: seal(this.keyEncryptionKey, placeOf(customerId), keys[index]!) })),
    );
    return keys.map((key) => new DataKey(key));
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
    const wrapped = missing.length > 0 ? await this.store.getAll(missing) : [];
    for (const [index, id] of missing.entries()) {
      const bytes = wrapped[index];
      if (!bytes) continue;
      const key = new DataKey(unseal(this.keyEncryptionKey, placeOf(id), bytes));
      keys.set(id, key);
      if (destructions === this.destructions) this.remember(id, key);
    }
    return customerIds.map((id) => keys.get(id));
  }

  async destroy(customerId: string): Promise<void> {
    await this.store.destroy(customerId);
    this.destructions += 1;
    this.cache.delete(customerId);
  }

  async close(): Promise<void> {
    this.cache.clear();
    await this.store.close();
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

/** @throws BAD_INPUT unless the text is 32 bytes in base64 and nothing else */
export function parseKeyEncryptionKey(text: string, where: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === KEY_BYTES && key.toString('base64') === text.trim()) return key;
  throw badInput(`${where} must hold ${KEY_BYTES} bytes in base64 and nothing else. Make one with: openssl rand -base64 32`);
}

const placeOf = (customerId: string): Place => ({ table: 'key_store', column: 'wrapped', id: customerId });
