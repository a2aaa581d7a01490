const SAFELY = 'SET search_path = pg_catalog, public, pg_temp';

/** What overrides and reviews must obey. The application orders decisions by id as well: it holds the time. */
export const NOW = `
  -- Acts on the decisions of a loan happen one after another.
  CREATE FUNCTION lock_decisions(loan uuid) RETURNS void LANGUAGE sql ${SAFELY} AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('decisions of loan ' || loan, 0))
  $$;

  CREATE FUNCTION granted_now(person uuid, of_role text) RETURNS boolean LANGUAGE sql STABLE ${SAFELY} AS $$
    SELECT EXISTS (SELECT FROM role_grants g WHERE g.user_id = person AND g.role = of_role
                     AND g.valid_from <= clock_timestamp() AND (g.valid_to IS NULL OR g.valid_to > clock_timestamp()))
  $$;

  CREATE FUNCTION newest_decision(customer uuid, loan uuid) RETURNS uuid LANGUAGE sql STABLE ${SAFELY} AS $$
    SELECT p.id FROM predictions p
    WHERE p.customer_id = customer AND p.loan_id = loan AND p.decision IS NOT NULL AND p.purpose <> 'WHAT_IF' ORDER BY p.id DESC LIMIT 1
  $$;

  -- What was true of the loan when a decision was made, and all that was recorded of it since.
  CREATE FUNCTION facts_since_decision(customer uuid, prediction uuid) RETURNS TABLE (principal numeric, recorded_at timestamptz)
  LANGUAGE sql STABLE ${SAFELY} AS $$
    SELECT f.principal, f.recorded_at FROM predictions p
      CROSS JOIN LATERAL (SELECT least(p.as_of, p.recorded_at) AS at) since
      LEFT JOIN LATERAL (SELECT n.effective_at, n.recorded_at, n.id FROM loan_facts n
                         WHERE n.customer_id = p.customer_id AND n.loan_id = p.loan_id AND n.effective_at <= since.at AND n.recorded_at <= since.at
                         ORDER BY n.effective_at DESC, n.recorded_at DESC, n.id DESC LIMIT 1) held ON true
      JOIN loan_facts f ON f.customer_id = p.customer_id AND f.loan_id = p.loan_id
        AND (held.id IS NULL OR f.recorded_at >= since.at OR (f.effective_at, f.recorded_at, f.id) >= (held.effective_at, held.recorded_at, held.id))
    WHERE p.customer_id = customer AND p.id = prediction
  $$;

  -- Until when an override holds: what one person decided, no longer than the loan stays within the limit for one.
  CREATE FUNCTION override_ends(o decision_overrides) RETURNS timestamptz LANGUAGE sql STABLE ${SAFELY} AS $$
    SELECT least(o.expires_at, (
      SELECT greatest(f.recorded_at, o.recorded_at) FROM facts_since_decision(o.customer_id, o.prediction_id) f
      WHERE o.proposal_id IS NULL AND f.principal > o.one_person_limit ORDER BY f.recorded_at LIMIT 1))
  $$;

  CREATE FUNCTION open_reviews_of_loan(customer uuid, loan uuid) RETURNS SETOF uuid LANGUAGE sql STABLE ${SAFELY} AS $$
    SELECT r.id FROM decision_reviews r JOIN predictions p ON p.customer_id = r.customer_id AND p.id = r.prediction_id
    WHERE r.customer_id = customer AND p.loan_id = loan
      AND NOT EXISTS (SELECT FROM decision_review_outcomes u WHERE u.customer_id = r.customer_id AND u.review_id = r.id)
  $$;

  -- A part in what a review is about: the decision that was contested, and the newest of its loan. What the review itself
  -- led to is none.
  CREATE FUNCTION has_part_in_review(customer uuid, review uuid, person uuid) RETURNS boolean LANGUAGE sql STABLE ${SAFELY} AS $$
    SELECT EXISTS (
      SELECT FROM decision_reviews r
        JOIN predictions c ON c.customer_id = r.customer_id AND c.id = r.prediction_id
        JOIN predictions p ON p.customer_id = r.customer_id AND p.id IN (c.id, newest_decision(c.customer_id, c.loan_id))
      WHERE r.customer_id = customer AND r.id = review
        AND (person IN (r.requested_by, p.actor_id) OR EXISTS (
          SELECT FROM decision_overrides o LEFT JOIN proposal_decisions d ON d.proposal_id = o.proposal_id
          WHERE o.customer_id = p.customer_id AND o.prediction_id = p.id AND o.review_id IS DISTINCT FROM r.id
            AND person IN (o.made_by, d.decided_by))))
  $$;

  -- An override is of the newest decision on a loan, by an underwriter; it states the most that the loan was worth since
  -- and what one person may do under the policy in force, so that neither can be made up; above that it is exactly what a
  -- second underwriter confirmed. While the loan is under review, the review leads to it.
  CREATE OR REPLACE FUNCTION keep_overrides() RETURNS trigger LANGUAGE plpgsql ${SAFELY} AS $$
  DECLARE
    loan uuid;
    confirmer uuid;
    holds record;
  BEGIN
    SELECT p.loan_id INTO loan FROM predictions p
      WHERE p.customer_id = NEW.customer_id AND p.id = NEW.prediction_id AND p.decision IS NOT NULL AND p.purpose <> 'WHAT_IF';
    IF NOT FOUND THEN
      RAISE EXCEPTION 'Only a decision can be overridden.' USING ERRCODE = 'AS091';
    END IF;
    PERFORM lock_decisions(loan);
    SELECT d.decided_by INTO confirmer FROM proposal_decisions d WHERE d.proposal_id = NEW.proposal_id;
    IF NOT granted_now(NEW.made_by, 'UNDERWRITER') OR confirmer IS NOT NULL AND NOT granted_now(confirmer, 'UNDERWRITER') THEN
      RAISE EXCEPTION 'An override needs a current grant of the role UNDERWRITER.' USING ERRCODE = 'AS012';
    END IF;
    IF newest_decision(NEW.customer_id, loan) IS DISTINCT FROM NEW.prediction_id THEN
      RAISE EXCEPTION 'Only the newest decision on a loan can be overridden.' USING ERRCODE = 'AS098';
    END IF;
    SELECT f.principal, l.currency, (g.body::jsonb #>> ARRAY['overrides', 'limits', l.currency::text])::numeric AS most,
        (g.body::jsonb #>> '{overrides,days}')::integer AS days, g.version INTO holds
      FROM loans l
      CROSS JOIN LATERAL (SELECT max(s.principal) AS principal FROM facts_since_decision(NEW.customer_id, NEW.prediction_id) s) f
      CROSS JOIN LATERAL (SELECT n.version, n.body FROM governance_policies n ORDER BY n.version DESC LIMIT 1) g
      WHERE l.customer_id = NEW.customer_id AND l.id = loan;
    IF (NEW.principal, NEW.currency, NEW.one_person_limit, NEW.policy_version)
         IS DISTINCT FROM (holds.principal, holds.currency, holds.most, holds.version) THEN
      RAISE EXCEPTION 'An override states the most that the loan was worth since the decision, and the limit of the policy in force.' USING ERRCODE = 'AS092';
    END IF;
    IF NEW.expires_at > clock_timestamp() + make_interval(days => holds.days) THEN
      RAISE EXCEPTION 'An override lasts no longer than the policy allows.' USING ERRCODE = 'AS094';
    END IF;
    IF NEW.proposal_id IS NULL AND (holds.most IS NULL OR NEW.principal > holds.most)
      OR NEW.proposal_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM proposals p WHERE p.id = NEW.proposal_id AND proposal_confirmed(p.id, 'OVERRIDE_DECISION', NEW.prediction_id)
          AND p.proposed_by = NEW.made_by AND p.payload ->> 'overrideId' = NEW.id::text
          AND (p.payload ->> 'decision', p.payload ->> 'reasonCode') = (NEW.decision, NEW.reason_code)) THEN
      RAISE EXCEPTION 'Above the limit for one person an override is confirmed by a second one.' USING ERRCODE = 'AS093';
    END IF;
    IF NEW.review_id IS NULL AND EXISTS (SELECT FROM open_reviews_of_loan(NEW.customer_id, loan))
      OR NEW.review_id IS NOT NULL AND NEW.review_id NOT IN (SELECT open_reviews_of_loan(NEW.customer_id, loan)) THEN
      RAISE EXCEPTION 'A contested decision is changed by resolving its review.' USING ERRCODE = 'AS097';
    END IF;
    IF has_part_in_review(NEW.customer_id, NEW.review_id, NEW.made_by) OR has_part_in_review(NEW.customer_id, NEW.review_id, confirmer) THEN
      RAISE EXCEPTION 'A review is resolved by somebody who had no part in what it reviews.' USING ERRCODE = 'AS096';
    END IF;
    RETURN NEW;
  END $$;

  CREATE OR REPLACE FUNCTION keep_reviews() RETURNS trigger LANGUAGE plpgsql ${SAFELY} AS $$
  DECLARE
    loan uuid;
  BEGIN
    SELECT p.loan_id INTO loan FROM predictions p
      WHERE p.customer_id = NEW.customer_id AND p.id = NEW.prediction_id AND p.decision IS NOT NULL AND p.purpose <> 'WHAT_IF';
    IF NOT FOUND THEN
      RAISE EXCEPTION 'Only a decision can be contested.' USING ERRCODE = 'AS091';
    END IF;
    PERFORM lock_decisions(loan);
    IF newest_decision(NEW.customer_id, loan) IS DISTINCT FROM NEW.prediction_id THEN
      RAISE EXCEPTION 'Only the newest decision on a loan can be contested.' USING ERRCODE = 'AS098';
    END IF;
    IF EXISTS (SELECT FROM open_reviews_of_loan(NEW.customer_id, loan)) THEN
      RAISE EXCEPTION 'The decision on a loan has one open review at a time.' USING ERRCODE = 'AS095';
    END IF;
    RETURN NEW;
  END $$;

  -- A reviewer is an underwriter who had no part in what is reviewed; what a review changed, it changed by its own override.
  CREATE OR REPLACE FUNCTION keep_review_outcomes() RETURNS trigger LANGUAGE plpgsql ${SAFELY} AS $$
  BEGIN
    IF NOT granted_now(NEW.resolved_by, 'UNDERWRITER') THEN
      RAISE EXCEPTION 'Resolving a review needs a current grant of the role UNDERWRITER.' USING ERRCODE = 'AS012';
    END IF;
    IF has_part_in_review(NEW.customer_id, NEW.review_id, NEW.resolved_by) THEN
      RAISE EXCEPTION 'A review is resolved by somebody who had no part in what it reviews.' USING ERRCODE = 'AS096';
    END IF;
    IF NEW.override_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM decision_overrides o WHERE o.customer_id = NEW.customer_id AND o.id = NEW.override_id AND o.review_id = NEW.review_id) THEN
      RAISE EXCEPTION 'A contested decision is changed by resolving its review.' USING ERRCODE = 'AS097';
    END IF;
    RETURN NEW;
  END $$;

  DROP FUNCTION open_review_of;
`;

/** The same in the release before: of the prediction, not of its loan. */
export const BEFORE = `
  CREATE FUNCTION open_review_of(customer uuid, prediction uuid) RETURNS uuid LANGUAGE sql STABLE ${SAFELY} AS $$
    SELECT r.id FROM decision_reviews r WHERE r.customer_id = customer AND r.prediction_id = prediction
      AND NOT EXISTS (SELECT FROM decision_review_outcomes o WHERE o.customer_id = r.customer_id AND o.review_id = r.id)
    LIMIT 1
  $$;

  -- An override is of a decision that was recorded; it states what the loan is worth and what one person may do under the
  -- policy in force, so that neither can be made up; above that it is exactly what a second person confirmed.
  CREATE OR REPLACE FUNCTION keep_overrides() RETURNS trigger LANGUAGE plpgsql ${SAFELY} AS $$
  DECLARE
    loan uuid;
    holds record;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('decision ' || NEW.prediction_id, 0));
    SELECT p.loan_id INTO loan FROM predictions p
      WHERE p.customer_id = NEW.customer_id AND p.id = NEW.prediction_id AND p.decision IS NOT NULL AND p.purpose <> 'WHAT_IF';
    IF NOT FOUND THEN
      RAISE EXCEPTION 'Only a decision can be overridden.' USING ERRCODE = 'AS091';
    END IF;
    SELECT f.principal, l.currency, (g.body::jsonb #>> ARRAY['overrides', 'limits', l.currency::text])::numeric AS most,
        (g.body::jsonb #>> '{overrides,days}')::integer AS days, g.version INTO holds
      FROM loans l
      CROSS JOIN LATERAL (SELECT n.principal FROM loan_facts n WHERE n.customer_id = l.customer_id AND n.loan_id = l.id
                          ORDER BY n.effective_at DESC, n.recorded_at DESC, n.id DESC LIMIT 1) f
      CROSS JOIN LATERAL (SELECT n.version, n.body FROM governance_policies n ORDER BY n.version DESC LIMIT 1) g
      WHERE l.customer_id = NEW.customer_id AND l.id = loan;
    IF (NEW.principal, NEW.currency, NEW.one_person_limit, NEW.policy_version)
         IS DISTINCT FROM (holds.principal, holds.currency, holds.most, holds.version) THEN
      RAISE EXCEPTION 'An override states the principal of the loan and the limit of the policy in force.' USING ERRCODE = 'AS092';
    END IF;
    IF NEW.expires_at > clock_timestamp() + make_interval(days => holds.days) THEN
      RAISE EXCEPTION 'An override lasts no longer than the policy allows.' USING ERRCODE = 'AS094';
    END IF;
    IF NEW.proposal_id IS NULL AND (holds.most IS NULL OR NEW.principal > holds.most)
      OR NEW.proposal_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM proposals p WHERE p.id = NEW.proposal_id AND proposal_confirmed(p.id, 'OVERRIDE_DECISION', NEW.prediction_id)
          AND p.proposed_by = NEW.made_by AND p.payload ->> 'overrideId' = NEW.id::text
          AND (p.payload ->> 'decision', p.payload ->> 'reasonCode') = (NEW.decision, NEW.reason_code)) THEN
      RAISE EXCEPTION 'Above the limit for one person an override is confirmed by a second one.' USING ERRCODE = 'AS093';
    END IF;
    IF NEW.review_id IS DISTINCT FROM open_review_of(NEW.customer_id, NEW.prediction_id) THEN
      RAISE EXCEPTION 'A contested decision is changed by resolving its review.' USING ERRCODE = 'AS097';
    END IF;
    RETURN NEW;
  END $$;

  CREATE OR REPLACE FUNCTION keep_reviews() RETURNS trigger LANGUAGE plpgsql ${SAFELY} AS $$
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('decision ' || NEW.prediction_id, 0));
    IF NOT EXISTS (SELECT FROM predictions p WHERE p.customer_id = NEW.customer_id AND p.id = NEW.prediction_id
                     AND p.decision IS NOT NULL AND p.purpose <> 'WHAT_IF') THEN
      RAISE EXCEPTION 'Only a decision can be contested.' USING ERRCODE = 'AS091';
    END IF;
    IF open_review_of(NEW.customer_id, NEW.prediction_id) IS NOT NULL THEN
      RAISE EXCEPTION 'A decision has one open review at a time.' USING ERRCODE = 'AS095';
    END IF;
    RETURN NEW;
  END $$;

  -- A reviewer asked for neither the review nor the prediction, and neither made nor confirmed an override before it.
  CREATE OR REPLACE FUNCTION keep_review_outcomes() RETURNS trigger LANGUAGE plpgsql ${SAFELY} AS $$
  BEGIN
    IF EXISTS (
      SELECT FROM decision_reviews r JOIN predictions p ON p.customer_id = r.customer_id AND p.id = r.prediction_id
      WHERE r.customer_id = NEW.customer_id AND r.id = NEW.review_id AND NEW.resolved_by IN (r.requested_by, p.actor_id)
      UNION ALL
      SELECT FROM decision_reviews r JOIN decision_overrides o ON o.customer_id = r.customer_id AND o.prediction_id = r.prediction_id
        LEFT JOIN proposal_decisions d ON d.proposal_id = o.proposal_id
      WHERE r.customer_id = NEW.customer_id AND r.id = NEW.review_id AND o.review_id IS DISTINCT FROM r.id
        AND NEW.resolved_by IN (o.made_by, d.decided_by)) THEN
      RAISE EXCEPTION 'A review is resolved by somebody who had no part in what it reviews.' USING ERRCODE = 'AS096';
    END IF;
    RETURN NEW;
  END $$;
`;
