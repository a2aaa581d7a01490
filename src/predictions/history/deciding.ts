/** Which predictions decide, in SQL over `predictions p`: no what-ifs; what challengers said has no decision. */
export const DECIDES = `p.decision IS NOT NULL AND p.purpose <> 'WHAT_IF'`;

/** What was referred to a person longer ago waits no more: no clock that is told runs longer. */
export const WAITING_DAYS = 120;

/** Where to look: few, by indexes of what was referred lately. */
const referredLately = (now: string): string => {
  const since = `uuid_v7_floor(${now}::timestamptz - interval '${WAITING_DAYS} days')`;
  return `SELECT m.customer_id, m.id FROM predictions m WHERE m.decision = 'REFER' AND m.purpose = 'ORIGINATION' AND m.id >= ${since}
    UNION ALL SELECT h.customer_id, h.prediction_id FROM decision_overrides h WHERE h.decision = 'REFER' AND h.id >= ${since}`;
};

/** Nothing is recorded after the present. */
const ALWAYS = `'infinity'`;

/** The override in force of `predictions p` at a time, of those recorded before another, if one is: `column` of it. */
export const overrideInForce = (column: string, now: string, before = ALWAYS): string =>
  `(SELECT CASE WHEN override_ends(o) > ${now}::timestamptz THEN o.${column} END FROM decision_overrides o
    WHERE o.customer_id = p.customer_id AND o.prediction_id = p.id AND o.recorded_at < ${before}::timestamptz ORDER BY o.id DESC LIMIT 1)`;

/**
 * SQL: that an application waits at `now` (an expression) for a person to decide it, as far as was recorded before a time:
 * the decision in force on it is REFER, by the newest decision of its loan, which is still an application.
 */
export const waitsForPerson = (now: string, before = ALWAYS): string => `(p.customer_id, p.id) IN (${referredLately(now)}) AND p.purpose = 'ORIGINATION'
  AND coalesce(${overrideInForce('decision', now, before)}, p.decision) = 'REFER'
  AND NOT EXISTS (SELECT FROM predictions n WHERE n.customer_id = p.customer_id AND n.loan_id = p.loan_id AND n.id > p.id AND n.decision IS NOT NULL AND n.purpose <> 'WHAT_IF'
                  AND coalesce(n.recorded_at, n.created_at) < ${before}::timestamptz)
  AND (SELECT f.status FROM loan_facts f WHERE f.customer_id = p.customer_id AND f.loan_id = p.loan_id AND f.recorded_at < ${before}::timestamptz
       ORDER BY f.effective_at DESC, f.recorded_at DESC, f.id DESC LIMIT 1) = 'APPLICATION'`;
