import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * One row per act of scoring. Range-partitioned by id (UUIDv7, so by time); a DEFAULT partition catches what no
 * partition was made for. INSERT-only for the application is a privilege, not a trigger. The reference to the loan
 * is checked by the service and by the log: a partitioned distributed table cannot carry that foreign key.
 */
export class Predictions1764000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE predictions (
        customer_id    uuid NOT NULL,
        id             uuid NOT NULL,
        loan_id        uuid NOT NULL,
        model_id       uuid,
        version_id     uuid,
        deployment_id  uuid,
        actor_id       uuid NOT NULL,
        request_id     text,
        job_id         uuid,
        purpose        text NOT NULL CHECK (purpose IN ('ORIGINATION', 'ACCOUNT_REVIEW', 'WHAT_IF')),
        status         text NOT NULL CHECK (status IN ('SCORED', 'REFUSED', 'FAILED')),
        decision       text CHECK (decision IN ('APPROVE', 'REFER', 'DECLINE')),
        grade          text,
        pd             double precision CHECK (pd BETWEEN 0 AND 1),
        score_points   double precision,
        as_of          timestamptz NOT NULL,
        created_at     timestamptz NOT NULL,
        row_salt       bytea NOT NULL CHECK (octet_length(row_salt) = 16),
        body           bytea NOT NULL,
        PRIMARY KEY (customer_id, id),
        CHECK ((status = 'SCORED') = (pd IS NOT NULL)),
        CHECK (status <> 'SCORED' OR (version_id IS NOT NULL AND deployment_id IS NOT NULL))
      ) PARTITION BY RANGE (id);
      CREATE TABLE predictions_default PARTITION OF predictions DEFAULT;
      CREATE INDEX predictions_by_loan ON predictions (customer_id, loan_id, id);
      CREATE INDEX predictions_by_version ON predictions (version_id, id);
      CREATE INDEX predictions_by_id ON predictions (id);
      CREATE INDEX predictions_by_job ON predictions (job_id, id) WHERE job_id IS NOT NULL;

      -- Partitions are named by month; bounds are the smallest UUIDv7 of each month's first millisecond.
      CREATE FUNCTION uuid_v7_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
        SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
      $$;
      CREATE FUNCTION create_prediction_partitions(from_month date, months integer) RETURNS void
      LANGUAGE plpgsql AS $$
      DECLARE
        month date;
      BEGIN
        FOR i IN 0 .. months - 1 LOOP
          month := (date_trunc('month', from_month) + make_interval(months => i))::date;
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF predictions FOR VALUES FROM (%L) TO (%L)',
            'predictions_' || to_char(month, 'YYYY_MM'),
            uuid_v7_floor(month::timestamp AT TIME ZONE 'UTC'),
            uuid_v7_floor((month + interval '1 month') AT TIME ZONE 'UTC'));
        END LOOP;
      END $$;
      SELECT create_prediction_partitions((now() AT TIME ZONE 'UTC')::date, 13);

      GRANT SELECT, INSERT ON predictions TO assay_app;
      GRANT SELECT ON predictions TO assay_reader;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE predictions; DROP FUNCTION create_prediction_partitions; DROP FUNCTION uuid_v7_floor',
    );
  }
}
