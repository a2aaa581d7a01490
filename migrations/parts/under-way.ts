// SQL of the migration after which what is under way keeps a customer under any rules.

import { FORGET_AT_ONCE, keepErasures } from './retention.js';

const SAFE = 'SET search_path = pg_catalog, public, pg_temp';

export const CLOCKS_UNDER_WAY = `
  -- Which clocks run for a customer: those of the rules in force, and, whatever these are, what is under way: a loan on book, an
  -- application that was acted upon lately, be it by a decline, which is to be told and can be contested; an open review; and a
  -- customer without a loan who was recorded lately.
  CREATE OR REPLACE FUNCTION retention_clocks(customer uuid)
  RETURNS TABLE (record_kind text, regime text, months integer, loan_id uuid, starts_at timestamptz, ends_at timestamptz, live boolean)
  LANGUAGE sql STABLE ${SAFE} AS $$
    WITH rules AS (
      SELECT * FROM (SELECT DISTINCT ON (r.record_kind, r.regime, r.products) r.* FROM retention_rules r
                     ORDER BY r.record_kind, r.regime, r.products, r.recorded_at DESC, r.id DESC) newest WHERE newest.in_force
    ), acts AS (
      SELECT p.loan_id, p.created_at AS at FROM predictions p WHERE p.customer_id = customer AND p.decision IS NOT NULL AND p.purpose <> 'WHAT_IF'
      UNION ALL SELECT p.loan_id, a.at FROM (
        SELECT o.prediction_id, o.recorded_at AS at FROM decision_overrides o WHERE o.customer_id = customer
        UNION ALL SELECT r.prediction_id, r.recorded_at FROM decision_reviews r WHERE r.customer_id = customer
        UNION ALL SELECT r.prediction_id, e.recorded_at FROM decision_review_outcomes e JOIN decision_reviews r ON (r.customer_id, r.id) = (e.customer_id, e.review_id) WHERE e.customer_id = customer
        UNION ALL SELECT c.prediction_id, c.offered_at FROM counteroffers c WHERE c.customer_id = customer
        UNION ALL SELECT n.prediction_id, n.sent_at FROM adverse_action_notices n WHERE n.customer_id = customer
      ) a JOIN predictions p ON p.customer_id = customer AND p.id = a.prediction_id
    ), lives AS (
      SELECT l.id, l.product, f.status, f.effective_at AS since,
        greatest((SELECT max(greatest(n.effective_at, n.completed_at, n.decision_at)) FROM loan_facts n WHERE n.customer_id = customer AND n.loan_id = l.id AND n.status = 'APPLICATION'),
                 (SELECT max(a.at) FROM acts a WHERE a.loan_id = l.id), f.decision_at) AS acted
      FROM loans l
      LEFT JOIN LATERAL (SELECT n.status, n.effective_at, n.decision_at FROM loan_facts n WHERE n.customer_id = l.customer_id AND n.loan_id = l.id
                         ORDER BY n.effective_at DESC, n.recorded_at DESC, n.id DESC LIMIT 1) f ON true
      WHERE l.customer_id = customer
    ), records AS (
      SELECT 'APPLICATION' AS kind, v.id, v.product, coalesce(v.acted, v.since) AS starts, coalesce(v.acted, v.since) + interval '90 days' AS lasts,
        v.status = 'APPLICATION' AND coalesce(v.acted, v.since) + interval '90 days' > clock_timestamp() AS live FROM lives v
      UNION ALL SELECT 'ACCOUNT', v.id, v.product, CASE WHEN v.status <> 'ON_BOOK' THEN v.since END, NULL, v.status = 'ON_BOOK' FROM lives v WHERE v.status <> 'APPLICATION'
      UNION ALL SELECT 'PREDICTION', NULL, NULL, max(p.created_at), NULL, false FROM predictions p WHERE p.customer_id = customer HAVING count(*) > 0
      UNION ALL SELECT 'CUSTOMER', NULL, NULL, k.at, k.at + interval '90 days', k.at + interval '90 days' > clock_timestamp()
        FROM (SELECT greatest(c.recorded_at, (SELECT max(f.recorded_at) FROM customer_facts f WHERE f.customer_id = c.id)) AS at FROM customers c WHERE c.id = customer) k
        WHERE NOT EXISTS (SELECT FROM lives)
    )
    SELECT c.kind, k.regime, k.months, c.id, c.starts, c.starts + make_interval(months => k.months), c.live FROM records c
      CROSS JOIN LATERAL (SELECT DISTINCT ON (k.regime) k.regime, k.months FROM rules k WHERE k.record_kind = c.kind AND (k.products = '{}' OR c.product = ANY (k.products))
                          ORDER BY k.regime, k.products = '{}', k.months DESC) k
    -- Apart from the rules: what is under way is so under none of them, too.
    UNION ALL
    SELECT c.kind, 'UNDER_WAY', NULL::integer, c.id, c.starts, c.lasts, true FROM records c WHERE c.live
    UNION ALL
    SELECT 'REVIEW', 'GDPR', NULL::integer, p.loan_id, NULL::timestamptz, NULL::timestamptz, true FROM decision_reviews r JOIN predictions p ON p.customer_id = customer AND p.id = r.prediction_id
      WHERE r.customer_id = customer AND NOT EXISTS (SELECT FROM decision_review_outcomes o WHERE o.customer_id = customer AND o.review_id = r.id)
  $$;
`;

export const KEEP_ERASURES = keepErasures('CREATE OR REPLACE', '');

export const ERASURES_BEFORE = keepErasures('CREATE OR REPLACE', FORGET_AT_ONCE);

export const FORGET_REQUESTS = `
  -- Rows are written in the order of time, so the few pages of it tell where those of earlier releases are.
  CREATE INDEX idempotency_by_time ON idempotency USING brin (recorded_at);

  -- What requests of earlier releases left of what was asked goes with an erasure: once for all that end together, and nobody
  -- who writes of a customer waits for it.
  CREATE FUNCTION forget_requests() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER ${SAFE} AS $$
  BEGIN
    UPDATE idempotency i SET body_hash = sha256(convert_to(gen_random_uuid()::text, 'UTF8'))
      -- Since the first rules were written, requests are told apart by keyed digests.
      WHERE i.recorded_at < (SELECT min(r.recorded_at) FROM retention_rules r)
        AND i.result::text LIKE ANY (SELECT '%' || w.customer_id || '%' FROM written w);
    RETURN NULL;
  END $$;
  CREATE TRIGGER forget_requests AFTER INSERT ON erasure_ends REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION forget_requests();
`;
