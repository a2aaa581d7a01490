import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the release before has no place for is put aside on the way back, and found again on the way forth. */
const SET_ASIDE = ['kept_suspensions', 'kept_deployment_ends', 'kept_challenger_predictions', 'kept_prediction_columns'] as const;

const setAside = (table: string, select: string): string => `
  DO $$ BEGIN
    IF EXISTS (${select}) THEN EXECUTE 'CREATE TABLE ${table} AS ${select.replaceAll("'", "''")}'; END IF;
  END $$;`;

const takeBack = (table: (typeof SET_ASIDE)[number], statement: string): string => `
  DO $$ BEGIN
    IF to_regclass('${table}') IS NOT NULL THEN
      EXECUTE '${statement.replaceAll("'", "''")}';
      DROP TABLE ${table};
    END IF;
  END $$;`;

/**
 * Deployments without gaps, canaries and challengers beside the champion, and the stop switch. Every change of what is
 * live takes the model's lock; it is stamped by the database's clock, never for the past or the future.
 */
export class Deployments1764000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE deployments
        ADD COLUMN ended_by uuid REFERENCES users,
        ADD COLUMN end_reason text,
        ADD CONSTRAINT ended_by_someone CHECK ((ended_by IS NULL) = (end_reason IS NULL) AND (ended_by IS NULL OR valid_to IS NOT NULL)),
        ADD CONSTRAINT one_canary EXCLUDE USING gist (model_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE (role = 'CANARY'),
        ADD CONSTRAINT one_role EXCLUDE USING gist (version_id WITH =, tstzrange(valid_from, valid_to) WITH &&);

      -- A period in which a model, or one version of it, may not be deployed. Two people end it.
      CREATE TABLE suspensions (
        id           uuid PRIMARY KEY,
        model_id     uuid NOT NULL REFERENCES models,
        version_id   uuid,
        valid_from   timestamptz NOT NULL,
        valid_to     timestamptz,
        by_user      uuid NOT NULL REFERENCES users,
        reason       text NOT NULL,
        proposal_id  uuid UNIQUE,
        lifted_by    uuid REFERENCES users,
        FOREIGN KEY (version_id, model_id) REFERENCES model_versions (id, model_id),
        CHECK (valid_to IS NULL OR valid_to >= valid_from),
        CONSTRAINT lifted_by_two CHECK (num_nulls(valid_to, proposal_id, lifted_by) IN (0, 3)),
        CONSTRAINT one_suspension_of_model EXCLUDE USING gist (model_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE (version_id IS NULL),
        CONSTRAINT one_suspension_of_version EXCLUDE USING gist (version_id WITH =, tstzrange(valid_from, valid_to) WITH &&)
          WHERE (version_id IS NOT NULL)
      );

      -- The lock under which what is live changes; predictions are recorded under the same one, shared.
      CREATE FUNCTION lock_model(model uuid) RETURNS void LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT pg_advisory_xact_lock(hashtextextended('model ' || model, 0))
      $$;

      CREATE FUNCTION is_suspended(model uuid, version uuid) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT EXISTS (SELECT FROM suspensions s
                       WHERE s.model_id = model AND s.valid_to IS NULL AND (s.version_id IS NULL OR s.version_id = version))
      $$;

      -- The clock says when a period begins or ends: history is written as it happens. Nothing that is suspended is deployed.
      CREATE FUNCTION guard_deployment() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        PERFORM lock_model(NEW.model_id);
        IF TG_OP = 'INSERT' THEN
          PERFORM FROM model_versions v WHERE v.id = NEW.version_id FOR SHARE;
          IF NEW.valid_to IS NOT NULL OR NEW.valid_from NOT BETWEEN now() AND clock_timestamp() THEN
            RAISE EXCEPTION 'A deployment begins now, with an open end.' USING ERRCODE = 'AS084';
          END IF;
          IF is_suspended(NEW.model_id, NEW.version_id) THEN
            RAISE EXCEPTION 'A suspended model or version cannot be deployed.' USING ERRCODE = 'AS082';
          END IF;
        ELSIF NEW.valid_to NOT BETWEEN now() AND clock_timestamp() THEN
          RAISE EXCEPTION 'A deployment ends now.' USING ERRCODE = 'AS084';
        END IF;
        RETURN NEW;
      END $$;

      -- Checked at the end of the transaction: where a champion ends the next one begins, unless it was suspended just then.
      CREATE FUNCTION refuse_gap() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        IF NOT EXISTS (SELECT FROM deployments d
                       WHERE d.model_id = NEW.model_id AND d.role = 'CHAMPION' AND d.valid_from = NEW.valid_to AND d.id <> NEW.id)
          AND NOT EXISTS (SELECT FROM suspensions s
                          WHERE s.model_id = NEW.model_id AND s.valid_from = NEW.valid_to AND coalesce(s.version_id, NEW.version_id) = NEW.version_id) THEN
          RAISE EXCEPTION 'A champion ends where the next one begins, or where it is suspended.' USING ERRCODE = 'AS081';
        END IF;
        RETURN NULL;
      END $$;

      CREATE FUNCTION guard_suspension() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        PERFORM lock_model(NEW.model_id);
        IF TG_OP = 'INSERT' AND (NEW.valid_to IS NOT NULL OR NEW.valid_from NOT BETWEEN now() AND clock_timestamp())
          OR TG_OP = 'UPDATE' AND NEW.valid_to NOT BETWEEN now() AND clock_timestamp() THEN
          RAISE EXCEPTION 'A suspension begins now, with an open end, and ends now.' USING ERRCODE = 'AS084';
        END IF;
        IF TG_OP = 'UPDATE' AND NOT coalesce(
             proposal_confirmed(NEW.proposal_id, CASE WHEN OLD.version_id IS NULL THEN 'RESUME_MODEL' ELSE 'RESUME_VERSION' END,
                                coalesce(OLD.version_id, OLD.model_id))
             AND (SELECT p.payload ->> 'suspension' = OLD.id::text FROM proposals p WHERE p.id = NEW.proposal_id), false) THEN
          RAISE EXCEPTION 'Two people lift a suspension.' USING ERRCODE = 'AS083';
        END IF;
        RETURN NEW;
      END $$;

      -- At the end of the transaction nothing of what is suspended is live.
      CREATE FUNCTION refuse_live_suspended() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        IF NEW.valid_to IS NULL AND EXISTS (SELECT FROM deployments d WHERE d.model_id = NEW.model_id AND d.valid_to IS NULL
                                              AND coalesce(NEW.version_id, d.version_id) = d.version_id) THEN
          RAISE EXCEPTION 'What is suspended must not stay live.' USING ERRCODE = 'AS082';
        END IF;
        RETURN NULL;
      END $$;

      -- A version that is live stays approved; one that is suspended comes back only by the lifting of its suspension.
      CREATE FUNCTION keep_live_approved() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        IF OLD.state = 'APPROVED' AND NEW.state <> 'APPROVED' AND EXISTS (SELECT FROM deployments d WHERE d.version_id = NEW.id AND d.valid_to IS NULL) THEN
          RAISE EXCEPTION 'A version that is deployed stays approved.' USING ERRCODE = 'AS085';
        END IF;
        IF OLD.state = 'SUSPENDED' AND NEW.state <> 'SUSPENDED' AND EXISTS (SELECT FROM suspensions s WHERE s.version_id = NEW.id AND s.valid_to IS NULL) THEN
          RAISE EXCEPTION 'Two people lift a suspension.' USING ERRCODE = 'AS083';
        END IF;
        RETURN NEW;
      END $$;

      -- Why what this version decides for this model must go to a person at present; null where it need not.
      CREATE FUNCTION model_refer_cause(model uuid, version uuid) RETURNS text
      LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$ SELECT NULL::text $$;

      ALTER TABLE predictions
        ADD COLUMN shadow_of uuid,
        ADD COLUMN would_decide text CHECK (would_decide IN ('APPROVE', 'REFER', 'DECLINE')),
        ADD COLUMN recorded_at timestamptz,
        ADD CONSTRAINT challengers_decide_nothing CHECK (shadow_of IS NULL OR (decision IS NULL AND purpose <> 'WHAT_IF')),
        ADD CONSTRAINT only_challengers_would CHECK (would_decide IS NULL OR (shadow_of IS NOT NULL AND status = 'SCORED'));
      CREATE INDEX predictions_by_decider ON predictions (customer_id, shadow_of) WHERE shadow_of IS NOT NULL;
    `);
    // What ended keeps its end: only who ended it and why is written beside it again.
    await runner.query('ALTER TABLE deployments DISABLE TRIGGER end_once');
    await runner.query(
      takeBack('kept_suspensions', 'INSERT INTO suspensions SELECT * FROM kept_suspensions') +
        takeBack('kept_deployment_ends', 'UPDATE deployments d SET ended_by = k.ended_by, end_reason = k.end_reason FROM kept_deployment_ends k WHERE k.id = d.id') +
        takeBack('kept_prediction_columns', 'UPDATE predictions p SET recorded_at = k.recorded_at FROM kept_prediction_columns k WHERE (k.customer_id, k.id) = (p.customer_id, p.id)') +
        takeBack('kept_challenger_predictions', 'INSERT INTO predictions SELECT * FROM kept_challenger_predictions'),
    );
    await runner.query(`
      ALTER TABLE deployments ENABLE TRIGGER end_once;
      CREATE TRIGGER guard_deployment BEFORE INSERT OR UPDATE ON deployments FOR EACH ROW EXECUTE FUNCTION guard_deployment();
      CREATE CONSTRAINT TRIGGER refuse_gap AFTER UPDATE OF valid_to ON deployments DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.role = 'CHAMPION') EXECUTE FUNCTION refuse_gap();
      CREATE TRIGGER end_once BEFORE UPDATE ON suspensions FOR EACH ROW EXECUTE FUNCTION end_once();
      CREATE TRIGGER guard_suspension BEFORE INSERT OR UPDATE ON suspensions FOR EACH ROW EXECUTE FUNCTION guard_suspension();
      CREATE CONSTRAINT TRIGGER refuse_live_suspended AFTER INSERT ON suspensions DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION refuse_live_suspended();
      CREATE TRIGGER keep_live_approved BEFORE UPDATE OF state ON model_versions FOR EACH ROW EXECUTE FUNCTION keep_live_approved();

      GRANT UPDATE (ended_by, end_reason) ON deployments TO assay_app;
      GRANT SELECT, INSERT ON suspensions TO assay_app;
      GRANT UPDATE (valid_to, proposal_id, lifted_by) ON suspensions TO assay_app;
      GRANT SELECT ON suspensions TO assay_reader;
    `);
  }

  /** A challenger's row would pass for a decision in the release before, so it is put aside with all else that is new. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      setAside('kept_suspensions', 'SELECT * FROM suspensions') +
        setAside('kept_deployment_ends', 'SELECT id, ended_by, end_reason FROM deployments WHERE ended_by IS NOT NULL') +
        setAside('kept_challenger_predictions', 'SELECT * FROM predictions WHERE shadow_of IS NOT NULL') +
        setAside('kept_prediction_columns', 'SELECT customer_id, id, recorded_at FROM predictions WHERE recorded_at IS NOT NULL AND shadow_of IS NULL'),
    );
    await runner.query(`
      DELETE FROM predictions WHERE shadow_of IS NOT NULL;
      DROP INDEX predictions_by_decider;
      ALTER TABLE predictions DROP COLUMN shadow_of, DROP COLUMN would_decide, DROP COLUMN recorded_at;
      DROP TRIGGER keep_live_approved ON model_versions;
      DROP TRIGGER refuse_gap ON deployments;
      DROP TRIGGER guard_deployment ON deployments;
      DROP TABLE suspensions;
      ALTER TABLE deployments DROP CONSTRAINT one_canary, DROP CONSTRAINT one_role, DROP COLUMN ended_by, DROP COLUMN end_reason;
      DROP FUNCTION guard_deployment, refuse_gap, guard_suspension, refuse_live_suspended, keep_live_approved, is_suspended, lock_model, model_refer_cause;
    `);
  }
}
