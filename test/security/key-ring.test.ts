import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { newId } from '../../src/platform/index.js';
import { KeyRing, parseKeyEncryptionKey, type KeyStore, type Replacement, type WrappedKey } from '../../src/security/index.js';

const place = { table: 'customer_facts', column: 'identity', id: 'row' };
const secret = Buffer.from('personal data');

/** A store in memory that answers late, counts, and lets a test look at what is stored. */
class MemoryStore implements KeyStore {
  readonly entries = new Map<string, Uint8Array>();
  readonly asked: string[][] = [];

  async putAll(entries: readonly WrappedKey[]): Promise<void> {
    for (const { customerId, wrapped } of entries) this.entries.set(customerId, wrapped);
  }
  async get(customerId: string): Promise<Uint8Array | undefined> {
    return (await this.getAll([customerId]))[0];
  }
  async getAll(customerIds: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    this.asked.push([...customerIds]);
    const found = customerIds.map((id) => this.entries.get(id));
    await new Promise((resolve) => setImmediate(resolve));
    return found;
  }
  readonly place = 'memory';
  async scan(after: string | undefined, most: number): Promise<WrappedKey[]> {
    const ids = [...this.entries.keys()].sort().filter((id) => after === undefined || id > after);
    return ids.slice(0, most).map((customerId) => ({ customerId, wrapped: this.entries.get(customerId)! }));
  }
  async count(): Promise<number> {
    return this.entries.size;
  }
  async newest(): Promise<string | undefined> {
    return [...this.entries.keys()].sort().at(-1);
  }
  async replaceAll(changes: readonly Replacement[]): Promise<string[]> {
    const unchanged = changes.filter(({ customerId, from }) => Buffer.from(this.entries.get(customerId) ?? []).equals(from));
    for (const { customerId, to } of unchanged) this.entries.set(customerId, to);
    return unchanged.map(({ customerId }) => customerId);
  }
  async destroyAll(customerIds: readonly string[]): Promise<void> {
    for (const customerId of customerIds) this.entries.delete(customerId);
  }
  async close(): Promise<void> {
    this.entries.clear();
  }
}

describe('the key ring', () => {
  let store: MemoryStore;
  let ring: KeyRing;
  const keyEncryptionKey = randomBytes(32);
  beforeEach(() => {
    store = new MemoryStore();
    ring = new KeyRing(store, keyEncryptionKey);
  });
  afterEach(() => void jest.restoreAllMocks());

  it('opens with a found key what was sealed with the new one', async () => {
    const [one, two] = [newId(), newId()];
    const keys = await ring.createAll([one, two]);
    const sealed = keys.map((key) => key.seal(place, secret));
    const other = new KeyRing(store, keyEncryptionKey);
    expect((await other.keyOf(one)).unseal(place, sealed[0]!)).toEqual(secret);
    expect((await other.keyOf(two)).unseal(place, sealed[1]!)).toEqual(secret);
  });

  it('gives every customer a key of their own', async () => {
    const [one, two] = await ring.createAll([newId(), newId()]);
    expect(() => two!.unseal(place, one!.seal(place, secret))).toThrow('is not what was written there');
  });

  it('keeps keys wrapped only: the store never sees one in the clear', async () => {
    const id = newId();
    await ring.createAll([id]);
    const wrapped = Buffer.from(store.entries.get(id)!);
    expect(wrapped.length).toBe(32 + 31);
    await expect(new KeyRing(store, randomBytes(32)).keyOf(id)).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('notices a wrapped key that was put under another customer', async () => {
    const [one, two] = [newId(), newId()];
    await ring.createAll([one, two]);
    store.entries.set(two, store.entries.get(one)!);
    await expect(ring.keyOf(two)).rejects.toMatchObject({ code: 'INTERNAL', message: `The stored key_store.wrapped of ${two} is not what was written there.` });
  });

  it('finds many keys in the order asked for, each once, and undefined for whom there is none', async () => {
    const [one, two, nobody] = [newId(), newId(), newId()];
    await ring.createAll([one, two]);
    const keys = await ring.keysOf([two, nobody, one, two]);
    expect(keys.map((key) => key !== undefined)).toEqual([true, false, true, true]);
    expect(keys[0]).toBe(keys[3]);
    expect(store.asked).toEqual([[two, nobody, one]]);
  });

  it('remembers keys for a minute at most', async () => {
    const id = newId();
    await ring.createAll([id]);
    let now = 1_000_000;
    jest.spyOn(Date, 'now').mockImplementation(() => now);
    for (const [later, asked] of [[0, 1], [59_999, 1], [2, 2]] as const) {
      now += later;
      await ring.keyOf(id);
      expect(store.asked).toHaveLength(asked);
    }
  });

  it('does not take a customer for erased whose key goes out of memory while others are fetched', async () => {
    const [known, unknown] = [newId(), newId()];
    await ring.createAll([known, unknown]);
    let now = 1_000_000;
    jest.spyOn(Date, 'now').mockImplementation(() => now);
    await ring.keyOf(known);
    now += 59_999;
    const asking = ring.keysOf([known, unknown]);
    now += 10;
    expect((await asking).map((key) => key !== undefined)).toEqual([true, true]);
  });

  it('says of a destroyed key that the data was erased; from memory too', async () => {
    const id = newId();
    const [key] = await ring.createAll([id]);
    const sealed = key!.seal(place, secret);
    await ring.keyOf(id);
    await ring.destroy(id);
    await expect(ring.keyOf(id)).rejects.toMatchObject({ code: 'NOT_FOUND', message: `The personal data of customer ${id} was erased.` });
    expect(await ring.keysOf([id])).toEqual([undefined]);
    await ring.createAll([id]);
    expect(() => key!.unseal(place, sealed)).not.toThrow();
    await expect(ring.keyOf(id).then((renewed) => renewed.unseal(place, sealed))).rejects.toThrow('is not what was written there');
  });

  it('does not bring a destroyed key back from a look-up that was under way', async () => {
    const id = newId();
    await ring.createAll([id]);
    const asking = ring.keysOf([id]);
    await ring.destroy(id);
    await asking;
    expect(await ring.keysOf([id])).toEqual([undefined]);
  });
});

describe('a key-encryption key', () => {
  const key = randomBytes(32);

  it('is 32 bytes in base64, with or without blanks around it', () => {
    expect(parseKeyEncryptionKey(`${key.toString('base64')}\n`, 'kek')).toEqual(key);
  });

  it.each([
    ['nothing', ''],
    ['too little', randomBytes(31).toString('base64')],
    ['too much', randomBytes(33).toString('base64')],
    ['hexadecimal', key.toString('hex')],
    ['a passphrase', 'correct horse battery staple, forty-three ch'],
    ['base64 with rubbish in between', `${key.toString('base64').slice(0, 20)} *${key.toString('base64').slice(20)}`],
    ['two keys', `${key.toString('base64')}\n${randomBytes(32).toString('base64')}`],
  ])('is not %s', (_what, text) => {
    expect(() => parseKeyEncryptionKey(text, '/run/secrets/kek')).toThrow(/^\/run\/secrets\/kek must hold 32 bytes in base64.* Make one with: openssl rand -base64 32$/);
  });

  it('does not show up in the sentence', () => {
    expect(() => parseKeyEncryptionKey('c2VjcmV0', 'kek')).toThrow(/^(?!.*c2VjcmV0)/);
  });
});
