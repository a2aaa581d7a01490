import { randomBytes } from 'node:crypto';
import { AssayError, notFound } from '../../platform/index.js';
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
    const missing = [...new Set(customerIds.filter((id) => this.cached(id) === undefined))];
    const found = new Map<string, DataKey>();
    const wrapped = missing.length > 0 ? await this.store.getAll(missing) : [];
    for (const [index, id] of missing.entries()) {
      const bytes = wrapped[index];
      if (bytes) found.set(id, new DataKey(unseal(this.keyEncryptionKey, placeOf(id), bytes)));
    }
    const keys = customerIds.map((id) => found.get(id) ?? this.cached(id));
    for (const [id, key] of found) this.remember(id, key);
    return keys;
  }

  async destroy(customerId: string): Promise<void> {
    await this.store.destroy(customerId);
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

/** @throws BAD_INPUT unless the text is 32 bytes in base64 */
export function parseKeyEncryptionKey(text: string, where: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === KEY_BYTES) return key;
  throw new AssayError('BAD_INPUT', `${where} must hold ${KEY_BYTES} bytes in base64 (it holds ${key.length}). Make one with: openssl rand -base64 32`);
}

const placeOf = (customerId: string): Place => ({ table: 'key_store', column: 'wrapped', id: customerId });
