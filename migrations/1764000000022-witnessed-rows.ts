import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tables in which people and models are governed, with the column that says what a row is about. */
const WITNESSED = {
  users: 'id',
  role_grants: 'id',
  proposals: 'id',
  proposal_decisions: 'proposal_id',
  governance_policies: 'id',
  artefacts: 'uploaded_by',
  models: 'id',
  model_facts: 'model_id',
  model_reviews: 'model_id',
  model_tier_changes: 'model_id',
  model_versions: 'id',
  model_version_artefacts: 'version_id',
  model_version_contributors: 'version_id',
  model_version_votes: 'version_id',
  model_version_transitions: 'version_id',
  gate_evaluations: 'version_id',
  gate_results: 'evaluation_id',
  gate_waivers: 'version_id',
  findings: 'id',
  finding_reassignments: 'finding_id',
  finding_resolutions: 'finding_id',
  finding_verdicts: 'resolution_id',
  deployments: 'id',
  suspensions: 'id',
  decision_overrides: 'id',
  decision_reviews: 'id',
  decision_review_outcomes: 'review_id',
  counteroffers: 'id',
  counteroffer_acceptances: 'counteroffer_id',
  adverse_action_notices: 'prediction_id',
  retention_rules: 'id',
  legal_holds: 'customer_id',
  legal_hold_ends: 'customer_id',
  erasures: 'customer_id',
  erasure_ends: 'customer_id',
} as const;

/**
 * Every row of governance is bound by a leaf of the log, written by the database itself in the transaction that writes the
 * row: what row there is can be derived from the log, whoever wrote it and by whatever statement.
 */
export class WitnessedRows1764000000022 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- A UUIDv7: events are read in the order of their ids.
      CREATE FUNCTION timely_uuid() RETURNS uuid LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
        SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
          PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
      $$;

      -- SHA-256 of RFC 8785 canonical JSON: an object of every column that is not null, each as text.
      CREATE FUNCTION row_digest(stored jsonb) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
        SELECT encode(sha256(convert_to('{' || coalesce(string_agg(to_json(key)::text || ':' || to_json(value)::text, ',' ORDER BY key COLLATE "C"), '') || '}', 'UTF8')), 'hex')
        FROM jsonb_each_text(stored) WHERE value IS NOT NULL
      $$;

      -- Canonical as well: the names stand in their order.
      CREATE FUNCTION log_row(of text, subject text, now_is text, was text) RETURNS void LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
        INSERT INTO audit_intake (id, type, leaf) SELECT timely_uuid(), 'ROW_WRITTEN', convert_to(format(
          '{"actor":%s,"id":%s,"replaced":%s,"row":%s,"table":%s,"time":"%s","type":"ROW_WRITTEN","v":1}',
          to_json(session_user::text), coalesce(to_json(subject)::text, 'null'), coalesce(to_json(was)::text, 'null'), coalesce(to_json(now_is)::text, 'null'),
          to_json(of), to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), 'UTF8')
      $$;

      CREATE FUNCTION record_row(of text, subject text, stored jsonb, replaced jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      DECLARE
        now_is text := CASE WHEN stored IS NOT NULL THEN row_digest(stored) END;
        was text := CASE WHEN replaced IS NOT NULL THEN row_digest(replaced) END;
      BEGIN
        IF now_is IS DISTINCT FROM was THEN PERFORM log_row(of, coalesce(stored, replaced) ->> subject, now_is, was); END IF;
      END $$;

      CREATE FUNCTION witness_row() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, public, pg_temp SET TimeZone = 'UTC' SET extra_float_digits = 1 SET bytea_output = 'hex' SET DateStyle = 'ISO' SET IntervalStyle = 'postgres' AS $$
      BEGIN
        PERFORM record_row(TG_TABLE_NAME, TG_ARGV[0], CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END, CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END);
        RETURN NULL;
      END $$;

      -- The bytes of an artefact are bound by its SHA-256, which is a column.
      CREATE FUNCTION witness_artefact() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, public, pg_temp SET TimeZone = 'UTC' SET bytea_output = 'hex' SET DateStyle = 'ISO' AS $$
      BEGIN
        PERFORM record_row(TG_TABLE_NAME, TG_ARGV[0], CASE WHEN TG_OP <> 'DELETE' THEN artefact_row(NEW) END, CASE WHEN TG_OP <> 'INSERT' THEN artefact_row(OLD) END);
        RETURN NULL;
      END $$;

      CREATE FUNCTION artefact_row(stored artefacts) RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
        SELECT jsonb_build_object('sha256', stored.sha256, 'uploaded_by', stored.uploaded_by, 'recorded_at', stored.recorded_at)
      $$;
    `);
    await runner.query(`SET LOCAL TimeZone = 'UTC'; SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'postgres'`);
    for (const [table, subject] of Object.entries(WITNESSED)) {
      const [row, witness] = table === 'artefacts' ? ['artefact_row(t)', 'witness_artefact'] : ['to_jsonb(t)', 'witness_row'];
      await bindAsItStands(runner, table, subject, row);
      await runner.query(`CREATE TRIGGER witnessed AFTER INSERT OR UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${witness}('${subject}')`);
    }
    await runner.query('RESET TimeZone; RESET extra_float_digits; RESET bytea_output; RESET DateStyle; RESET IntervalStyle');
  }

  /** The leaves stay: the log forgets nothing. */
  async down(runner: QueryRunner): Promise<void> {
    for (const table of Object.keys(WITNESSED)) await runner.query(`DROP TRIGGER witnessed ON ${table}`);
    await runner.query(`
      DROP FUNCTION witness_row(), witness_artefact(), artefact_row(artefacts), record_row(text, text, jsonb, jsonb), log_row(text, text, text, text), row_digest(jsonb), timely_uuid();
    `);
  }
}

/**
 * Leaves of what is there and was never bound, and of what was bound and is there no more: both come of a release that was
 * taken back for a while.
 */
async function bindAsItStands(runner: QueryRunner, table: string, subject: string, row: string): Promise<void> {
  await runner.query(`
    CREATE TEMPORARY TABLE bound ON COMMIT DROP AS
      SELECT digest, sum(times)::int AS times FROM (
        SELECT leaf ->> 'row' AS digest, 1 AS times, leaf FROM (SELECT convert_from(leaf, 'UTF8')::jsonb AS leaf FROM audit_intake WHERE type = 'ROW_WRITTEN') i
        UNION ALL SELECT leaf ->> 'replaced', -1, leaf FROM (SELECT convert_from(leaf, 'UTF8')::jsonb AS leaf FROM audit_intake WHERE type = 'ROW_WRITTEN') i
      ) l WHERE leaf ->> 'table' = '${table}' AND digest IS NOT NULL GROUP BY digest;
    CREATE TEMPORARY TABLE stored ON COMMIT DROP AS
      SELECT digest, subject, row_number() OVER (PARTITION BY digest) AS nth FROM (SELECT row_digest(${row}) AS digest, ${row} ->> '${subject}' AS subject FROM ${table} t) s;
    SELECT log_row('${table}', subject, digest, NULL) FROM stored LEFT JOIN bound USING (digest) WHERE nth > coalesce(times, 0);
    SELECT log_row('${table}', NULL, NULL, digest) FROM bound LEFT JOIN (SELECT digest, max(nth) AS stored FROM stored GROUP BY digest) s USING (digest)
      CROSS JOIN LATERAL generate_series(1, times - coalesce(stored, 0));
    DROP TABLE bound, stored;
  `);
}
