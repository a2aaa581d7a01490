import { generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';
import { access, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { entities } from '../../../src/entities.js';
import {
  Edge, formatCheckpoint, formatNote, keptCheckpoint, keptReceipt, leafHash, LogKey, openEpoch, openLogKey, originOf, parseCheckpoint, parseNote, parseProof, parseReceipt, recordEvent, Sequencer, TransparencyLog, verifyConsistency,
  verifyInclusion, verifyNote, verifyTree, Witnessing, witnessPolicy, type FullTile, type OpenedEpoch,
} from '../../../src/audit/index.js';
import { copyOut, Database, newId, openLog, type BulkReader, type Transaction } from '../../../src/platform/index.js';
import { newFolder, run } from '../../support/cli.js';
import { openTestDatabase, type TestDatabase } from '../../support/database.js';
import { asSuperuser, createDatabase, dropDatabase, urlsOf } from '../../support/postgres.js';
import { startSilence, startWitness, type RunningWitness } from '../../support/witnesses.js';

const silent = openLog('silent');
const record = (tx: Transaction): Promise<void> => recordEvent(tx, { type: 'CUSTOMER_RECORDED', id: newId(), actor: newId(), time: new Date(), payload: { customer: newId() } });

/** A server's part in the log: its database, its checkpoint file, its witnesses. */
interface Node {
  readonly db: Database;
  readonly name: string;
  readonly log: TransparencyLog;
  readonly sequencer: Sequencer;
  readonly witnessing: Witnessing;
}

const recordMany = ({ db }: Node, count: number): Promise<void> => db.transaction(async (tx) => {
  for (let index = 0; index < count; index += 1) await record(tx);
});

const problemsOf = async ({ db }: { readonly db: BulkReader }, kept: Omit<Parameters<typeof verifyTree>[1], 'problem'> = {}): Promise<string[]> => {
  const problems: string[] = [];
  await verifyTree(db, { ...kept, problem: (text) => problems.push(text) });
  return problems;
};
const idsOf = async ({ db }: Node): Promise<string[]> => (await db.query<{ id: string }>('SELECT id FROM audit_intake ORDER BY recorded_at, id')).map(({ id }) => id);
const refusalOf = ({ log, db }: Node): Promise<string> => log.checkpoint(db).then(() => 'signed', (error: unknown) => (error as Error).message);

/** For commands that verify rows as well: what was taken away, as events that wait and are no entries. */
const bindMigrations = (name: string): Promise<unknown> => asSuperuser(name, (client) => client.query(`SELECT record_row('migrations', 'name', migration_row(m), NULL) FROM migrations m`));

/** Events, entries, and what the witnesses say of them. */
async function grow(node: Node, count: number): Promise<void> {
  await recordMany(node, count);
  await node.log.checkpoint(node.db).catch(() => undefined);
  await node.sequencer.drain();
  await node.witnessing.round();
}

/** As a superuser without the log's key. @param forger signs what it makes */
async function rewrite(name: string, epoch: number, index: number, forger?: LogKey): Promise<void> {
  const edge = Edge.empty();
  await asSuperuser(name, async (client) => {
    await client.query(`UPDATE audit_intake SET leaf = set_byte(leaf, 20, get_byte(leaf, 20) # 1) WHERE id = (SELECT intake_id FROM log_entries WHERE epoch = ${epoch} AND index = ${index})`);
    await client.query('DELETE FROM log_signatures WHERE epoch = $1', [epoch]);
    const { rows } = await client.query<{ leaf: Buffer }>('SELECT i.leaf FROM log_entries e JOIN audit_intake i ON i.id = e.intake_id WHERE epoch = $1 ORDER BY e.index', [epoch]);
    for (const { leaf } of rows) {
      edge.append(leafHash(leaf));
      await client.query('UPDATE log_heads SET root = $1 WHERE epoch = $2 AND size = $3', [edge.root(), epoch, edge.size]);
    }
    if (!forger) return;
    const text = formatCheckpoint({ origin: forger.origin, size: edge.size, root: edge.root() });
    await client.query('INSERT INTO log_signatures (epoch, size, signer, signature) VALUES ($1, $2, $3, $4)', [epoch, edge.size, new TransparencyLog(forger, forger.origin, '').verifierKey(epoch), forger.sign(epoch, text).bytes]);
  });
}

const ORIGINS = ['quorum', 'restored', 'unwitnessed', 'forked', 'recomputed', 'dropped', 'command', 'laundered', 'forked-alone'].map((name) => `log.example/${name}`);

describe('a log and its witnesses', () => {
  let folder: string;
  let key: LogKey;
  let witnesses: RunningWitness[];
  const databases: TestDatabase[] = [];
  const undo: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    folder = await newFolder('assay-witnesses-');
    key = await openLogKey({ production: false, logKeyFile: join(folder, 'log.key'), logOrigin: ORIGINS[0]! });
    const known = ORIGINS.flatMap((origin) => [1, 2].map((epoch) => new TransparencyLog(keyOf(origin), origin, '').verifierKey(epoch)));
    witnesses = await Promise.all(['w1', 'w2', 'w3'].map((name) => startWitness(folder, name, known)));
  }, 60_000);
  afterAll(async () => {
    for (const step of undo.toReversed()) await step();
    await Promise.all(witnesses.map((witness) => witness.stop()));
    await Promise.all(databases.map((database) => database.close()));
    await rm(folder, { recursive: true, force: true });
  });

  const keyOf = (origin: string): LogKey => new LogKey(key.privateKey, origin);

  /** @param file its checkpoint file; another name is another server, or one that lost it */
  function nodeOn({ db, name }: Pick<Node, 'db' | 'name'>, origin: string, file: string, policy = witnessPolicy(witnesses.map(({ entry }) => entry), 2)): Node {
    const log = new TransparencyLog(keyOf(origin), origin, join(folder, `${origin.split('/')[1]}-${file}.checkpoint`), policy, 1_500);
    return { db, name, log, sequencer: new Sequencer(db, silent, () => log.mayGrow), witnessing: new Witnessing(db, log, silent, 0) };
  }

  async function newNode(origin: string): Promise<Node> {
    const database = await openTestDatabase();
    databases.push(database);
    // What the migrations recorded: here entries are counted.
    await asSuperuser(database.name, (client) => client.query(`BEGIN; SET LOCAL session_replication_role = 'replica'; DELETE FROM audit_intake; DELETE FROM governance_policies; DELETE FROM retention_rules; DELETE FROM users; COMMIT`));
    return nodeOn(database, origin, 'first');
  }

  /** A copy of a database as it is now: a backup, or a clone. */
  async function copyOf({ name }: Pick<Node, 'name'>): Promise<Pick<Node, 'db' | 'name'>> {
    const copy = `copy_${randomBytes(6).toString('hex')}`;
    await asSuperuser('postgres', (client) => client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]));
    await createDatabase(copy, name);
    const db = await Database.open(urlsOf(copy), { entities, pool: 3 });
    undo.push(async () => {
      await db.close();
      await dropDatabase(copy);
    });
    return { db, name: copy };
  }

  describe('of whom two of three suffice', () => {
    let node: Node;
    beforeAll(async () => void (node = await newNode(ORIGINS[0]!)));

    it('is witnessed with one of them down, and by that one when it is back', async () => {
      await grow(node, 2);
      await witnesses[2]!.stop('SIGKILL');
      await grow(node, 3);
      const head = (await node.log.witnessed(node.db))!;
      expect([head.size, head.cosignatures.map(({ witness }) => witness).sort(), head.witnessedAt]).toEqual([5, ['witness.example/w1', 'witness.example/w2'], expect.any(Date)]);
      expect(node.witnessing.heardOf(node.log.policy.witnesses[2]!)).toMatchObject({ state: 'UNREACHABLE', says: expect.stringContaining('ECONNREFUSED') });
      const keys = ORIGINS.flatMap((origin) => [1, 2].map((epoch) => new TransparencyLog(keyOf(origin), origin, '').verifierKey(epoch)));
      witnesses[2] = await startWitness(folder, 'w3', keys, witnesses[2]!.port);
      await grow(node, 4);
      expect((await node.log.witnessed(node.db))!.cosignatures).toHaveLength(3);
      // It knows what it cosigned before it was killed: from nothing it would not have gone on.
      expect(await node.db.query(`SELECT size FROM log_signatures WHERE signer LIKE 'witness.example/w3%' ORDER BY size`)).toEqual([{ size: '2' }, { size: '9' }]);
      expect(await problemsOf(node)).toEqual([]);
      expect(await run(['witness', '--key', join(folder, 'w1.pem'), '--state', join(folder, 'w1'), '--port', '0', '--log', keys[0]!])).toMatchObject({ code: 1, stderr: expect.stringMatching(/Another witness \(process \d+\) uses .*w1\. Stop it, or name another folder\./) });
    });

    it('proves by the newest witnessed head what that one covers, and by the newest what is newer', async () => {
      const [first] = await idsOf(node);
      await recordMany(node, 1);
      await node.sequencer.drain();
      const newest = (await idsOf(node)).at(-1)!;
      const [old, fresh] = await node.log.proofs(node.db, [first!, newest]);
      const keys = witnesses.map((witness) => witness.key);
      expect([old!.head.size, verifyNote(parseNote(parseProof(old!.text).checkpoint), keys).length]).toEqual([9, 3]);
      expect([fresh!.head.size, verifyNote(parseNote(parseProof(fresh!.text).checkpoint), keys).length]).toEqual([10, 0]);
      for (const proof of [old!, fresh!]) expect(verifyInclusion({ index: proof.index, size: proof.head.size, leaf: leafHash(proof.leaf), path: proof.path, root: proof.head.root })).toBe(true);
    });

    it('is asked for by several servers at once, and each cosignature is kept once', async () => {
      const others = ['a', 'b', 'c'].map((file) => nodeOn(node, ORIGINS[0]!, file));
      for (let round = 0; round < 3; round += 1) {
        await recordMany(node, 3);
        await Promise.all([node, ...others].map((one) => one.sequencer.drain()));
        await Promise.all([node, ...others].map((one) => one.witnessing.round()));
      }
      const [{ most }] = await node.db.query<{ most: number }>('SELECT count(*)::int AS most FROM log_signatures GROUP BY size ORDER BY 1 DESC LIMIT 1') as [{ most: number }];
      expect([most, (await node.log.witnessed(node.db))!.size, await Promise.all(others.map((other) => refusalOf(other)))]).toEqual([4, 19, ['signed', 'signed', 'signed']]);
    });

    it('is not held up by one that does not answer', async () => {
      const silence = await startSilence();
      const policy = witnessPolicy([witnesses[0]!.entry, witnesses[1]!.entry, `${witnesses[2]!.entry.split(' ')[0]} ${silence.url}`], 2);
      const slow = nodeOn(node, ORIGINS[0]!, 'first', policy);
      await slow.log.checkpoint(slow.db);
      await recordMany(node, 1);
      await node.sequencer.drain();
      const round = slow.witnessing.round();
      while ((await slow.log.witnessed(slow.db))!.size < 20) await new Promise((resolve) => setTimeout(resolve, 10));
      expect(slow.witnessing.heardOf(policy.witnesses[2]!)).toBeUndefined();
      await slow.witnessing.stop();
      await round;
      await silence.stop();
    });

    it('takes a stored cosignature for nothing that does not fit', async () => {
      const before = (await node.log.witnessed(node.db))!;
      await asSuperuser(node.name, (client) => client.query(`UPDATE log_signatures SET signature = set_byte(signature, 70, get_byte(signature, 70) # 1) WHERE size = ${before.size} AND signer LIKE 'witness.example/w1%'`));
      expect((await node.log.witnessed(node.db))!.size).toBe(19);
      expect(await problemsOf(node)).toEqual([expect.stringMatching(/^witness\.example\/w1 signed another tree with 20 entries/)]);
      await asSuperuser(node.name, (client) => client.query(`UPDATE log_signatures SET signature = set_byte(signature, 70, get_byte(signature, 70) # 1) WHERE size = ${before.size} AND signer LIKE 'witness.example/w1%'`));
      expect((await node.log.witnessed(node.db))!.size).toBe(20);
      // Nor are the witnesses not asked because it is said that they signed: the application may write that.
      await node.db.transaction((tx) => tx.query('INSERT INTO log_signatures (epoch, size, signer, signature) SELECT 1, size, s, decode(repeat($2, 72), $3) FROM unnest($1::text[]) s, generate_series(22, 900) size', [witnesses.map((witness) => witness.entry.split(' ')[0]), '00', 'hex']));
      await grow(node, 1);
      expect((await node.log.witnessed(node.db))!).toMatchObject({ size: 21, cosignatures: { length: 3 } });
    });

    it('that is unknown to a witness, or asks the wrong one, says what to do', async () => {
      const stranger = await newNode('log.example/unknown');
      await grow(stranger, 1);
      expect(stranger.witnessing.heardOf(stranger.log.policy.witnesses[0]!)).toMatchObject({ state: 'REFUSES', says: `it does not know this log; give its operator the key ${stranger.log.verifierKey()}` });
      const mistaken = `witness.example/else+${witnesses[0]!.entry.split('+').slice(1).join('+')}`;
      expect(() => witnessPolicy([mistaken], 1)).toThrow(/WITNESSES: The id [0-9a-f]{8} is not that of the key of witness\.example\/else/);
      expect(() => witnessPolicy([witnesses[0]!.entry, witnesses[0]!.entry], 1)).toThrow('witness.example/w1 is there twice');
      expect(() => witnessPolicy([`${node.log.verifierKey()} http://localhost:1`], 1)).toThrow('signs notes, not cosignatures');
    });
  });

  it('of two databases that were cloned from one, one signs, and the other is told to be a fork', async () => {
    const first = await newNode(ORIGINS[3]!);
    await grow(first, 6);
    const clone = nodeOn(await copyOf(first), ORIGINS[3]!, 'second');
    await clone.log.checkpoint(clone.db);
    await grow(first, 2);
    await grow(clone, 3);
    expect(clone.log.refusal).toMatchObject({ forked: true, says: expect.stringMatching(/^witness\.example\/w1 shows a checkpoint of log\.example\/forked with 8 entries, but the first entries in the database are others; witness\.example\/w2 .*Nothing is signed until/) });
    expect(clone.log.refusal!.doubts.map(({ checkpoint }) => parseCheckpoint(parseNote(checkpoint!).text).size)).toEqual([8, 8, 8]);
    await grow(first, 1);
    expect([await refusalOf(first), (await first.log.witnessed(first.db))!.size]).toEqual(['signed', 9]);
    // What waits is not appended to the fork.
    await recordMany(clone, 2);
    expect(await clone.sequencer.drain()).toBe(0);
    // A server that knows the fork from its own file alone is told by the witnesses before it signs anything.
    expect(await refusalOf(nodeOn(clone, ORIGINS[3]!, 'second'))).toContain('shows a checkpoint of log.example/forked with 9 entries');
  });

  it('without a checkpoint file signs nothing until as many witnesses tell what was signed as make it sure', async () => {
    const node = await newNode(ORIGINS[0]!.replace('quorum', 'unwitnessed'));
    await grow(node, 2);
    const dead = witnesses.map(({ entry }, index) => (index === 0 ? entry : `${entry.split(' ')[0]} http://127.0.0.1:1`));
    const lost = nodeOn(node, ORIGINS[2]!, 'lost', witnessPolicy(dead, 2));
    expect(await refusalOf(lost)).toMatch(/lost\.checkpoint is not there, and 1 of 3 witnesses tell what was signed before; 2 must\./);
    // It may be the log that it was: what happens goes into its tree.
    expect(lost.log.mayGrow).toBe(true);
    expect(await refusalOf(nodeOn(node, ORIGINS[2]!, 'lost', witnessPolicy(dead.with(1, witnesses[1]!.entry), 2)))).toBe('signed');
  });

  describe('restored from a backup', () => {
    let live: Node;
    let restored: Node;
    let opened: OpenedEpoch;
    let old: string[];
    let lostNote: string;

    beforeAll(async () => {
      live = await newNode(ORIGINS[1]!);
      await grow(live, 7);
      const backup = await copyOf(live);
      await grow(live, 5);
      lostNote = (await live.log.checkpoint(live.db))!.note;
      // The machine is new: no file tells it what was signed.
      restored = nodeOn(backup, ORIGINS[1]!, 'new-machine');
      old = await idsOf(restored);
    });

    it('signs nothing, and says who knows of what', async () => {
      expect(await refusalOf(restored)).toMatch(/^witness\.example\/w1 shows a checkpoint of log\.example\/restored with 12 entries, but the database has 7 entries; .*Nothing is signed until the database is restored to its newest state, or an operator opens a new epoch\.$/);
      // With the file of before it needs no witness for that.
      expect(await refusalOf(nodeOn(restored, ORIGINS[1]!, 'first', witnessPolicy([], 0)))).toContain('The log went back: a checkpoint of log.example/restored with 12 entries was signed, but the database has 7 entries');
      await recordMany(restored, 2);
      expect(await restored.sequencer.drain()).toBe(0);
      // A server that looked before anybody could tell it has appended to the old tree.
      await new Sequencer(restored.db, silent).drain();
      await recordMany(restored, 1);
    });

    it('is no new epoch by a row in the database: that takes the key', async () => {
      const forged = nodeOn(await copyOf(restored), ORIGINS[1]!, 'forged', witnessPolicy([], 0));
      await asSuperuser(forged.name, (client) => client.query(`INSERT INTO log_epochs (epoch, reason, predecessor, kept) VALUES (2, 'forged', 'forged', 0)`));
      await new Sequencer(forged.db, silent).drain();
      expect(await refusalOf(forged)).toContain("Epoch 2 of the log was not opened with the log's key");
      expect(await problemsOf(forged)).toEqual(expect.arrayContaining(['Epoch 2 does not begin with the event of its opening.']));
    });

    it('goes on in a new epoch, which embeds the last witnessed checkpoint and owns what is lost', async () => {
      // Rows that say that everybody signed what is here, and are no signatures: the application may write them.
      const signers = [restored.log.verifierKey(), ...witnesses.map((witness) => witness.entry.split(' ')[0])];
      await restored.db.transaction((tx) => tx.query('INSERT INTO log_signatures (epoch, size, signer, signature) SELECT 1, 9, s, decode(repeat($2, 72), $3) FROM unnest($1::text[]) s', [signers, '00', 'hex']));
      opened = await openEpoch(restored.db, restored.log, { event: newId(), actor: newId(), now: new Date(), reason: 'Disk failure; backup of the night.', witnessed: undefined });
      expect(opened).toMatchObject({ epoch: 2, origin: `${ORIGINS[1]}/epoch-2`, kept: 7, lost: 5, enteredAgain: 2, witnesses: ['witness.example/w1', 'witness.example/w2', 'witness.example/w3'] });
      expect(parseNote(opened.predecessor).text).toBe(parseNote(lostNote).text);
      expect(await problemsOf(restored)).toHaveLength(4);
      await asSuperuser(restored.name, (client) => client.query('DELETE FROM log_signatures WHERE epoch = 1 AND size = 9'));
      // The servers that ran all the time go on by themselves.
      await restored.witnessing.round();
      expect(await restored.sequencer.drain()).toBe(3);
      await restored.witnessing.round();
      const head = (await restored.log.witnessed(restored.db))!;
      expect([head.origin, head.size, head.cosignatures.length]).toEqual([opened.origin, 4, 3]);
      const found = await verifyTree(restored.db, { problem: (text) => { throw new Error(text); } });
      expect(found).toMatchObject({ epochs: 2, entries: 13, lost: 5 });
    });

    it('proves what stands by the old checkpoint, and the rest in the new epoch', async () => {
      const all = await idsOf(restored);
      const proofs = await restored.log.proofs(restored.db, all);
      expect(proofs.map((proof) => [proof!.head.epoch, proof!.head.size])).toEqual([...Array.from({ length: 7 }, () => [1, 7]), ...Array.from({ length: 4 }, () => [2, 4])]);
      for (const proof of proofs) {
        const { index, path, checkpoint } = parseProof(proof!.text);
        const note = parseNote(checkpoint);
        const { size, root } = parseCheckpoint(note.text);
        expect(verifyNote(note, witnesses.map((witness) => witness.key)).length).toBe(3);
        expect(verifyInclusion({ index, size, leaf: leafHash(proof!.leaf), path, root })).toBe(true);
      }
      expect(old).toHaveLength(7);
    });

    it('finds every change of what the opening says', async () => {
      for (const change of [`reason = 'nothing happened'`, `predecessor = replace(predecessor, '12', '11')`, 'kept = 6']) {
        const problems = await asSuperuser(restored.name, async (client) => {
          await client.query(`BEGIN; UPDATE log_epochs SET ${change} WHERE epoch = 2`);
          return problemsOf({ db: { query: async <Row>(sql: string, parameters: readonly unknown[] = []) => (await client.query(sql, [...parameters])).rows as Row[], copyOut: (select, read) => copyOut(client, select, read) } });
        });
        expect([change, problems]).toEqual([change, expect.arrayContaining(['What is stored of the opening of epoch 2 is not what its first entry says.'])]);
      }
    });

    it('is opened once, and not where the log signs', async () => {
      const again = openEpoch(restored.db, restored.log, { event: newId(), actor: newId(), now: new Date(), reason: 'Again.', witnessed: undefined });
      await expect(again).rejects.toThrow('The log signs, and every checkpoint that is known fits it');
    });

    it('restored to before that epoch signs nothing either', async () => {
      const backup = nodeOn(await copyOf(live), ORIGINS[1]!, 'older');
      expect(await refusalOf(backup)).toContain(`shows a checkpoint of ${ORIGINS[1]}/epoch-2, but the database has no such epoch`);
      const file = nodeOn(backup, ORIGINS[1]!, 'new-machine', witnessPolicy([], 0));
      expect(await refusalOf(file)).toContain(`The log went back: a checkpoint of ${ORIGINS[1]}/epoch-2 with 4 entries was signed, but the database has the log ${ORIGINS[1]}`);
    });
  });

  it('takes the last checkpoint that somebody kept, by command, where no witness and no file knows it', async () => {
    const live = await newNode(ORIGINS[6]!);
    const alone = nodeOn(live, ORIGINS[6]!, 'alone', witnessPolicy([], 0));
    await grow(alone, 4);
    const backup = await copyOf(alone);
    await bindMigrations(backup.name);
    await grow(alone, 3);
    const file = join(folder, 'kept.checkpoint');
    await writeFile(file, (await alone.log.checkpoint(alone.db))!.note);
    const { app, owner, reader } = urlsOf(backup.name);
    const env = { ASSAY_HOME: folder, DATABASE_URL: app, DATABASE_OWNER_URL: owner, DATABASE_READER_URL: reader, LOG_ORIGIN: ORIGINS[6]!, LOG_KEY_FILE: join(folder, 'log.key'), LOG_CHECKPOINT_FILE: join(folder, 'command.checkpoint') };
    // By itself the log has no reason to, and does not know that it went back: it signs nothing until it is told.
    expect(await run(['log', 'status'], { env })).toMatchObject({ code: 1, stderr: expect.stringMatching(/signs nothing\. There is no checkpoint of the log at \S+command\.checkpoint, so nothing tells/) });
    expect(await run(['log', 'new-epoch', '--reason', 'Restored.'], { env })).toMatchObject({ code: 1, stderr: expect.stringMatching(/Every checkpoint that is known fits the log\. A new epoch would only hide what is not known: There is no checkpoint of the log/) });
    expect(await run(['log', 'adopt'], { env })).toMatchObject({ code: 1, stderr: expect.stringContaining('Give --checkpoint FILE, the newest checkpoint of the log that somebody kept; or --none') });
    expect(await run(['log', 'adopt', '--checkpoint', file], { env })).toMatchObject({ code: 1, stderr: expect.stringMatching(/The log went back: a checkpoint of log\.example\/command with 7 entries was signed, but the database has 4 entries.*That is assay log new-epoch, with --witnessed and the same file\./) });
    expect(await run(['verify'], { env })).toMatchObject({ code: 0, stderr: expect.stringMatching(/✓ Signatures by trusted keys cover 4 entries[^]*! There is no checkpoint at \S+command\.checkpoint[^]*! No checkpoint from outside of the database was compared: one that was restored to an earlier state would look the same\./) });
    expect(await run(['verify', '--checkpoint', file], { env })).toMatchObject({ code: 1, stderr: expect.stringMatching(/✗ The checkpoint in \S+kept\.checkpoint has 7 entries of epoch 1, but 4 are there\./) });
    const { code, stdout, stderr } = await run(['log', 'new-epoch', '--reason', 'Restored.', '--witnessed', file, '--json'], { env });
    expect([code, stderr]).toEqual([0, expect.stringMatching(/✓ Epoch 2 is open, under the name log\.example\/command\/epoch-2\.[^]*no witness cosigned[^]*4 entries stand[^]*3 entries that were signed are not proven to be here/)]);
    expect(JSON.parse(stdout)).toMatchObject({ epoch: 2, kept: 4, lost: 3, enteredAgain: 0 });
    expect(await run(['verify', '--checkpoint', file], { env })).toMatchObject({
      code: 0, stderr: expect.stringMatching(/2 epochs;[^\n]* 3 entries of earlier epochs are lost, as their openings say[^]*✓ The checkpoint in \S+command\.checkpoint fits: 1 entries of log\.example\/command\/epoch-2[^]*! The checkpoint in \S+kept\.checkpoint has 7 entries of epoch 1, more than stand: it reaches into what is lost, so it could not be compared\./),
    });
    expect(await run(['log', 'status'], { env })).toMatchObject({ code: 0, stderr: expect.stringMatching(/✓ log\.example\/command\/epoch-2 signs\.[^]*Epoch 2: Restored\. Of the one before 4 entries stand\./) });
    expect(await run(['log', 'new-epoch', '--reason', 'Again.', '--witnessed', join(folder, 'log.key')], { env })).toMatchObject({ code: 1, stderr: expect.stringContaining('--witnessed: that is no checkpoint of log.example/command/epoch-2') });
    await rewrittenEpoch({ ...backup, env });
  });

  /** What stands of an epoch whose end is lost is proven by the log's own signature alone: another key cannot take its place. */
  async function rewrittenEpoch({ db, name, env }: Pick<Node, 'db' | 'name'> & { env: Record<string, string> }): Promise<void> {
    const trusted = { log: keyOf(ORIGINS[6]!), witnesses: [] };
    expect(await problemsOf({ db }, { trusted })).toEqual([]);
    const own = new LogKey(generateKeyPairSync('ed25519').privateKey, ORIGINS[6]!);
    await rewrite(name, 1, 1, own);
    // As far as the database knows, all is well.
    expect(await problemsOf({ db })).toEqual([]);
    expect(await problemsOf({ db }, { trusted })).toEqual([
      'A signature of 4 entries of epoch 1 is kept as the log\'s, by a key of log.example/command that is not the log\'s.', 'Of epoch 1, 4 entries stand according to the next, but no signature that is kept proves them.',
    ]);
    expect(await run(['verify'], { env })).toMatchObject({ code: 1, stderr: expect.stringContaining('that is not the log\'s') });
  }

  it('adopts a checkpoint, or the word that there is none, by command, and verifies without making anything', async () => {
    const live = await newNode(ORIGINS[8]!);
    const alone = nodeOn(live, ORIGINS[8]!, 'alone', witnessPolicy([], 0));
    await grow(alone, 4);
    await grow(alone, 2);
    await bindMigrations(live.name);
    const { app, owner, reader } = urlsOf(live.name);
    const [home, kept] = [join(folder, 'elsewhere'), join(folder, 'forked-alone-alone.checkpoint')];
    const env = { ASSAY_HOME: home, DATABASE_URL: app, DATABASE_OWNER_URL: owner, DATABASE_READER_URL: reader, LOG_ORIGIN: ORIGINS[8]! };
    const published = live.log.verifierKey();
    expect(await run(['verify'], { env })).toMatchObject({ code: 1, stderr: expect.stringMatching(/! There is no key of the log at \S+log\.key, and none was given[^]*compared with nothing from outside of this database: one that was rewritten as a whole would look the same\. Give a checkpoint/) });
    expect(await run(['verify', '--checkpoint', kept], { env })).toMatchObject({ code: 1, stderr: expect.stringContaining('--checkpoint: cannot be read without the key of the log') });
    expect(await run(['verify', '--key', published], { env })).toMatchObject({ code: 0, stderr: expect.stringMatching(/! No checkpoint from outside/) });
    const { code, stdout, stderr } = await run(['verify', '--key', published, '--checkpoint', kept, '--json'], { env });
    expect([code, stderr]).toEqual([0, expect.stringMatching(/✓ The checkpoint in \S+ fits: 6 entries of log\.example\/forked-alone\n/)]);
    expect(JSON.parse(stdout)).toMatchObject({ problems: [], key: published, signed: 6, compared: [{ epoch: 1, size: 6 }], warnings: [expect.stringContaining('There is no checkpoint at')] });
    expect(await run(['verify', '--key', published, '--key', new TransparencyLog(keyOf(ORIGINS[7]!), ORIGINS[7]!, '').verifierKey()], { env })).toMatchObject({ code: 1, stderr: expect.stringContaining('is the key of another log than') });
    // Nothing was made by any of that.
    await expect(access(home)).rejects.toThrow('ENOENT');
    const events = async (): Promise<unknown[]> => (await live.db.query<{ leaf: Buffer }>(`SELECT leaf FROM audit_intake WHERE type = 'CHECKPOINT_ADOPTED' ORDER BY recorded_at`)).map(({ leaf }) => JSON.parse(leaf.toString('utf8')) as unknown);
    const container = (name: string): Record<string, string> => ({ ...env, ASSAY_HOME: folder, LOG_KEY_FILE: join(folder, 'log.key'), LOG_CHECKPOINT_FILE: join(folder, `${name}.checkpoint`) });
    expect(await run(['log', 'adopt', '--none'], { env: container('first') })).toMatchObject({ code: 0, stderr: expect.stringMatching(/✓ log\.example\/forked-alone goes on from 6 entries, taken as they are\.[^]*That is kept in \S+first\.checkpoint/) });
    expect(await run(['log', 'adopt', '--checkpoint', kept], { env: container('second') })).toMatchObject({ code: 0, stderr: expect.stringContaining('goes on from 6 entries, which grew out of the 6 entries of the checkpoint.') });
    expect(await events()).toEqual([expect.objectContaining({ size: 6, checkpoint: null }), expect.objectContaining({ size: 6, checkpoint: await readFile(kept, 'utf8') })]);
    for (const name of ['first', 'second']) expect(parseCheckpoint(parseNote(await readFile(container(name)['LOG_CHECKPOINT_FILE']!, 'utf8')).text).size).toBe(6);
    // Where there are witnesses it is they who know.
    expect(await run(['log', 'adopt', '--none'], { env: { ...container('third'), WITNESSES: `${witnesses[0]!.entry.split(' ')[0]} http://127.0.0.1:1` } })).toMatchObject({ code: 1, stderr: expect.stringContaining('Take witnesses that will never answer again out of WITNESSES') });
    expect((await readdir(folder)).filter((name) => name.startsWith('third'))).toEqual([]);
  });

  it('opens no epoch that makes a rewritten log the official one', async () => {
    const node = nodeOn(await newNode(ORIGINS[7]!), ORIGINS[7]!, 'kept', witnessPolicy([], 0));
    await grow(node, 6);
    const kept = (await node.log.checkpoint(node.db))!.note;
    // Without the key: an entry is another one, and one more is behind.
    await rewrite(node.name, 1, 2);
    await recordMany(node, 1);
    await new Sequencer(node.db, silent).drain();
    // That it was signed is claimed by the application's role, with a signature that is none.
    await node.db.transaction((tx) => tx.query('INSERT INTO log_signatures (epoch, size, signer, signature) VALUES (1, 7, $1, $2)', [node.log.verifierKey(), Buffer.alloc(64)]));
    const server = nodeOn(node, ORIGINS[7]!, 'kept', witnessPolicy([], 0));
    expect(await refusalOf(server)).toContain('the first entries in the database are others now');
    const opened = await openEpoch(server.db, server.log, { event: newId(), actor: newId(), now: new Date(), reason: 'Rewritten.', witnessed: undefined });
    expect(opened).toMatchObject({ predecessor: kept, kept: 0, lost: 6, enteredAgain: 7 });
    expect(await problemsOf(server, { trusted: { log: server.log.key, witnesses: [] } })).toEqual([expect.stringContaining('log.example/laundered signed another tree with 7 entries')]);
    expect(await refusalOf(server)).toBe('signed');
  });

  it('of two logs that one key signed, each of which its file knows, proves nothing of the one by the signatures of the other', async () => {
    const first = nodeOn(await newNode(ORIGINS[8]!), ORIGINS[8]!, 'a', witnessPolicy([], 0));
    await grow(first, 3);
    const clone = nodeOn(await copyOf(first), ORIGINS[8]!, 'b', witnessPolicy([], 0));
    await writeFile(clone.log.signer.file.path, await readFile(first.log.signer.file.path, 'utf8'));
    await grow(first, 3);
    await grow(clone, 2);
    await grow(clone, 4);
    // The clone is given what the first one signed.
    const opened = await openEpoch(clone.db, clone.log, { event: newId(), actor: newId(), now: new Date(), reason: 'Two servers.', witnessed: (await first.log.checkpoint(first.db))!.note });
    expect(opened).toMatchObject({ kept: 0, lost: 9, enteredAgain: 9 });
  });

  /** Makes the tree anew out of the leaves as they are now: as whoever has the whole database and the log's key, but no witness's. */
  async function recompute(node: Node): Promise<void> {
    const edge = Edge.empty();
    const [heads, tiles]: [{ size: number; root: Buffer }[], FullTile[]] = [[], []];
    const leaves = await node.db.query<{ leaf: Buffer }>('SELECT i.leaf FROM log_entries e JOIN audit_intake i ON i.id = e.intake_id ORDER BY e.index');
    const sizes = new Set((await node.db.query<{ size: string }>('SELECT size FROM log_heads')).map(({ size }) => Number(size)));
    for (const { leaf } of leaves) {
      tiles.push(...edge.append(leafHash(leaf)));
      if (sizes.has(edge.size)) heads.push({ size: edge.size, root: edge.root() });
    }
    const origin = node.log.origin;
    await asSuperuser(node.name, async (client) => {
      await client.query('DELETE FROM log_tiles; DELETE FROM log_signatures');
      for (const { level, index, hashes, root } of tiles) await client.query('INSERT INTO log_tiles (epoch, level, index, hashes, root) VALUES (1, $1, $2, $3, $4)', [level, index, hashes, root]);
      for (const { size, root } of heads) {
        await client.query('UPDATE log_heads SET root = $2 WHERE size = $1', [size, root]);
        await client.query('INSERT INTO log_signatures (epoch, size, signer, signature) VALUES (1, $1, $2, $3)', [size, node.log.verifierKey(), keyOf(origin).sign(1, formatCheckpoint({ origin, size, root })).bytes]);
      }
    });
  }

  it('finds a tree that was computed anew with the key of the log: by a witness, and by every earlier checkpoint', async () => {
    const node = await newNode(ORIGINS[4]!);
    const earlier: string[] = [];
    for (const count of [40, 60, 100, 100]) {
      await grow(node, count);
      earlier.push((await node.log.checkpoint(node.db))!.note);
    }
    const anchors = earlier.map((note, index) => keptCheckpoint(node.log, note, `Checkpoint ${index}`));
    expect(await problemsOf(node, { anchors })).toEqual([]);
    const [tried, found] = [{ witness: 0, checkpoint: 0 }, { witness: 0, checkpoint: 0, itself: 0 }];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      // Another one each time: the same change twice is none.
      const index = attempt * 5 + randomInt(5);
      await asSuperuser(node.name, (client) => client.query(`UPDATE audit_intake SET leaf = set_byte(leaf, 20, get_byte(leaf, 20) # 1) WHERE id = (SELECT intake_id FROM log_entries WHERE index = ${index})`));
      await recompute(node);
      // The database alone tells nothing: it fits itself.
      found.itself += (await problemsOf(node)).length;
      // Each of the witnesses alone, asked by a server that knows nothing else.
      for (const { entry } of witnesses) {
        tried.witness += 1;
        const refusal = await refusalOf(nodeOn(node, ORIGINS[4]!, `thief-${attempt}`, witnessPolicy([entry], 1)));
        found.witness += Number(refusal.includes('but the first entries in the database are others'));
      }
      for (const anchor of anchors) {
        tried.checkpoint += 1;
        const grown = anchor.size === 300 ? undefined : await node.log.consistency(node.db, anchor.size, 300);
        const [{ root }] = await node.db.query<{ root: Buffer }>('SELECT root FROM log_heads WHERE size = 300') as [{ root: Buffer }];
        const consistent = grown ? verifyConsistency({ from: anchor.size, to: 300, fromRoot: anchor.root, toRoot: root, path: grown.path }) : root.equals(anchor.root);
        const [problem] = await problemsOf(node, { anchors: [anchor] });
        found.checkpoint += Number(!consistent && (problem ?? '').includes('has another root for'));
      }
    }
    process.stderr.write(`tree computed anew: found by a witness ${found.witness} of ${tried.witness}, by an earlier checkpoint ${found.checkpoint} of ${tried.checkpoint}\n`);
    expect([found.itself, found.witness, found.checkpoint]).toEqual([0, tried.witness, tried.checkpoint]);
  });

  it('proves by the receipt what was dropped between acknowledgement and sequencing', async () => {
    const node = await newNode(ORIGINS[5]!);
    await grow(node, 3);
    await recordMany(node, 60);
    const ids = (await idsOf(node)).slice(3);
    const receipts = (await node.log.receipts(node.db, ids)) as string[];
    const dropped = ids.filter((_, index) => index % 2 === 0);
    await asSuperuser(node.name, (client) => client.query('DELETE FROM audit_intake WHERE id = ANY($1)', [dropped]));
    await grow(node, 2);
    // The tree is sound: nothing in the database tells.
    expect(await problemsOf(node)).toEqual([]);
    const kept = receipts.map((note, index) => keptReceipt(node.log, note, `Receipt ${index}`));
    const problems = await problemsOf(node, { receipts: kept });
    const proven = dropped.filter((id) => problems.some((text) => text.includes(`promised at`) && text.includes(`the event ${id} would be in the log. It is in no tree`)));
    process.stderr.write(`rows dropped between acknowledgement and sequencing: ${proven.length} of ${dropped.length} proven by the receipt\n`);
    expect([proven.length, problems.length]).toEqual([dropped.length, dropped.length]);
    // Without the database: the receipt is signed, and no leaf of the tree has its hash.
    const hashes = new Set((await node.db.query<{ leaf: Buffer }>('SELECT i.leaf FROM log_entries e JOIN audit_intake i ON i.id = e.intake_id')).map(({ leaf }) => leafHash(leaf).toString('hex')));
    const absent = receipts.filter((note) => verifyNote(parseNote(note), [keyOf(ORIGINS[5]!).verifier(1)]).length === 1 && !hashes.has(Buffer.from(parseReceipt(parseNote(note).text).leaf).toString('hex')));
    expect(absent).toHaveLength(dropped.length);
    const stranger = new LogKey(generateKeyPairSync('ed25519').privateKey, ORIGINS[5]!);
    expect(() => keptReceipt(new TransparencyLog(stranger, ORIGINS[5]!, ''), receipts[0]!, 'The receipt')).toThrow('The receipt is not signed by the key of log.example/dropped');
    expect(await readFile(join(folder, 'log.key'), 'utf8')).toContain('PRIVATE KEY');
    expect(originOf(ORIGINS[5]!, 2)).toBe(`${ORIGINS[5]}/epoch-2`);
    // A name that looks like that of a later epoch is the name of its log all the same.
    const odd = new LogKey(key.privateKey, 'log.example/epoch-3');
    const notes = [1, 4].map((epoch) => ({ text: formatCheckpoint({ origin: originOf(odd.origin, epoch), size: 0, root: leafHash(Buffer.alloc(0)) }), epoch })).map(({ text, epoch }) => formatNote({ text, signatures: [odd.sign(epoch, text)] }));
    expect(notes.map((note) => keptCheckpoint({ key: odd }, note, 'It').epoch)).toEqual([1, 4]);
  });
});
