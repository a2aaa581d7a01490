import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '../../src/platform/index.js';
import {
  DataKey, FileKeys, HeldKeys, keyStatus, KeyRing, keyVersionOf, LEAD_MILLISECONDS, LocalKeyStore, parseKeyEncryptionKeys, readEntry, rewrapAll, rotateDataKeys, rotationUnderWay, Vault, writeEntry,
  type KeyEncryption, type Placed,
} from '../../src/security/index.js';

const place = { table: 'customer_facts', column: 'identity', id: 'row' };
const [first, second] = [randomBytes(32), randomBytes(32)];

let home: string;
let store: LocalKeyStore;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'assay-rotation-'));
  store = await LocalKeyStore.open(join(home, 'keys'));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await store.close();
  await rm(home, { recursive: true, force: true });
});

const customers = (count: number): string[] => Array.from({ length: count }, () => newId());
const both = (): Vault => new Vault(new HeldKeys(new Map([[1, first], [2, second]])));

describe('an entry of the key store', () => {
  it('is as it was before keys had versions while there is one, and holds any number', () => {
    const wrapped = [randomBytes(63), randomBytes(180)].map((bytes, index) => Buffer.concat([Buffer.from([1]), bytes.subarray(index)]));
    const lone = [{ version: 1, sealsFrom: 0, wrapped: wrapped[0]! }];
    expect([writeEntry(lone), readEntry(writeEntry(lone), 'x')]).toEqual([wrapped[0], lone]);
    const two = [...lone, { version: 2, sealsFrom: 1_764_000_000_000, wrapped: wrapped[1]! }];
    expect(readEntry(writeEntry(two), 'x')).toEqual(two);
    for (const bytes of [Buffer.alloc(0), Buffer.from([9]), writeEntry(two).subarray(0, 40)]) expect(() => readEntry(bytes, 'x')).toThrow('is not what was written there');
  });
});

describe('key-encryption keys in a file', () => {
  const [a, b] = [first.toString('base64'), second.toString('base64')];

  it('are one alone, as ever, or a line for each version', () => {
    expect(parseKeyEncryptionKeys(`${a}\n`, 'kek')).toEqual(new Map([[1, first]]));
    expect(parseKeyEncryptionKeys(`${a}\n2 ${b}\n`, 'kek')).toEqual(new Map([[1, first], [2, second]]));
    expect(parseKeyEncryptionKeys(`7 ${b}\n\n3 ${a}`, 'kek')).toEqual(new Map([[7, second], [3, first]]));
    for (const text of ['', `${a}\n${b}`, `1 ${a}\n1 ${b}`, `2 ${a}\n${b}`, `0 ${a}`, `70000 ${a}`, `2 ${a} x`]) expect(() => parseKeyEncryptionKeys(text, 'kek')).toThrow(/^kek.* must hold 32 bytes in base64/);
  });

  it('are read again when the file has changed', async () => {
    const path = join(home, 'kek');
    await writeFile(path, a);
    const keys = await FileKeys.open(path);
    const bytes = randomBytes(32);
    const [old] = await keys.wrapAll([{ place, bytes }]);
    await writeFile(path, `1 ${a}\n2 ${b}\n`);
    const [now] = await keys.wrapAll([{ place, bytes }]);
    expect([keys.versionOf(old!), keys.versionOf(now!), keys.versions]).toEqual([1, 2, [1, 2]]);
    expect(await keys.unwrapAll([{ place, bytes: old! }, { place, bytes: now! }])).toEqual([bytes, bytes]);
    await rename(path, `${path}.away`);
    expect([await keys.current(), (await keys.wrapAll([{ place, bytes }])).length]).toEqual([2, 1]);
    await rename(`${path}.away`, path);
    await writeFile(path, `2 ${b}\n`);
    await keys.current();
    await expect(keys.unwrapAll([{ place, bytes: old! }])).rejects.toMatchObject({ code: 'REFUSED', message: expect.stringContaining('under version 1') as unknown });
  });
});

describe('rotating the key-encryption key', () => {
  it('leaves every key what it was, under the new one alone; what was destroyed stays so', async () => {
    const old = new KeyRing(store, first);
    const ids = customers(1_200);
    const sealed = (await old.createAll(ids)).map((key) => key.seal(place, Buffer.from('text')));
    await old.indexKeys();
    await old.destroy(ids[5]!);
    const steps: number[] = [];
    expect(await rewrapAll({ store, vault: both() }, (done) => steps.push(done))).toEqual({ entries: 1_200, changed: 1_200 });
    expect(steps).toEqual([500, 1_000, 1_200]);
    const renewed = new KeyRing(store, new HeldKeys(new Map([[2, second]])));
    const keys = await renewed.keysOf(ids);
    expect(keys.flatMap((key, index) => (key ? [key.unseal(place, sealed[index]!).toString()] : []))).toEqual(Array.from({ length: 1_199 }, () => 'text'));
    expect(keys[5]).toBeUndefined();
    expect(await renewed.indexKeys()).toEqual(await old.indexKeys());
    expect(await keyStatus(renewed)).toMatchObject({ customers: 1_199, current: 2, wrappedUnder: new Map([[2, 1_200]]), dataKeyVersions: new Map([[1, 1_199]]) });
  });

  it.each([['in the middle', 500], ['before the end', 1_200]])('leaves nothing of what the old one wrapped in the file, though it was interrupted %s', async (_, at) => {
    const ids = customers(1_200);
    await new KeyRing(store, first).createAll(ids);
    const old = (await store.getAll(ids)).map((wrapped) => Buffer.from(wrapped!.slice(3)));
    await expect(rewrapAll({ store, vault: both() }, (done) => {
      if (done === at) throw new Error('killed');
    })).rejects.toThrow('killed');
    await rewrapAll({ store, vault: both() });
    await new KeyRing(store, both().encryption).destroyAll(ids);
    const file = await readFile(join(home, 'keys', 'data.mdb'));
    const pieces = old.flatMap((one) => Array.from({ length: 7 }, (__, index) => one.subarray(index * 8, index * 8 + 8)));
    expect(pieces.filter((piece) => file.includes(piece))).toEqual([]);
  });

  it('goes on where it was interrupted', async () => {
    await new KeyRing(store, first).createAll(customers(1_100));
    const vault = both();
    await expect(rewrapAll({ store, vault }, (done) => {
      if (done === 500) throw new Error('killed');
    })).rejects.toThrow('killed');
    expect((await keyStatus({ store, vault })).wrappedUnder).toEqual(new Map([[2, 500], [1, 600]]));
    expect(await rewrapAll({ store, vault })).toEqual({ entries: 1_100, changed: 600 });
    expect(await rewrapAll({ store, vault })).toEqual({ entries: 1_100, changed: 0 });
  });
});

describe('rotating data keys', () => {
  it('seals what is new under the next version once every process knows it; what is there stays as it is and opens', async () => {
    let now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now);
    const [ring, replica] = [new KeyRing(store, first), new KeyRing(store, first)];
    const [id] = customers(1);
    const before = (await ring.createAll([id!]))[0]!.seal(place, Buffer.from('before'));
    const remembered = await replica.keyOf(id!);
    now += 1;
    expect(await rotateDataKeys(ring)).toMatchObject({ changed: 1 });
    const soon = (await new KeyRing(store, first).keyOf(id!)).seal(place, Buffer.from('soon'));
    // Who had looked just before opens it: the new version does not seal yet.
    expect([keyVersionOf(soon), remembered.unseal(place, soon).toString()]).toEqual([1, 'soon']);
    now += LEAD_MILLISECONDS;
    const after = (await ring.keyOf(id!)).seal(place, Buffer.from('after'));
    expect(keyVersionOf(after)).toBe(2);
    const key = await replica.keyOf(id!);
    expect([before, soon, after].map((one) => key.unseal(place, one).toString())).toEqual(['before', 'soon', 'after']);
    expect(() => remembered.unseal(place, after)).toThrow('version 2 of its key');
    await ring.destroy(id!);
    expect(await new KeyRing(store, first).keysOf([id!])).toEqual([undefined]);
  });

  it('goes on where it was interrupted, and gives each customer one version', async () => {
    const ring = new KeyRing(store, first);
    await ring.createAll(customers(700));
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 10);
    await expect(rotateDataKeys(ring, () => {
      throw new Error('killed');
    })).rejects.toThrow('killed');
    expect(await rotationUnderWay(store)).toBe(Date.now());
    expect((await keyStatus(ring)).rotationSince).toEqual(new Date(Date.now()));
    expect(await rotateDataKeys(ring)).toMatchObject({ changed: 201 });
    expect(await keyStatus(ring)).toMatchObject({ customers: 700, dataKeyVersions: new Map([[2, 700]]), rotationSince: undefined });
  });

  it('takes none away from those who read and write meanwhile, together with the key-encryption key', async () => {
    let now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now);
    const ids = customers(600);
    const servers = [1, 2].map(() => new KeyRing(store, both().encryption));
    await new KeyRing(store, first).createAll(ids);
    const sealed: { id: string; text: string; bytes: Buffer }[] = [];
    let over = false;
    const work = async (ring: KeyRing, step: number): Promise<number> => {
      let acts = 0;
      for (let after = 0; after < 150; acts += 1) {
        if (over) after += 1;
        const id = ids[(acts * step) % ids.length]!;
        const text = `${step} ${acts}`;
        sealed.push({ id, text, bytes: (await ring.keyOf(id)).seal(place, Buffer.from(text)) });
        const old = sealed[(acts * 31) % sealed.length]!;
        expect((await ring.keyOf(old.id)).unseal(place, old.bytes).toString()).toBe(old.text);
        if (acts % 40 === 0) await ring.createAll(customers(1));
        if (acts % 3 === 0) ring.forget([id]);
        await new Promise((resolve) => setImmediate(resolve));
      }
      return acts;
    };
    const working = [work(servers[0]!, 7), work(servers[1]!, 11)];
    const rotating = { store, vault: both() };
    await rewrapAll(rotating);
    now += 1;
    await rotateDataKeys(rotating);
    now += LEAD_MILLISECONDS;
    await rewrapAll(rotating);
    over = true;
    const acts = (await Promise.all(working)).reduce((sum, one) => sum + one, 0);
    const last = new KeyRing(store, new HeldKeys(new Map([[2, second]])));
    for (const { id, text, bytes } of sealed) expect((await last.keyOf(id)).unseal(place, bytes).toString()).toBe(text);
    process.stderr.write(`rotation: ${acts} acts of reading and writing under way, ${sealed.filter(({ bytes }) => keyVersionOf(bytes) === 2).length} of ${sealed.length} sealed under the new version, all opened\n`);
    expect((await keyStatus(rotating)).wrappedUnder.size).toBe(1);
  });
});

describe('a KMS', () => {
  /** Wraps to bytes of its own form, which the key store need not understand. */
  class Kms implements KeyEncryption {
    readonly calls: number[] = [];
    constructor(private readonly inner = new HeldKeys(new Map([[3, second]]))) {}
    current = (): Promise<number> => this.inner.current();
    async wrapAll(keys: readonly Placed[]): Promise<Buffer[]> {
      this.calls.push(keys.length);
      return (await this.inner.wrapAll(keys)).map((bytes) => Buffer.concat([Buffer.from('kms:'), bytes, Buffer.alloc(100)]));
    }
    unwrapAll(wrapped: readonly Placed[]): Promise<Buffer[]> {
      this.calls.push(wrapped.length);
      return this.inner.unwrapAll(wrapped.map(({ place: where, bytes }) => ({ place: where, bytes: bytes.subarray(4, -100) })));
    }
    versionOf = (bytes: Uint8Array): number => this.inner.versionOf(bytes.subarray(4, -100));
  }

  it('is asked once for many keys, and takes over from a file', async () => {
    const ids = customers(20);
    const old = new KeyRing(store, first);
    const sealed = (await old.createAll(ids))[3]!.seal(place, Buffer.from('text'));
    const kms = new Kms();
    const moving: KeyEncryption = { current: kms.current, wrapAll: (keys) => kms.wrapAll(keys), versionOf: (bytes) => (bytes[0] === 1 ? 1 : 3), unwrapAll: (keys) => old.vault.encryption.unwrapAll(keys) };
    expect(await rewrapAll({ store, vault: new Vault(moving) })).toMatchObject({ changed: 20 });
    const ring = new KeyRing(store, kms);
    const keys = await ring.keysOf(ids);
    expect(keys.every((key) => key instanceof DataKey)).toBe(true);
    expect(keys[3]!.unseal(place, sealed).toString()).toBe('text');
    await ring.createAll(customers(5));
    await ring.destroyAll(ids.slice(0, 2));
    expect([kms.calls, await store.count()]).toEqual([[20, 20, 5], 23]);
  });
});
