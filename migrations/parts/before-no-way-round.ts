// SQL of the way back: the rules as the release before had them.
import { LOOKED_AT } from './no-way-round.js';

export const BEFORE = `
  ${LOOKED_AT.map((table) => `DROP TRIGGER a_refuse_stale_reads ON ${table};`).join('\n  ')}
  ALTER TABLE deployments DROP CONSTRAINT deployments_last;
  ALTER TABLE suspensions DROP CONSTRAINT suspensions_last;
  DROP TRIGGER stamp_submission ON model_versions;
  DROP TRIGGER keep_proposals ON proposals;
  DROP TRIGGER end_grant ON role_grants;
  CREATE TRIGGER end_once BEFORE UPDATE ON role_grants FOR EACH ROW EXECUTE FUNCTION end_once();

      CREATE OR REPLACE FUNCTION keep_grants_apart() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      DECLARE
        voting text[] := ARRAY['VALIDATOR', 'ADMIN'];
      BEGIN
        PERFORM FROM users u WHERE u.id = NEW.user_id FOR NO KEY UPDATE;
        IF EXISTS (SELECT FROM role_grants g WHERE g.user_id = NEW.user_id AND g.valid_to IS NULL
                     AND (NEW.role = 'ACCESS_ADMIN' AND g.role = ANY (voting) OR NEW.role = ANY (voting) AND g.role = 'ACCESS_ADMIN')) THEN
          RAISE EXCEPTION 'Who keeps the roles has no vote.' USING ERRCODE = 'AS011';
        END IF;
        IF NEW.role = 'ACCESS_ADMIN' AND NEW.granted_by = '00000000-0000-7000-8000-000000000001' THEN
          PERFORM pg_advisory_xact_lock(hashtextextended('keepers of roles', 0));
          IF (SELECT count(DISTINCT g.user_id) FROM role_grants g WHERE g.role = 'ACCESS_ADMIN' AND g.valid_to IS NULL) < 2 THEN RETURN NEW; END IF;
        END IF;
        IF NEW.role = ANY (voting || ARRAY['ACCESS_ADMIN']) AND NOT EXISTS (
             SELECT FROM proposals p JOIN proposal_decisions d ON d.proposal_id = p.id
             WHERE p.id = NEW.proposal_id AND proposal_confirmed(p.id, 'GRANT_ROLE', NEW.user_id) AND p.payload ->> 'role' = NEW.role
               AND p.proposed_by = NEW.granted_by AND NEW.user_id NOT IN (p.proposed_by, d.decided_by)) THEN
          RAISE EXCEPTION 'A role that approves is granted by two people.' USING ERRCODE = 'AS010';
        END IF;
        RETURN NEW;
      END $$;
      CREATE OR REPLACE FUNCTION refuse_ungranted_vote() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        IF NOT EXISTS (SELECT FROM role_grants g WHERE g.user_id = NEW.user_id AND g.role = NEW.role
                         AND g.valid_from <= clock_timestamp() AND (g.valid_to IS NULL OR g.valid_to > clock_timestamp())) THEN
          RAISE EXCEPTION 'A vote needs a current grant of its role.' USING ERRCODE = 'AS012';
        END IF;
        RETURN NEW;
      END $$;
      CREATE OR REPLACE FUNCTION refuse_own_confirmation() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        IF NEW.verdict = 'CONFIRMED' AND EXISTS (SELECT FROM proposals p WHERE p.id = NEW.proposal_id AND p.proposed_by = NEW.decided_by) THEN
          RAISE EXCEPTION 'Nobody confirms their own proposal.' USING ERRCODE = 'AS008';
        END IF;
        IF NEW.verdict = 'CONFIRMED' AND EXISTS (SELECT FROM proposals p WHERE p.id = NEW.proposal_id AND p.expires_at <= clock_timestamp()) THEN
          RAISE EXCEPTION 'The proposal has expired.' USING ERRCODE = 'AS009';
        END IF;
        RETURN NEW;
      END $$;
      CREATE OR REPLACE FUNCTION keep_policies() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
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
      CREATE OR REPLACE FUNCTION freeze_submitted_artefacts() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        IF EXISTS (SELECT FROM model_versions v WHERE v.id IN (NEW.version_id, OLD.version_id) AND v.state <> 'DRAFT') THEN
          RAISE EXCEPTION 'A submitted dossier cannot change: register a new version.' USING ERRCODE = 'AS003';
        END IF;
        RETURN coalesce(NEW, OLD);
      END $$;
      CREATE OR REPLACE FUNCTION refuse_own_vote() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
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
  CREATE OR REPLACE FUNCTION is_maker(person uuid, made uuid) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM model_versions v WHERE v.id = made AND v.registered_by = person)
        OR EXISTS (SELECT FROM model_version_contributors c WHERE c.version_id = made AND c.user_id = person)
  $$;

  DROP FUNCTION refuse_stale_reads, stamp_submission, keep_proposals, end_grant, proposal_roles, acts_as, holds_role`;
