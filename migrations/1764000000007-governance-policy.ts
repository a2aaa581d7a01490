import type { MigrationInterface, QueryRunner } from 'typeorm';
import { FIRST_POLICY } from '../src/models/policy/first-policy.js';
import { canonicalJson } from '../src/base/index.js';

const FIRST_ID = '00000000-0000-7000-8000-000000000002';

/**
 * The rules of governance as data, versioned and changed by two people. What a version needs is frozen when it is
 * submitted; votes for what was never deployed expire; nothing that a submitted dossier names changes.
 */
export class GovernancePolicy1764000000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE governance_policies (
        id           uuid PRIMARY KEY,
        version      integer NOT NULL UNIQUE CHECK (version > 0),
        body         text NOT NULL,
        digest       bytea NOT NULL CHECK (digest = sha256(convert_to(body, 'UTF8'))),
        proposal_id  uuid UNIQUE REFERENCES proposals,
        recorded_at  timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`INSERT INTO governance_policies (id, version, body, digest) VALUES ($1, 1, $2, sha256(convert_to($2, 'UTF8')))`, [FIRST_ID, canonicalJson(FIRST_POLICY)]);
    await runner.query(`
      -- A policy follows the one before it, was confirmed as it is by a second person, and asks for no fewer votes than the first.
      CREATE FUNCTION keep_policies() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      DECLARE
        before governance_policies;
      BEGIN
        SELECT * INTO before FROM governance_policies g ORDER BY g.version DESC LIMIT 1;
        IF NEW.version IS DISTINCT FROM before.version + 1 OR NOT proposal_confirmed(NEW.proposal_id, 'CHANGE_POLICY', before.id)
          OR (SELECT p.payload ->> 'body' FROM proposals p WHERE p.id = NEW.proposal_id) IS DISTINCT FROM NEW.body THEN
          RAISE EXCEPTION 'A policy follows the present one and is confirmed by a second person.' USING ERRCODE = 'AS013';
        END IF;
        IF EXISTS (SELECT FROM governance_policies first
                   CROSS JOIN unnest(ARRAY['HIGH', 'MEDIUM', 'LOW']) tier CROSS JOIN unnest(ARRAY['VALIDATOR', 'ADMIN']) role
                   WHERE first.version = 1 AND policy_votes(NEW.body, tier, role) < policy_votes(first.body, tier, role)) THEN
          RAISE EXCEPTION 'No policy asks for fewer votes than the first one.' USING ERRCODE = 'AS014';
        END IF;
        RETURN NEW;
      END $$;

      -- How many people of a role must vote for versions of a tier.
      CREATE FUNCTION policy_votes(body text, tier text, role text) RETURNS integer
      LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT coalesce((body::jsonb #>> ARRAY['tiers', tier, 'votes', role])::integer, -1)
      $$;
      CREATE TRIGGER keep_policies BEFORE INSERT ON governance_policies FOR EACH ROW EXECUTE FUNCTION keep_policies();

      -- What a version needs, frozen when it is submitted.
      ALTER TABLE model_versions
        ADD COLUMN policy_version integer REFERENCES governance_policies (version),
        ADD COLUMN required_validators integer,
        ADD COLUMN required_admins integer,
        ADD COLUMN vote_days integer,
        ADD COLUMN submitted_at timestamptz;
      UPDATE model_versions v SET policy_version = 1, required_validators = policy_votes(g.body, m.tier, 'VALIDATOR'),
          required_admins = policy_votes(g.body, m.tier, 'ADMIN'), vote_days = (g.body::jsonb ->> 'voteDays')::integer,
          submitted_at = coalesce((SELECT max(t.recorded_at) FROM model_version_transitions t WHERE t.version_id = v.id AND t.act = 'SUBMIT'), v.recorded_at)
        FROM governance_policies g, models m WHERE g.version = 1 AND m.id = v.model_id AND v.state <> 'DRAFT';
      ALTER TABLE model_versions ADD CONSTRAINT frozen_at_submission CHECK (state = 'DRAFT'
        OR num_nulls(policy_version, required_validators, required_admins, vote_days, submitted_at) = 0);

      CREATE OR REPLACE FUNCTION freeze_submitted_dossier() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        IF OLD.state <> 'DRAFT' AND (NEW.dossier, NEW.dossier_digest, NEW.model_id, NEW.version, NEW.policy_version, NEW.required_validators,
                                     NEW.required_admins, NEW.vote_days, NEW.submitted_at)
             IS DISTINCT FROM (OLD.dossier, OLD.dossier_digest, OLD.model_id, OLD.version, OLD.policy_version, OLD.required_validators,
                               OLD.required_admins, OLD.vote_days, OLD.submitted_at) THEN
          RAISE EXCEPTION 'A submitted dossier cannot change: register a new version.' USING ERRCODE = 'AS003';
        END IF;
        RETURN NEW;
      END $$;

      -- The artefacts of a version are frozen with its dossier.
      CREATE FUNCTION freeze_submitted_artefacts() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        IF EXISTS (SELECT FROM model_versions v WHERE v.id IN (NEW.version_id, OLD.version_id) AND v.state <> 'DRAFT') THEN
          RAISE EXCEPTION 'A submitted dossier cannot change: register a new version.' USING ERRCODE = 'AS003';
        END IF;
        RETURN coalesce(NEW, OLD);
      END $$;
      CREATE TRIGGER freeze_submitted_artefacts BEFORE INSERT OR UPDATE OR DELETE ON model_version_artefacts
        FOR EACH ROW EXECUTE FUNCTION freeze_submitted_artefacts();
      GRANT DELETE ON model_version_artefacts TO assay_app;

      -- A vote's time is read when the voter's grant has been looked at, not when the transaction began.
      ALTER TABLE model_version_votes ALTER COLUMN recorded_at SET DEFAULT clock_timestamp();

      -- People of a role whose votes for exactly this dossier count: cast within so many days.
      CREATE FUNCTION votes_for(version uuid, digest bytea, voting_role text, days integer) RETURNS bigint
      LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT count(DISTINCT v.user_id) FROM model_version_votes v
        WHERE v.version_id = version AND v.dossier_digest = digest AND v.role = voting_role AND v.verdict = 'FOR'
          AND v.recorded_at > clock_timestamp() - make_interval(days => days)
      $$;

      CREATE FUNCTION has_required_votes(v model_versions) RETURNS boolean
      LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT votes_for(v.id, v.dossier_digest, 'VALIDATOR', v.vote_days) >= v.required_validators
           AND votes_for(v.id, v.dossier_digest, 'ADMIN', v.vote_days) >= v.required_admins
      $$;

      CREATE OR REPLACE FUNCTION keep_version_lifecycle() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      DECLARE
        before text := CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END;
      BEGIN
        IF NEW.state IS NOT DISTINCT FROM before THEN RETURN NEW; END IF;
        IF NOT EXISTS (SELECT FROM version_steps() s WHERE s.from_state IS NOT DISTINCT FROM before AND s.to_state = NEW.state) THEN
          RAISE EXCEPTION 'The lifecycle has no step from % to %.', coalesce(before, 'nothing'), NEW.state USING ERRCODE = 'AS005';
        END IF;
        IF NEW.state = 'SUBMITTED' AND NOT EXISTS (
             SELECT FROM governance_policies g JOIN models m ON m.id = NEW.model_id
             WHERE g.version = (SELECT max(n.version) FROM governance_policies n)
               AND (NEW.policy_version, NEW.required_validators, NEW.required_admins, NEW.vote_days) IS NOT DISTINCT FROM
                   (g.version, policy_votes(g.body, m.tier, 'VALIDATOR'), policy_votes(g.body, m.tier, 'ADMIN'), (g.body::jsonb ->> 'voteDays')::integer)) THEN
          RAISE EXCEPTION 'A version is submitted under the policy in force.' USING ERRCODE = 'AS016';
        END IF;
        IF NEW.state = 'VALIDATED' AND votes_for(NEW.id, NEW.dossier_digest, 'VALIDATOR', NEW.vote_days) < greatest(1, NEW.required_validators)
          OR NEW.state = 'APPROVED' AND before <> 'SUSPENDED' AND NOT has_required_votes(NEW) THEN
          RAISE EXCEPTION 'The version lacks votes for its dossier to become %.', NEW.state USING ERRCODE = 'AS006';
        END IF;
        RETURN NEW;
      END $$;
      DROP FUNCTION votes_for(uuid, bytea, text), required_votes;

      -- Votes expire where the version was never deployed.
      CREATE OR REPLACE FUNCTION refuse_unapproved_deployment() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      DECLARE
        deployed model_versions;
      BEGIN
        SELECT * INTO deployed FROM model_versions v WHERE v.id = NEW.version_id;
        IF deployed.state IS DISTINCT FROM 'APPROVED' THEN
          RAISE EXCEPTION 'Only an approved version can be deployed.' USING ERRCODE = 'AS004';
        END IF;
        IF NOT has_required_votes(deployed) AND NOT EXISTS (SELECT FROM deployments d WHERE d.version_id = NEW.version_id) THEN
          RAISE EXCEPTION 'The votes for this version have expired before it was deployed.' USING ERRCODE = 'AS015';
        END IF;
        RETURN NEW;
      END $$;

      -- Who uploaded an artefact of a version built a part of it. Who voted before that was known keeps the vote.
      ALTER TABLE model_version_contributors DROP CONSTRAINT model_version_contributors_part_check;
      ALTER TABLE model_version_contributors ADD CONSTRAINT model_version_contributors_part_check
        CHECK (part IN ('REGISTERED', 'BUILT', 'TRAINED', 'EDITED', 'SUBMITTED'));
      INSERT INTO model_version_contributors (version_id, user_id, part)
        SELECT DISTINCT va.version_id, a.uploaded_by, 'BUILT' FROM model_version_artefacts va JOIN artefacts a ON a.sha256 = va.sha256
        WHERE NOT EXISTS (SELECT FROM model_version_votes b WHERE b.version_id = va.version_id AND b.user_id = a.uploaded_by);

      GRANT SELECT, INSERT ON governance_policies TO assay_app;
      GRANT SELECT ON governance_policies TO assay_reader;
      GRANT UPDATE (policy_version, required_validators, required_admins, vote_days, submitted_at) ON model_versions TO assay_app;
    `);
  }

  /** Later policies are forgotten; every version is then judged by the first one again. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM model_version_contributors WHERE part = 'BUILT';
      ALTER TABLE model_version_contributors DROP CONSTRAINT model_version_contributors_part_check;
      ALTER TABLE model_version_contributors ADD CONSTRAINT model_version_contributors_part_check
        CHECK (part IN ('REGISTERED', 'TRAINED', 'EDITED', 'SUBMITTED'));
      DROP TRIGGER freeze_submitted_artefacts ON model_version_artefacts;
      DROP FUNCTION freeze_submitted_artefacts;
      REVOKE DELETE ON model_version_artefacts FROM assay_app;

      CREATE FUNCTION required_votes() RETURNS TABLE (tier text, role text, people integer)
      LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
        VALUES ('HIGH', 'VALIDATOR', 1), ('HIGH', 'ADMIN', 2),
          ('MEDIUM', 'VALIDATOR', 1), ('MEDIUM', 'ADMIN', 1),
          ('LOW', 'VALIDATOR', 0), ('LOW', 'ADMIN', 1)
      $$;
      CREATE FUNCTION votes_for(version uuid, digest bytea, voting_role text) RETURNS bigint
      LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT count(DISTINCT v.user_id) FROM model_version_votes v
        WHERE v.version_id = version AND v.dossier_digest = digest AND v.role = voting_role AND v.verdict = 'FOR'
      $$;
      CREATE OR REPLACE FUNCTION keep_version_lifecycle() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
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
      CREATE OR REPLACE FUNCTION refuse_unapproved_deployment() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        IF NOT EXISTS (SELECT FROM model_versions v WHERE v.id = NEW.version_id AND v.state = 'APPROVED') THEN
          RAISE EXCEPTION 'Only an approved version can be deployed.' USING ERRCODE = 'AS004';
        END IF;
        RETURN NEW;
      END $$;
      CREATE OR REPLACE FUNCTION freeze_submitted_dossier() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        IF OLD.state <> 'DRAFT' AND (NEW.dossier, NEW.dossier_digest, NEW.model_id, NEW.version)
             IS DISTINCT FROM (OLD.dossier, OLD.dossier_digest, OLD.model_id, OLD.version) THEN
          RAISE EXCEPTION 'A submitted dossier cannot change: register a new version.' USING ERRCODE = 'AS003';
        END IF;
        RETURN NEW;
      END $$;
      DROP FUNCTION has_required_votes, votes_for(uuid, bytea, text, integer);
      ALTER TABLE model_version_votes ALTER COLUMN recorded_at SET DEFAULT now();
      ALTER TABLE model_versions DROP COLUMN policy_version, DROP COLUMN required_validators, DROP COLUMN required_admins,
        DROP COLUMN vote_days, DROP COLUMN submitted_at;
      DROP TABLE governance_policies;
      DROP FUNCTION keep_policies, policy_votes;
    `);
  }
}
