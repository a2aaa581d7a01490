import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What takes two people is proposed by one and confirmed by another. Grants of roles that vote, or that keep the roles,
 * are such acts; a vote counts only with a grant that is current when it is cast.
 */
export class FourEyes1764000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE proposals (
        id           uuid PRIMARY KEY,
        kind         text NOT NULL CHECK (kind IN ('GRANT_ROLE', 'CHANGE_POLICY', 'CHANGE_TIER', 'WAIVE_GATE', 'RESUME_MODEL', 'RESUME_VERSION',
                                                   'OVERRIDE_DECISION')),
        subject      uuid NOT NULL,
        payload      jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object'),
        proposed_by  uuid NOT NULL REFERENCES users,
        reason       text NOT NULL CHECK (reason ~ '\\S'),
        recorded_at  timestamptz NOT NULL DEFAULT now(),
        expires_at   timestamptz NOT NULL,
        CHECK (expires_at > recorded_at)
      );
      CREATE INDEX proposals_by_subject ON proposals (kind, subject);

      CREATE TABLE proposal_decisions (
        proposal_id  uuid PRIMARY KEY REFERENCES proposals,
        decided_by   uuid NOT NULL REFERENCES users,
        verdict      text NOT NULL CHECK (verdict IN ('CONFIRMED', 'DECLINED')),
        comment      text NOT NULL,
        recorded_at  timestamptz NOT NULL DEFAULT now()
      );

      -- Who proposed may take it back, never confirm it. The clock is the database's.
      CREATE FUNCTION refuse_own_confirmation() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        IF NEW.verdict = 'CONFIRMED' AND EXISTS (SELECT FROM proposals p WHERE p.id = NEW.proposal_id AND p.proposed_by = NEW.decided_by) THEN
          RAISE EXCEPTION 'Nobody confirms their own proposal.' USING ERRCODE = 'AS008';
        END IF;
        IF NEW.verdict = 'CONFIRMED' AND EXISTS (SELECT FROM proposals p WHERE p.id = NEW.proposal_id AND p.expires_at <= clock_timestamp()) THEN
          RAISE EXCEPTION 'The proposal has expired.' USING ERRCODE = 'AS009';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse_own_confirmation BEFORE INSERT ON proposal_decisions FOR EACH ROW EXECUTE FUNCTION refuse_own_confirmation();

      -- Whether a second person confirmed exactly this. What takes effect by a proposal asks it.
      CREATE FUNCTION proposal_confirmed(proposal uuid, of_kind text, about uuid) RETURNS boolean
      LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT EXISTS (SELECT FROM proposals p JOIN proposal_decisions d ON d.proposal_id = p.id
                       WHERE p.id = proposal AND p.kind = of_kind AND p.subject = about
                         AND d.verdict = 'CONFIRMED' AND d.decided_by <> p.proposed_by)
      $$;

      -- Who installs Assay: stands behind the first grants, when nobody can confirm anything yet.
      INSERT INTO users (id, issuer, subject, name) VALUES ('00000000-0000-7000-8000-000000000001', 'assay', 'installation', 'Installation');

      ALTER TABLE role_grants ADD COLUMN proposal_id uuid UNIQUE REFERENCES proposals;

      -- A role that votes, or keeps the roles, is granted by two people, neither of whom gets it. Only while fewer than two
      -- people keep the roles may the installation name one. Votes and the keeping of roles exclude each other.
      CREATE FUNCTION keep_grants_apart() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
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
      CREATE TRIGGER keep_grants_apart BEFORE INSERT ON role_grants FOR EACH ROW EXECUTE FUNCTION keep_grants_apart();

      -- A vote needs a grant of the role, current when it is cast, and no keeping of roles beside it.
      CREATE FUNCTION refuse_ungranted_vote() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        IF NOT EXISTS (SELECT FROM role_grants g WHERE g.user_id = NEW.user_id AND g.role = NEW.role
                         AND g.valid_from <= clock_timestamp() AND (g.valid_to IS NULL OR g.valid_to > clock_timestamp())) THEN
          RAISE EXCEPTION 'A vote needs a current grant of its role.' USING ERRCODE = 'AS012';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse_ungranted_vote BEFORE INSERT ON model_version_votes FOR EACH ROW EXECUTE FUNCTION refuse_ungranted_vote();

      GRANT SELECT, INSERT ON proposals, proposal_decisions TO assay_app;
      GRANT SELECT ON proposals, proposal_decisions TO assay_reader;
    `);
  }

  /** Grants that two people made stay; who confirmed them is forgotten with the proposals. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER refuse_ungranted_vote ON model_version_votes;
      DROP TRIGGER keep_grants_apart ON role_grants;
      DROP FUNCTION refuse_ungranted_vote, keep_grants_apart;
      ALTER TABLE role_grants DROP COLUMN proposal_id;
      DROP TABLE proposal_decisions, proposals;
      DROP FUNCTION refuse_own_confirmation, proposal_confirmed;
      DELETE FROM users u WHERE u.id = '00000000-0000-7000-8000-000000000001'
        AND NOT EXISTS (SELECT FROM role_grants g WHERE u.id IN (g.granted_by, g.user_id, g.ended_by));
    `);
  }
}
