import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { newId } from '../../src/platform/index.js';
import { LocalKeyStore, openKeyRing, PostgresKeyStore, type WrappedKey } from '../../src/security/index.js';
import { createDatabase, dropDatabase } from '../support/postgres.js';

const SECURITY = new URL('../../src/security/index.js', import.meta.url).href;

/** Runs a piece of a module in a process of its own, with the key store open as `store`; gives its JSON. */
function inAnotherProcess(path: string, body: string): Promise<unknown> {
  const code = `import { LocalKeyStore } from ${JSON.stringify(SECURITY)};
    const store = await LocalKeyStore.open(${JSON.stringify(path)});
    const answer = await (async () => { ${body} })();
    await store.close();
    console.log(JSON.stringify(answer ?? null));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((resolve, reject) => child.on('error', reject).on('close', () => resolve(said === '' ? undefined : JSON.parse(said))));
}

let home: string;
let path: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'assay-keys-'));
  path = join(home, 'keys');
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('the local key store', () => {
  it('keeps wrapped keys over a restart', async () => {
    const entries = Array.from({ length: 500 }, () => ({ customerId: newId(), wrapped: randomBytes(63) }));
    const first = await LocalKeyStore.open(path);
    await first.putAll(entries);
    await first.close();
    const second = await LocalKeyStore.open(path);
    expect(await second.getAll(entries.map(({ customerId }) => customerId))).toEqual(entries.map(({ wrapped }) => wrapped));
    expect(await second.get(entries[7]!.customerId)).toEqual(entries[7]!.wrapped);
    expect(await second.get(newId())).toBeUndefined();
    await second.close();
  });

  it('has written what it confirmed: a process that is killed right afterwards loses nothing', async () => {
    const customerId = newId();
    const body = `await store.putAll([{ customerId: '${customerId}', wrapped: Buffer.alloc(63, 7) }]); process.kill(process.pid, 'SIGKILL');`;
    expect(await inAnotherProcess(path, body)).toBeUndefined();
    const store = await LocalKeyStore.open(path);
    expect(await store.get(customerId)).toEqual(Buffer.alloc(63, 7));
    await store.close();
  });

  it('never overwrites a key: the whole of such a batch is refused', async () => {
    const store = await LocalKeyStore.open(path);
    const [known, fresh] = [newId(), newId()];
    await store.putAll([{ customerId: known, wrapped: Buffer.from('first') }]);
    const again = store.putAll([{ customerId: fresh, wrapped: Buffer.from('new') }, { customerId: known, wrapped: Buffer.from('second') }]);
    await expect(again).rejects.toMatchObject({ code: 'CONFLICT', message: `Customer ${known} already has a data key.` });
    expect(await store.getAll([known, fresh])).toEqual([Buffer.from('first'), undefined]);
    await store.close();
  });

  it('never overwrites a key within a batch either', async () => {
    const store = await LocalKeyStore.open(path);
    const customerId = newId();
    const twice = store.putAll([{ customerId, wrapped: Buffer.from('first') }, { customerId, wrapped: Buffer.from('second') }]);
    await expect(twice).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await store.get(customerId)).toBeUndefined();
    await store.close();
  });

  it('lets only one of several that give the same customer a key at once win', async () => {
    const store = await LocalKeyStore.open(path);
    const customerId = newId();
    const wrapped = Array.from({ length: 8 }, (_, index) => Buffer.from(`key ${index}`));
    const settled = await Promise.allSettled(wrapped.map((one) => store.putAll([{ customerId, wrapped: one }])));
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await store.get(customerId)).toEqual(wrapped[settled.findIndex(({ status }) => status === 'fulfilled')]);
    await store.close();
  });

  it('destroys a key for good, and for every process', async () => {
    const store = await LocalKeyStore.open(path);
    const [erased, kept] = [newId(), newId()];
    await store.putAll([{ customerId: erased, wrapped: Buffer.from('erased') }, { customerId: kept, wrapped: Buffer.from('kept') }]);
    await store.destroyAll([erased]);
    await store.destroyAll([erased]); // erasing twice is not an error
    expect(await inAnotherProcess(path, `return [(await store.get('${erased}')) === undefined, (await store.get('${kept}')).toString()]`)).toEqual([true, 'kept']);
    await store.close();
    const again = await LocalKeyStore.open(path);
    expect(await again.getAll([erased, kept])).toEqual([undefined, Buffer.from('kept')]);
    await again.close();
  });

  it('is shared by the processes of a machine: each sees at once what the other did', async () => {
    const store = await LocalKeyStore.open(path);
    const [before, theirs] = [newId(), newId()];
    await store.putAll([{ customerId: before, wrapped: Buffer.from('ours') }]);
    const body = `const ours = (await store.get('${before}')).toString();
      await store.putAll([{ customerId: '${theirs}', wrapped: Buffer.from('theirs') }]);
      await store.destroyAll(['${before}']);
      return ours;`;
    expect(await inAnotherProcess(path, body)).toBe('ours');
    expect(await store.getAll([before, theirs])).toEqual([undefined, Buffer.from('theirs')]);
    await store.close();
  });

  it('finds a key that another put after this one looked, even within the same turn', async () => {
    const [ours, theirs] = [await LocalKeyStore.open(path), await LocalKeyStore.open(path)];
    const ids = Array.from({ length: 50 }, () => newId());
    for (const customerId of ids) {
      expect(await ours.get(customerId)).toBeUndefined();
      await theirs.putAll([{ customerId, wrapped: Buffer.from('theirs') }]);
      expect(await ours.get(customerId)).toEqual(Buffer.from('theirs'));
    }
    await ours.close();
    await theirs.close();
  });

  it('refuses a customer id that is not a uuid: two of them could share an entry', async () => {
    const store = await LocalKeyStore.open(path);
    await expect(store.putAll([{ customerId: 'not-a-uuid', wrapped: Buffer.from('x') }])).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(store.get('zz')).rejects.toMatchObject({ code: 'INTERNAL' });
    await store.close();
  });

  it('lies in a folder that only its owner may enter', async () => {
    await (await LocalKeyStore.open(path)).close();
    expect((await stat(path)).mode & 0o077).toBe(0);
  });
});

/** How much of a wrapped key is in a store's file: pieces of eight bytes of its random part. */
async function residueOf(wrapped: Buffer): Promise<number> {
  const file = await readFile(join(path, 'data.mdb'));
  const pieces = Array.from({ length: Math.floor((wrapped.length - 3) / 8) }, (_, index) => wrapped.subarray(3 + index * 8, 11 + index * 8));
  return pieces.filter((piece) => file.includes(piece)).length;
}

const entriesOf = (count: number): { customerId: string; wrapped: Buffer }[] => Array.from({ length: count }, () => ({ customerId: newId(), wrapped: Buffer.concat([Buffer.from([1, 0, 1]), randomBytes(60)]) }));

describe('what is left of a destroyed key in the file', () => {
  it('is nothing, though LMDB leaves it where a plain removal freed it', async () => {
    const store = await LocalKeyStore.open(path);
    const entries = entriesOf(400);
    for (let from = 0; from < 400; from += 20) await store.putAll(entries.slice(from, from + 20));
    const [plain, ...destroyed] = entries.filter((_, index) => index % 7 === 3);
    const raw = open<Buffer, Buffer>({ path, encoding: 'binary', keyEncoding: 'binary', noSubdir: false });
    await raw.remove(Buffer.from(plain!.customerId.replaceAll('-', ''), 'hex'));
    await raw.flushed;
    const left = await residueOf(plain!.wrapped);
    expect(left).toBeGreaterThan(0);
    for (const { customerId } of destroyed.slice(0, 20)) await store.destroyAll([customerId]);
    await store.destroyAll(destroyed.slice(20).map(({ customerId }) => customerId));
    const residue = await Promise.all(destroyed.map(({ wrapped }) => residueOf(wrapped)));
    process.stderr.write(`key store: ${destroyed.length} keys destroyed, ${residue.reduce((sum, one) => sum + one, 0)} pieces of them left in ${(await stat(join(path, 'data.mdb'))).size} bytes; a plain removal left ${left} of 7 pieces\n`);
    expect(residue.every((pieces) => pieces === 0)).toBe(true);
    const gone = new Set([plain!, ...destroyed]);
    const kept = entries.filter((entry) => !gone.has(entry));
    expect(await store.getAll(kept.map(({ customerId }) => customerId))).toEqual(kept.map(({ wrapped }) => wrapped));
    await raw.close();
    await store.close();
  });

  it('is overwritten at the next opening where the process died in between', async () => {
    const entries = entriesOf(60);
    const store = await LocalKeyStore.open(path);
    await store.putAll(entries);
    await store.close();
    const { customerId, wrapped } = entries[30]!;
    await inAnotherProcess(path, `store.finish = () => process.kill(process.pid, 'SIGKILL'); await store.destroyAll(['${customerId}']);`);
    expect(await residueOf(wrapped)).toBeGreaterThan(0);
    const journal = (await readdir(path)).find((name) => name.startsWith('gone-'));
    expect((await stat(join(path, journal!))).mode & 0o777).toBe(0o600);
    const again = await LocalKeyStore.open(path);
    expect(await again.get(customerId)).toBeUndefined();
    // All of it: from ciphertext, tag and key the IV can be computed, so that it would not do to overwrite the IV alone.
    expect([await residueOf(wrapped), await readdir(path)]).toEqual([0, ['data.mdb', 'lock.mdb']]);
    expect(await again.count()).toBe(59);
    expect(await again.get(entries[31]!.customerId)).toEqual(entries[31]!.wrapped);
    await again.close();
  });

  it('is not overwritten where it is still in the tree: the process died before it was removed', async () => {
    const [entry] = entriesOf(1);
    const store = await LocalKeyStore.open(path);
    await store.putAll([entry!]);
    await store.close();
    await writeFile(join(path, 'gone-0123456789abcdef'), Buffer.concat([Buffer.from(entry!.customerId.replaceAll('-', ''), 'hex'), Buffer.from([0, 60]), entry!.wrapped.subarray(3), Buffer.from('half a')]));
    const again = await LocalKeyStore.open(path);
    expect([await again.get(entry!.customerId), await readdir(path)]).toEqual([entry!.wrapped, ['data.mdb', 'lock.mdb']]);
    await again.close();
  });

  it('is finished where an earlier release had begun it', async () => {
    const [entry] = entriesOf(1);
    const store = await LocalKeyStore.open(path);
    await store.putAll(entriesOf(50));
    await store.close();
    const raw = open<Buffer, Buffer>({ path, encoding: 'binary', keyEncoding: 'binary', noSubdir: false });
    const id = Buffer.from(entry!.customerId.replaceAll('-', ''), 'hex');
    await raw.put(id, entry!.wrapped);
    await raw.transaction(() => {
      void raw.put(Buffer.concat([Buffer.from([0xff]), id]), Buffer.from(entry!.wrapped.subarray(3, 15)).reverse());
      void raw.remove(id);
    });
    await raw.flushed;
    await raw.close();
    const again = await LocalKeyStore.open(path);
    expect((await readFile(join(path, 'data.mdb'))).includes(entry!.wrapped.subarray(3, 11))).toBe(false);
    expect([await again.count(), await again.newest()]).toEqual([50, (await again.scan(undefined, 50)).at(-1)!.customerId]);
    await again.close();
  });
});

describe('the key store in another PostgreSQL', () => {
  const name = `keys_${randomBytes(6).toString('hex')}`;
  const url = (): string => Object.assign(new URL(process.env['TEST_SUPERUSER_URL']!), { pathname: `/${name}` }).href;
  beforeAll(() => createDatabase(name, 'template0'));
  afterAll(() => dropDatabase(name));

  it('keeps, replaces and destroys as the local one does', async () => {
    const store = await PostgresKeyStore.open(url());
    const entries = Array.from({ length: 5 }, () => ({ customerId: newId(), wrapped: randomBytes(63) }));
    const [one, two, three] = entries as unknown as [WrappedKey, WrappedKey, WrappedKey];
    await store.putAll(entries);
    await expect(store.putAll([{ customerId: newId(), wrapped: randomBytes(63) }, one])).rejects.toMatchObject({ code: 'CONFLICT', message: `Customer ${one.customerId} already has a data key.` });
    await expect(store.putAll([{ ...one, customerId: newId() }].flatMap((entry) => [entry, entry]))).rejects.toMatchObject({ code: 'CONFLICT' });
    const other = await PostgresKeyStore.open(url());
    expect(await other.getAll([two.customerId, newId(), one.customerId])).toEqual([two.wrapped, undefined, one.wrapped]);
    const inOrder = [...entries].sort((a, b) => (a.customerId < b.customerId ? -1 : 1));
    expect(await other.scan(undefined, 3)).toEqual(inOrder.slice(0, 3));
    expect(await other.scan(inOrder[2]!.customerId, 3)).toEqual(inOrder.slice(3));
    const next = randomBytes(63);
    await store.destroyAll([three.customerId, newId()]);
    expect(await store.replaceAll([{ customerId: one.customerId, from: one.wrapped, to: next }, { customerId: two.customerId, from: next, to: next }, { customerId: three.customerId, from: three.wrapped, to: next }])).toEqual([one.customerId]);
    expect(await other.getAll(entries.slice(0, 3).map(({ customerId }) => customerId))).toEqual([next, two.wrapped, undefined]);
    expect([await other.count(), await store.cluster()]).toEqual([4, await other.cluster()]);
    expect(await other.newest()).toBe((await other.scan(undefined, 5)).at(-1)!.customerId);
    await expect(store.get('not-a-uuid')).rejects.toMatchObject({ code: 'INTERNAL' });
    await Promise.all([store.close(), other.close()]);
  });

  it('is not the server of the data in production, whose log and backups would hold both', async () => {
    const keyEncryptionKeyFile = join(home, 'kek');
    await writeFile(keyEncryptionKeyFile, randomBytes(32).toString('base64'));
    const here = { production: true, keyStore: { provider: 'postgres', url: url() }, keyEncryptionKeyFile } as const;
    const store = await PostgresKeyStore.open(url());
    const cluster = await store.cluster();
    await store.close();
    await expect(openKeyRing(here, { hasCustomers: async () => false, cluster: async () => cluster })).rejects.toMatchObject({ code: 'REFUSED', message: expect.stringContaining('same PostgreSQL server') as unknown });
    const ring = await openKeyRing(here, { hasCustomers: async () => false, cluster: async () => 'another' });
    await ring.close();
    await expect(openKeyRing({ ...here, keyStore: { provider: 'postgres', url: 'postgres://127.0.0.1:1/keys' } })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

const config = (production = false) => ({ production, keyStore: { provider: 'lmdb', path } as const, keyEncryptionKeyFile: join(home, 'secrets', 'kek') });

describe('opening the key ring', () => {
  const id = newId();
  const place = { table: 't', column: 'c', id };

  it('makes a key-encryption key on first use, readable by its owner only, and finds it again', async () => {
    const first = await openKeyRing(config());
    const sealed = (await first.createAll([id]))[0]!.seal(place, Buffer.from('text'));
    await first.close();
    const { keyEncryptionKeyFile } = config();
    expect((await stat(keyEncryptionKeyFile)).mode & 0o777).toBe(0o600);
    const second = await openKeyRing(config(), { hasCustomers: async () => true });
    expect((await second.keyOf(id)).unseal(place, sealed).toString()).toBe('text');
    await second.close();
  });

  it('works for several that open it at once for the first time', async () => {
    const rings = await Promise.all([1, 2, 3].map(() => openKeyRing(config())));
    await rings[0]!.createAll([id]);
    for (const ring of rings) await expect(ring.keyOf(id)).resolves.toBeDefined();
    for (const ring of rings) await ring.close();
  });

  it('refuses an empty store where customers are recorded: everybody would look erased', async () => {
    const empty = { code: 'REFUSED', message: expect.stringMatching(/^The key store at .*keys is empty, but customers are recorded\. Mount or restore the right one/) as unknown };
    await expect(openKeyRing(config(), { hasCustomers: async () => true })).rejects.toMatchObject(empty);
    await expect(openKeyRing(config(), { hasCustomers: async () => true })).rejects.toMatchObject(empty);
    await (await openKeyRing(config(), { hasCustomers: async () => false })).close();
    await (await openKeyRing(config(), { hasCustomers: async () => true })).close();
  });

  it('refuses a store of before the newest customers, whom it would make look erased, until their loss is accepted', async () => {
    const ids = Array.from({ length: 5 }, () => newId());
    const warned: string[] = [];
    const database = { hasCustomers: async () => true, newestCustomers: async () => ids.toReversed(), warn: (sentence: string) => void warned.push(sentence) };
    const yesterday = await openKeyRing(config());
    await yesterday.createAll(ids.slice(0, 3));
    await yesterday.close();
    await expect(openKeyRing(config(), database)).rejects.toMatchObject({
      code: 'REFUSED', message: expect.stringMatching(new RegExp(`is older than the database: it has no keys of the 2 customers recorded last, whom nobody erased.*ACCEPT_LOST_KEYS=${ids[4]!}`)) as unknown,
    });
    await expect(openKeyRing({ ...config(), acceptLostKeys: ids[3]! }, database)).rejects.toMatchObject({ code: 'REFUSED' });
    const accepted = await openKeyRing({ ...config(), acceptLostKeys: ids[4]! }, database);
    expect(warned).toEqual([expect.stringContaining('Of the 5 customers recorded last, 2 have no key')]);
    await accepted.createAll(ids.slice(3));
    // As in a database that was restored from before an erasure: nothing newer is missing.
    await accepted.destroy(ids[1]!);
    await accepted.close();
    await (await openKeyRing(config(), database)).close();
    expect(warned.at(-1)).toContain('1 have no key');
  });

  it('does not make one in production', async () => {
    await expect(openKeyRing(config(true))).rejects.toMatchObject({ code: 'REFUSED', message: expect.stringMatching(/^There is no key-encryption key at .*kek\. Make one with: openssl/) as unknown });
    await expect(readFile(config().keyEncryptionKeyFile)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a key-encryption key other than the one that the stored keys are wrapped under', async () => {
    await (await openKeyRing(config())).close();
    await writeFile(config().keyEncryptionKeyFile, randomBytes(32).toString('base64'));
    await expect(openKeyRing(config())).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringMatching(/^The key-encryption key at .*kek is not the one under which the keys in .*keys are wrapped\. /) as unknown,
    });
  });

  it('does not make a new key-encryption key where the old one was lost', async () => {
    await (await openKeyRing(config())).close();
    await rm(config().keyEncryptionKeyFile);
    await expect(openKeyRing(config())).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringMatching(/^The keys in .*keys are wrapped under a key-encryption key that is no longer at .*kek\. /) as unknown,
    });
    await expect(readFile(config().keyEncryptionKeyFile)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a file that holds no key', async () => {
    await mkdir(join(home, 'secrets'));
    await writeFile(config().keyEncryptionKeyFile, 'not a key');
    await expect(openKeyRing(config())).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});
