// SQL of the migration that brings personal data under retention clocks, holds and erasure.

const SAFE = 'SET search_path = pg_catalog, public, pg_temp';

export const TABLES = `
  -- The blind index: keyed digests of what people can be looked up by. Derived, so rows may go; never without their key.
  CREATE TABLE customer_identifiers (
    customer_id  uuid NOT NULL REFERENCES customers,
    kind         text NOT NULL CHECK (kind IN ('NATIONAL_ID', 'EMAIL')),
    key_version  integer NOT NULL CHECK (key_version > 0),
    digest       bytea NOT NULL CHECK (octet_length(digest) = 32),
    PRIMARY KEY (kind, digest, customer_id)
  );
  CREATE INDEX customer_identifiers_by_customer ON customer_identifiers (customer_id);
  CREATE INDEX customer_identifiers_by_key ON customer_identifiers (key_version);

  -- How long records of a kind are kept under a regime. The newest row of kind, regime and products holds; one that names a
  -- loan's product goes before one that names none.
  CREATE TABLE retention_rules (
    id           uuid PRIMARY KEY,
    record_kind  text NOT NULL CHECK (record_kind IN ('APPLICATION', 'ACCOUNT', 'PREDICTION')),
    regime       text NOT NULL CHECK (regime IN ('US_REG_B', 'EU_AI_ACT', 'LENDER')),
    products     text[] NOT NULL DEFAULT '{}' CHECK (record_kind <> 'PREDICTION' OR products = '{}'),
    months       integer NOT NULL CHECK (months BETWEEN 0 AND 600),
    in_force     boolean NOT NULL DEFAULT true,
    source       text NOT NULL,
    proposal_id  uuid UNIQUE REFERENCES proposals,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  INSERT INTO retention_rules (id, record_kind, regime, months, source) VALUES
    ('01900000-0000-7000-8000-0000000000a1', 'APPLICATION', 'US_REG_B', 25, '12 CFR 1002.12(b): 25 months after the applicant was told; 12 for business credit, for which a rule can name the products.'),
    ('01900000-0000-7000-8000-0000000000a2', 'PREDICTION', 'EU_AI_ACT', 6, 'Regulation (EU) 2024/1689, articles 19 and 26: automatic logs for at least six months.'),
    ('01900000-0000-7000-8000-0000000000a3', 'ACCOUNT', 'LENDER', 60, 'The lender''s own: five years after the end, as laws against money laundering often ask. Change it to what binds you.');

  -- Text is sealed under the customer's key.
  CREATE TABLE legal_holds (
    customer_id  uuid NOT NULL REFERENCES customers,
    id           uuid NOT NULL,
    reason       bytea NOT NULL,
    placed_by    uuid NOT NULL REFERENCES users,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (customer_id, id)
  );
  CREATE INDEX legal_holds_by_id ON legal_holds (id);
  CREATE TABLE legal_hold_ends (
    customer_id  uuid NOT NULL,
    hold_id      uuid NOT NULL,
    reason       bytea NOT NULL,
    lifted_by    uuid NOT NULL REFERENCES users,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (customer_id, hold_id),
    FOREIGN KEY (customer_id, hold_id) REFERENCES legal_holds (customer_id, id)
  );

  -- An erasure that was decided: from here it is carried to its end, whatever crashes. The end is the second table, written
  -- with the event after the key is gone.
  CREATE TABLE erasures (
    customer_id  uuid PRIMARY KEY REFERENCES customers,
    id           uuid NOT NULL UNIQUE,
    basis        text NOT NULL CHECK (basis IN ('RETENTION_OVER', 'REQUEST_OF_THE_PERSON')),
    proposal_id  uuid NOT NULL UNIQUE REFERENCES proposals,
    ordered_by   uuid NOT NULL REFERENCES users,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  CREATE TABLE erasure_ends (
    customer_id  uuid PRIMARY KEY REFERENCES erasures,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp()
  );

  GRANT SELECT, INSERT ON customer_identifiers, retention_rules, legal_holds, legal_hold_ends, erasures, erasure_ends TO assay_app;
  GRANT DELETE ON customer_identifiers TO assay_app;
  GRANT SELECT ON customer_identifiers, retention_rules, legal_holds, legal_hold_ends, erasures, erasure_ends TO assay_reader;
`;

export const CLOCKS = `
  -- Which clocks run for a customer. One without an end has not begun to run out: the loan is on book, a review is open.
  CREATE FUNCTION retention_clocks(customer uuid)
  RETURNS TABLE (record_kind text, regime text, months integer, loan_id uuid, starts_at timestamptz, ends_at timestamptz, live boolean)
  LANGUAGE sql STABLE ${SAFE} AS $$
    WITH rules AS (
      SELECT * FROM (SELECT DISTINCT ON (r.record_kind, r.regime, r.products) r.* FROM retention_rules r
                     ORDER BY r.record_kind, r.regime, r.products, r.recorded_at DESC, r.id DESC) newest WHERE newest.in_force
    ), acts AS (
      SELECT p.loan_id, p.created_at AS at, p.decision FROM predictions p WHERE p.customer_id = customer AND p.decision IS NOT NULL AND p.purpose <> 'WHAT_IF'
      UNION ALL SELECT p.loan_id, a.at, a.decision FROM (
        SELECT o.prediction_id, o.recorded_at AS at, o.decision FROM decision_overrides o WHERE o.customer_id = customer
        UNION ALL SELECT r.prediction_id, r.recorded_at, NULL FROM decision_reviews r WHERE r.customer_id = customer
        UNION ALL SELECT r.prediction_id, e.recorded_at, NULL FROM decision_review_outcomes e JOIN decision_reviews r ON (r.customer_id, r.id) = (e.customer_id, e.review_id) WHERE e.customer_id = customer
        UNION ALL SELECT c.prediction_id, c.offered_at, NULL FROM counteroffers c WHERE c.customer_id = customer
        UNION ALL SELECT n.prediction_id, n.sent_at, NULL FROM adverse_action_notices n WHERE n.customer_id = customer
      ) a JOIN predictions p ON p.customer_id = customer AND p.id = a.prediction_id
    ), lives AS (
      SELECT l.id, l.product, f.status, f.effective_at AS since,
        greatest((SELECT max(greatest(n.effective_at, n.completed_at, n.decision_at)) FROM loan_facts n WHERE n.customer_id = customer AND n.loan_id = l.id AND n.status = 'APPLICATION'),
                 (SELECT max(a.at) FROM acts a WHERE a.loan_id = l.id), f.decision_at) AS acted,
        (SELECT a.decision FROM acts a WHERE a.loan_id = l.id AND a.decision IS NOT NULL ORDER BY a.at DESC LIMIT 1) AS decision
      FROM loans l
      LEFT JOIN LATERAL (SELECT n.status, n.effective_at, n.decision_at FROM loan_facts n WHERE n.customer_id = l.customer_id AND n.loan_id = l.id
                         ORDER BY n.effective_at DESC, n.recorded_at DESC, n.id DESC LIMIT 1) f ON true
      WHERE l.customer_id = customer
    ), records AS (
      SELECT 'APPLICATION' AS kind, v.id, v.product, coalesce(v.acted, v.since) AS starts,
        v.status = 'APPLICATION' AND v.decision IS DISTINCT FROM 'DECLINE' AND coalesce(v.acted, v.since) > clock_timestamp() - interval '90 days' AS live FROM lives v
      UNION ALL SELECT 'ACCOUNT', v.id, v.product, CASE WHEN v.status <> 'ON_BOOK' THEN v.since END, v.status = 'ON_BOOK' FROM lives v WHERE v.status <> 'APPLICATION'
      UNION ALL SELECT 'PREDICTION', NULL, NULL, max(p.created_at), false FROM predictions p WHERE p.customer_id = customer HAVING count(*) > 0
    )
    SELECT c.kind, k.regime, k.months, c.id, c.starts, c.starts + make_interval(months => k.months), c.live FROM records c
      CROSS JOIN LATERAL (SELECT DISTINCT ON (k.regime) k.regime, k.months FROM rules k WHERE k.record_kind = c.kind AND (k.products = '{}' OR c.product = ANY (k.products))
                          ORDER BY k.regime, k.products = '{}', k.months DESC) k
    UNION ALL
    SELECT 'REVIEW', 'GDPR', NULL::integer, p.loan_id, NULL::timestamptz, NULL::timestamptz, true FROM decision_reviews r JOIN predictions p ON p.customer_id = customer AND p.id = r.prediction_id
      WHERE r.customer_id = customer AND NOT EXISTS (SELECT FROM decision_review_outcomes o WHERE o.customer_id = customer AND o.review_id = r.id)
  $$;

  -- ACTIVE while something is under way; RESTRICTED while it must only be kept; DUE when nothing asks for it; ERASING and SHREDDED after that was decided.
  CREATE FUNCTION retention_state(customer uuid) RETURNS TABLE (state text, kept_until timestamptz, held boolean)
  LANGUAGE sql STABLE ${SAFE} AS $$
    SELECT CASE
        WHEN EXISTS (SELECT FROM erasure_ends e WHERE e.customer_id = customer) THEN 'SHREDDED'
        WHEN EXISTS (SELECT FROM erasures e WHERE e.customer_id = customer) THEN 'ERASING'
        WHEN coalesce(bool_or(c.live OR c.ends_at IS NULL), false) THEN 'ACTIVE'
        WHEN max(c.ends_at) > clock_timestamp() THEN 'RESTRICTED'
        ELSE 'DUE' END,
      CASE WHEN coalesce(bool_or(c.ends_at IS NULL), false) THEN NULL ELSE max(c.ends_at) END,
      EXISTS (SELECT FROM legal_holds h WHERE h.customer_id = customer AND NOT EXISTS (SELECT FROM legal_hold_ends e WHERE (e.customer_id, e.hold_id) = (h.customer_id, h.id)))
    FROM retention_clocks(customer) c
  $$;
`;

/** What requests of earlier releases left of what was asked. */
export const FORGET_AT_ONCE = `    UPDATE idempotency i SET body_hash = sha256(convert_to(gen_random_uuid()::text, 'UTF8'))
      -- Since the first rules were written, requests are told apart by keyed digests.
      WHERE i.recorded_at < (SELECT min(r.recorded_at) FROM retention_rules r) AND i.result::text LIKE '%' || NEW.customer_id || '%';
`;

/** @param forgetting SQL of what else goes as soon as it is decided */
export const keepErasures = (create: string, forgetting: string): string => `  ${create} FUNCTION keep_erasures() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER ${SAFE} AS $$
  DECLARE
    stands record;
  BEGIN
    PERFORM FROM customers c WHERE c.id = NEW.customer_id FOR UPDATE;
    NEW.recorded_at := clock_timestamp();
    IF NOT EXISTS (SELECT FROM proposals p WHERE p.id = NEW.proposal_id AND proposal_confirmed(p.id, 'ERASE_CUSTOMER', NEW.customer_id)
                     AND p.payload ->> 'basis' = NEW.basis AND p.proposed_by = NEW.ordered_by) THEN
      RAISE EXCEPTION 'An erasure is confirmed by a second person.' USING ERRCODE = 'AS150';
    END IF;
    SELECT * INTO stands FROM retention_state(NEW.customer_id);
    IF stands.held THEN
      RAISE EXCEPTION 'A legal hold keeps the customer.' USING ERRCODE = 'AS151';
    END IF;
    IF stands.state <> 'DUE' THEN
      RAISE EXCEPTION 'Records of the customer must still be kept.' USING ERRCODE = 'AS152';
    END IF;
    DELETE FROM customer_identifiers i WHERE i.customer_id = NEW.customer_id;
${forgetting}    RETURN NEW;
  END $$;
`;

export const RULES = `
  -- What is there already is left out, so that the index can be written anew at any time.
  CREATE FUNCTION keep_identifiers() RETURNS trigger LANGUAGE plpgsql ${SAFE} AS $$
  BEGIN
    IF EXISTS (SELECT FROM customer_identifiers i WHERE i.kind = NEW.kind AND i.digest = NEW.digest AND i.customer_id = NEW.customer_id) THEN
      RETURN NULL;
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER keep_identifiers BEFORE INSERT ON customer_identifiers FOR EACH ROW EXECUTE FUNCTION keep_identifiers();

  -- Nothing more is recorded of who is being erased. Runs after the foreign keys have locked the customers: an erasure that
  -- is being decided is waited for, and seen.
  CREATE FUNCTION refuse_erased() RETURNS trigger LANGUAGE plpgsql ${SAFE} AS $$
  BEGIN
    IF EXISTS (SELECT FROM written w JOIN erasures e ON e.customer_id = w.customer_id) THEN
      RAISE EXCEPTION 'The customer was erased.' USING ERRCODE = 'AS153';
    END IF;
    RETURN NULL;
  END $$;
  ${['customer_identifiers', 'customer_facts', 'loans', 'loan_facts', 'legal_holds', 'decision_reviews', 'decision_overrides', 'counteroffers']
    .map((table) => `CREATE TRIGGER refuse_erased AFTER INSERT ON ${table} REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION refuse_erased();`).join('\n  ')}

  -- An erasure was confirmed by a second person, is due, and nothing holds it. Those who write of the customer meanwhile are
  -- waited for. The index goes at once; so does what requests of earlier releases left of what was asked.
${keepErasures('CREATE', FORGET_AT_ONCE)}  CREATE TRIGGER keep_erasures BEFORE INSERT ON erasures FOR EACH ROW EXECUTE FUNCTION keep_erasures();

  -- Dated by the database; a hold that is placed while an erasure is decided waits for it.
  CREATE FUNCTION keep_holds() RETURNS trigger LANGUAGE plpgsql ${SAFE} AS $$
  BEGIN
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
  END $$;
  CREATE TRIGGER keep_holds BEFORE INSERT ON legal_holds FOR EACH ROW EXECUTE FUNCTION keep_holds();
  CREATE TRIGGER keep_hold_ends BEFORE INSERT ON legal_hold_ends FOR EACH ROW EXECUTE FUNCTION keep_holds();

  -- The rules that law gives are not shortened: a regime that does not bind is taken out of force as a whole.
  CREATE FUNCTION keep_retention_rules() RETURNS trigger LANGUAGE plpgsql ${SAFE} AS $$
  BEGIN
    NEW.recorded_at := clock_timestamp();
    IF NOT EXISTS (SELECT FROM proposals p WHERE p.id = NEW.proposal_id AND proposal_confirmed(p.id, 'CHANGE_RETENTION', p.subject)
                     AND p.payload ->> 'recordKind' = NEW.record_kind AND p.payload ->> 'regime' = NEW.regime AND (p.payload ->> 'months')::integer = NEW.months
                     AND (p.payload ->> 'inForce')::boolean = NEW.in_force
                     AND ARRAY(SELECT jsonb_array_elements_text(p.payload -> 'products')) = NEW.products) THEN
      RAISE EXCEPTION 'A retention rule is confirmed by a second person.' USING ERRCODE = 'AS154';
    END IF;
    IF NEW.in_force AND NEW.months < (CASE WHEN NEW.regime = 'US_REG_B' AND NEW.products <> '{}' THEN 12 WHEN NEW.regime = 'US_REG_B' THEN 25 WHEN NEW.regime = 'EU_AI_ACT' THEN 6 ELSE 0 END) THEN
      RAISE EXCEPTION 'The regime asks for more months.' USING ERRCODE = 'AS155';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER keep_retention_rules BEFORE INSERT ON retention_rules FOR EACH ROW EXECUTE FUNCTION keep_retention_rules();
`;

const ROLES_BEFORE = `
      WHEN 'GRANT_ROLE' THEN ARRAY['ACCESS_ADMIN']
      WHEN 'WAIVE_GATE' THEN ARRAY['VALIDATOR', 'ADMIN']
      WHEN 'OVERRIDE_DECISION' THEN ARRAY['UNDERWRITER']
      WHEN 'CHANGE_POLICY' THEN ARRAY['ADMIN']
      WHEN 'CHANGE_TIER' THEN ARRAY['ADMIN']
      WHEN 'RESUME_MODEL' THEN ARRAY['ADMIN']
      WHEN 'RESUME_VERSION' THEN ARRAY['ADMIN']`;
const KINDS_BEFORE = `'GRANT_ROLE', 'CHANGE_POLICY', 'CHANGE_TIER', 'WAIVE_GATE', 'RESUME_MODEL', 'RESUME_VERSION', 'OVERRIDE_DECISION'`;

const proposals = (kinds: string, roles: string): string => `
  ALTER TABLE proposals DROP CONSTRAINT proposals_kind_check;
  ALTER TABLE proposals ADD CONSTRAINT proposals_kind_check CHECK (kind IN (${kinds}));
  CREATE OR REPLACE FUNCTION proposal_roles(kind text) RETURNS text[] LANGUAGE sql IMMUTABLE ${SAFE} AS $$
    SELECT CASE kind${roles}
    END
  $$;`;

export const PROPOSALS = proposals(`${KINDS_BEFORE}, 'ERASE_CUSTOMER', 'CHANGE_RETENTION'`, `${ROLES_BEFORE}
      WHEN 'ERASE_CUSTOMER' THEN ARRAY['PRIVACY_OFFICER']
      WHEN 'CHANGE_RETENTION' THEN ARRAY['PRIVACY_OFFICER']`);

export const PROPOSALS_BEFORE = proposals(KINDS_BEFORE, ROLES_BEFORE);
