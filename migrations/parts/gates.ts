// SQL of the migration of gates: policy, waivers, evaluations, findings, approval, and what follows from them.

export const POLICY = `
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

export const WAIVERS = `
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

export const EVALUATIONS = `
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

export const FINDINGS = `
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

export const APPROVAL = `
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

export const CONSEQUENCES = `
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
