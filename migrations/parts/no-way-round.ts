// SQL of the migration that closes the ways round the rules.

const SAFE = 'SET search_path = pg_catalog, public, pg_temp';

export const GRANTS = `
  -- Whether a person holds a role at this moment.
  CREATE FUNCTION holds_role(person uuid, held text) RETURNS boolean LANGUAGE sql STABLE ${SAFE} AS $$
    SELECT EXISTS (SELECT FROM role_grants g WHERE g.user_id = person AND g.role = held
                     AND g.valid_from <= clock_timestamp() AND (g.valid_to IS NULL OR g.valid_to > clock_timestamp()))
  $$;

  -- Whether a person may act in a role at this moment: in one that votes, not beside the keeping of roles.
  CREATE FUNCTION acts_as(person uuid, acting text) RETURNS boolean LANGUAGE sql STABLE ${SAFE} AS $$
    SELECT holds_role(person, acting) AND NOT (acting IN ('VALIDATOR', 'ADMIN') AND holds_role(person, 'ACCESS_ADMIN'))
  $$;

  -- A role that votes, or keeps the roles, is granted by two people, neither of whom gets it. Only while fewer than two
  -- people keep the roles may the installation name one. Votes and the keeping of roles exclude each other, as long as
  -- the other grant is not over. A grant begins now, with an open end; the clock is read after the locks.
  CREATE OR REPLACE FUNCTION keep_grants_apart() RETURNS trigger LANGUAGE plpgsql ${SAFE} AS $$
  DECLARE
    voting text[] := ARRAY['VALIDATOR', 'ADMIN'];
    first_keeper boolean := NEW.role = 'ACCESS_ADMIN' AND NEW.granted_by = '00000000-0000-7000-8000-000000000001';
  BEGIN
    PERFORM FROM users u WHERE u.id = NEW.user_id FOR NO KEY UPDATE;
    IF first_keeper THEN
      PERFORM pg_advisory_xact_lock(hashtextextended('keepers of roles', 0));
    END IF;
    IF num_nonnulls(NEW.valid_to, NEW.ended_by) > 0 THEN
      RAISE EXCEPTION 'A grant begins now, with an open end.' USING ERRCODE = 'AS084';
    END IF;
    NEW.valid_from := clock_timestamp();
    IF EXISTS (SELECT FROM role_grants g WHERE g.user_id = NEW.user_id AND (g.valid_to IS NULL OR g.valid_to > clock_timestamp())
                 AND (NEW.role = 'ACCESS_ADMIN' AND g.role = ANY (voting) OR NEW.role = ANY (voting) AND g.role = 'ACCESS_ADMIN')) THEN
      RAISE EXCEPTION 'Who keeps the roles has no vote.' USING ERRCODE = 'AS011';
    END IF;
    IF first_keeper AND (SELECT count(DISTINCT g.user_id) FROM role_grants g
                         WHERE g.role = 'ACCESS_ADMIN' AND (g.valid_to IS NULL OR g.valid_to > clock_timestamp())) < 2 THEN
      RETURN NEW;
    END IF;
    IF NEW.role = ANY (voting || ARRAY['ACCESS_ADMIN']) AND NOT EXISTS (
         SELECT FROM proposals p JOIN proposal_decisions d ON d.proposal_id = p.id
         WHERE p.id = NEW.proposal_id AND proposal_confirmed(p.id, 'GRANT_ROLE', NEW.user_id) AND p.payload ->> 'role' = NEW.role
           AND p.proposed_by = NEW.granted_by AND NEW.user_id NOT IN (p.proposed_by, d.decided_by)) THEN
      RAISE EXCEPTION 'A role that approves is granted by two people.' USING ERRCODE = 'AS010';
    END IF;
    RETURN NEW;
  END $$;

  -- A grant ends once, and now: after whatever was being done under it, which holds its row. One that was given an end
  -- to come, as was possible before, can still be ended sooner.
  CREATE FUNCTION end_grant() RETURNS trigger LANGUAGE plpgsql ${SAFE} AS $$
  BEGIN
    IF NEW.valid_to IS NULL OR OLD.valid_to <= clock_timestamp() THEN
      RAISE EXCEPTION 'What has ended stays ended, at the time it ended.' USING ERRCODE = 'AS007';
    END IF;
    IF NEW.valid_to NOT BETWEEN now() AND greatest(clock_timestamp(), OLD.valid_from) THEN
      RAISE EXCEPTION 'A grant ends now.' USING ERRCODE = 'AS084';
    END IF;
    NEW.valid_to := greatest(clock_timestamp(), OLD.valid_from);
    RETURN NEW;
  END $$;
  DROP TRIGGER end_once ON role_grants;
  CREATE TRIGGER end_grant BEFORE UPDATE ON role_grants FOR EACH ROW EXECUTE FUNCTION end_grant()`;

export const VOTES = `
  -- Whether somebody had a part in making a version: registered it, contributed to it, or uploaded what it consists of.
  CREATE OR REPLACE FUNCTION is_maker(person uuid, made uuid) RETURNS boolean LANGUAGE sql STABLE ${SAFE} AS $$
    SELECT EXISTS (SELECT FROM model_versions v WHERE v.id = made AND v.registered_by = person)
        OR EXISTS (SELECT FROM model_version_contributors c WHERE c.version_id = made AND c.user_id = person)
        OR EXISTS (SELECT FROM model_version_artefacts va JOIN artefacts a ON a.sha256 = va.sha256 WHERE va.version_id = made AND a.uploaded_by = person)
  $$;

  CREATE OR REPLACE FUNCTION refuse_own_vote() RETURNS trigger LANGUAGE plpgsql ${SAFE} AS $$
  DECLARE
    digest bytea;
  BEGIN
    SELECT v.dossier_digest INTO digest FROM model_versions v WHERE v.id = NEW.version_id FOR SHARE;
    IF is_maker(NEW.user_id, NEW.version_id) THEN
      RAISE EXCEPTION 'A person who built, trained, edited or submitted a version may not vote on it.' USING ERRCODE = 'AS001';
    END IF;
    IF digest IS DISTINCT FROM NEW.dossier_digest THEN
      RAISE EXCEPTION 'The vote names another dossier digest than the version has.' USING ERRCODE = 'AS002';
    END IF;
    RETURN NEW;
  END $$;

  -- The artefacts of a version are frozen with its dossier, and none comes in that a voter uploaded. The version is
  -- locked, so that neither is it submitted nor a vote cast meanwhile.
  CREATE OR REPLACE FUNCTION freeze_submitted_artefacts() RETURNS trigger LANGUAGE plpgsql ${SAFE} AS $$
  BEGIN
    PERFORM FROM model_versions v WHERE v.id IN (NEW.version_id, OLD.version_id) ORDER BY v.id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM model_versions v WHERE v.id IN (NEW.version_id, OLD.version_id) AND v.state <> 'DRAFT') THEN
      RAISE EXCEPTION 'A submitted dossier cannot change: register a new version.' USING ERRCODE = 'AS003';
    END IF;
    IF EXISTS (SELECT FROM model_version_votes b JOIN artefacts a ON a.uploaded_by = b.user_id WHERE b.version_id = NEW.version_id AND a.sha256 = NEW.sha256) THEN
      RAISE EXCEPTION 'A person who voted on a version may not contribute to it.' USING ERRCODE = 'AS001';
    END IF;
    RETURN coalesce(NEW, OLD);
  END $$;

  -- A vote needs a grant of the role, current when it is cast, and no keeping of roles beside it. The grants are locked:
  -- none of them ends between this look and the vote, whose time is read after it.
  CREATE OR REPLACE FUNCTION refuse_ungranted_vote() RETURNS trigger LANGUAGE plpgsql ${SAFE} AS $$
  BEGIN
    PERFORM FROM role_grants g WHERE g.user_id = NEW.user_id ORDER BY g.id FOR SHARE;
    IF NOT holds_role(NEW.user_id, NEW.role) THEN
      RAISE EXCEPTION 'A vote needs a current grant of its role.' USING ERRCODE = 'AS012';
    END IF;
    IF NOT acts_as(NEW.user_id, NEW.role) THEN
      RAISE EXCEPTION 'Who keeps the roles has no vote.' USING ERRCODE = 'AS011';
    END IF;
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
  END $$;

  CREATE FUNCTION stamp_submission() RETURNS trigger LANGUAGE plpgsql ${SAFE} AS $$
  BEGIN
    NEW.submitted_at := clock_timestamp();
    RETURN NEW;
  END $$;
  CREATE TRIGGER stamp_submission BEFORE UPDATE ON model_versions
    FOR EACH ROW WHEN (OLD.state = 'DRAFT' AND NEW.state = 'SUBMITTED') EXECUTE FUNCTION stamp_submission()`;

export const PROPOSALS = `
  -- In which roles a kind of proposal is made and confirmed, the same as the application's.
  CREATE FUNCTION proposal_roles(kind text) RETURNS text[] LANGUAGE sql IMMUTABLE ${SAFE} AS $$
    SELECT CASE kind
      WHEN 'GRANT_ROLE' THEN ARRAY['ACCESS_ADMIN']
      WHEN 'WAIVE_GATE' THEN ARRAY['VALIDATOR', 'ADMIN']
      WHEN 'OVERRIDE_DECISION' THEN ARRAY['UNDERWRITER']
      WHEN 'CHANGE_POLICY' THEN ARRAY['ADMIN']
      WHEN 'CHANGE_TIER' THEN ARRAY['ADMIN']
      WHEN 'RESUME_MODEL' THEN ARRAY['ADMIN']
      WHEN 'RESUME_VERSION' THEN ARRAY['ADMIN']
    END
  $$;

  CREATE FUNCTION keep_proposals() RETURNS trigger LANGUAGE plpgsql ${SAFE} AS $$
  BEGIN
    NEW.recorded_at := clock_timestamp();
    IF NEW.expires_at > NEW.recorded_at + interval '14 days' THEN
      RAISE EXCEPTION 'A proposal waits 14 days at most.' USING ERRCODE = 'AS018';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER keep_proposals BEFORE INSERT ON proposals FOR EACH ROW EXECUTE FUNCTION keep_proposals();

  -- Who proposed may take it back, never confirm it; both hold a role of its kind at the moment of the confirmation.
  -- Their grants are locked, and the clock is read after that.
  CREATE OR REPLACE FUNCTION refuse_own_confirmation() RETURNS trigger LANGUAGE plpgsql ${SAFE} AS $$
  DECLARE
    decided proposals;
  BEGIN
    SELECT * INTO decided FROM proposals p WHERE p.id = NEW.proposal_id;
    IF NEW.verdict = 'CONFIRMED' THEN
      IF decided.proposed_by = NEW.decided_by THEN
        RAISE EXCEPTION 'Nobody confirms their own proposal.' USING ERRCODE = 'AS008';
      END IF;
      PERFORM FROM role_grants g WHERE g.user_id IN (decided.proposed_by, NEW.decided_by) ORDER BY g.id FOR SHARE;
      IF decided.expires_at <= clock_timestamp() THEN
        RAISE EXCEPTION 'The proposal has expired.' USING ERRCODE = 'AS009';
      END IF;
      IF EXISTS (SELECT FROM unnest(ARRAY[decided.proposed_by, NEW.decided_by]) person
                 WHERE NOT EXISTS (SELECT FROM unnest(proposal_roles(decided.kind)) role WHERE acts_as(person, role))) THEN
        RAISE EXCEPTION 'Who proposed and who confirms hold a role of its kind.' USING ERRCODE = 'AS017';
      END IF;
    END IF;
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
  END $$;

  -- A policy follows the one before it, was confirmed as it is by a second person, and asks for no fewer votes than the
  -- first. One after the other: of two at the same time the second learns that another policy is in force.
  CREATE OR REPLACE FUNCTION keep_policies() RETURNS trigger LANGUAGE plpgsql ${SAFE} AS $$
  DECLARE
    before governance_policies;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('governance policy', 0));
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
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
  END $$`;

/** Where rules look at other rows after a lock: in a snapshot taken before it they would look at the past. */
export const LOOKED_AT = [
  'role_grants', 'proposals', 'proposal_decisions', 'governance_policies', 'models', 'model_versions', 'model_version_artefacts',
  'model_version_contributors', 'model_version_votes', 'deployments', 'suspensions', 'gate_waivers', 'finding_resolutions', 'finding_verdicts',
] as const;

export const DEPLOYMENTS = `
  -- What begins and ends at the same instant was never there, so nothing ends in its favour. What was recorded before stays.
  ALTER TABLE deployments ADD CONSTRAINT deployments_last CHECK (valid_to > valid_from) NOT VALID;
  ALTER TABLE suspensions ADD CONSTRAINT suspensions_last CHECK (valid_to > valid_from) NOT VALID;

  CREATE FUNCTION refuse_stale_reads() RETURNS trigger LANGUAGE plpgsql ${SAFE} AS $$
  BEGIN
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
      RAISE EXCEPTION 'What is governed is written in transactions of the level READ COMMITTED.' USING ERRCODE = 'AS019';
    END IF;
    RETURN NULL;
  END $$;
  ${LOOKED_AT.map((table) => `CREATE TRIGGER a_refuse_stale_reads BEFORE INSERT OR UPDATE OR DELETE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_stale_reads();`).join('\n  ')}`;
