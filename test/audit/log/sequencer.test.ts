import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  adoptCheckpoint, leafHash, openLogKey, parseCheckpoint, parseKey, parseNote, parseProof, parseReceipt, recordEvent, rootOfHashes, Sequencer, TransparencyLog, verifyConsistency, verifyInclusion, verifyNote, type Adopted,
} from '../../../src/audit/index.js';
import { newId, openLog, type Transaction } from '../../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../../support/database.js';
import { asSuperuser } from '../../support/postgres.js';

const ORIGIN = 'log.example/test';

const record = (tx: Transaction): Promise<void> => recordEvent(tx, { type: 'CUSTOMER_RECORDED', id: newId(), actor: newId(), time: new Date(), payload: { customer: newId() } });

describe('the transparency log', () => {
  let database: TestDatabase;
  let folder: string;
  let log: TransparencyLog;
  let sequencer: Sequencer;
  const openTheLog = async (): Promise<TransparencyLog> =>
    new TransparencyLog(await openLogKey({ production: false, logKeyFile: join(folder, 'log.key'), logOrigin: ORIGIN }), ORIGIN, join(folder, 'log.checkpoint'));
  const newSequencer = (): Sequencer => new Sequencer(database.db, openLog('silent'));

  /** What the migrations recorded. */
  let began = 0;
  beforeAll(async () => {
    database = await openTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'assay-log-'));
    log = await openTheLog();
    sequencer = newSequencer();
  });
  afterAll(async () => {
    await database.close();
    await rm(folder, { recursive: true, force: true });
  });

  const recordMany = (count: number): Promise<void> => database.db.transaction(async (tx) => {
    for (let index = 0; index < count; index += 1) await record(tx);
  });
  const insertMany = (count: number): Promise<unknown> => database.db.transaction((tx) =>
    tx.query(`INSERT INTO audit_intake (id, type, leaf) SELECT gen_random_uuid(), 'CUSTOMER_RECORDED', convert_to('{"n":' || n || '}', 'UTF8') FROM generate_series(1, $1) n`, [count]));
  const leaves = async (): Promise<{ id: string; leaf: Buffer; index: string }[]> =>
    database.db.query('SELECT i.id, i.leaf, e.index FROM log_entries e JOIN audit_intake i ON i.id = e.intake_id ORDER BY e.epoch, e.index');

  it('has nothing to sign before its first entry, and keeps that it began', async () => {
    expect(await log.checkpoint(database.db)).toBeUndefined();
    const note = parseNote(await readFile(join(folder, 'log.checkpoint'), 'utf8'));
    expect([parseCheckpoint(note.text).size, verifyNote(note, [parseKey(log.verifierKey())]).length]).toEqual([0, 1]);
    began = await sequencer.drain();
  });

  it('takes in what was committed, in one head, and signs its root', async () => {
    await recordMany(3);
    expect(await sequencer.drain()).toBe(3);
    const head = (await log.checkpoint(database.db))!;
    const note = parseNote(head.note);
    expect(verifyNote(note, [parseKey(log.verifierKey())])).toHaveLength(1);
    expect(parseCheckpoint(note.text)).toEqual({ origin: ORIGIN, size: began + 3, root: rootOfHashes((await leaves()).map(({ leaf }) => leafHash(leaf))) });
  });

  it('takes in what a transaction that began earlier commits later, and nothing of one that is rolled back', async () => {
    let goOn!: () => void;
    const begun = new Promise<void>((resolve) => (goOn = resolve));
    const late = database.db.transaction(async (tx) => {
      await record(tx);
      await begun;
    });
    await recordMany(1);
    expect(await sequencer.drain()).toBe(1);
    const undone = database.db.transaction(async (tx) => {
      await record(tx);
      throw new Error('after all');
    });
    await expect(undone).rejects.toThrow('after all');
    await recordMany(1);
    expect(await sequencer.drain()).toBe(1);
    goOn();
    await late;
    expect(await sequencer.drain()).toBe(1);
    expect(await sequencer.drain()).toBe(0);
  });

  it('gives each event one entry, without a gap, whoever sequences', async () => {
    const replicas = [sequencer, newSequencer(), newSequencer()];
    const writing = Promise.all(Array.from({ length: 40 }, () => recordMany(2)));
    for (let round = 0; round < 10; round += 1) await Promise.all(replicas.map((replica) => replica.drain()));
    await writing;
    while ((await Promise.all(replicas.map((replica) => replica.drain()))).some((count) => count > 0));
    const all = await leaves();
    expect(all.map(({ index }) => Number(index))).toEqual(all.map((_, index) => index));
    expect(await database.db.query('SELECT count(*)::int AS count FROM audit_intake')).toEqual([{ count: all.length }]);
    const [head] = await database.db.query<{ root: Buffer }>('SELECT root FROM log_heads ORDER BY size DESC LIMIT 1');
    expect(head!.root.equals(rootOfHashes(all.map(({ leaf }) => leafHash(leaf))))).toBe(true);
  });

  it('proves each entry, and that it only grew, over tiles that filled meanwhile', async () => {
    const before = (await log.checkpoint(database.db))!;
    for (const count of [150, 1, 700]) {
      await insertMany(count);
      await sequencer.drain();
    }
    const head = (await log.checkpoint(database.db))!;
    const all = await leaves();
    expect(head.root.equals(rootOfHashes(all.map(({ leaf }) => leafHash(leaf))))).toBe(true);
    const some = [0, 100, 255, 256, 511, 700, all.length - 1].map((index) => all[index]!);
    const proofs = await log.proofs(database.db, some.map(({ id }) => id));
    for (const [index, proof] of proofs.entries()) {
      const { path, checkpoint, index: at } = parseProof(proof!.text);
      const { size, root } = parseCheckpoint(parseNote(checkpoint).text);
      expect([at, verifyInclusion({ index: at, size, leaf: leafHash(some[index]!.leaf), path, root })]).toEqual([Number(some[index]!.index), true]);
    }
    const { path } = await log.consistency(database.db, before.size, head.size);
    expect(verifyConsistency({ from: before.size, to: head.size, fromRoot: before.root, toRoot: head.root, path })).toBe(true);
    await expect(log.consistency(database.db, 0, head.size)).rejects.toThrow('give two sizes of the log');
    await expect(log.consistency(database.db, 1, head.size + 1)).rejects.toThrow(`It has ${head.size} entries`);
  });

  it('promises by a receipt what is not yet in the tree', async () => {
    await recordMany(1);
    const [{ id, leaf }] = (await database.db.query<{ id: string; leaf: Buffer }>('SELECT id, leaf FROM audit_intake ORDER BY recorded_at DESC LIMIT 1')) as [{ id: string; leaf: Buffer }];
    const [receipt, nothing] = await log.receipts(database.db, [id, newId()]);
    const note = parseNote(receipt!);
    expect([verifyNote(note, [parseKey(log.verifierKey())]).length, nothing]).toEqual([1, undefined]);
    expect(parseReceipt(note.text)).toMatchObject({ origin: ORIGIN, event: id, leaf: leafHash(leaf) });
    expect(await log.proofs(database.db, [id])).toEqual([undefined]);
    await sequencer.drain();
    expect((await log.proofs(database.db, [id]))[0]!.leaf).toEqual(leaf);
  });

  it('refuses the application role every change of what was written', async () => {
    for (const statement of ['DELETE FROM log_heads', 'UPDATE log_heads SET size = 9', 'DELETE FROM log_signatures', 'UPDATE log_signatures SET size = 9', 'UPDATE log_entries SET index = 9', 'TRUNCATE log_tiles', 'UPDATE audit_intake SET leaf = leaf', 'DELETE FROM audit_intake', 'DELETE FROM log_epochs']) {
      await expect(database.db.transaction((tx) => tx.query(statement))).rejects.toThrow('permission denied');
    }
  });

  it('signs no head that no entries make, whoever wrote it, and appends nothing to it', async () => {
    const before = (await log.checkpoint(database.db))!;
    const kept = await readFile(join(folder, 'log.checkpoint'), 'utf8');
    const forge = (size: number, root: Buffer): Promise<unknown> => database.db.transaction((tx) => tx.query('INSERT INTO log_heads (epoch, size, previous, root) VALUES (1, $1, $2, $3)', [size, before.size, root]));
    const forget = (): Promise<unknown> => asSuperuser(database.name, (client) => client.query(`DELETE FROM log_heads WHERE size > ${before.size}; DELETE FROM log_tiles WHERE index >= 100`));
    const refused = async (): Promise<void> => {
      for (const one of [log, await openTheLog()]) await expect(one.checkpoint(database.db)).rejects.toThrow(/^The newest head of log\.example\/test in the database has \d+ entries and (another root than they make|not all of them are there): somebody wrote it there, or took entries away\. assay verify tells more\. Nothing is signed until/);
      expect([log.mayGrow, await readFile(join(folder, 'log.checkpoint'), 'utf8')]).toEqual([false, kept]);
      await recordMany(1);
      for (const one of [sequencer, newSequencer()]) await expect(one.drain()).rejects.toThrow('nothing is appended to it');
      await forget();
    };
    await forge(before.size + 4, Buffer.alloc(32, 7));
    await refused();
    // Nor one whose tiles are forged as well, so that no entry of an unfilled tile is missing.
    const tile = { hashes: Buffer.alloc(8_192, 7), root: rootOfHashes(Array.from({ length: 256 }, () => Buffer.alloc(32, 7))) };
    await database.db.transaction((tx) => tx.query('INSERT INTO log_tiles (epoch, level, index, hashes, root) VALUES (1, 0, 100, $1, $2)', [tile.hashes, tile.root]));
    await forge(101 * 256, Buffer.alloc(32, 8));
    await refused();
    expect(await newSequencer().drain()).toBe(2);
    await expect(log.checkpoint(database.db)).resolves.toMatchObject({ size: before.size + 2 });
  });

  it('is signed by no machine that does not know what was signed before', async () => {
    const fresh = new TransparencyLog(log.key, ORIGIN, join(folder, 'fresh.checkpoint'));
    await expect(fresh.checkpoint(database.db)).rejects.toThrow(/^There is no checkpoint of the log at \S+fresh\.checkpoint, so nothing tells .* run assay log adopt --checkpoint FILE; where nobody kept one, assay log adopt --none takes the log as it is/);
    expect([fresh.mayGrow, fresh.refusal]).toEqual([true, expect.objectContaining({ forked: false, unknown: true })]);
    await expect(fresh.proofs(database.db, [newId()])).rejects.toThrow('There is no checkpoint of the log');
    const { note, size } = (await log.checkpoint(database.db))!;
    await recordMany(1);
    await sequencer.drain();
    const adopt = (checkpoint: string | undefined): Promise<Adopted> => adoptCheckpoint(database.db, fresh, { event: newId(), actor: newId(), now: new Date(), checkpoint });
    await expect(adopt('nothing')).rejects.toThrow('--checkpoint cannot be read');
    expect(await adopt(note)).toEqual({ origin: ORIGIN, size: size + 1, compared: size, file: join(folder, 'fresh.checkpoint') });
    await expect(fresh.checkpoint(database.db)).resolves.toBeDefined();
    await expect(adopt(note)).rejects.toThrow('The log signs: what was signed last is known. There is nothing to adopt.');
    const events = await database.db.query<{ leaf: Buffer }>(`SELECT leaf FROM audit_intake WHERE type = 'CHECKPOINT_ADOPTED'`);
    expect(events.map(({ leaf }) => JSON.parse(leaf.toString('utf8')))).toEqual([expect.objectContaining({ epoch: 1, size: size + 1, checkpoint: note })]);
    await sequencer.drain();
  });

  it('shares its file with others, none of whom takes it back', async () => {
    const others = await Promise.all([openTheLog(), openTheLog(), openTheLog()]);
    const sizes: number[] = [];
    await writeFile(join(folder, 'log.checkpoint.killed.draft'), 'half');
    await utimes(join(folder, 'log.checkpoint.killed.draft'), 1, 1);
    for (let round = 0; round < 10; round += 1) {
      await recordMany(1);
      await Promise.all([sequencer.drain(), ...others.map((one) => one.checkpoint(database.db))]);
      sizes.push(parseCheckpoint(parseNote(await readFile(join(folder, 'log.checkpoint'), 'utf8')).text).size);
    }
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    expect((await readdir(folder)).filter((name) => name.endsWith('.draft'))).toEqual([]);
    const { file } = log.signer;
    const note = await readFile(file.path, 'utf8');
    expect([await file.replace(database.db, 'what was read long ago', 'another'), await file.replace(database.db, undefined, 'another'), await readFile(file.path, 'utf8')]).toEqual([false, false, note]);
  });

  /** Tampers, sees that nothing is signed, and takes it back. */
  const asIf = async (change: string, undo: string, says = /^The log went back: a checkpoint of log\.example\/test with \d+ entries was signed, but .*\. Nothing is signed until/): Promise<void> => {
    await log.checkpoint(database.db);
    await asSuperuser(database.name, (client) => client.query(change));
    // A server that was started anew, as after a restore.
    await expect((await openTheLog()).checkpoint(database.db)).rejects.toThrow(says);
    await asSuperuser(database.name, (client) => client.query(undo));
    await expect((await openTheLog()).checkpoint(database.db)).resolves.toBeDefined();
  };

  describe('that was rolled back, or rewritten, signs nothing', () => {
    it('to an earlier size', () => asIf('CREATE TABLE kept AS SELECT * FROM log_heads ORDER BY size DESC LIMIT 1; DELETE FROM log_heads WHERE size = (SELECT size FROM kept)', 'INSERT INTO log_heads SELECT * FROM kept; DROP TABLE kept'));
    it('to nothing', () => asIf('CREATE TABLE kept AS SELECT * FROM log_heads; DELETE FROM log_heads', 'INSERT INTO log_heads SELECT * FROM kept; DROP TABLE kept'));
    it('and forgets the tiles that it remembered', async () => {
      const tile = (): Promise<Buffer | undefined> => log.tile(database.db, { level: 0, index: 0 }, 256);
      const genuine = await tile();
      await asSuperuser(database.name, (client) => client.query('CREATE TABLE kept AS SELECT * FROM log_heads ORDER BY size DESC LIMIT 1; DELETE FROM log_heads WHERE size = (SELECT size FROM kept); UPDATE log_tiles SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) WHERE level = 0 AND index = 0'));
      await expect(log.checkpoint(database.db)).rejects.toThrow('The log went back');
      expect((await tile())!.equals(genuine!)).toBe(false);
      await asSuperuser(database.name, (client) => client.query('INSERT INTO log_heads SELECT * FROM kept; DROP TABLE kept; UPDATE log_tiles SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) WHERE level = 0 AND index = 0'));
      await expect(log.checkpoint(database.db)).resolves.toBeDefined();
    });
    it('with another root', () => asIf(`UPDATE log_heads SET root = set_byte(root, 0, get_byte(root, 0) # 1)`, `UPDATE log_heads SET root = set_byte(root, 0, get_byte(root, 0) # 1)`, /^The newest head of log\.example\/test .* another root than they make/));

    it('with a first entry that is another now, though it has grown since', async () => {
      await log.checkpoint(database.db);
      const forged = randomBytes(32).toString('hex');
      await asSuperuser(database.name, (client) => client.query(`UPDATE log_tiles SET root = '\\x${forged}' WHERE level = 0 AND index = 0; UPDATE log_tiles SET hashes = overlay(hashes PLACING '\\x${forged}'::bytea FROM 1)`));
      await recordMany(1);
      // One that remembers the tree goes on; another one sees that it is none.
      await expect(newSequencer().drain()).rejects.toThrow('another root than they make: nothing is appended to it');
      expect(await sequencer.drain()).toBe(1);
      await expect((await openTheLog()).checkpoint(database.db)).rejects.toThrow('the first entries in the database are others now');
    });

    it('whose last checkpoint, kept outside, was tampered with', async () => {
      const path = join(folder, 'log.checkpoint');
      const kept = await readFile(path, 'utf8');
      await writeFile(path, kept.replace(/\n\d+\n/, '\n1\n'));
      await expect((await openTheLog()).checkpoint(database.db)).rejects.toThrow(/log\.checkpoint, the last checkpoint that was signed, cannot be read: The signature of log\.example\/test does not fit/);
      await writeFile(path, kept);
    });
  });
});
