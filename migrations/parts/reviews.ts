// SQL of the migration of reviews and findings. What replaces a function of an earlier release is told beside what that release had.

const SAFE = 'SET search_path = pg_catalog, public, pg_temp';

/** Why a model may not decide by itself just now; null where it may. */
const referCause = (unfit: string): string => `
  CREATE OR REPLACE FUNCTION model_refer_cause(model uuid, version uuid) RETURNS text
  LANGUAGE sql STABLE ${SAFE} AS $$
    SELECT CASE${unfit}
      WHEN waiver_expired(version) THEN 'WAIVER_EXPIRED'
      WHEN current_policy() ->> 'overdueReview' = 'REFER' AND EXISTS (SELECT FROM models m WHERE m.id = model AND m.next_review_at <= clock_timestamp()) THEN 'REVIEW_OVERDUE'
    END
  $$`;

/** Nobody reviews a model that they own, or of which they made a version that decides. The policy says how far the next date may lie. */
const modelReviews = (deciding: string): string => `
  CREATE OR REPLACE FUNCTION keep_model_reviews() RETURNS trigger LANGUAGE plpgsql ${SAFE} AS $$
  DECLARE
    reviewed models;
  BEGIN
    SELECT * INTO reviewed FROM models m WHERE m.id = NEW.model_id FOR NO KEY UPDATE;
    NEW.recorded_at := clock_timestamp();
    IF reviewed.owner_id = NEW.reviewed_by OR EXISTS (
         SELECT FROM deployments d WHERE d.model_id = NEW.model_id AND ${deciding} AND d.valid_to IS NULL AND is_maker(NEW.reviewed_by, d.version_id)) THEN
      RAISE EXCEPTION 'Nobody reviews a model that they own or made.' USING ERRCODE = 'AS057';
    END IF;
    IF NEW.next_review_at > NEW.recorded_at + make_interval(months => review_months(reviewed.tier)) THEN
      RAISE EXCEPTION 'The next review lies too far ahead.' USING ERRCODE = 'AS058';
    END IF;
    RETURN NEW;
  END $$`;

/** Where each finding stands: whose it is and until when, its newest resolution, and what a validator said to it. */
const findingStates = (columns: string, reassigned: string): string => `
  CREATE OR REPLACE VIEW finding_states AS
    SELECT ${columns}, r.id AS resolution_id, r.recorded_at AS resolution_at,
      CASE WHEN v.verdict = 'ACCEPTED' THEN 'CLOSED' WHEN r.id IS NOT NULL AND v.verdict IS NULL THEN 'RESOLUTION_PROPOSED' ELSE 'OPEN' END AS state
    FROM findings f${reassigned}
    LEFT JOIN LATERAL (SELECT * FROM finding_resolutions n WHERE n.finding_id = f.id ORDER BY n.recorded_at DESC, n.id DESC LIMIT 1) r ON true
    LEFT JOIN finding_verdicts v ON v.resolution_id = r.id`;

const NEWEST_REASSIGNMENT = `
    LEFT JOIN LATERAL (SELECT * FROM finding_reassignments n WHERE n.finding_id = f.id ORDER BY n.recorded_at DESC, n.id DESC LIMIT 1) a ON true`;

const OWNED_NOW = `f.id, f.model_id, f.version_id, f.title, f.text, f.severity, coalesce(a.to_owner, f.owner_id) AS owner_id, coalesce(a.due_at, f.due_at) AS due_at,
      f.evidence, f.raised_by, f.recorded_at`;

/** A model whose newest review found it unfit decides nothing, whatever the policy says of reviews that are late. */
const UNFIT = `
      WHEN (SELECT r.outcome FROM model_reviews r WHERE r.model_id = model ORDER BY r.recorded_at DESC, r.id DESC LIMIT 1) = 'UNFIT' THEN 'REVIEW_UNFIT'`;

/** As the release before has it. */
export const BEFORE = [referCause(''), modelReviews(`d.role = 'CHAMPION'`), findingStates('f.*', '')];

/** What reads what earlier releases made. */
export const REPLACED = [referCause(UNFIT), modelReviews(`d.role <> 'CHALLENGER'`), findingStates(OWNED_NOW, NEWEST_REASSIGNMENT)];

/** No review later than the policy in force allows, counted from the last one, from the change of tier or from registration. */
const BRING_FORWARD = `
  UPDATE models m SET next_review_at = due.latest
    FROM (SELECT i.id, make_interval(months => review_months(i.tier)) + greatest(i.recorded_at,
            (SELECT max(r.recorded_at) FROM model_reviews r WHERE r.model_id = i.id),
            (SELECT max(t.recorded_at) FROM model_tier_changes t WHERE t.model_id = i.id)) AS latest FROM models i) due
    WHERE due.id = m.id AND due.latest < m.next_review_at`;

export const REVIEWS = `
  -- A policy that asks for reviews more often binds the models that are there; none puts a review off.
  CREATE FUNCTION bring_reviews_forward() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER ${SAFE} AS $$
  BEGIN
    ${BRING_FORWARD};
    RETURN NULL;
  END $$;
  CREATE TRIGGER bring_reviews_forward AFTER INSERT ON governance_policies FOR EACH ROW EXECUTE FUNCTION bring_reviews_forward();
  ${BRING_FORWARD}`;

export const REASSIGNMENTS = `
  -- Another owner, or another date, for a finding that is open.
  CREATE TABLE finding_reassignments (
    id           uuid PRIMARY KEY,
    finding_id   uuid NOT NULL REFERENCES findings,
    from_owner   uuid NOT NULL REFERENCES users,
    to_owner     uuid NOT NULL REFERENCES users,
    due_before   timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    reason       text NOT NULL CHECK (reason ~ '\\S'),
    by_user      uuid NOT NULL REFERENCES users,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (due_at > recorded_at),
    CHECK (to_owner <> from_owner OR due_at <> due_before)
  );
  CREATE INDEX finding_reassignments_by_finding ON finding_reassignments (finding_id, recorded_at);

  -- From whom it goes, and what was due before, the database says. Who reassigns neither owns it nor made what it is about.
  CREATE FUNCTION keep_reassignments() RETURNS trigger LANGUAGE plpgsql ${SAFE} AS $$
  DECLARE
    about finding_states;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('finding ' || NEW.finding_id, 0));
    NEW.recorded_at := clock_timestamp();
    SELECT * INTO about FROM finding_states f WHERE f.id = NEW.finding_id AND f.state = 'OPEN';
    IF about.id IS NULL OR about.owner_id = NEW.by_user OR is_maker(NEW.by_user, about.version_id)
      OR about.version_id IS NULL AND EXISTS (SELECT FROM models m WHERE m.id = about.model_id AND m.owner_id = NEW.by_user) THEN
      RAISE EXCEPTION 'An open finding is reassigned by somebody who neither owns it nor made what it is about.' USING ERRCODE = 'AS062';
    END IF;
    NEW.from_owner := about.owner_id;
    NEW.due_before := about.due_at;
    RETURN NEW;
  END $$;
  CREATE TRIGGER keep_reassignments BEFORE INSERT ON finding_reassignments FOR EACH ROW EXECUTE FUNCTION keep_reassignments();

  GRANT SELECT, INSERT ON finding_reassignments TO assay_app;
  GRANT SELECT ON finding_reassignments TO assay_reader`;

export const DEPLOYMENTS = `
  -- Whether a HIGH finding on a version, or on its model as a whole, is not closed.
  CREATE FUNCTION blocked_by_finding(judged uuid) RETURNS boolean LANGUAGE sql STABLE ${SAFE} AS $$
    SELECT EXISTS (SELECT FROM model_versions v JOIN finding_states f ON f.model_id = v.model_id AND coalesce(f.version_id, v.id) = v.id
                   WHERE v.id = judged AND f.severity = 'HIGH' AND f.state <> 'CLOSED')
  $$;

  -- Raising a finding and deploying wait for each other. A challenger decides nothing: it may be what shows that a weakness is gone.
  CREATE FUNCTION refuse_open_finding() RETURNS trigger LANGUAGE plpgsql ${SAFE} AS $$
  BEGIN
    PERFORM FROM model_versions v WHERE v.id = NEW.version_id FOR NO KEY UPDATE;
    PERFORM FROM models m WHERE m.id = NEW.model_id FOR NO KEY UPDATE;
    IF blocked_by_finding(NEW.version_id) THEN
      RAISE EXCEPTION 'A HIGH finding is open on what would decide.' USING ERRCODE = 'AS061';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER refuse_open_finding BEFORE INSERT ON deployments
    FOR EACH ROW WHEN (NEW.role <> 'CHALLENGER') EXECUTE FUNCTION refuse_open_finding()`;
