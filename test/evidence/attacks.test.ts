import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Sequencer } from '../../src/audit/index.js';
import { verifyLog } from '../../src/evidence/index.js';
import { openLog, type Queryable } from '../../src/platform/index.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { scoreLoan, someLoans } from '../support/builders.js';
import { run } from '../support/cli.js';
import { asSuperuser } from '../support/postgres.js';
import { envOf } from '../commands/support.js';

/** Another value of a column, by its type. */
const OTHER: Readonly<Record<string, (column: string) => string>> = {
  uuid: () => 'gen_random_uuid()',
  text: (column) => `coalesce(${column}, '') || 'x'`,
  bytea: (column) => `set_byte(${column}, 0, get_byte(${column}, 0) # 1)`,
  'timestamp with time zone': (column) => `${column} + interval '1 microsecond'`,
  'double precision': (column) => `coalesce(${column}, 0) * 0.5 + 0.1`,
  bigint: (column) => `${column} + 1`,
  integer: (column) => `${column} + 1`,
};

/** Columns that are one of few values. */
const CHOICES: Readonly<Record<string, string>> = {
  'predictions.purpose': `CASE purpose WHEN 'ORIGINATION' THEN 'ACCOUNT_REVIEW' ELSE 'ORIGINATION' END`,
  'predictions.status': `CASE status WHEN 'FAILED' THEN 'REFUSED' ELSE 'FAILED' END`,
  'predictions.decision': `CASE decision WHEN 'APPROVE' THEN 'DECLINE' ELSE 'APPROVE' END`,
  'predictions.would_decide': `'DECLINE'`,
};

/** What no verdict rests on: when an event was taken in, and by which transaction, is beside its leaf, which has its time. */
const UNBOUND = new Set(['audit_intake.recorded_at', 'audit_intake.xid', 'log_heads.recorded_at', 'log_epochs.recorded_at', 'log_epochs.reason']);

const TABLES = ['predictions', 'audit_intake', 'log_entries', 'log_tiles', 'log_heads'] as const;

describe('who has the whole database, with every rule switched off,', () => {
  let app: TestApp;
  let database: string;
  beforeAll(async () => {
    app = await openTestApp();
    database = new URL(app.runtime.urls.app).pathname.slice(1);
    const portal = await app.as('portal');
    const loans = await someLoans(app, 4);
    for (const loan of loans) await scoreLoan(portal, { loanId: loan.id });
    // Enough for full tiles.
    await app.sql(`INSERT INTO audit_intake (id, type, leaf) SELECT gen_random_uuid(), 'CUSTOMER_RECORDED', convert_to('{"n":' || n || '}', 'UTF8') FROM generate_series(1, 300) n`);
    const sequencer = new Sequencer(app.runtime.db, openLog('silent'));
    do await sequencer.drain(); while ((await verifyLog(app.runtime.db)).waiting > 0);
  });
  afterAll(() => app.close());

  /** Does it, verifies, and takes it back. @returns what was found */
  const attacked = (change: string): Promise<readonly string[]> => asSuperuser(database, async (client) => {
    const db: Queryable = { query: async <Row>(sql: string, parameters: readonly unknown[] = []) => (await client.query(sql, [...parameters])).rows as Row[] };
    await client.query(`BEGIN; SET LOCAL session_replication_role = 'replica'`);
    try {
      await client.query(change);
      return (await verifyLog(db)).problems;
    } finally {
      await client.query('ROLLBACK');
    }
  });

  it('finds a sound log sound', async () => {
    const found = await verifyLog(app.runtime.db);
    expect(found).toMatchObject({ problems: [], problemCount: 0, waiting: 0, epochs: 1, tiles: 1 });
    expect(found.entries).toBeGreaterThan(300);
    expect(found.predictions).toBeGreaterThanOrEqual(4);
    const { code, stderr } = await run(['verify'], { env: envOf(app) });
    expect([code, stderr]).toEqual([0, expect.stringMatching(/✓ .*transparency log.*\d+ entries, 1 tiles, \d+ heads, \d+ predictions/)]);
  });

  it('changes no column unseen', async () => {
    const columns = await app.sql<{ table: string; column: string; type: string; value: boolean }>(
      `SELECT table_name AS table, column_name AS column, data_type AS type FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ANY($1) ORDER BY 1, ordinal_position`, [[...TABLES]]);
    const missed: string[] = [];
    let tried = 0;
    for (const { table, column, type } of columns) {
      const name = `${table}.${column}`;
      if (UNBOUND.has(name)) continue;
      const value = CHOICES[name] ?? OTHER[type]!(column);
      const row = table === 'predictions' ? `id = (SELECT id FROM predictions ORDER BY id DESC LIMIT 1)` : `ctid = (SELECT ctid FROM ${table} LIMIT 1)`;
      // Null bytes say that the column has no value here; then another one is put there.
      tried += 1;
      if ((await attacked(`UPDATE ${table} SET ${column} = ${value} WHERE ${row}`)).length === 0) missed.push(name);
    }
    process.stderr.write(`columns: ${tried - missed.length} of ${tried} changes caught\n`);
    expect(missed).toEqual([]);
    expect(tried).toBeGreaterThanOrEqual(34);
  });

  it.each([
    ['deletes a prediction', 'DELETE FROM predictions WHERE id = (SELECT max(id::text)::uuid FROM predictions)'],
    ['deletes all predictions', 'TRUNCATE predictions'],
    ['deletes a prediction with its event', `DELETE FROM audit_intake WHERE id = (SELECT max(id::text)::uuid FROM predictions); DELETE FROM predictions WHERE id = (SELECT max(id::text)::uuid FROM predictions)`],
    ['adds a prediction', 'INSERT INTO predictions SELECT (jsonb_populate_record(p, jsonb_build_object($$id$$, gen_random_uuid()))).* FROM predictions p LIMIT 1'],
    ['swaps two ciphertexts', 'UPDATE predictions p SET body = q.body FROM (SELECT id, lead(body, 1) OVER (ORDER BY id) AS body FROM predictions) q WHERE q.id = p.id AND q.body IS NOT NULL'],
    ['gives a prediction to another customer', 'UPDATE predictions SET customer_id = (SELECT id FROM customers ORDER BY id DESC LIMIT 1)'],
    ['deletes an entry', 'DELETE FROM log_entries WHERE index = 7'],
    ['deletes the last entry', 'DELETE FROM log_entries WHERE index = (SELECT max(index) FROM log_entries)'],
    ['deletes the last entry and its head', 'DELETE FROM log_entries WHERE index = (SELECT max(index) FROM log_entries); DELETE FROM log_heads WHERE size = (SELECT max(size) FROM log_heads)'],
    ['exchanges two entries', 'UPDATE log_entries SET index = -index - 1 WHERE index IN (3, 4); UPDATE log_entries SET index = CASE index WHEN -4 THEN 4 ELSE 3 END WHERE index < 0'],
    ['deletes an event', 'DELETE FROM audit_intake WHERE id = (SELECT intake_id FROM log_entries WHERE index = 5)'],
    ['deletes all events', 'TRUNCATE audit_intake'],
    ['deletes a tile', 'DELETE FROM log_tiles'],
    ['adds a tile', `INSERT INTO log_tiles SELECT epoch, level, index + 1, hashes, root FROM log_tiles`],
    ['deletes the heads', 'TRUNCATE log_heads'],
    ['adds a head', 'INSERT INTO log_heads SELECT epoch, size + 1, size, root FROM log_heads ORDER BY size DESC LIMIT 1'],
    ['empties the log', 'TRUNCATE log_entries, log_tiles, log_heads'],
  ].map(([name, sql]) => [name!, sql!.replace('jsonb_populate_record(p, jsonb_build_object($$id$$, gen_random_uuid()))', `jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid()))`)] as const))('never %s unseen', async (_, change) => {
    // The time of what waits is long past, as it would be when an auditor looks.
    expect(await attacked(`${change}; UPDATE audit_intake SET recorded_at = recorded_at - interval '1 hour'`)).not.toEqual([]);
  });
});
