import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Of the table of migrations what is the same wherever they ran: not the number, which tells how often. */
const ROW = `jsonb_build_object('name', stored.name, 'timestamp', stored.timestamp)`;

/** @param actor who is told; @param member of the leaf, and what fills it, that tell which transaction it was. All are SQL, spaced as in the release before. */
const logRow = (actor: string, member = '', transaction = ''): string => `
      CREATE OR REPLACE FUNCTION log_row(of text, subject text, now_is text, was text) RETURNS void LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
        INSERT INTO audit_intake (id, type, leaf) SELECT timely_uuid(), 'ROW_WRITTEN', convert_to(format(
          '{"actor":%s,"id":%s,"replaced":%s,"row":%s,"table":%s,"time":"%s",${member}"type":"ROW_WRITTEN","v":1}',
          to_json(${actor}), coalesce(to_json(subject)::text, 'null'), coalesce(to_json(was)::text, 'null'), coalesce(to_json(now_is)::text, 'null'),
          to_json(of), to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')${transaction}), 'UTF8')
      $$;`;

const TOLD = logRow('logged_in()', '%s', `, CASE WHEN logged_in() <> 'assay_app' THEN format('"transaction":"%s",', pg_current_xact_id()) END`);

/** As the release before has it. */
const BEFORE = logRow('session_user::text');

/**
 * A leaf of a row tells who logged in, which no statement changes, and which transaction it was of where that was not the
 * application. The table of migrations is bound like the others: what a migration writes is of its transaction.
 */
export class WhoWroteRows1764000000023 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Not session_user: a superuser chooses that.
      CREATE FUNCTION logged_in() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
        SELECT coalesce((SELECT r.rolname FROM pg_stat_get_activity(pg_backend_pid()) a JOIN pg_roles r ON r.oid = a.usesysid), session_user)::text
      $$;
      ${TOLD}

      CREATE FUNCTION migration_row(stored migrations) RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT ${ROW} $$;
      CREATE FUNCTION witness_migration() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        PERFORM record_row(TG_TABLE_NAME, TG_ARGV[0], CASE WHEN TG_OP <> 'DELETE' THEN migration_row(NEW) END, CASE WHEN TG_OP <> 'INSERT' THEN migration_row(OLD) END);
        RETURN NULL;
      END $$;
    `);
    await bindAsItStands(runner);
    await runner.query(`CREATE TRIGGER witnessed AFTER INSERT OR UPDATE OR DELETE ON migrations FOR EACH ROW EXECUTE FUNCTION witness_migration('name'); GRANT SELECT ON migrations TO assay_reader`);
  }

  /** The leaves stay: the log forgets nothing. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      REVOKE SELECT ON migrations FROM assay_reader;
      DROP TRIGGER witnessed ON migrations;
      DROP FUNCTION witness_migration(), migration_row(migrations);
      ${BEFORE}
      DROP FUNCTION logged_in();
    `);
  }
}

/** What is there and is not bound; and what was bound, and went while this was taken back. */
async function bindAsItStands(runner: QueryRunner): Promise<void> {
  await runner.query(`
    WITH leaves AS (SELECT convert_from(leaf, 'UTF8')::jsonb AS leaf FROM audit_intake WHERE type = 'ROW_WRITTEN'),
      bound AS (
        SELECT digest, sum(times) AS times FROM (
          SELECT leaf ->> 'row' AS digest, 1 AS times FROM leaves WHERE leaf ->> 'table' = 'migrations'
          UNION ALL SELECT leaf ->> 'replaced', -1 FROM leaves WHERE leaf ->> 'table' = 'migrations') l
        WHERE digest IS NOT NULL GROUP BY digest HAVING sum(times) <> 0),
      stored AS (SELECT row_digest(migration_row(m)) AS digest, name FROM migrations m)
    SELECT log_row('migrations', CASE WHEN s.digest IS NOT NULL THEN s.name END, s.digest, b.digest)
    FROM stored s FULL JOIN bound b USING (digest) WHERE s.digest IS NULL OR b.digest IS NULL ORDER BY s.name`);
}
