import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The registry and its governance. Small shared tables, so triggers may hold the rules a constraint cannot. */
export class Models1764000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE artefacts (
        sha256       bytea PRIMARY KEY CHECK (octet_length(sha256) = 32 AND sha256 = sha256(bytes)),
        bytes        bytea NOT NULL,
        uploaded_by  uuid NOT NULL REFERENCES users,
        recorded_at  timestamptz NOT NULL DEFAULT now()
      );

      CREATE TABLE models (
        id                uuid PRIMARY KEY,
        name              text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200),
        purpose           text NOT NULL,
        decision_purpose  text NOT NULL,
        products          text[] NOT NULL CHECK (cardinality(products) > 0),
        horizon_months    integer NOT NULL CHECK (horizon_months > 0),
        tier              text NOT NULL CHECK (tier IN ('HIGH', 'MEDIUM', 'LOW')),
        owner_id          uuid NOT NULL REFERENCES users,
        deployment_epoch  bigint NOT NULL DEFAULT 0,
        recorded_at       timestamptz NOT NULL DEFAULT now()
      );

      CREATE TABLE model_versions (
        id              uuid PRIMARY KEY,
        model_id        uuid NOT NULL REFERENCES models,
        version         integer NOT NULL CHECK (version > 0),
        state           text NOT NULL CHECK (state IN ('DRAFT', 'SUBMITTED', 'VALIDATED', 'APPROVED', 'REJECTED',
                                                       'WITHDRAWN', 'SUSPENDED', 'RETIRED')),
        dossier         text NOT NULL,
        dossier_digest  bytea NOT NULL CHECK (dossier_digest = sha256(convert_to(dossier, 'UTF8'))),
        registered_by   uuid NOT NULL REFERENCES users,
        recorded_at     timestamptz NOT NULL DEFAULT now(),
        UNIQUE (model_id, version),
        UNIQUE (id, model_id)
      );

      CREATE TABLE model_version_artefacts (
        version_id  uuid NOT NULL REFERENCES model_versions,
        kind        text NOT NULL CHECK (kind IN ('ONNX', 'FEATURE_SCHEMA', 'REFERENCE_SET', 'PARITY_SAMPLE', 'LAYERS_MODEL')),
        sha256      bytea NOT NULL REFERENCES artefacts,
        PRIMARY KEY (version_id, kind)
      );

      -- Everyone who built, trained, edited or submitted a version. They may not vote on it.
      CREATE TABLE model_version_contributors (
        version_id   uuid NOT NULL REFERENCES model_versions,
        user_id      uuid NOT NULL REFERENCES users,
        part         text NOT NULL CHECK (part IN ('REGISTERED', 'TRAINED', 'EDITED', 'SUBMITTED')),
        recorded_at  timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (version_id, user_id, part)
      );

      CREATE TABLE model_version_votes (
        id              uuid PRIMARY KEY,
        version_id      uuid NOT NULL REFERENCES model_versions,
        user_id         uuid NOT NULL REFERENCES users,
        role            text NOT NULL CHECK (role IN ('VALIDATOR', 'ADMIN')),
        verdict         text NOT NULL CHECK (verdict IN ('FOR', 'AGAINST')),
        dossier_digest  bytea NOT NULL CHECK (octet_length(dossier_digest) = 32),
        comment         text NOT NULL,
        recorded_at     timestamptz NOT NULL DEFAULT now(),
        UNIQUE (version_id, user_id)
      );

      CREATE TABLE model_version_transitions (
        id           uuid PRIMARY KEY,
        version_id   uuid NOT NULL REFERENCES model_versions,
        act          text NOT NULL,
        from_state   text,
        to_state     text NOT NULL,
        user_id      uuid NOT NULL REFERENCES users,
        reason       text,
        recorded_at  timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX model_version_transitions_by_version ON model_version_transitions (version_id, id);

      CREATE TABLE deployments (
        id          uuid PRIMARY KEY,
        model_id    uuid NOT NULL,
        version_id  uuid NOT NULL,
        role        text NOT NULL CHECK (role IN ('CHAMPION', 'CHALLENGER', 'CANARY')),
        share       numeric(5, 4) CHECK ((role = 'CANARY') = (share IS NOT NULL) AND share > 0 AND share < 1),
        valid_from  timestamptz NOT NULL,
        valid_to    timestamptz,
        by_user     uuid NOT NULL REFERENCES users,
        reason      text NOT NULL,
        FOREIGN KEY (version_id, model_id) REFERENCES model_versions (id, model_id),
        CHECK (valid_to IS NULL OR valid_to >= valid_from),
        CONSTRAINT one_champion EXCLUDE USING gist (model_id WITH =, tstzrange(valid_from, valid_to) WITH &&)
          WHERE (role = 'CHAMPION')
      );

      -- search_path puts temporary tables last: one of the same name must not stand in for the table a rule looks at.
      -- The version is locked, so that neither its dossier nor its makers change while the vote is cast.
      CREATE FUNCTION refuse_own_vote() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      DECLARE
        maker uuid;
        digest bytea;
      BEGIN
        SELECT v.registered_by, v.dossier_digest INTO maker, digest FROM model_versions v WHERE v.id = NEW.version_id FOR SHARE;
        IF NEW.user_id = maker OR EXISTS (SELECT FROM model_version_contributors c
                                          WHERE c.version_id = NEW.version_id AND c.user_id = NEW.user_id) THEN
          RAISE EXCEPTION 'A person who built, trained, edited or submitted a version may not vote on it.'
            USING ERRCODE = 'AS001';
        END IF;
        IF digest IS DISTINCT FROM NEW.dossier_digest THEN
          RAISE EXCEPTION 'The vote names another dossier digest than the version has.' USING ERRCODE = 'AS002';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse_own_vote BEFORE INSERT ON model_version_votes
        FOR EACH ROW EXECUTE FUNCTION refuse_own_vote();

      -- The other way round: who has voted can no longer become a contributor. This lock waits for votes being cast.
      CREATE FUNCTION refuse_voted_contributor() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        PERFORM FROM model_versions v WHERE v.id = NEW.version_id FOR NO KEY UPDATE;
        IF EXISTS (SELECT FROM model_version_votes v
                   WHERE v.version_id = NEW.version_id AND v.user_id = NEW.user_id) THEN
          RAISE EXCEPTION 'A person who voted on a version may not contribute to it.' USING ERRCODE = 'AS001';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse_voted_contributor BEFORE INSERT ON model_version_contributors
        FOR EACH ROW EXECUTE FUNCTION refuse_voted_contributor();

      CREATE FUNCTION freeze_submitted_dossier() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        IF OLD.state <> 'DRAFT' AND (NEW.dossier, NEW.dossier_digest, NEW.model_id, NEW.version)
             IS DISTINCT FROM (OLD.dossier, OLD.dossier_digest, OLD.model_id, OLD.version) THEN
          RAISE EXCEPTION 'A submitted dossier cannot change: register a new version.' USING ERRCODE = 'AS003';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER freeze_submitted_dossier BEFORE UPDATE ON model_versions
        FOR EACH ROW EXECUTE FUNCTION freeze_submitted_dossier();

      -- The lifecycle's steps, the same as the application's table. A version begins where from_state is null.
      CREATE FUNCTION version_steps() RETURNS TABLE (from_state text, to_state text)
      LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
        VALUES (NULL, 'DRAFT'), ('DRAFT', 'SUBMITTED'),
          ('SUBMITTED', 'VALIDATED'), ('SUBMITTED', 'APPROVED'), ('SUBMITTED', 'REJECTED'), ('SUBMITTED', 'WITHDRAWN'),
          ('VALIDATED', 'APPROVED'), ('VALIDATED', 'REJECTED'), ('VALIDATED', 'WITHDRAWN'),
          ('APPROVED', 'SUSPENDED'), ('SUSPENDED', 'APPROVED'), ('APPROVED', 'RETIRED')
      $$;

      -- The approval policy, the same as the application's: how many people of each role must vote for a version.
      CREATE FUNCTION required_votes() RETURNS TABLE (tier text, role text, people integer)
      LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
        VALUES ('HIGH', 'VALIDATOR', 1), ('HIGH', 'ADMIN', 2),
          ('MEDIUM', 'VALIDATOR', 1), ('MEDIUM', 'ADMIN', 1),
          ('LOW', 'VALIDATOR', 0), ('LOW', 'ADMIN', 1)
      $$;

      -- People of a role who voted for exactly this dossier.
      CREATE FUNCTION votes_for(version uuid, digest bytea, voting_role text) RETURNS bigint
      LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT count(DISTINCT v.user_id) FROM model_version_votes v
        WHERE v.version_id = version AND v.dossier_digest = digest AND v.role = voting_role AND v.verdict = 'FOR'
      $$;

      CREATE FUNCTION keep_version_lifecycle() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      DECLARE
        before text := CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END;
      BEGIN
        IF NEW.state IS NOT DISTINCT FROM before THEN RETURN NEW; END IF;
        IF NOT EXISTS (SELECT FROM version_steps() s WHERE s.from_state IS NOT DISTINCT FROM before AND s.to_state = NEW.state) THEN
          RAISE EXCEPTION 'The lifecycle has no step from % to %.', coalesce(before, 'nothing'), NEW.state USING ERRCODE = 'AS005';
        END IF;
        IF NEW.state = 'VALIDATED' AND votes_for(NEW.id, NEW.dossier_digest, 'VALIDATOR') = 0
          OR NEW.state = 'APPROVED' AND before <> 'SUSPENDED' AND EXISTS (
            SELECT FROM models m JOIN required_votes() r ON r.tier = m.tier
            WHERE m.id = NEW.model_id AND votes_for(NEW.id, NEW.dossier_digest, r.role) < r.people) THEN
          RAISE EXCEPTION 'The version lacks votes for its dossier to become %.', NEW.state USING ERRCODE = 'AS006';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER keep_version_lifecycle BEFORE INSERT OR UPDATE ON model_versions
        FOR EACH ROW EXECUTE FUNCTION keep_version_lifecycle();

      CREATE TRIGGER end_once BEFORE UPDATE ON deployments FOR EACH ROW EXECUTE FUNCTION end_once();

      CREATE FUNCTION refuse_unapproved_deployment() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        IF NOT EXISTS (SELECT FROM model_versions v WHERE v.id = NEW.version_id AND v.state = 'APPROVED') THEN
          RAISE EXCEPTION 'Only an approved version can be deployed.' USING ERRCODE = 'AS004';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse_unapproved_deployment BEFORE INSERT ON deployments
        FOR EACH ROW EXECUTE FUNCTION refuse_unapproved_deployment();

      GRANT SELECT, INSERT ON artefacts, models, model_versions, model_version_artefacts,
        model_version_contributors, model_version_votes, model_version_transitions, deployments TO assay_app;
      GRANT UPDATE (deployment_epoch) ON models TO assay_app;
      GRANT UPDATE (state, dossier, dossier_digest) ON model_versions TO assay_app;
      GRANT UPDATE (valid_to) ON deployments TO assay_app;
      GRANT SELECT ON artefacts, models, model_versions, model_version_artefacts,
        model_version_contributors, model_version_votes, model_version_transitions, deployments TO assay_reader;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE deployments, model_version_transitions, model_version_votes, model_version_contributors,
        model_version_artefacts, model_versions, models, artefacts;
      DROP FUNCTION refuse_own_vote, refuse_voted_contributor, freeze_submitted_dossier, refuse_unapproved_deployment,
        keep_version_lifecycle, votes_for, required_votes, version_steps;
    `);
  }
}
