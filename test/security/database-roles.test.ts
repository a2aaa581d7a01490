import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { newId, sha256 } from '../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';

const DENIED = '42501';
/** What happened may be added to, never changed: evidence, facts and what makes requests repeatable. */
const APPEND_ONLY = [
  'predictions', 'audit_intake', 'idempotency', 'customers', 'external_ids', 'customer_facts', 'loans', 'loan_facts', 'repayments', 'outcomes',
  'artefacts', 'model_version_contributors', 'model_version_votes', 'model_version_transitions',
  'proposals', 'proposal_decisions', 'governance_policies', 'gate_evaluations', 'gate_results', 'gate_waivers', 'findings', 'finding_resolutions', 'finding_verdicts',
  'model_facts', 'model_reviews', 'model_tier_changes',
  'decision_overrides', 'decision_reviews', 'decision_review_outcomes', 'counteroffers', 'counteroffer_acceptances', 'adverse_action_notices',
];

const stateOf = (client: Client, sql: string): Promise<string> => client.query(sql).then(() => 'done', (error: { code: string }) => error.code);

describe('database roles', () => {
  let database: TestDatabase;
  let app: Client;
  let reader: Client;
  let tables: string[];
  let partitions: string[];
  beforeAll(async () => {
    database = await openTestDatabase();
    [app, reader] = [new Client(database.urls.app), new Client(database.urls.reader)];
    await Promise.all([app.connect(), reader.connect()]);
    const { rows } = await reader.query<{ name: string; partition: boolean }>(
      `SELECT relname AS name, relispartition AS partition FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')`,
    );
    tables = rows.filter(({ name, partition }) => !partition && name !== 'migrations').map(({ name }) => name);
    partitions = rows.filter(({ partition }) => partition).map(({ name }) => name);
  });
  afterAll(async () => {
    await Promise.all([app.end(), reader.end()]);
    await database.close();
  });

  const firstColumn = async (table: string): Promise<string> =>
    (await reader.query('SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum = 1', [table])).rows[0].attname;

  /** What the application says of a row; the rest the database says. */
  const columnsGiven = async (table: string): Promise<string> =>
    (await app.query<{ names: string }>(`SELECT string_agg(quote_ident(attname), ', ') AS names FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND has_column_privilege(attrelid, attnum, 'INSERT')`, [table])).rows[0]!.names;

  it('cover every table: the lists here name tables that exist', () => {
    expect(tables).toEqual(expect.arrayContaining(APPEND_ONLY));
    expect(partitions).toContain('predictions_default');
    expect(partitions.length).toBeGreaterThan(12);
  });

  it.each(APPEND_ONLY)('the application may read and add to %s, but not change, delete or empty it', async (table) => {
    const column = await firstColumn(table);
    expect(await stateOf(app, `SELECT 1 FROM ${table} LIMIT 1`)).toBe('done');
    const given = await columnsGiven(table);
    expect(await stateOf(app, `INSERT INTO ${table} (${given}) SELECT ${given} FROM ${table} WHERE false`)).toBe('done');
    expect(await stateOf(app, `UPDATE ${table} SET ${column} = ${column} WHERE false`)).toBe(DENIED);
    expect(await stateOf(app, `DELETE FROM ${table} WHERE false`)).toBe(DENIED);
    expect(await stateOf(app, `TRUNCATE ${table}`)).toBe(DENIED);
    expect(await stateOf(app, `MERGE INTO ${table} t USING (SELECT 1) s ON false WHEN MATCHED THEN DELETE`)).toBe(DENIED);
    expect(await stateOf(app, `SELECT 1 FROM ${table} FOR UPDATE`)).toBe(DENIED);
  });

  it.each(['customers', 'customer_facts', 'loans', 'loan_facts', 'repayments', 'outcomes', 'audit_intake', 'log_heads', 'log_signatures', 'log_epochs'])('the application cannot say when something was recorded in %s: that does the clock of the database', async (table) => {
    expect(await stateOf(app, `INSERT INTO ${table} (recorded_at) SELECT now() WHERE false`)).toBe(DENIED);
    expect(await columnsGiven(table)).not.toMatch(/recorded_at|xid/);
  });

  it('the application cannot turn adding into changing: ON CONFLICT DO UPDATE is refused', async () => {
    const sql = `INSERT INTO idempotency (principal_id, request_id, operation, body_hash, result) VALUES ('${newId()}', 'r', 'o', sha256(''), '1')
      ON CONFLICT (principal_id, request_id) DO UPDATE SET result = excluded.result`;
    expect(await stateOf(app, sql)).toBe(DENIED);
  });

  it('the application changes only the columns that its work needs', async () => {
    const rows = await asSuperuser(database.name, async (client) => (await client.query<{ at: string }>(
      `SELECT attrelid::regclass || '.' || attname AS at FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
         AND has_column_privilege('assay_app', attrelid, attnum, 'UPDATE')`,
    )).rows);
    expect(rows.map(({ at }) => at).sort()).toEqual([
      'deployments.end_reason', 'deployments.ended_by', 'deployments.valid_to',
      'jobs.done', 'jobs.error', 'jobs.failed', 'jobs.finished_at', 'jobs.started_at', 'jobs.state', 'jobs.total',
      'model_versions.dossier', 'model_versions.dossier_digest', 'model_versions.policy_version', 'model_versions.required_admins', 'model_versions.required_validators',
      'model_versions.state', 'model_versions.submitted_at', 'model_versions.vote_days',
      'models.deployment_epoch',
      'role_grants.ended_by', 'role_grants.valid_to',
      'suspensions.lifted_by', 'suspensions.proposal_id', 'suspensions.valid_to',
      'users.name',
    ]);
  });

  it('the application deletes nothing but what a draft names before another dossier, and empties nothing', async () => {
    for (const table of tables) {
      // The blind index is derived and may go at any time.
      const allowed = table === 'model_version_artefacts' || table === 'customer_identifiers';
      expect([table, await stateOf(app, `DELETE FROM ${table} WHERE false`)]).toEqual([table, allowed ? 'done' : DENIED]);
      expect([table, await stateOf(app, `TRUNCATE ${table}`)]).toEqual([table, DENIED]);
    }
  });

  it('the reader writes nothing at all', async () => {
    for (const table of tables) {
      const column = await firstColumn(table);
      expect([table, await stateOf(reader, `SELECT 1 FROM ${table} LIMIT 1`)]).toEqual([table, 'done']);
      for (const sql of [
        `INSERT INTO ${table} DEFAULT VALUES`,
        `UPDATE ${table} SET ${column} = ${column} WHERE false`,
        `DELETE FROM ${table} WHERE false`,
        `TRUNCATE ${table}`,
        `COPY ${table} FROM STDIN`,
        `SELECT 1 FROM ${table} FOR SHARE`,
      ]) expect([sql, await stateOf(reader, sql)]).toEqual([sql, DENIED]);
    }
  });

  it('nobody reaches around the parent into a partition', async () => {
    for (const partition of partitions) {
      for (const client of [app, reader]) {
        expect(await stateOf(client, `SELECT 1 FROM ${partition} LIMIT 1`)).toBe(DENIED);
        expect(await stateOf(client, `INSERT INTO ${partition} SELECT * FROM ${partition} WHERE false`)).toBe(DENIED);
        expect(await stateOf(client, `DELETE FROM ${partition}`)).toBe(DENIED);
      }
    }
  });

  it.each([
    ['switch triggers off', 'ALTER TABLE model_version_votes DISABLE TRIGGER ALL'],
    ['pretend to be a replica, on which triggers rest', "SET session_replication_role = 'replica'"],
    ['replace a rule', 'CREATE OR REPLACE FUNCTION refuse_own_vote() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$'],
    ['drop a rule', 'DROP TRIGGER refuse_own_vote ON model_version_votes'],
    ['make partitions', "SELECT create_prediction_partitions('2040-01-01', 1)"],
    ['take partitions away', 'ALTER TABLE predictions DETACH PARTITION predictions_default'],
    ['make tables', 'CREATE TABLE mine (id integer)'],
    ['make schemas', 'CREATE SCHEMA mine'],
    ['change tables', 'ALTER TABLE predictions ADD COLUMN mine integer'],
    ['drop tables', 'DROP TABLE predictions'],
    ['index tables', 'CREATE INDEX ON predictions (grade)'],
    ['comment on tables', "COMMENT ON TABLE predictions IS 'mine'"],
    ['become the owner', 'SET ROLE assay_owner'],
    ['give rights away', 'GRANT assay_owner TO assay_app'],
    ['make roles', 'CREATE ROLE mine'],
    ['read files of the server', "SELECT pg_read_file('postgresql.conf')"],
    ['run programs on the server', "COPY (SELECT 1) TO PROGRAM 'cat'"],
    ['change the migrations', "UPDATE migrations SET name = name"],
  ])('neither may %s', async (_what, sql) => {
    for (const client of [app, reader]) {
      expect(await stateOf(client, sql)).toBe(DENIED);
    }
  });

  it('every rule says where it looks for its tables: temporary ones come last', async () => {
    const { rows } = await reader.query<{ rule: string; looks: string[] | null }>(
      "SELECT proname AS rule, proconfig AS looks FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype",
    );
    expect(rows.map(({ rule }) => rule)).toEqual(expect.arrayContaining(['keep_version_lifecycle', 'end_once', 'refuse_own_vote']));
    for (const { rule, looks } of rows) expect([rule, looks?.filter((setting) => setting.startsWith('search_path='))]).toEqual([rule, ['search_path=pg_catalog, public, pg_temp']]);
  });

  it('a temporary table of the same name does not stand in for the one that a rule looks at', async () => {
    const client = new Client(database.urls.app);
    await client.connect();
    try {
      const [user, trainer, model, version, digest] = [newId(), newId(), newId(), newId(), sha256('{}')];
      await client.query("INSERT INTO users (id, issuer, subject, name) VALUES ($1, 'test', 'shadow', 'Shadow')", [user]);
      await client.query("INSERT INTO models (id, name, purpose, decision_purpose, products, horizon_months, tier, owner_id) VALUES ($1, 'shadow', 'p', 'ORIGINATION', '{card}', 12, 'HIGH', $2)", [model, user]);
      await client.query("INSERT INTO model_versions (id, model_id, version, state, dossier, dossier_digest, registered_by) VALUES ($1, $2, 1, 'DRAFT', '{}', $3, $4)", [version, model, digest, user]);
      await client.query("INSERT INTO users (id, issuer, subject, name) VALUES ($1, 'test', 'shadow trainer', 'Shadow')", [trainer]);
      await client.query("INSERT INTO model_version_contributors (version_id, user_id, part) VALUES ($1, $2, 'TRAINED')", [version, trainer]);
      await client.query("UPDATE model_versions SET state = 'SUBMITTED', policy_version = 1, required_validators = 1, required_admins = 2, vote_days = 90, submitted_at = now() WHERE id = $1", [version]);
      await client.query('CREATE TEMP TABLE model_version_contributors (version_id uuid, user_id uuid)');
      const vote = client.query("INSERT INTO model_version_votes (id, version_id, user_id, role, verdict, dossier_digest, comment) VALUES ($1, $2, $3, 'ADMIN', 'FOR', $4, 'mine')", [newId(), version, trainer, digest]);
      await expect(vote).rejects.toMatchObject({ code: 'AS001' });
    } finally {
      await client.end();
    }
  });
});
