import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Sequencer } from '../../src/audit/index.js';
import { verifyLog, WITNESSED_TABLES } from '../../src/evidence/index.js';
import { actsOf, type Row } from '../../src/evidence/acts-of-rows.js';
import { copyOut, openLog, SAME_TEXT_EVERYWHERE } from '../../src/platform/index.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { scoreLoan, someLoans } from '../support/builders.js';
import { run } from '../support/cli.js';
import { superuserOf, urlsOf } from '../support/postgres.js';
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
  'character varying': (column) => `coalesce(${column}, '') || 'x'`,
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
  // No hash binds it: within a day it may differ from the time in the leaf.
  'audit_intake.recorded_at': `recorded_at + interval '1 year'`,
  // A number that no other entry has.
  'log_entries.index': 'index + 1000000',
  'log_heads.epoch': 'epoch + 7',
  'log_heads.size': 'size + 1000000',
  'log_heads.previous': 'previous + 1000000',
  'log_epochs.epoch': 'epoch + 7',
  'migrations.id': 'id + 1000000',
};

/** What no verdict rests on: by which transaction an event was taken in, and when a head or a signature came. */
const UNBOUND = new Set(['audit_intake.xid', 'log_heads.recorded_at', 'log_signatures.recorded_at', 'log_epochs.recorded_at', 'log_epochs.reason',
  // How often migrations ran, not which.
  'migrations.id']);

const TABLES = ['predictions', 'audit_intake', 'log_entries', 'log_tiles', 'log_heads', 'log_signatures', 'log_epochs', ...WITNESSED_TABLES];

/** Whoever has the database can take its rules away as well. */
const NO_RULES = `SET LOCAL session_replication_role = 'replica';
  DO $$ DECLARE rule record; BEGIN
    FOR rule IN SELECT conrelid::regclass AS of, conname FROM pg_constraint WHERE contype IN ('c', 'f', 'u', 'x') AND coninhcount = 0 AND connamespace = 'public'::regnamespace AND conrelid <> 0
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', rule.of, rule.conname); END LOOP;
  END $$`;

/** All but what witnesses rows. */
const NO_TRIGGERS = `
  DO $$ DECLARE rule record; BEGIN
    FOR rule IN SELECT tgrelid::regclass AS of, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname <> 'witnessed' AND tgparentid = 0
    LOOP EXECUTE format('DROP TRIGGER %I ON %s', rule.tgname, rule.of); END LOOP;
  END $$`;

/** What leaves that are not in the tree yet would say, had the application written the rows. */
const BY_THE_APPLICATION = `
  UPDATE audit_intake SET leaf = convert_to(regexp_replace(regexp_replace(convert_from(leaf, 'UTF8'), '"transaction":"\\d+",', ''), '"actor":"\\w+"', '"actor":"assay_app"'), 'UTF8')
  WHERE type = 'ROW_WRITTEN' AND convert_from(leaf, 'UTF8') LIKE '%"transaction":%' AND id NOT IN (SELECT intake_id FROM log_entries)`;

const problemsSeenBy = async (client: Client): Promise<readonly string[]> =>
  (await verifyLog({ query: async <Found>(sql: string, parameters: readonly unknown[] = []) => (await client.query(sql, [...parameters])).rows as Found[], copyOut: (select, read) => copyOut(client, select, read) })).problems;

const deleted = (table: string): string => `DELETE FROM ${table} WHERE ctid = (SELECT max(ctid) FROM ${table})`;

describe('who has the whole database, with every rule switched off,', () => {
  let app: TestApp;
  let attacker: Client;
  beforeAll(async () => {
    app = await openTestApp();
    const portal = await app.as('portal');
    const loans = await someLoans(app, 4);
    for (const loan of loans) await scoreLoan(portal, { loanId: loan.id });
    // Enough for full tiles.
    await app.sql(`INSERT INTO audit_intake (id, type, leaf) SELECT gen_random_uuid(), 'CUSTOMER_RECORDED', convert_to('{"n":' || n || ',"time":"' || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '","type":"CUSTOMER_RECORDED"}', 'UTF8') FROM generate_series(1, 300) n`);
    const sequencer = new Sequencer(app.runtime.db, openLog('silent'));
    do await sequencer.drain(); while ((await app.runtime.db.snapshot(verifyLog)).waiting > 0);
  });
  afterAll(async () => {
    await attacker?.end();
    await app?.close();
  });

  /** Does it, verifies, and takes it back. @returns what was found */
  const attacked = async (...changes: readonly string[]): Promise<readonly string[]> => {
    await attacker.query('SAVEPOINT sound');
    try {
      for (const change of changes) await attacker.query(change);
      return await problemsSeenBy(attacker);
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

  let columns: Column[] = [];
  const columnsOf = (table: string): Column[] => columns.filter((one) => one.table === table);

  /** Where the test's own life left a table empty: a row as the application would have written it, with its leaf and the events of its acts. */
  async function aRowOf(table: string): Promise<boolean> {
    const own = columnsOf(table);
    const values = own.map(({ type }) => OTHER[type]!(`NULL::${type === 'ARRAY' ? 'text[]' : type}`));
    const { rowCount } = await attacker.query(`INSERT INTO ${table} (${own.map(({ column }) => column).join(', ')}) SELECT ${values.join(', ')} WHERE NOT EXISTS (SELECT FROM ${table})`);
    if (rowCount === 0) return false;
    await attacker.query(`SELECT record_row('${table}', 'id', to_jsonb(t), NULL) FROM ${table} t; ${BY_THE_APPLICATION}`);
    const { rows: [row] } = await attacker.query<{ stored: Row }>(`SELECT (SELECT json_object_agg(key, value) FROM jsonb_each_text(to_jsonb(t)) WHERE value IS NOT NULL) AS stored FROM ${table} t`);
    for (const { types: [type], of: [member, value], says } of actsOf(table, row!.stored)) {
      const leaf = JSON.stringify({ time: new Date().toISOString(), ...Object.fromEntries(Object.entries(says).map(([name, said]) => [name, said ?? null])), [member]: value, type });
      await attacker.query(`INSERT INTO audit_intake (id, type, leaf) VALUES (gen_random_uuid(), $1, convert_to($2, 'UTF8'))`, [type, leaf]);
    }
    return true;
  }

  it('has every table that the database witnesses verified', async () => {
    const { rows } = await attacker.query<{ table: string }>(`SELECT tgrelid::regclass::text AS table FROM pg_trigger WHERE tgname = 'witnessed' ORDER BY 1`);
    expect(rows.map(({ table }) => table).sort()).toEqual([...WITNESSED_TABLES].sort());
  });

  it('finds a row in each of them sound that came with its leaf and the events of its acts', async () => {
    columns = (await attacker.query<Column>(
      `SELECT table_name AS table, column_name AS column, data_type AS type FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ANY($1) AND is_generated = 'NEVER' ORDER BY 1, ordinal_position`, [TABLES])).rows;
    let made = 0;
    for (const table of WITNESSED_TABLES) if (await aRowOf(table)) made += 1;
    expect(await attacked()).toEqual([]);
    // Nothing but the log's order and time tells these from what the application would have written.
    process.stderr.write(`a superuser with covering leaves and forged events of acts adds rows: 0 of ${made} caught, which is stated\n`);
  });

  /** Another value in one row. */
  const changed = ({ table, column, type }: Column): string => {
    const row = table === 'predictions' ? `id = (SELECT id FROM predictions ORDER BY id DESC LIMIT 1)` : `ctid = (SELECT ctid FROM ${table} LIMIT 1)`;
    return `UPDATE ${table} SET ${column} = ${CHOICES[`${table}.${column}`] ?? OTHER[type]!(column)} WHERE ${row}`;
  };

  it('changes no column unseen', async () => {
    const tried = columns.filter(({ table, column }) => !UNBOUND.has(`${table}.${column}`));
    const missed: string[] = [];
    const alone = tried.filter(({ table, column }) => !WITNESSED_TABLES.includes(table) || `${table}.${column}` === 'artefacts.bytes');
    for (const one of alone) if ((await attacked(changed(one))).length === 0) missed.push(`${one.table}.${one.column}`);
    // One of each table at once: what is found names the table.
    const together = WITNESSED_TABLES.map((table) => tried.filter((one) => one.table === table && !alone.includes(one)));
    for (let nth = 0; together.some((own) => own.length > nth); nth += 1) {
      const some = together.flatMap((own) => own[nth] ?? []);
      const found = await attacked(...some.map(changed));
      for (const { table, column } of some) if (!found.some((text) => text.startsWith(`A row of ${table} is not one that was logged`))) missed.push(`${table}.${column}`);
    }
    process.stderr.write(`columns: ${tried.length - missed.length} of ${tried.length} changes caught, in ${TABLES.length} tables\n`);
    expect(missed).toEqual([]);
    expect(tried.length).toBeGreaterThanOrEqual(200);
  }, 120_000);

  /** A row that differs from another in its key. */
  function copied(table: string): string {
    const own = columnsOf(table);
    const key = own.find(({ type }) => type === 'uuid')?.column;
    const values = own.map(({ column, type }) => (column === key ? 'gen_random_uuid()' : type === 'bytea' || type === 'text' || type === 'integer' || type === 'character varying' ? (CHOICES[`${table}.${column}`] ?? OTHER[type]!(column)) : column));
    return `INSERT INTO ${table} (${own.map(({ column }) => column).join(', ')}) SELECT ${values.join(', ')} FROM ${table} LIMIT 1`;
  }

  it('neither deletes nor copies a row unseen', async () => {
    const gone = await attacked(...WITNESSED_TABLES.map(deleted));
    expect(gone.filter((text) => / rows of \w+ were logged, but are not there/.test(text))).toHaveLength(WITNESSED_TABLES.length);
    const more = await attacked(...WITNESSED_TABLES.map(copied));
    expect(WITNESSED_TABLES.filter((table) => !more.some((text) => text.startsWith(`A row of ${table} is not one that was logged`)))).toEqual([]);
    process.stderr.write(`rows: ${2 * WITNESSED_TABLES.length} of ${2 * WITNESSED_TABLES.length} deletions and copies caught, in ${WITNESSED_TABLES.length} tables\n`);
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
    ['keeps an event back that is said to come yet', `INSERT INTO audit_intake (id, type, leaf, recorded_at) SELECT gen_random_uuid(), type, leaf, recorded_at + interval '2 hours' FROM audit_intake LIMIT 1`],
    ['deletes a tile', 'DELETE FROM log_tiles'],
    ['adds a tile', `INSERT INTO log_tiles SELECT epoch, level, index + 1, hashes, root FROM log_tiles`],
    ['deletes the heads', 'TRUNCATE log_heads'],
    ['adds a head', 'INSERT INTO log_heads SELECT epoch, size + 1, size, root FROM log_heads ORDER BY size DESC LIMIT 1'],
    ['empties the log', 'TRUNCATE log_entries, log_tiles, log_heads'],
  ])('never %s unseen', async (_, change) => {
    // The time of what waits is long past, as it would be when an auditor looks.
    expect(await attacked(`${change}; UPDATE audit_intake SET recorded_at = recorded_at - interval '1 hour'`)).not.toEqual([]);
  });

  describe('or with the rule on that witnesses rows', () => {
    const ACTS = { adds: copied, changes: (table: string) => changed(columnsOf(table).findLast(({ column }) => column !== 'id')!), deletes: deleted };
    type Done = keyof typeof ACTS;
    /** What log and rows cannot tell from the application's own doing: no act of people is behind it, or none that tells of the column. */
    const AS_THE_APPLICATION: Readonly<Record<Done, readonly string[]>> = { adds: ['users'], changes: ['users', 'models', 'model_version_artefacts'], deletes: ['model_version_artefacts'] };
    /** Commands record who runs them, and migrations are taken back so: nobody may do anything by either. */
    const AS_ANOTHER: Readonly<Record<Done, readonly string[]>> = { adds: ['users'], changes: [], deletes: ['migrations'] };

    /** Everything in every table at once, as one role. @returns the tables of which nothing was found */
    async function missedBy(client: Client, done: Done, before: string, after: string): Promise<string[]> {
      await client.query('SAVEPOINT sound');
      await client.query(before);
      for (const table of WITNESSED_TABLES) await client.query(ACTS[done](table));
      await client.query(after);
      const found = await problemsSeenBy(client);
      await client.query('ROLLBACK TO sound');
      return WITNESSED_TABLES.filter((table) => !found.some((text) => new RegExp(`rows? of ${table} `).test(text)));
    }

    async function expectMissed(who: string, client: Client, expected: Readonly<Record<Done, readonly string[]>>, before = '', after = ''): Promise<void> {
      for (const done of Object.keys(ACTS) as Done[]) {
        const missed = await missedBy(client, done, before, after);
        process.stderr.write(`${who} ${done} rows: ${WITNESSED_TABLES.length - missed.length} of ${WITNESSED_TABLES.length} caught${missed.length > 0 ? `; not of ${missed.join(', ')}` : ''}\n`);
        expect(missed).toEqual(expected[done]);
      }
    }

    beforeAll(async () => {
      await attacker.query(WITNESSED_TABLES.map((table) => `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER witnessed; GRANT ALL ON ${table} TO assay_app`).join('; '));
    });

    it.each(['postgres', 'assay_owner', 'assay_app'])('as a superuser who says to be %s, writes no row unseen', (role) =>
      expectMissed(`a superuser as ${role}`, attacker, AS_ANOTHER, `SET SESSION AUTHORIZATION ${role}`, 'RESET SESSION AUTHORIZATION'));

    it('with leaves of its own making that tell of the application, but no events of acts, writes no row of an act unseen', () =>
      expectMissed('a superuser with covering leaves', attacker, AS_THE_APPLICATION, '', BY_THE_APPLICATION));

    it.each([['owner', AS_ANOTHER], ['app', AS_THE_APPLICATION]] as const)('logged in as the %s, writes no row unseen', async (role, expected) => {
      // The last of the tests: the rules stay away.
      if (role === 'owner') await attacker.query(`${NO_TRIGGERS}; COMMIT`);
      const client = new Client(urlsOf(new URL(app.runtime.urls.app).pathname.slice(1))[role]);
      await client.connect();
      try {
        await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ; ${SAME_TEXT_EVERYWHERE}`);
        await expectMissed(`logged in as the ${role}, somebody`, client, expected);
      } finally {
        await client.end();
      }
    });
  });
});
