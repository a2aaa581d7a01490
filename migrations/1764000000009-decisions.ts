import type { MigrationInterface, QueryRunner } from 'typeorm';

/** In the order in which they refer to each other. */
const TABLES = [
  'decision_reviews', 'decision_overrides', 'decision_review_outcomes', 'counteroffers', 'counteroffer_acceptances', 'adverse_action_notices',
] as const;

const setAside = (table: string): string => `
  DO $$ BEGIN
    IF EXISTS (SELECT FROM ${table}) THEN CREATE TABLE kept_${table} AS TABLE ${table}; END IF;
  END $$;`;

const takeBack = (table: string): string => `
  DO $$ BEGIN
    IF to_regclass('kept_${table}') IS NOT NULL THEN
      INSERT INTO ${table} SELECT k.* FROM kept_${table} k JOIN customers c ON c.id = k.customer_id;
      DROP TABLE kept_${table};
    END IF;
  END $$;`;

/**
 * What people do about a decision: override it, contest and review it, offer other terms, tell the applicant. All of it
 * belongs to a customer and is only added to; free text is ciphertext under the customer's key. Predictions, policies and
 * proposals are looked up by trigger when a row is written: a partitioned table cannot be referenced, and this evidence
 * outlives a way back through the others.
 */
export class Decisions1764000000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE loan_facts ADD COLUMN completed_at timestamptz;

      CREATE TABLE decision_reviews (
        customer_id    uuid NOT NULL REFERENCES customers,
        id             uuid NOT NULL,
        prediction_id  uuid NOT NULL,
        grounds        bytea NOT NULL,
        requested_by   uuid NOT NULL REFERENCES users,
        recorded_at    timestamptz NOT NULL DEFAULT now(),
        due_at         timestamptz NOT NULL,
        PRIMARY KEY (customer_id, id),
        CHECK (due_at > recorded_at)
      );
      CREATE INDEX decision_reviews_by_prediction ON decision_reviews (customer_id, prediction_id);
      CREATE INDEX decision_reviews_by_id ON decision_reviews (id);

      CREATE TABLE decision_overrides (
        customer_id       uuid NOT NULL REFERENCES customers,
        id                uuid NOT NULL,
        prediction_id     uuid NOT NULL,
        replaced          text NOT NULL CHECK (replaced IN ('APPROVE', 'REFER', 'DECLINE')),
        decision          text NOT NULL CHECK (decision IN ('APPROVE', 'REFER', 'DECLINE')),
        reason_code       text NOT NULL CHECK (reason_code ~ '^[A-Z][A-Z_]{1,60}$'),
        comment           bytea NOT NULL,
        made_by           uuid NOT NULL REFERENCES users,
        recorded_at       timestamptz NOT NULL DEFAULT now(),
        expires_at        timestamptz NOT NULL,
        principal         numeric(20, 4) NOT NULL,
        currency          char(3) NOT NULL,
        one_person_limit  numeric(20, 4),
        policy_version    integer NOT NULL,
        proposal_id       uuid,
        review_id         uuid,
        PRIMARY KEY (customer_id, id),
        FOREIGN KEY (customer_id, review_id) REFERENCES decision_reviews (customer_id, id),
        UNIQUE (customer_id, proposal_id),
        CHECK (decision <> replaced),
        CHECK (expires_at > recorded_at)
      );
      CREATE INDEX decision_overrides_by_prediction ON decision_overrides (customer_id, prediction_id, id);
      CREATE INDEX decision_overrides_declined ON decision_overrides (id) WHERE decision = 'DECLINE';

      CREATE TABLE decision_review_outcomes (
        customer_id  uuid NOT NULL,
        review_id    uuid NOT NULL,
        outcome      text NOT NULL CHECK (outcome IN ('UPHELD', 'CHANGED', 'WITHDRAWN')),
        explanation  bytea NOT NULL,
        override_id  uuid,
        resolved_by  uuid NOT NULL REFERENCES users,
        recorded_at  timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (customer_id, review_id),
        FOREIGN KEY (customer_id, review_id) REFERENCES decision_reviews (customer_id, id),
        FOREIGN KEY (customer_id, override_id) REFERENCES decision_overrides (customer_id, id),
        CHECK ((outcome = 'CHANGED') = (override_id IS NOT NULL))
      );

      CREATE TABLE counteroffers (
        customer_id    uuid NOT NULL REFERENCES customers,
        id             uuid NOT NULL,
        prediction_id  uuid NOT NULL,
        offered_at     timestamptz NOT NULL,
        amount         numeric(20, 4) CHECK (amount > 0),
        currency       char(3) NOT NULL,
        terms          bytea,
        recorded_by    uuid NOT NULL REFERENCES users,
        recorded_at    timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (customer_id, id),
        CHECK (amount IS NOT NULL OR terms IS NOT NULL)
      );
      CREATE INDEX counteroffers_by_prediction ON counteroffers (customer_id, prediction_id, id);
      CREATE INDEX counteroffers_by_id ON counteroffers (id);

      CREATE TABLE counteroffer_acceptances (
        customer_id      uuid NOT NULL,
        counteroffer_id  uuid NOT NULL,
        accepted_at      timestamptz NOT NULL,
        recorded_by      uuid NOT NULL REFERENCES users,
        recorded_at      timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (customer_id, counteroffer_id),
        FOREIGN KEY (customer_id, counteroffer_id) REFERENCES counteroffers (customer_id, id)
      );

      CREATE TABLE adverse_action_notices (
        customer_id    uuid NOT NULL REFERENCES customers,
        id             uuid NOT NULL,
        prediction_id  uuid NOT NULL,
        kind           text NOT NULL CHECK (kind IN ('COMPLETED_APPLICATION', 'INCOMPLETE_APPLICATION', 'EXISTING_ACCOUNT', 'COUNTEROFFER')),
        send_by        date NOT NULL,
        sent_at        timestamptz NOT NULL,
        channel        text NOT NULL CHECK (channel IN ('POST', 'EMAIL', 'PORTAL', 'IN_PERSON')),
        recorded_by    uuid NOT NULL REFERENCES users,
        recorded_at    timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (customer_id, id)
      );
      CREATE INDEX adverse_action_notices_by_prediction ON adverse_action_notices (customer_id, prediction_id);

      -- What still needs a notice is found without reading the rest of the history.
      CREATE INDEX predictions_declined ON predictions (id) WHERE decision = 'DECLINE' AND purpose <> 'WHAT_IF';
    `);
    // What was set aside on a way back is taken as it was: the rules look at what is written from now on.
    await runner.query(TABLES.map(takeBack).join(''));
    await runner.query(`
      DO $$ BEGIN
        IF to_regclass('kept_completions') IS NOT NULL THEN
          UPDATE loan_facts f SET completed_at = k.completed_at FROM kept_completions k WHERE k.customer_id = f.customer_id AND k.id = f.id;
          DROP TABLE kept_completions;
        END IF;
      END $$`);
    await runner.query(RULES);
    await runner.query(`
      GRANT SELECT, INSERT ON ${TABLES.join(', ')} TO assay_app;
      GRANT SELECT ON ${TABLES.join(', ')} TO assay_reader;
    `);
  }

  /** What people did about decisions is evidence: what the release before has no place for is set aside, and found again on the way forth. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES.map(setAside).join(''));
    await runner.query(`
      DO $$ BEGIN
        IF EXISTS (SELECT FROM loan_facts WHERE completed_at IS NOT NULL) THEN
          CREATE TABLE kept_completions AS SELECT customer_id, id, completed_at FROM loan_facts WHERE completed_at IS NOT NULL;
        END IF;
      END $$`);
    await runner.query(`
      DROP INDEX predictions_declined;
      DROP TABLE ${TABLES.join(', ')};
      DROP FUNCTION keep_overrides, keep_reviews, keep_review_outcomes, open_review_of;
      ALTER TABLE loan_facts DROP COLUMN completed_at;
    `);
  }
}

const SAFELY = 'SET search_path = pg_catalog, public, pg_temp';

/** Small tables, so triggers may hold what a constraint cannot. */
const RULES = `
  CREATE FUNCTION open_review_of(customer uuid, prediction uuid) RETURNS uuid LANGUAGE sql STABLE ${SAFELY} AS $$
    SELECT r.id FROM decision_reviews r WHERE r.customer_id = customer AND r.prediction_id = prediction
      AND NOT EXISTS (SELECT FROM decision_review_outcomes o WHERE o.customer_id = r.customer_id AND o.review_id = r.id)
    LIMIT 1
  $$;

  -- An override is of a decision that was recorded; it states what the loan is worth and what one person may do under the
  -- policy in force, so that neither can be made up; above that it is exactly what a second person confirmed.
  CREATE FUNCTION keep_overrides() RETURNS trigger LANGUAGE plpgsql ${SAFELY} AS $$
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
  CREATE TRIGGER keep_overrides BEFORE INSERT ON decision_overrides FOR EACH ROW EXECUTE FUNCTION keep_overrides();

  CREATE FUNCTION keep_reviews() RETURNS trigger LANGUAGE plpgsql ${SAFELY} AS $$
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
  CREATE TRIGGER keep_reviews BEFORE INSERT ON decision_reviews FOR EACH ROW EXECUTE FUNCTION keep_reviews();

  -- A reviewer asked for neither the review nor the prediction, and neither made nor confirmed an override before it.
  CREATE FUNCTION keep_review_outcomes() RETURNS trigger LANGUAGE plpgsql ${SAFELY} AS $$
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
  CREATE TRIGGER keep_review_outcomes BEFORE INSERT ON decision_review_outcomes FOR EACH ROW EXECUTE FUNCTION keep_review_outcomes();
`;
