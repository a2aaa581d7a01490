import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrations } from '../../migrations/index.js';
import { isMigrated, migrateDown, migrateUp } from '../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';

const ID = '018f0000-0000-7000-8000-000000000001';

const text = (...words: string[]): string => words.map((word) => `'${word}'`).join(', ');

/** Everything that the migrations make: columns, constraints, indexes, functions, privileges. */
const catalogue = (database: string): Promise<unknown[]> =>
  asSuperuser(database, async (client) => {
    const { rows } = await client.query(`
      SELECT 'column' AS kind, table_name || '.' || column_name AS name, data_type || ' ' || is_nullable AS detail
        FROM information_schema.columns WHERE table_schema = 'public'
      UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
      UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'migrations'
      UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      UNION ALL SELECT 'privilege', table_name || '.' || grantee, privilege_type
        FROM information_schema.table_privileges WHERE table_schema = 'public' AND grantee LIKE 'assay%'
      UNION ALL SELECT 'column privilege', attrelid::regclass || '.' || attname, attacl::text FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
        WHERE c.relnamespace = 'public'::regnamespace AND attacl IS NOT NULL
      ORDER BY 1, 2, 3`);
    return rows;
  });

describe('migrations', () => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await openTestDatabase()));
  afterAll(() => database.close());

  it('each have a way back, and forth again to the same schema', async () => {
    const releases = [await catalogue(database.name)];
    for (let made = migrations.length; made > 0; made -= 1) {
      await migrateDown(database.urls.owner, migrations, 1);
      expect(await isMigrated(database.db, migrations)).toBe(false);
      releases.unshift(await catalogue(database.name));
    }
    for (let made = 1; made <= migrations.length; made += 1) {
      expect(await migrateUp(database.urls.owner, migrations.slice(0, made))).toHaveLength(1);
      expect(await catalogue(database.name)).toEqual(releases[made]);
    }
    expect(await isMigrated(database.db, migrations)).toBe(true);
  });

  it('take a second epoch of the log back, with what was entered in both, and bring it again', async () => {
    const [first, second] = ['018f0000-0000-7000-8000-00000000000a', '018f0000-0000-7000-8000-00000000000b'];
    await asSuperuser(database.name, (client) => client.query(`
      INSERT INTO audit_intake (id, type, leaf) VALUES ('${first}', 'CUSTOMER_RECORDED', 'a'), ('${second}', 'CUSTOMER_RECORDED', 'b');
      INSERT INTO log_epochs (epoch, reason, predecessor, kept) VALUES (2, 'test', 'test', 1);
      INSERT INTO log_entries VALUES (1, 0, '${first}'), (1, 1, '${second}'), (2, 0, '${second}');
      INSERT INTO log_heads (epoch, size, previous, root) SELECT epoch, size, size - 1, sha256('x') FROM (VALUES (1, 1), (1, 2), (2, 1)) AS h (epoch, size);
      INSERT INTO log_signatures VALUES (1, 1, 'x+0a1b2c3d+AAAA', decode(repeat('00', 64), 'hex'))`));
    const standing = [{ epoch: 1, index: '0', intake_id: first }, { epoch: 2, index: '0', intake_id: second }];
    expect(await database.db.query('SELECT * FROM log_standing ORDER BY epoch, index')).toEqual(standing);
    const steps = migrations.length - migrations.findIndex(({ name }) => name === 'Witnesses1764000000019');
    await migrateDown(database.urls.owner, migrations, steps);
    expect(await database.db.query('SELECT epoch, index, intake_id FROM log_entries ORDER BY epoch, index')).toEqual(standing);
    expect(await database.db.query('SELECT epoch, size FROM log_heads ORDER BY epoch, size')).toEqual([{ epoch: 1, size: '1' }, { epoch: 2, size: '1' }]);
    await migrateUp(database.urls.owner, migrations);
    expect(await database.db.query('SELECT epoch, kept, follows FROM log_epochs ORDER BY epoch')).toEqual([{ epoch: 1, kept: null, follows: null }, { epoch: 2, kept: '1', follows: 1 }]);
    expect(await database.db.query('SELECT * FROM log_standing ORDER BY epoch, index')).toEqual(standing);
    await asSuperuser(database.name, (client) => client.query(`DELETE FROM log_heads; DELETE FROM log_entries; DELETE FROM log_epochs WHERE epoch > 1; DELETE FROM audit_intake WHERE id IN ('${first}', '${second}')`));
  });

  it('take reports away and bring them back: the dossiers still name them', async () => {
    const report = Buffer.from('{"a report":1}');
    const digest = createHash('sha256').update(report).digest('hex');
    const dossier = JSON.stringify({ artefacts: { report: digest } });
    const reports = (): Promise<unknown[]> => database.db.query(`SELECT kind, encode(sha256, 'hex') AS sha256 FROM model_version_artefacts`);
    await asSuperuser(database.name, (client) => client.query(`
      INSERT INTO users (id, issuer, subject, name) VALUES (${text(ID, 'test', 'ann', 'Ann')});
      INSERT INTO artefacts (sha256, bytes, uploaded_by) VALUES (decode('${digest}', 'hex'), '\\x${report.toString('hex')}', '${ID}');
      INSERT INTO models (id, name, purpose, decision_purpose, products, horizon_months, tier, owner_id)
        VALUES (${text(ID, 'PD', 'PD', 'ORIGINATION')}, '{car-loan}', 12, ${text('HIGH', ID)});
      INSERT INTO model_versions (id, model_id, version, state, dossier, dossier_digest, registered_by)
        VALUES (${text(ID, ID)}, 1, ${text('DRAFT', dossier)}, sha256(convert_to('${dossier}', 'UTF8')), '${ID}');
      INSERT INTO model_version_artefacts VALUES (${text(ID, 'REPORT')}, decode('${digest}', 'hex'))`));
    expect(await reports()).toEqual([{ kind: 'REPORT', sha256: digest }]);
    const steps = migrations.length - migrations.findIndex(({ name }) => name === 'Reports1764000000005');
    await migrateDown(database.urls.owner, migrations, steps);
    expect(await reports()).toEqual([]);
    await migrateUp(database.urls.owner, migrations);
    expect(await reports()).toEqual([{ kind: 'REPORT', sha256: digest }]);
  });

  it('set aside what people did about decisions, and when applications were complete, and find it again', async () => {
    const customer = `'${ID}'`;
    await asSuperuser(database.name, (client) => client.query(`
      INSERT INTO users (id, issuer, subject, name) VALUES (${text(ID, 'test', 'una', 'Una')}) ON CONFLICT DO NOTHING;
      INSERT INTO role_grants (id, user_id, role, granted_by, reason) VALUES (${text(ID, ID, 'UNDERWRITER', '00000000-0000-7000-8000-000000000001', 'test')});
      INSERT INTO customers (id, external_id) VALUES (${customer}, 'c');
      INSERT INTO loans (customer_id, id, external_id, product, kind, currency) VALUES (${text(ID, ID, 'l', 'card', 'REVOLVING', 'EUR')});
      INSERT INTO loan_facts (customer_id, id, loan_id, effective_at, recorded_by, status, principal, completed_at)
        VALUES (${text(ID, ID, ID)}, now(), ${text(ID, 'APPLICATION')}, 100, now());
      INSERT INTO predictions (customer_id, id, loan_id, actor_id, purpose, status, decision, as_of, created_at, row_salt, body)
        VALUES (${text(ID, ID, ID, ID, 'ORIGINATION', 'REFUSED', 'REFER')}, now(), now(), decode(repeat('00', 16), 'hex'), '');
      INSERT INTO decision_overrides (customer_id, id, prediction_id, replaced, decision, reason_code, comment, made_by, expires_at, principal, currency, one_person_limit, policy_version)
        VALUES (${text(ID, ID, ID, 'REFER', 'APPROVE', 'DATA_ERROR')}, '', ${customer}, now() + interval '1 day', 100, 'EUR', 25000, 1);
      INSERT INTO decision_reviews (customer_id, id, prediction_id, grounds, requested_by, due_at) VALUES (${text(ID, ID, ID)}, '', ${customer}, now() + interval '1 day');
      INSERT INTO counteroffers (customer_id, id, prediction_id, offered_at, amount, currency, recorded_by, reason_code) VALUES (${text(ID, ID, ID)}, now(), 50, 'EUR', ${text(ID, 'COLLATERAL_INSUFFICIENT')});
      INSERT INTO counteroffer_acceptances (customer_id, counteroffer_id, accepted_at, recorded_by) VALUES (${text(ID, ID)}, now(), ${customer});
      INSERT INTO adverse_action_notices (customer_id, id, prediction_id, kind, send_by, sent_at, channel, recorded_by)
        VALUES (${text(ID, ID, ID, 'COUNTEROFFER', '2026-01-31')}, now(), 'POST', ${customer})`));
    const steps = migrations.length - migrations.findIndex(({ name }) => name === 'Decisions1764000000009');
    const recorded = (): Promise<unknown[]> => database.db.query(`SELECT f.completed_at, to_jsonb(o) AS override, to_jsonb(r) AS review, to_jsonb(c) AS offer, to_jsonb(a) AS accepted, to_jsonb(n) AS notice
      FROM loan_facts f, decision_overrides o, decision_reviews r, counteroffers c, counteroffer_acceptances a, adverse_action_notices n`);
    const before = await recorded();
    expect(before).toHaveLength(1);
    await migrateDown(database.urls.owner, migrations, steps);
    expect(await database.db.query('SELECT principal, decision FROM loan_facts f JOIN predictions p ON p.loan_id = f.loan_id')).toEqual([{ principal: '100.0000', decision: 'REFER' }]);
    await migrateUp(database.urls.owner, migrations);
    expect(await recorded()).toEqual(before);
    await asSuperuser(database.name, (client) => client.query(`TRUNCATE decision_overrides, decision_reviews, decision_review_outcomes, counteroffers, counteroffer_acceptances,
      adverse_action_notices, loan_facts, loans, customers, role_grants CASCADE`));
  });

  it('give models that were there before a first review and first facts, and bring back what was put aside of findings, facts and reviews', async () => {
    const back = async (): Promise<void> => {
      await migrateDown(database.urls.owner, migrations, migrations.length - migrations.findIndex(({ name }) => name === 'Gates1764000000010'));
      await migrateUp(database.urls.owner, migrations);
    };
    await back();
    const models = (): Promise<unknown[]> => database.db.query(`SELECT permitted_use AS use, next_review_at - recorded_at >= interval '12 months' AS later, (SELECT count(*)::int FROM model_facts) AS facts FROM models`);
    expect(await models()).toEqual([{ use: null, later: true, facts: 1 }]);
    await asSuperuser(database.name, (client) => client.query(`
      INSERT INTO users (id, issuer, subject, name) VALUES (${text('018f0000-0000-7000-8000-000000000002', 'test', 'vera', 'Vera')});
      INSERT INTO model_facts (id, model_id, permitted_use, owner_id, reason, by_user) VALUES (gen_random_uuid(), ${text(ID, 'Cars.', ID, 'Asked for.', ID)});
      INSERT INTO model_reviews (id, model_id, outcome, comment, next_review_at, reviewed_by)
        VALUES (gen_random_uuid(), ${text(ID, 'FIT', 'Seen.')}, now() + interval '1 month', '018f0000-0000-7000-8000-000000000002');
      INSERT INTO findings (id, model_id, title, text, severity, owner_id, due_at, evidence, raised_by)
        VALUES (${text(ID, ID, 'Thin', 'Few loans.', 'LOW', ID)}, now() + interval '1 day', '{split}', '${ID}');
      INSERT INTO finding_reassignments (id, finding_id, from_owner, to_owner, due_before, due_at, reason, by_user)
        SELECT gen_random_uuid(), '${ID}', '${ID}', v.id, now(), now() + interval '2 days', 'Ann has left.', v.id FROM users v WHERE v.name = 'Vera'`));
    const all = (): Promise<unknown[]> => database.db.query(`SELECT to_jsonb(m) - 'deployment_epoch' AS row FROM models m UNION ALL SELECT to_jsonb(f) FROM finding_states f UNION ALL SELECT to_jsonb(a) FROM finding_reassignments a UNION ALL SELECT to_jsonb(c) FROM model_facts c UNION ALL SELECT to_jsonb(r) FROM model_reviews r`);
    const before = await all();
    await back();
    expect(await all()).toEqual(before);
    expect(await models()).toEqual([{ use: 'Cars.', later: false, facts: 2 }]);
    await asSuperuser(database.name, (client) => client.query('DELETE FROM finding_reassignments; DELETE FROM findings; DELETE FROM model_reviews; DELETE FROM model_facts WHERE id <> model_id'));
  });

  it('set aside what challengers said, suspensions, who ended deployments and when predictions were recorded, and find it again', async () => {
    const [other, third] = ['018f0000-0000-7000-8000-000000000003', '018f0000-0000-7000-8000-000000000004'];
    const now = '2026-01-31T10:00:00Z';
    await asSuperuser(database.name, async (client) => {
      // As rows that the rules let in at their time.
      await client.query(`SET session_replication_role = 'replica'`);
      await client.query(`
        INSERT INTO users (id, issuer, subject, name) VALUES (${text(ID, 'test', 'ann', 'Ann')}) ON CONFLICT DO NOTHING;
        INSERT INTO deployments (id, model_id, version_id, role, valid_from, valid_to, by_user, reason, ended_by, end_reason)
          VALUES (${text(ID, ID, ID, 'CHAMPION', now)}, '${now}'::timestamptz + interval '1 hour', ${text(ID, 'x', ID, 'It was wrong.')});
        INSERT INTO suspensions (id, model_id, valid_from, valid_to, by_user, reason, proposal_id, lifted_by)
          VALUES (${text(ID, ID)}, '${now}'::timestamptz + interval '1 hour', '${now}'::timestamptz + interval '2 hours', ${text(ID, 'It was wrong.', ID, ID)});
        INSERT INTO suspensions (id, model_id, valid_from, by_user, reason) VALUES (${text(other, ID)}, '${now}'::timestamptz + interval '3 hours', ${text(ID, 'Again.')});
        INSERT INTO predictions (customer_id, id, loan_id, version_id, deployment_id, actor_id, purpose, status, decision, pd, shadow_of, would_decide, recorded_at, as_of, created_at, row_salt, body) VALUES
          (${text(ID, other, ID, ID, ID, ID, 'ORIGINATION', 'SCORED', 'APPROVE')}, 0.1, NULL, NULL, '${now}', '${now}', '${now}', decode(repeat('00', 16), 'hex'), ''),
          (${text(ID, third, ID, ID, ID, ID, 'ORIGINATION', 'SCORED')}, NULL, 0.2, ${text(other, 'DECLINE', now, now, now)}, decode(repeat('00', 16), 'hex'), '')`);
    });
    const all = (): Promise<unknown[]> => database.db.query('SELECT to_jsonb(d) AS row FROM deployments d UNION ALL SELECT to_jsonb(s) FROM suspensions s UNION ALL SELECT to_jsonb(p) FROM predictions p ORDER BY 1');
    const before = await all();
    expect(before).toHaveLength(6);
    await migrateDown(database.urls.owner, migrations, migrations.length - migrations.findIndex(({ name }) => name === 'Deployments1764000000008'));
    expect(await database.db.query(`SELECT id FROM predictions WHERE status = 'SCORED'`)).toEqual([{ id: other }]);
    await migrateUp(database.urls.owner, migrations);
    expect(await all()).toEqual(before);
    await asSuperuser(database.name, (client) => client.query('DELETE FROM predictions; DELETE FROM suspensions; DELETE FROM deployments'));
  });

  it('set aside legal holds, erasures, retention rules and who decides on them, and find them again', async () => {
    const other = '018f0000-0000-7000-8000-000000000003';
    await asSuperuser(database.name, async (client) => {
      await client.query(`SET session_replication_role = 'replica'`);
      await client.query(`
        INSERT INTO users (id, issuer, subject, name) VALUES (${text(ID, 'test', 'ann', 'Ann')}) ON CONFLICT DO NOTHING;
        INSERT INTO customers (id, external_id) VALUES ('${ID}', 'c');
        INSERT INTO role_grants (id, user_id, role, granted_by, reason) VALUES (${text(other, ID, 'PRIVACY_OFFICER', '00000000-0000-7000-8000-000000000001', 'test')});
        INSERT INTO proposals (id, kind, subject, payload, proposed_by, reason, expires_at) VALUES
          (${text(ID, 'ERASE_CUSTOMER', ID, '{}', ID, 'x')}, now() + interval '1 day'), (${text(other, 'CHANGE_RETENTION', ID, '{}', ID, 'x')}, now() + interval '1 day');
        INSERT INTO proposal_decisions (proposal_id, decided_by, verdict, comment) VALUES (${text(ID, ID, 'CONFIRMED', 'x')});
        INSERT INTO retention_rules (id, record_kind, regime, months, source, proposal_id) VALUES (${text(ID, 'ACCOUNT', 'LENDER')}, 7, ${text('x', other)});
        INSERT INTO legal_holds (customer_id, id, reason, placed_by) VALUES (${text(ID, ID, 'x', ID)});
        INSERT INTO legal_hold_ends (customer_id, hold_id, reason, lifted_by) VALUES (${text(ID, ID, 'x', ID)});
        INSERT INTO erasures (customer_id, id, basis, proposal_id, ordered_by) VALUES (${text(ID, ID, 'RETENTION_OVER', ID, ID)});
        INSERT INTO erasure_ends (customer_id) VALUES ('${ID}');
        INSERT INTO customer_identifiers (customer_id, kind, key_version, digest) VALUES (${text(ID, 'EMAIL')}, 1, decode(repeat('00', 32), 'hex'))`);
    });
    const all = (): Promise<unknown[]> => database.db.query(`SELECT to_jsonb(h) AS row FROM legal_holds h UNION ALL SELECT to_jsonb(h) FROM legal_hold_ends h UNION ALL SELECT to_jsonb(e) FROM erasures e UNION ALL SELECT to_jsonb(e) FROM erasure_ends e
      UNION ALL SELECT to_jsonb(r) FROM retention_rules r WHERE r.proposal_id IS NOT NULL UNION ALL SELECT to_jsonb(p) FROM proposals p UNION ALL SELECT to_jsonb(d) FROM proposal_decisions d UNION ALL SELECT to_jsonb(g) FROM role_grants g ORDER BY 1`);
    const before = await all();
    expect(before).toHaveLength(9);
    await migrateDown(database.urls.owner, migrations, migrations.length - migrations.findIndex(({ name }) => name === 'PersonalData1764000000017'));
    expect(await database.db.query('SELECT id FROM proposals UNION ALL SELECT id FROM role_grants')).toEqual([]);
    await migrateUp(database.urls.owner, migrations);
    expect(await all()).toEqual(before);
    expect(await database.db.query('SELECT s.state FROM retention_state($1) s', [ID])).toEqual([{ state: 'SHREDDED' }]);
    await asSuperuser(database.name, (client) => client.query('TRUNCATE customers, proposals, role_grants CASCADE'));
  });

  it('leave nothing behind when all are taken back', async () => {
    await migrateDown(database.urls.owner, migrations, migrations.length);
    const left = (await catalogue(database.name)) as { name: string }[];
    expect(left.filter(({ name }) => !name.startsWith('migrations'))).toEqual([]);
    await migrateUp(database.urls.owner, migrations);
  });
});
