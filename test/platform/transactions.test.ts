import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { copyRows, Database, newId, sqlState, type Transaction } from '../../src/platform/index.js';
import { entities } from '../../src/entities.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';

const insertUser = (tx: Transaction, subject: string): Promise<unknown> =>
  tx.query('INSERT INTO users (id, issuer, subject, name) VALUES ($1, $2, $3, $4)', [newId(), 'test', subject, 'Test']);

describe('transactions', () => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await openTestDatabase()));
  afterAll(() => database.close());

  /** How many rows there are in all, in every table. */
  const everything = (): Promise<Record<string, number>> =>
    asSuperuser(database.name, async (client) => {
      const { rows } = await client.query<{ name: string }>("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'");
      const counts: Record<string, number> = {};
      for (const { name } of rows) counts[name] = (await client.query(`SELECT count(*)::int AS n FROM ${name}`)).rows[0].n;
      return counts;
    });

  const connections = async (): Promise<number> =>
    (await database.db.query<{ n: number }>("SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'assay'"))[0]!.n;

  it('commit what was done and give its result', async () => {
    const subject = randomUUID();
    expect(await database.db.transaction(async (tx) => (await insertUser(tx, subject), 'done'))).toBe('done');
    expect(await database.db.query('SELECT subject FROM users WHERE subject = $1', [subject])).toEqual([{ subject }]);
  });

  it('leave nothing behind when anything throws, whichever way it was written', async () => {
    const before = await everything();
    const customerId = newId();
    const failing = database.db.transaction(async (tx) => {
      await insertUser(tx, randomUUID());
      await copyRows(tx, 'customers', ['id', 'external_id', 'synthetic'], [[customerId, 'c-1', false]]);
      await copyRows(tx, 'customer_facts', ['customer_id', 'id', 'effective_at', 'recorded_by'], [[customerId, newId(), new Date(), newId()]]);
      await tx.manager.query('INSERT INTO audit_intake (id, type, leaf) VALUES ($1, $2, $3)', [newId(), 'TEST', Buffer.from('leaf')]);
      throw new Error('at the very end');
    });
    await expect(failing).rejects.toThrow('at the very end');
    expect(await everything()).toEqual(before);
  });

  it('leave nothing behind when a statement fails, and say which way it failed', async () => {
    const before = await everything();
    const subject = randomUUID();
    const failing = database.db.transaction(async (tx) => {
      await insertUser(tx, subject);
      await insertUser(tx, subject);
    });
    expect(sqlState(await failing.catch((error: unknown) => error))).toBe('23505');
    expect(await everything()).toEqual(before);
  });

  it('do not say done where a failed statement was swallowed: nothing of it is kept', async () => {
    const before = await everything();
    const failing = database.db.transaction(async (tx) => {
      await insertUser(tx, randomUUID());
      await tx.query('SELECT 1 / 0').catch(() => undefined);
      return 'done';
    });
    await expect(failing).rejects.toMatchObject({ code: 'INTERNAL', message: 'A statement of a transaction failed unheard, so nothing of it was kept.' });
    expect(await everything()).toEqual(before);
  });

  it('show nothing to others until they commit', async () => {
    const subject = randomUUID();
    const seen = (): Promise<unknown[]> => database.db.query('SELECT 1 FROM users WHERE subject = $1', [subject]);
    await database.db.transaction(async (tx) => {
      await insertUser(tx, subject);
      expect(await seen()).toEqual([]);
    });
    expect(await seen()).toHaveLength(1);
  });

  it('give their connection back, whether they succeed or fail', async () => {
    for (let turn = 0; turn < 12; turn += 1) {
      await database.db.transaction(async (tx) => {
        await tx.query('SELECT 1');
        if (turn % 2 === 0) throw new Error('every other time');
      }).catch(() => undefined);
    }
    expect(await connections()).toBeLessThanOrEqual(5);
  });

  it('survive a connection that is cut off: the work fails, the next one runs', async () => {
    const cut = database.db.transaction(async (tx) => {
      const [{ pid }] = (await tx.query('SELECT pg_backend_pid() AS pid')) as [{ pid: number }];
      await asSuperuser('postgres', (client) => client.query('SELECT pg_terminate_backend($1)', [pid]));
      await tx.query('SELECT 1');
    });
    await expect(cut).rejects.toThrow(/connection/i);
    for (let turn = 0; turn < 6; turn += 1) {
      expect(await database.db.transaction((tx) => tx.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
    }
  });

  it('survive idle connections that are cut off', async () => {
    const other = await Database.open(database.urls, { entities, pool: 2 });
    await Promise.all([other.query('SELECT 1'), other.transaction((tx) => tx.query('SELECT 1'))]);
    await asSuperuser('postgres', (client) =>
      client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name LIKE 'assay%' AND state = 'idle'", [database.name]));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await other.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await other.transaction((tx) => tx.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
    await other.close();
  });

  it('turn a NUL in a text, which PostgreSQL cannot store, into a sentence', async () => {
    const sentence = { code: 'BAD_INPUT', message: 'A text holds the character NUL, which PostgreSQL cannot store. Remove it.' };
    await expect(database.db.query('SELECT 1 FROM users WHERE subject = $1', ['a\0b'])).rejects.toMatchObject(sentence);
    await expect(database.db.transaction((tx) => insertUser(tx, 'a\0b'))).rejects.toMatchObject(sentence);
    await expect(database.db.transaction((tx) => tx.query('SELECT $1::jsonb', [JSON.stringify('a\0b')]))).rejects.toMatchObject(sentence);
  });

  it('read dates without a time as the text they are', async () => {
    expect(await database.db.query("SELECT '2026-03-29'::date AS day")).toEqual([{ day: '2026-03-29' }]);
  });
});

describe('opening a database', () => {
  it('says so when there is none', async () => {
    const nowhere = 'postgres://assay_app:x@127.0.0.1:1/assay';
    const opening = Database.open({ app: nowhere, reader: nowhere }, { entities: [], pool: 1 });
    await expect(opening).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringMatching(/^The database cannot be reached: /) as unknown });
  });
});
