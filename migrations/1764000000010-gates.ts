import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Evidence that the release before has no place for: put aside on the way back where there is any, found again on the way forth as far as what it refers to is still there. */
const KEPT = [
  { table: 'gate_waivers', of: 'JOIN proposals p ON p.id = k.proposal_id' },
  { table: 'gate_evaluations', of: 'JOIN model_versions v ON v.id = k.version_id JOIN governance_policies g ON g.version = k.policy_version' },
  { table: 'gate_results', of: 'JOIN gate_evaluations e ON e.id = k.evaluation_id WHERE k.waiver_id IS NULL OR EXISTS (SELECT FROM gate_waivers w WHERE w.id = k.waiver_id)' },
  { table: 'findings', of: 'JOIN models m ON m.id = k.model_id' },
  { table: 'finding_resolutions', of: 'JOIN findings f ON f.id = k.finding_id' },
  { table: 'finding_verdicts', of: 'JOIN finding_resolutions r ON r.id = k.resolution_id' },
  // What is said at registration is written again on the way forth, unless it said something.
  { table: 'model_facts', of: 'JOIN models m ON m.id = k.model_id', where: 'id <> model_id OR num_nonnulls(permitted_use, limits) > 0' },
  { table: 'model_reviews', of: 'JOIN models m ON m.id = k.model_id' },
  { table: 'model_tier_changes', of: 'JOIN proposals p ON p.id = k.proposal_id JOIN models m ON m.id = k.model_id' },
] as const;

const setAside = ({ table, ...given }: (typeof KEPT)[number]): string => {
  const rows = `SELECT * FROM ${table}${'where' in given ? ` WHERE ${given.where}` : ''}`;
  return `DO $$ BEGIN IF EXISTS (${rows}) THEN CREATE TABLE kept_${table} AS ${rows}; END IF; END $$;`;
};

/** As it was: the rules look at what is written from now on. */
const takeBack = ({ table, of }: (typeof KEPT)[number]): string => `
  DO $$ BEGIN
    IF to_regclass('kept_${table}') IS NOT NULL THEN
      ALTER TABLE ${table} DISABLE TRIGGER USER;
      ${table === 'model_facts' ? 'DELETE FROM model_facts f USING kept_model_facts k WHERE k.id = f.id;' : ''}
      INSERT INTO ${table} SELECT k.* FROM kept_${table} k ${of};
      ALTER TABLE ${table} ENABLE TRIGGER USER;
      DROP TABLE kept_${table};
    END IF;
  END $$;`;

/** The rows of models say what the newest facts and reviews do. */
const REPEAT = `
  UPDATE models m SET permitted_use = f.permitted_use, limits = f.limits
    FROM (SELECT DISTINCT ON (model_id) * FROM model_facts ORDER BY model_id, recorded_at DESC, id DESC) f WHERE f.model_id = m.id;
  UPDATE models m SET next_review_at = r.next_review_at
    FROM (SELECT DISTINCT ON (model_id) * FROM model_reviews ORDER BY model_id, recorded_at DESC, id DESC) r WHERE r.model_id = m.id`;

/**
 * What a version must show before it is approved, what may be waived and until when, the weaknesses that validators
 * raise, and what the inventory says of a model. Evidence is append-only; what a model's row repeats of it is written by
 * the database alone.
 */
export class Gates1764000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const part of [POLICY, WAIVERS, EVALUATIONS, FINDINGS, APPROVAL, INVENTORY, CONSEQUENCES]) await runner.query(part);
    await runner.query(KEPT.map(takeBack).join('') + REPEAT);
  }

  /** Models keep tier and owner as they are by then. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(KEPT.map(setAside).join(''));
    await runner.query(`
      CREATE OR REPLACE FUNCTION model_refer_cause(model uuid, version uuid) RETURNS text
      LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$ SELECT NULL::text $$;
      DROP TRIGGER refuse_lapsed_waiver ON deployments;
      DROP TRIGGER require_gates ON model_versions;
      DROP TRIGGER set_first_review ON models;
      DROP TRIGGER write_first_facts ON models;
      DROP VIEW finding_states;
      DROP TABLE model_tier_changes, model_reviews, model_facts, finding_verdicts, finding_resolutions, findings, gate_results, gate_evaluations, gate_waivers;
      ALTER TABLE models DROP COLUMN permitted_use, DROP COLUMN limits, DROP COLUMN next_review_at;
      DROP FUNCTION refuse_lapsed_waiver, waiver_expired, require_gates, set_first_review, keep_tier_changes, change_tier, keep_reviews, set_next_review,
        keep_facts, set_facts, write_first_facts, keep_verdicts, keep_resolutions, keep_findings, keep_evaluations, keep_waivers, is_maker, current_policy, review_months;
    `);
  }
}

const POLICY = `
  CREATE FUNCTION current_policy() RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT g.body::jsonb FROM governance_policies g ORDER BY g.version DESC LIMIT 1
  $$;

  -- Months until a model of a tier is reviewed again.
  CREATE FUNCTION review_months(tier text) RETURNS integer LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT (current_policy() #>> ARRAY['tiers', tier, 'reviewMonths'])::integer
  $$;

  -- Whether somebody had a part in making a version.
  CREATE FUNCTION is_maker(person uuid, made uuid) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM model_versions v WHERE v.id = made AND v.registered_by = person)
        OR EXISTS (SELECT FROM model_version_contributors c WHERE c.version_id = made AND c.user_id = person)
  $$`;

const WAIVERS = `
  -- A failing gate counts as passed, for one dossier and a time. What endangers others, or has a way of its own, is never waived.
  CREATE TABLE gate_waivers (
    id              uuid PRIMARY KEY,
    version_id      uuid NOT NULL REFERENCES model_versions,
    gate            text NOT NULL CHECK (gate IN ('DISCRIMINATION', 'CALIBRATION', 'STABILITY', 'DATA_QUALITY', 'EXPLANATION', 'FAIRNESS',
                                                  'MODEL_CARD', 'LATENCY', 'SIZE')),
    dossier_digest  bytea NOT NULL,
    reason          text NOT NULL CHECK (reason ~ '\\S'),
    proposal_id     uuid NOT NULL UNIQUE REFERENCES proposals,
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at      timestamptz NOT NULL CHECK (expires_at > recorded_at)
  );
  CREATE INDEX gate_waivers_by_version ON gate_waivers (version_id, gate);

  CREATE FUNCTION keep_waivers() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
  BEGIN
    NEW.recorded_at := clock_timestamp();
    IF NOT EXISTS (
         SELECT FROM proposals p JOIN proposal_decisions d ON d.proposal_id = p.id JOIN model_versions v ON v.id = NEW.version_id
         WHERE p.id = NEW.proposal_id AND proposal_confirmed(p.id, 'WAIVE_GATE', NEW.version_id)
           AND p.payload ->> 'gate' = NEW.gate AND (p.payload ->> 'expiresAt')::timestamptz = NEW.expires_at
           AND p.payload ->> 'dossier' = encode(NEW.dossier_digest, 'hex') AND v.dossier_digest = NEW.dossier_digest
           AND NOT is_maker(p.proposed_by, v.id) AND NOT is_maker(d.decided_by, v.id)) THEN
      RAISE EXCEPTION 'A gate is waived by two people who did not make the version, for its present dossier.' USING ERRCODE = 'AS051';
    END IF;
    IF NEW.expires_at > NEW.recorded_at + make_interval(days => (current_policy() ->> 'waiverDays')::integer) THEN
      RAISE EXCEPTION 'A waiver lasts no longer than the policy allows.' USING ERRCODE = 'AS052';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER keep_waivers BEFORE INSERT ON gate_waivers FOR EACH ROW EXECUTE FUNCTION keep_waivers();

  GRANT SELECT, INSERT ON gate_waivers TO assay_app;
  GRANT SELECT ON gate_waivers TO assay_reader`;

const EVALUATIONS = `
  CREATE TABLE gate_evaluations (
    id              uuid PRIMARY KEY,
    version_id      uuid NOT NULL REFERENCES model_versions,
    stage           text NOT NULL CHECK (stage IN ('SUBMISSION', 'APPROVAL')),
    dossier_digest  bytea NOT NULL,
    policy_version  integer NOT NULL REFERENCES governance_policies (version),
    by_user         uuid NOT NULL REFERENCES users,
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  CREATE INDEX gate_evaluations_by_version ON gate_evaluations (version_id, recorded_at);

  CREATE TABLE gate_results (
    evaluation_id  uuid NOT NULL REFERENCES gate_evaluations,
    gate           text NOT NULL CHECK (gate IN ('PARITY', 'ARTEFACT_SCAN', 'DISCRIMINATION', 'CALIBRATION', 'STABILITY', 'DATA_QUALITY',
                                                 'EXPLANATION', 'FAIRNESS', 'MODEL_CARD', 'FINDINGS', 'LATENCY', 'SIZE')),
    verdict        text NOT NULL CHECK (verdict IN ('PASS', 'FAIL', 'WAIVED', 'NOT_APPLICABLE')),
    measured       double precision,
    threshold      double precision,
    unit           text,
    source         text NOT NULL,
    text           text NOT NULL,
    waiver_id      uuid REFERENCES gate_waivers,
    PRIMARY KEY (evaluation_id, gate),
    CHECK ((verdict = 'WAIVED') = (waiver_id IS NOT NULL))
  );

  -- The clock is the database's; an evaluation is of the dossier that the version has, at the step that it stands before.
  CREATE FUNCTION keep_evaluations() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
  BEGIN
    NEW.recorded_at := clock_timestamp();
    IF NOT EXISTS (SELECT FROM model_versions v WHERE v.id = NEW.version_id AND v.dossier_digest = NEW.dossier_digest
                     AND v.state = ANY (CASE NEW.stage WHEN 'APPROVAL' THEN ARRAY['SUBMITTED', 'VALIDATED'] ELSE ARRAY['DRAFT', 'SUBMITTED'] END)) THEN
      RAISE EXCEPTION 'An evaluation is of the present dossier, at submission or while votes are cast.' USING ERRCODE = 'AS053';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER keep_evaluations BEFORE INSERT ON gate_evaluations FOR EACH ROW EXECUTE FUNCTION keep_evaluations();

  GRANT SELECT, INSERT ON gate_evaluations, gate_results TO assay_app;
  GRANT SELECT ON gate_evaluations, gate_results TO assay_reader`;

const FINDINGS = `
  -- A weakness that a validator raises, of a version or of a model as a whole.
  CREATE TABLE findings (
    id           uuid PRIMARY KEY,
    model_id     uuid NOT NULL REFERENCES models,
    version_id   uuid,
    title        text NOT NULL CHECK (title ~ '\\S' AND length(title) <= 200),
    text         text NOT NULL CHECK (text ~ '\\S'),
    severity     text NOT NULL CHECK (severity IN ('HIGH', 'MEDIUM', 'LOW')),
    owner_id     uuid NOT NULL REFERENCES users,
    due_at       timestamptz NOT NULL,
    evidence     text[] NOT NULL,
    raised_by    uuid NOT NULL REFERENCES users,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    FOREIGN KEY (version_id, model_id) REFERENCES model_versions (id, model_id),
    CHECK (due_at > recorded_at)
  );
  CREATE INDEX findings_by_model ON findings (model_id, id);
  CREATE INDEX findings_by_owner ON findings (owner_id, id);

  CREATE TABLE finding_resolutions (
    id           uuid PRIMARY KEY,
    finding_id   uuid NOT NULL REFERENCES findings,
    outcome      text NOT NULL CHECK (outcome IN ('REMEDIED', 'RISK_ACCEPTED')),
    text         text NOT NULL CHECK (text ~ '\\S'),
    evidence     text[] NOT NULL,
    proposed_by  uuid NOT NULL REFERENCES users,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  CREATE INDEX finding_resolutions_by_finding ON finding_resolutions (finding_id, recorded_at);

  CREATE TABLE finding_verdicts (
    resolution_id  uuid PRIMARY KEY REFERENCES finding_resolutions,
    verdict        text NOT NULL CHECK (verdict IN ('ACCEPTED', 'REJECTED')),
    comment        text NOT NULL CHECK (comment ~ '\\S'),
    decided_by     uuid NOT NULL REFERENCES users,
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp()
  );

  -- Where each finding stands: its newest resolution, and what a validator said to it.
  CREATE VIEW finding_states AS
    SELECT f.*, r.id AS resolution_id, r.recorded_at AS resolution_at,
      CASE WHEN v.verdict = 'ACCEPTED' THEN 'CLOSED' WHEN r.id IS NOT NULL AND v.verdict IS NULL THEN 'RESOLUTION_PROPOSED' ELSE 'OPEN' END AS state
    FROM findings f
    LEFT JOIN LATERAL (SELECT * FROM finding_resolutions n WHERE n.finding_id = f.id ORDER BY n.recorded_at DESC, n.id DESC LIMIT 1) r ON true
    LEFT JOIN finding_verdicts v ON v.resolution_id = r.id;

  -- Waits for a vote in progress on what it is about, or is seen by it.
  CREATE FUNCTION keep_findings() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
  BEGIN
    NEW.recorded_at := clock_timestamp();
    PERFORM FROM model_versions v WHERE v.id = NEW.version_id FOR SHARE;
    IF NEW.version_id IS NULL THEN
      PERFORM FROM models m WHERE m.id = NEW.model_id FOR SHARE;
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER keep_findings BEFORE INSERT ON findings FOR EACH ROW EXECUTE FUNCTION keep_findings();

  -- Its owner proposes one resolution at a time. Resolutions and verdicts of a finding come one after the other.
  CREATE FUNCTION keep_resolutions() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('finding ' || NEW.finding_id, 0));
    NEW.recorded_at := clock_timestamp();
    IF NOT EXISTS (SELECT FROM finding_states f WHERE f.id = NEW.finding_id AND f.owner_id = NEW.proposed_by AND f.state = 'OPEN') THEN
      RAISE EXCEPTION 'The owner of an open finding proposes its resolution.' USING ERRCODE = 'AS054';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER keep_resolutions BEFORE INSERT ON finding_resolutions FOR EACH ROW EXECUTE FUNCTION keep_resolutions();

  -- Who judges neither owns the finding nor made what it is about.
  CREATE FUNCTION keep_verdicts() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
  DECLARE
    about finding_states;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('finding ' || r.finding_id, 0)) FROM finding_resolutions r WHERE r.id = NEW.resolution_id;
    NEW.recorded_at := clock_timestamp();
    SELECT * INTO about FROM finding_states f WHERE f.resolution_id = NEW.resolution_id AND f.state = 'RESOLUTION_PROPOSED';
    IF about.id IS NULL OR about.owner_id = NEW.decided_by OR is_maker(NEW.decided_by, about.version_id)
      OR about.version_id IS NULL AND EXISTS (SELECT FROM models m WHERE m.id = about.model_id AND m.owner_id = NEW.decided_by) THEN
      RAISE EXCEPTION 'A resolution is judged once, by somebody who neither owns the finding nor made what it is about.' USING ERRCODE = 'AS055';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER keep_verdicts BEFORE INSERT ON finding_verdicts FOR EACH ROW EXECUTE FUNCTION keep_verdicts();

  GRANT SELECT, INSERT ON findings, finding_resolutions, finding_verdicts TO assay_app;
  GRANT SELECT ON findings, finding_resolutions, finding_verdicts TO assay_reader;
  GRANT SELECT ON finding_states TO assay_app, assay_reader`;

const APPROVAL = `
  -- Approved is only what passed every gate, as last evaluated while votes were cast: no FAIL, waivers in force, no open HIGH finding.
  CREATE FUNCTION require_gates() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
  DECLARE
    evaluation uuid;
  BEGIN
    SELECT e.id INTO evaluation FROM gate_evaluations e
      WHERE e.version_id = NEW.id AND e.stage = 'APPROVAL' AND e.dossier_digest = NEW.dossier_digest ORDER BY e.recorded_at DESC, e.id DESC LIMIT 1;
    IF (SELECT count(*) FROM gate_results r LEFT JOIN gate_waivers w ON w.id = r.waiver_id
        WHERE r.evaluation_id = evaluation AND (r.verdict IN ('PASS', 'NOT_APPLICABLE')
          OR w.version_id = NEW.id AND w.gate = r.gate AND w.dossier_digest = NEW.dossier_digest AND w.expires_at > clock_timestamp())) < 12 THEN
      RAISE EXCEPTION 'A version is approved when every gate passes or is waived.' USING ERRCODE = 'AS050';
    END IF;
    PERFORM FROM models m WHERE m.id = NEW.model_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM finding_states f WHERE f.model_id = NEW.model_id AND coalesce(f.version_id, NEW.id) = NEW.id
                 AND f.severity = 'HIGH' AND f.state <> 'CLOSED') THEN
      RAISE EXCEPTION 'A HIGH finding is open.' USING ERRCODE = 'AS056';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER require_gates BEFORE UPDATE ON model_versions
    FOR EACH ROW WHEN (NEW.state = 'APPROVED' AND OLD.state NOT IN ('APPROVED', 'SUSPENDED')) EXECUTE FUNCTION require_gates()`;

const INVENTORY = `
  ALTER TABLE models ADD COLUMN permitted_use text, ADD COLUMN limits text, ADD COLUMN next_review_at timestamptz;
  UPDATE models SET next_review_at = recorded_at + make_interval(months => review_months(tier));
  ALTER TABLE models ALTER COLUMN next_review_at SET NOT NULL;

  -- The first review runs from registration.
  CREATE FUNCTION set_first_review() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
  BEGIN
    NEW.next_review_at := now() + make_interval(months => review_months(NEW.tier));
    RETURN NEW;
  END $$;
  CREATE TRIGGER set_first_review BEFORE INSERT ON models FOR EACH ROW EXECUTE FUNCTION set_first_review();

  -- What the inventory says of a model since: all of it, each time something changes.
  CREATE TABLE model_facts (
    id             uuid PRIMARY KEY,
    model_id       uuid NOT NULL REFERENCES models,
    permitted_use  text CHECK (permitted_use ~ '\\S'),
    limits         text CHECK (limits ~ '\\S'),
    owner_id       uuid NOT NULL REFERENCES users,
    reason         text NOT NULL CHECK (reason ~ '\\S'),
    by_user        uuid NOT NULL REFERENCES users,
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  CREATE INDEX model_facts_by_model ON model_facts (model_id, id);
  INSERT INTO model_facts (id, model_id, permitted_use, limits, owner_id, reason, by_user, recorded_at)
    SELECT m.id, m.id, m.permitted_use, m.limits, m.owner_id, 'Registered.', m.owner_id, m.recorded_at FROM models m;

  CREATE TABLE model_reviews (
    id              uuid PRIMARY KEY,
    model_id        uuid NOT NULL REFERENCES models,
    outcome         text NOT NULL CHECK (outcome IN ('FIT', 'FIT_WITH_CONDITIONS', 'UNFIT')),
    comment         text NOT NULL CHECK (comment ~ '\\S'),
    next_review_at  timestamptz NOT NULL,
    reviewed_by     uuid NOT NULL REFERENCES users,
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (next_review_at > recorded_at)
  );
  CREATE INDEX model_reviews_by_model ON model_reviews (model_id, id);

  CREATE TABLE model_tier_changes (
    id           uuid PRIMARY KEY,
    model_id     uuid NOT NULL REFERENCES models,
    from_tier    text NOT NULL,
    to_tier      text NOT NULL CHECK (to_tier IN ('HIGH', 'MEDIUM', 'LOW')),
    proposal_id  uuid NOT NULL UNIQUE REFERENCES proposals,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (from_tier <> to_tier)
  );
  CREATE INDEX model_tier_changes_by_model ON model_tier_changes (model_id, id);

  -- The rows of models repeat the newest of these. Only the database writes them there: the application has no such privilege.
  CREATE FUNCTION keep_facts() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
  BEGIN
    PERFORM FROM models m WHERE m.id = NEW.model_id FOR NO KEY UPDATE;
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
  END $$;
  CREATE TRIGGER keep_facts BEFORE INSERT ON model_facts FOR EACH ROW EXECUTE FUNCTION keep_facts();
  CREATE FUNCTION set_facts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  BEGIN
    UPDATE models m SET permitted_use = NEW.permitted_use, limits = NEW.limits, owner_id = NEW.owner_id WHERE m.id = NEW.model_id;
    RETURN NULL;
  END $$;
  CREATE TRIGGER set_facts AFTER INSERT ON model_facts FOR EACH ROW EXECUTE FUNCTION set_facts();
  -- What was said at registration is the first of them.
  CREATE FUNCTION write_first_facts() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
  BEGIN
    INSERT INTO model_facts (id, model_id, permitted_use, limits, owner_id, reason, by_user)
      VALUES (NEW.id, NEW.id, NEW.permitted_use, NEW.limits, NEW.owner_id, 'Registered.', NEW.owner_id);
    RETURN NULL;
  END $$;
  CREATE TRIGGER write_first_facts AFTER INSERT ON models FOR EACH ROW EXECUTE FUNCTION write_first_facts();

  -- Nobody reviews a model that they own, or of which they made the version that decides. The policy says how far the next date may lie.
  CREATE FUNCTION keep_reviews() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
  DECLARE
    reviewed models;
  BEGIN
    SELECT * INTO reviewed FROM models m WHERE m.id = NEW.model_id FOR NO KEY UPDATE;
    NEW.recorded_at := clock_timestamp();
    IF reviewed.owner_id = NEW.reviewed_by OR EXISTS (
         SELECT FROM deployments d WHERE d.model_id = NEW.model_id AND d.role = 'CHAMPION' AND d.valid_to IS NULL AND is_maker(NEW.reviewed_by, d.version_id)) THEN
      RAISE EXCEPTION 'Nobody reviews a model that they own or made.' USING ERRCODE = 'AS057';
    END IF;
    IF NEW.next_review_at > NEW.recorded_at + make_interval(months => review_months(reviewed.tier)) THEN
      RAISE EXCEPTION 'The next review lies too far ahead.' USING ERRCODE = 'AS058';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER keep_reviews BEFORE INSERT ON model_reviews FOR EACH ROW EXECUTE FUNCTION keep_reviews();
  CREATE FUNCTION set_next_review() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  BEGIN
    UPDATE models m SET next_review_at = NEW.next_review_at WHERE m.id = NEW.model_id;
    RETURN NULL;
  END $$;
  CREATE TRIGGER set_next_review AFTER INSERT ON model_reviews FOR EACH ROW EXECUTE FUNCTION set_next_review();

  CREATE FUNCTION keep_tier_changes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
  DECLARE
    tier_now text;
  BEGIN
    SELECT m.tier INTO tier_now FROM models m WHERE m.id = NEW.model_id FOR NO KEY UPDATE;
    NEW.recorded_at := clock_timestamp();
    IF tier_now IS DISTINCT FROM NEW.from_tier OR NOT proposal_confirmed(NEW.proposal_id, 'CHANGE_TIER', NEW.model_id)
      OR (SELECT p.payload ->> 'tier' FROM proposals p WHERE p.id = NEW.proposal_id) IS DISTINCT FROM NEW.to_tier THEN
      RAISE EXCEPTION 'A tier is changed by two people.' USING ERRCODE = 'AS059';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER keep_tier_changes BEFORE INSERT ON model_tier_changes FOR EACH ROW EXECUTE FUNCTION keep_tier_changes();
  -- A tier that is reviewed more often brings the next review forward; none puts it off.
  CREATE FUNCTION change_tier() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  BEGIN
    UPDATE models m SET tier = NEW.to_tier, next_review_at = least(m.next_review_at, NEW.recorded_at + make_interval(months => review_months(NEW.to_tier)))
      WHERE m.id = NEW.model_id;
    RETURN NULL;
  END $$;
  CREATE TRIGGER change_tier AFTER INSERT ON model_tier_changes FOR EACH ROW EXECUTE FUNCTION change_tier();

  GRANT SELECT, INSERT ON model_facts, model_reviews, model_tier_changes TO assay_app;
  GRANT SELECT ON model_facts, model_reviews, model_tier_changes TO assay_reader`;

const CONSEQUENCES = `
  -- Whether a gate under whose waiver a version was approved has none in force any more.
  CREATE FUNCTION waiver_expired(version uuid) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
      SELECT FROM gate_results r
      JOIN LATERAL (SELECT e.id, e.version_id, e.dossier_digest FROM gate_evaluations e WHERE e.version_id = version AND e.stage = 'APPROVAL'
                    ORDER BY e.recorded_at DESC, e.id DESC LIMIT 1) last ON r.evaluation_id = last.id
      WHERE r.verdict = 'WAIVED' AND NOT EXISTS (
        SELECT FROM gate_waivers w WHERE w.version_id = last.version_id AND w.gate = r.gate AND w.dossier_digest = last.dossier_digest
          AND w.expires_at > clock_timestamp()))
  $$;

  CREATE FUNCTION refuse_lapsed_waiver() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
  BEGIN
    IF waiver_expired(NEW.version_id) THEN
      RAISE EXCEPTION 'A waiver under which the version was approved has expired.' USING ERRCODE = 'AS060';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER refuse_lapsed_waiver BEFORE INSERT ON deployments FOR EACH ROW EXECUTE FUNCTION refuse_lapsed_waiver();

  -- Why a model may not decide by itself just now; null where it may.
  CREATE OR REPLACE FUNCTION model_refer_cause(model uuid, version uuid) RETURNS text
  LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE
      WHEN waiver_expired(version) THEN 'WAIVER_EXPIRED'
      WHEN current_policy() ->> 'overdueReview' = 'REFER' AND EXISTS (SELECT FROM models m WHERE m.id = model AND m.next_review_at <= clock_timestamp()) THEN 'REVIEW_OVERDUE'
    END
  $$`;
