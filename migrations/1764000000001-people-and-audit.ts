import type { MigrationInterface, QueryRunner } from 'typeorm';

/** People, their grants, idempotency, audit intake, jobs: the small shared tables every room relies on. */
export class PeopleAndAudit1764000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE EXTENSION IF NOT EXISTS btree_gist;

      CREATE TABLE users (
        id           uuid PRIMARY KEY,
        issuer       text NOT NULL,
        subject      text NOT NULL,
        name         text NOT NULL,
        recorded_at  timestamptz NOT NULL DEFAULT now(),
        UNIQUE (issuer, subject)
      );

      -- A grant is a period in which a person holds a role. Ending it sets valid_to; nothing is deleted.
      CREATE TABLE role_grants (
        id          uuid PRIMARY KEY,
        user_id     uuid NOT NULL REFERENCES users,
        role        text NOT NULL,
        granted_by  uuid NOT NULL REFERENCES users,
        reason      text NOT NULL,
        valid_from  timestamptz NOT NULL DEFAULT now(),
        valid_to    timestamptz,
        ended_by    uuid REFERENCES users,
        CHECK (granted_by <> user_id),
        CHECK (valid_to IS NULL OR valid_to >= valid_from),
        EXCLUDE USING gist (user_id WITH =, role WITH =, tstzrange(valid_from, valid_to) WITH &&)
      );

      -- What holds for a time is ended once: its end is neither moved nor taken back, and nothing else changes.
      CREATE FUNCTION end_once() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        IF OLD.valid_to IS NOT NULL OR NEW.valid_to IS NULL THEN
          RAISE EXCEPTION 'What has ended stays ended, at the time it ended.' USING ERRCODE = 'AS007';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER end_once BEFORE UPDATE ON role_grants FOR EACH ROW EXECUTE FUNCTION end_once();

      -- One row per request that committed something; a repeated request replays its result.
      CREATE TABLE idempotency (
        principal_id  uuid NOT NULL,
        request_id    text NOT NULL CHECK (length(request_id) BETWEEN 1 AND 200),
        operation     text NOT NULL,
        body_hash     bytea NOT NULL CHECK (octet_length(body_hash) = 32),
        result        jsonb NOT NULL,
        recorded_at   timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (principal_id, request_id)
      );

      -- Leaves waiting for the transparency log, written in the transaction of the act they witness.
      CREATE TABLE audit_intake (
        id           uuid PRIMARY KEY,
        type         text NOT NULL,
        leaf         bytea NOT NULL CHECK (octet_length(leaf) <= 65535),
        recorded_at  timestamptz NOT NULL DEFAULT now()
      );

      -- What a caller may ask about long work; the queue itself belongs to the job library.
      CREATE TABLE jobs (
        id           uuid PRIMARY KEY,
        kind         text NOT NULL,
        principal_id uuid NOT NULL,
        request      jsonb NOT NULL,
        state        text NOT NULL CHECK (state IN ('QUEUED', 'RUNNING', 'DONE', 'FAILED')),
        total        integer NOT NULL CHECK (total >= 0),
        done         integer NOT NULL DEFAULT 0 CHECK (done >= 0),
        failed       integer NOT NULL DEFAULT 0 CHECK (failed >= 0),
        error        text,
        created_at   timestamptz NOT NULL DEFAULT now(),
        started_at   timestamptz,
        finished_at  timestamptz
      );

      -- The application checks that it runs on the schema it was written for.
      GRANT SELECT ON migrations TO assay_app;
      GRANT SELECT, INSERT ON users, role_grants, idempotency, audit_intake, jobs TO assay_app;
      GRANT UPDATE (name) ON users TO assay_app;
      GRANT UPDATE (valid_to, ended_by) ON role_grants TO assay_app;
      GRANT UPDATE (state, done, failed, error, started_at, finished_at) ON jobs TO assay_app;
      GRANT SELECT ON users, role_grants, idempotency, audit_intake, jobs TO assay_reader;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE jobs, audit_intake, idempotency, role_grants, users; DROP FUNCTION end_once; DROP EXTENSION btree_gist;');
  }
}
