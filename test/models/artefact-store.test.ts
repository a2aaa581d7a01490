import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import type { Context } from '../../src/platform/index.js';
import { ArtefactStore } from '../../src/models/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { Keepers, personOf } from '../support/keepers.js';
import { asSuperuser } from '../support/postgres.js';
import { artefact, stream } from './support.js';

describe('the artefact store', () => {
  const store = new ArtefactStore();
  const file = artefact(Buffer.from('the bytes of a model'));
  let database: TestDatabase;
  let keepers: Keepers;
  let owner: Context;
  beforeAll(async () => {
    database = await openTestDatabase();
    owner = await database.contextOf('MODEL_OWNER');
    keepers = await Keepers.of(database);
    await keepers.give(owner.actor.id, 'MODEL_OWNER');
  });
  afterAll(() => database.close());

  it('keeps bytes under their digest; storing them again changes nothing', async () => {
    const halves = [file.bytes.subarray(0, 7), file.bytes.subarray(7)];
    expect(await store.put(owner, file.sha256, stream(...halves), 100)).toEqual({ sha256: file.sha256, bytes: 20, created: true });
    expect(await store.put(owner, file.sha256, stream(file.bytes), 100)).toEqual({ sha256: file.sha256, bytes: 20, created: false });
    expect((await store.get(database.db, file.sha256))?.toString()).toBe('the bytes of a model');
  });

  it('is an event where the bytes or who hands them in are new, and asks for a current grant before a byte is read', async () => {
    const leaves = async (): Promise<Record<string, unknown>[]> => (await database.db.query<{ leaf: Buffer }>(`SELECT leaf FROM audit_intake WHERE type <> 'ROW_WRITTEN' ORDER BY id`)).map(({ leaf }) => JSON.parse(leaf.toString('utf8')) as Record<string, unknown>).filter(({ id }) => id === file.sha256);
    const stored = (by: Context) => expect.objectContaining({ type: 'ARTEFACT_STORED', actor: by.actor.id, sha256: file.sha256, bytes: 20 });
    expect(await leaves()).toEqual([stored(owner)]);
    const other = await personOf(database, 'Other', ['MODEL_OWNER']);
    let read = false;
    const watched = (async function* () { read = true; yield file.bytes; })();
    await expect(store.put(other, file.sha256, watched, 100)).rejects.toMatchObject({ code: 'REFUSED', rule: { name: 'CURRENT_GRANT' } });
    expect([read, (await leaves()).at(-1)]).toEqual([false, expect.objectContaining({ type: 'ACT_REFUSED', act: 'STORE_ARTEFACT', actor: other.actor.id, rule: 'CURRENT_GRANT' })]);
    await keepers.give(other.actor.id, 'MODEL_OWNER');
    await store.put(other, file.sha256, stream(file.bytes), 100);
    expect((await leaves()).at(-1)).toEqual(stored(other));
  });

  it('does not know what was never stored, and says how to upload it', async () => {
    const other = 'cd'.repeat(32);
    expect(await store.get(database.db, other)).toBeUndefined();
    await expect(store.demand(database.db, other, 'ONNX model')).rejects.toThrow(`Upload it first: PUT /artifacts/${other}`);
  });

  it('refuses bytes of another digest, naming both', async () => {
    const put = store.put(owner, 'cd'.repeat(32), stream(file.bytes), 100);
    await expect(put).rejects.toThrow(`have the digest ${file.sha256}, not ${'cd'.repeat(32)}`);
  });

  it('refuses more bytes than allowed without reading on, and leaves the stream open for an answer', async () => {
    let sent = 0;
    const endless = Readable.from((function* () { for (;;) { sent += 1; yield Buffer.alloc(10); } })());
    await expect(store.put(owner, file.sha256, endless, 25)).rejects.toThrow('larger than 25 bytes');
    expect(sent).toBeLessThan(100);
    expect(endless.destroyed).toBe(false);
    endless.destroy();
  });

  it.each([['', 'is not a SHA-256'], ['AB'.repeat(32), 'in lower case'], ['../../etc/passwd', 'is not a SHA-256']])('refuses the name "%s"', async (name, sentence) => {
    await expect(store.put(owner, name, stream(file.bytes), 100)).rejects.toThrow(sentence);
  });

  it('refuses nothing at all, and anyone who may not register models', async () => {
    await expect(store.put(owner, file.sha256, stream(), 100)).rejects.toThrow('The artefact is empty');
    await expect(store.put(await database.contextOf('ADMIN'), file.sha256, stream(file.bytes), 100)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('notices bytes that were changed behind its back', async () => {
    await asSuperuser(database.name, async (client) => {
      await client.query('ALTER TABLE artefacts DROP CONSTRAINT artefacts_check');
      await client.query(`UPDATE artefacts SET bytes = 'other' WHERE sha256 = $1`, [Buffer.from(file.sha256, 'hex')]);
    });
    await expect(store.get(database.db, file.sha256)).rejects.toThrow('does not have its digest any more');
  });

  it('cannot be changed by the application, says the database', async () => {
    const change = database.db.transaction((tx) => tx.query(`UPDATE artefacts SET bytes = 'other'`));
    await expect(change).rejects.toMatchObject({ code: '42501' });
  });
});
