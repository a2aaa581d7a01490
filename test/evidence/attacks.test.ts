import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Sequencer } from '../../src/audit/index.js';
import { verifyLog, WITNESSED_TABLES } from '../../src/evidence/index.js';
import { copyOut, openLog, SAME_TEXT_EVERYWHERE } from '../../src/platform/index.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { scoreLoan, someLoans } from '../support/builders.js';
import { run } from '../support/cli.js';
import { superuserOf } from '../support/postgres.js';
import { envOf } from '../commands/support.js';

/** Another value of a column, by its type; also where it has none. */
const OTHER: Readonly<Record<string, (column: string) => string>> = {
  uuid: () => 'gen_random_uuid()',
  text: (column) => `coalesce(${column}, '') || 'x'`,
  ARRAY: (column) => `coalesce(${column}, '{}') || 'x'::text`,
  jsonb: (column) => `jsonb_build_array(${column})`,
  bytea: (column) => `CASE WHEN octet_length(${column}) > 0 THEN set_byte(${column}, 0, get_byte(${column}, 0) # 1) ELSE '\\x07' END`,
  character: (column) => `CASE ${column} WHEN 'USD' THEN 'EUR' ELSE 'USD' END`,
  boolean: (column) => `${column} IS NOT TRUE`,
  date: (column) => `coalesce(${column}, '2026-01-01') + 1`,
  'timestamp with time zone': (column) => `coalesce(${column}, '2026-01-01') + interval '1 microsecond'`,
  'double precision': (column) => `coalesce(${column}, 0) * 0.5 + 0.1`,
  numeric: (column) => `coalesce(${column}, 0) * 0.5 + 0.1`,
  smallint: (column) => `coalesce(${column}, 0) + 1`,
  bigint: (column) => `coalesce(${column}, 0) + 1`,
  integer: (column) => `coalesce(${column}, 0) + 1`,
};

/** Columns that are one of few values. */
const CHOICES: Readonly<Record<string, string>> = {
  'predictions.purpose': `CASE purpose WHEN 'ORIGINATION' THEN 'ACCOUNT_REVIEW' ELSE 'ORIGINATION' END`,
  'predictions.status': `CASE status WHEN 'FAILED' THEN 'REFUSED' ELSE 'FAILED' END`,
  'predictions.decision': `CASE decision WHEN 'APPROVE' THEN 'DECLINE' ELSE 'APPROVE' END`,
  'predictions.would_decide': `'DECLINE'`,
  // A number that no other entry has.
  'log_entries.index': 'index + 1000000',
  'log_heads.epoch': 'epoch + 7',
  'log_heads.size': 'size + 1000000',
  'log_heads.previous': 'previous + 1000000',
};

/** What no verdict rests on: when an event was taken in, and by which transaction, is beside its leaf, which has its time. */
const UNBOUND = new Set(['audit_intake.recorded_at', 'audit_intake.xid', 'log_heads.recorded_at', 'log_signatures.recorded_at', 'log_epochs.recorded_at', 'log_epochs.reason']);

const TABLES = ['predictions', 'audit_intake', 'log_entries', 'log_tiles', 'log_heads', 'log_signatures', ...WITNESSED_TABLES];

/** Whoever has the database can take its rules away as well. */
const NO_RULES = `SET LOCAL session_replication_role = 'replica';
  DO $$ DECLARE rule record; BEGIN
    FOR rule IN SELECT conrelid::regclass AS of, conname FROM pg_constraint WHERE contype IN ('c', 'f', 'u', 'x') AND coninhcount = 0 AND connamespace = 'public'::regnamespace AND conrelid <> 0
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', rule.of, rule.conname); END LOOP;
  END $$`;

describe('who has the whole database, with every rule switched off,', () => {
  let app: TestApp;
  let attacker: Client;
  beforeAll(async () => {
    app = await openTestApp();
    const portal = await app.as('portal');
    const loans = await someLoans(app, 4);
    for (const loan of loans) await scoreLoan(portal, { loanId: loan.id });
    // Enough for full tiles.
    await app.sql(`INSERT INTO audit_intake (id, type, leaf) SELECT gen_random_uuid(), 'CUSTOMER_RECORDED', convert_to('{"n":' || n || ',"type":"CUSTOMER_RECORDED"}', 'UTF8') FROM generate_series(1, 300) n`);
    const sequencer = new Sequencer(app.runtime.db, openLog('silent'));
    do await sequencer.drain(); while ((await app.runtime.db.snapshot(verifyLog)).waiting > 0);
  });
  afterAll(async () => {
    await attacker?.end();
    await app?.close();
  });

  /** Does it, verifies, and takes it back. @returns what was found */
  const attacked = async (change: string): Promise<readonly string[]> => {
    await attacker.query('SAVEPOINT sound');
    try {
      await attacker.query(change);
      return (await verifyLog({ query: async <Row>(sql: string, parameters: readonly unknown[] = []) => (await attacker.query(sql, [...parameters])).rows as Row[], copyOut: (select, read) => copyOut(attacker, select, read) })).problems;
    } finally {
      await attacker.query('ROLLBACK TO sound');
    }
  };

  it('finds a sound log sound', async () => {
    const found = await app.runtime.db.snapshot(verifyLog);
    expect(found).toMatchObject({ problems: [], problemCount: 0, waiting: 0, epochs: 1 });
    expect(found.entries).toBeGreaterThan(300);
    expect(found.predictions).toBeGreaterThanOrEqual(4);
    const { code, stderr } = await run(['verify'], { env: envOf(app) });
    expect([code, stderr]).toEqual([0, expect.stringMatching(/✓ .*transparency log.*\d+ entries, \d tiles, \d+ heads, \d+ predictions, \d+ rows of governance/)]);
    // From here on nobody else has the database.
    attacker = await superuserOf(new URL(app.runtime.urls.app).pathname.slice(1));
    await attacker.query(`BEGIN; ${SAME_TEXT_EVERYWHERE}; ${NO_RULES}`);
  });

  interface Column {
    readonly table: string;
    readonly column: string;
    readonly type: string;
  }

  const columnsOf = (): Promise<Column[]> => app.sql<Column>(
    `SELECT table_name AS table, column_name AS column, data_type AS type FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ANY($1) ORDER BY 1, ordinal_position`, [TABLES]);

  /** Where the test's own life left a table empty: a row as the application would have written it, with its leaf. */
  function aRowOf(table: string, columns: readonly Column[]): string {
    const own = columns.filter((one) => one.table === table);
    const values = own.map(({ type }) => OTHER[type]!(`NULL::${type === 'ARRAY' ? 'text[]' : type}`));
    return `INSERT INTO ${table} (${own.map(({ column }) => column).join(', ')}) SELECT ${values.join(', ')} WHERE NOT EXISTS (SELECT FROM ${table});
      SELECT record_row('${table}', 'id', to_jsonb(t), NULL) FROM ${table} t WHERE NOT EXISTS (SELECT FROM audit_intake WHERE type = 'ROW_WRITTEN' AND convert_from(leaf, 'UTF8')::jsonb ->> 'table' = '${table}')`;
  }

  it('has every table that the database witnesses verified', async () => {
    const { rows } = await attacker.query<{ table: string }>(`SELECT tgrelid::regclass::text AS table FROM pg_trigger WHERE tgname = 'witnessed' ORDER BY 1`);
    expect(rows.map(({ table }) => table).sort()).toEqual([...WITNESSED_TABLES].sort());
  });

  it('changes no column unseen', async () => {
    const columns = await columnsOf();
    const missed: string[] = [];
    let tried = 0;
    for (const { table, column, type } of columns) {
      const name = `${table}.${column}`;
      if (UNBOUND.has(name)) continue;
      const value = CHOICES[name] ?? OTHER[type]!(column);
      const row = table === 'predictions' ? `id = (SELECT id FROM predictions ORDER BY id DESC LIMIT 1)` : `ctid = (SELECT ctid FROM ${table} LIMIT 1)`;
      const prepared = WITNESSED_TABLES.includes(table) ? `${aRowOf(table, columns)};` : '';
      tried += 1;
      if ((await attacked(`${prepared} UPDATE ${table} SET ${column} = ${value} WHERE ${row}`)).length === 0) missed.push(name);
    }
    process.stderr.write(`columns: ${tried - missed.length} of ${tried} changes caught, in ${TABLES.length} tables\n`);
    expect(missed).toEqual([]);
    expect(tried).toBeGreaterThanOrEqual(200);
  }, 120_000);

  it.each(WITNESSED_TABLES)('neither deletes nor copies a row of %s unseen', async (table) => {
    const columns = await columnsOf();
    const prepared = aRowOf(table, columns);
    expect(await attacked(prepared)).toEqual([]);
    expect(await attacked(`${prepared}; DELETE FROM ${table} WHERE ctid = (SELECT max(ctid) FROM ${table})`)).toHaveLength(1);
    // A row that differs from another in its key.
    const key = columns.find((one) => one.table === table && one.type === 'uuid')!.column;
    const others = columns.filter((one) => one.table === table && one.column !== key).map(({ column, type }) => (type === 'bytea' || type === 'text' || type === 'integer' ? `${OTHER[type]!(column)}` : column));
    const names = columns.filter((one) => one.table === table && one.column !== key).map(({ column }) => column);
    expect(await attacked(`${prepared}; INSERT INTO ${table} (${[key, ...names].join(', ')}) SELECT ${['gen_random_uuid()', ...others].join(', ')} FROM ${table} LIMIT 1`)).not.toEqual([]);
  });

  it('is told by the log, where the rules were left on', async () => {
    const said = await attacked(`SET LOCAL session_replication_role = 'origin'; UPDATE model_version_votes SET comment = 'Never said.'; DELETE FROM gate_results`);
    expect(said).toEqual(expect.arrayContaining([expect.stringMatching(/^A row of model_version_votes, which is written once, was changed or deleted by the role \w+ of the database/), expect.stringContaining('A row of gate_results')]));
  });

  it.each([
    ['deletes a prediction', 'DELETE FROM predictions WHERE id = (SELECT max(id::text)::uuid FROM predictions)'],
    ['deletes all predictions', 'TRUNCATE predictions'],
    ['deletes a prediction with its event', `DELETE FROM audit_intake WHERE id = (SELECT max(id::text)::uuid FROM predictions); DELETE FROM predictions WHERE id = (SELECT max(id::text)::uuid FROM predictions)`],
    ['adds a prediction', `INSERT INTO predictions SELECT (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid()))).* FROM predictions p LIMIT 1`],
    ['swaps two ciphertexts', 'UPDATE predictions p SET body = q.body FROM (SELECT id, lead(body, 1) OVER (ORDER BY id) AS body FROM predictions) q WHERE q.id = p.id AND q.body IS NOT NULL'],
    ['gives a prediction to another customer', 'UPDATE predictions SET customer_id = (SELECT id FROM customers ORDER BY id DESC LIMIT 1)'],
    ['deletes an entry', 'DELETE FROM log_entries WHERE index = 7'],
    ['deletes the last entry', 'DELETE FROM log_entries WHERE index = (SELECT max(index) FROM log_entries)'],
    ['deletes the last entry and its head', 'DELETE FROM log_entries WHERE index = (SELECT max(index) FROM log_entries); DELETE FROM log_heads WHERE size = (SELECT max(size) FROM log_heads)'],
    ['exchanges two entries', 'UPDATE log_entries SET index = index + 1000000 WHERE index IN (3, 4); UPDATE log_entries SET index = CASE index WHEN 1000003 THEN 4 ELSE 3 END WHERE index > 1000000'],
    ['deletes an event', 'DELETE FROM audit_intake WHERE id = (SELECT intake_id FROM log_entries WHERE index = 5)'],
    ['deletes all events', 'TRUNCATE audit_intake'],
    ['deletes a tile', 'DELETE FROM log_tiles'],
    ['adds a tile', `INSERT INTO log_tiles SELECT epoch, level, index + 1, hashes, root FROM log_tiles`],
    ['deletes the heads', 'TRUNCATE log_heads'],
    ['adds a head', 'INSERT INTO log_heads SELECT epoch, size + 1, size, root FROM log_heads ORDER BY size DESC LIMIT 1'],
    ['empties the log', 'TRUNCATE log_entries, log_tiles, log_heads'],
  ])('never %s unseen', async (_, change) => {
    // The time of what waits is long past, as it would be when an auditor looks.
    expect(await attacked(`${change}; UPDATE audit_intake SET recorded_at = recorded_at - interval '1 hour'`)).not.toEqual([]);
  });
});
