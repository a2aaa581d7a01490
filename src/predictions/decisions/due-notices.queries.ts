import type { Queryable } from '../../platform/index.js';
import type { PredictionRow } from '../history/prediction.queries.js';
import { CLOCKS } from './adverse-action.js';
import { DECIDES } from '../history/deciding.js';
import { historyColumns, historyOf, type HistoryRow } from './loan-history.queries.js';
import type { LoanHistory } from './loan-history.rows.js';
import { GRANTED } from './task.queries.js';

/*
 * Which notice is due by when is a rule of `duty.ts`. This is the same rule as a statement, so that what was told, overridden
 * or decided anew takes no room in a list; a test holds the two together on random histories.
 * $1 who asks, $2 now, $3 and $4 since when something was declined or offered, $5 the last day that counts as near.
 */

const MOST = 100;

const day = (time: string): string => `(${time} AT TIME ZONE 'UTC')::date`;

/** As `follows` in adverse-action.ts. */
const follows = (act: string, offer: string): string =>
  `(${day(`${act}.at`)}, ${act}.recorded_at) > (${day(`coalesce(${offer}.accepted_at, ${offer}.offered_at)`)}, coalesce(${offer}.acceptance_recorded_at, ${offer}.recorded_at))`;

const untoldSince = (time: string): string =>
  `NOT EXISTS (SELECT FROM adverse_action_notices n WHERE n.customer_id = p.customer_id AND n.prediction_id = p.id AND ${day('n.sent_at')} >= ${day(time)})`;

const ofPrediction = (alias: string): string => `JOIN predictions p ON p.customer_id = ${alias}.customer_id AND p.id = ${alias}.prediction_id`;

/** Where something may be untold: by indexes on what was declined, put off or offered lately. */
const TOUCHED = `
  SELECT p.customer_id, p.loan_id, p.purpose FROM predictions p
    WHERE p.decision = 'DECLINE' AND p.purpose <> 'WHAT_IF' AND p.id >= uuid_v7_floor($3) AND ${untoldSince('p.created_at')}
  UNION SELECT p.customer_id, p.loan_id, p.purpose FROM decision_overrides o ${ofPrediction('o')}
    WHERE o.decision = 'DECLINE' AND o.id >= uuid_v7_floor($3) AND ${untoldSince('o.recorded_at')}
  UNION SELECT p.customer_id, p.loan_id, p.purpose FROM decision_overrides o ${ofPrediction('o')}
    WHERE o.decision = 'REFER' AND o.expires_at >= $3 AND override_ends(o) BETWEEN $3 AND $2 AND p.decision = 'DECLINE' AND ${untoldSince('override_ends(o)')}
  UNION SELECT p.customer_id, p.loan_id, p.purpose FROM counteroffers c ${ofPrediction('c')}
    WHERE c.id >= uuid_v7_floor($4) AND ${untoldSince('c.offered_at')}
      AND NOT EXISTS (SELECT FROM counteroffer_acceptances a WHERE a.customer_id = c.customer_id AND a.counteroffer_id = c.id)`;

/** No clock of a loan starts before its first decision or its completion: most of what was declined lately needs no closer look. */
const MAY_BE_DUE = `
  SELECT t.*, f.completed_at FROM (${TOUCHED}) t
  CROSS JOIN LATERAL (SELECT p.created_at FROM predictions p
    WHERE p.customer_id = t.customer_id AND p.loan_id = t.loan_id AND p.purpose = t.purpose AND p.decision IS NOT NULL ORDER BY p.id LIMIT 1) first
  CROSS JOIN LATERAL (SELECT n.completed_at FROM loan_facts n WHERE n.customer_id = t.customer_id AND n.loan_id = t.loan_id
    ORDER BY n.effective_at DESC, n.recorded_at DESC, n.id DESC LIMIT 1) f
  WHERE ${day('least(first.created_at, f.completed_at)')} <= $5::date - ${CLOCKS.COMPLETED_APPLICATION.days}`;

/**
 * What was decided about one loan `t`, as `actionsOn` has it. `alone` is what a duty is of: null for the application, which
 * has one, else the review of the account.
 */
const ACTS = `
  decided AS (
    SELECT p.id, p.decision, p.created_at, coalesce(p.recorded_at, p.created_at) AS recorded_at, CASE WHEN p.purpose = 'ACCOUNT_REVIEW' THEN p.id END AS alone,
      lead(p.created_at) OVER (ORDER BY p.id) AS next_at
    FROM predictions p WHERE p.customer_id = t.customer_id AND p.loan_id = t.loan_id AND p.purpose = t.purpose AND ${DECIDES}),
  overridden AS (
    SELECT d.alone, d.id, d.next_at, d.decision AS own, o.id AS step, o.decision, o.recorded_at, override_ends(o) AS expires_at, lead(o.recorded_at) OVER (PARTITION BY d.id ORDER BY o.id) AS again_at
    FROM decided d JOIN decision_overrides o ON o.customer_id = t.customer_id AND o.prediction_id = d.id),
  acts AS (
    SELECT a.*, row_number() OVER (PARTITION BY alone ORDER BY id, step NULLS FIRST, expired) AS n FROM (
      SELECT alone, id, NULL::uuid AS step, false AS expired, decision, created_at AS at, recorded_at FROM decided
      UNION ALL SELECT alone, id, step, false, decision, recorded_at, recorded_at FROM overridden
      UNION ALL SELECT alone, id, step, true, own, expires_at, expires_at FROM overridden WHERE decision = 'REFER' AND expires_at <= least($2, again_at, next_at)) a)`;

/** What counts now of each duty, and the first decline that nothing else came after, as `clockOf` has it. */
const STATES = `
  offers AS (
    SELECT c.id, c.offered_at, c.recorded_at, a.accepted_at, a.recorded_at AS acceptance_recorded_at
    FROM decided d JOIN counteroffers c ON c.customer_id = t.customer_id AND c.prediction_id = d.id
    LEFT JOIN counteroffer_acceptances a ON a.customer_id = c.customer_id AND a.counteroffer_id = c.id),
  standing AS (
    SELECT f.* FROM (SELECT * FROM offers ORDER BY id DESC LIMIT 1) f WHERE NOT EXISTS (SELECT FROM acts x WHERE x.decision = 'DECLINE' AND ${follows('x', 'f')})),
  newest AS (SELECT DISTINCT ON (alone) a.*, max(CASE WHEN decision <> 'DECLINE' THEN n END) OVER (PARTITION BY alone) AS other FROM acts a ORDER BY alone, n DESC),
  states AS (
    SELECT m.alone, m.id, m.decision, s.id AS offer, s.offered_at, s.accepted_at,
      -- Reviews that declined in a row have as many others before them.
      count(*) FILTER (WHERE m.decision <> 'DECLINE') OVER (ORDER BY m.id) AS run,
      (SELECT x.at FROM acts x WHERE x.alone IS NOT DISTINCT FROM m.alone AND x.n > coalesce(m.other, 0)
         AND NOT EXISTS (SELECT FROM offers b WHERE ${follows('m', 'b')} AND NOT ${follows('x', 'b')}) ORDER BY x.n LIMIT 1) AS declined_at
    FROM newest m LEFT JOIN standing s ON true)`;

const SEND_BY = `
  CASE WHEN s.offer IS NOT NULL THEN ${day('s.offered_at')} + ${CLOCKS.COUNTEROFFER.days}
    WHEN s.alone IS NULL AND t.completed_at <= s.declined_at THEN ${day('t.completed_at')} + ${CLOCKS.COMPLETED_APPLICATION.days}
    ELSE ${day('s.declined_at')} + ${CLOCKS.INCOMPLETE_APPLICATION.days} END`;

/** Of each loan the notice that is due first: one that is sent may tell of several reviews. */
const DUE = `
  WITH ${ACTS}, ${STATES}
  SELECT s.id, ${SEND_BY} AS send_by FROM states s
  WHERE CASE WHEN s.offer IS NOT NULL THEN s.accepted_at IS NULL ELSE s.declined_at IS NOT NULL END AND (s.alone IS NULL OR s.declined_at >= $3)
    AND NOT EXISTS (
      SELECT FROM decided d JOIN adverse_action_notices n ON n.customer_id = t.customer_id AND n.prediction_id = d.id
      WHERE ${day('n.sent_at')} >= CASE WHEN s.offer IS NOT NULL THEN ${day('least(s.offered_at, s.declined_at)')} ELSE ${day('s.declined_at')} END
        AND (s.alone IS NULL OR EXISTS (SELECT FROM states q WHERE q.alone = d.id AND q.decision = 'DECLINE' AND q.run = s.run)))
  ORDER BY 2, 1 LIMIT 1`;

export interface DueNotice {
  readonly row: Pick<PredictionRow, 'customer_id' | 'id'>;
  readonly history: LoanHistory;
}

interface DueNotices {
  /** The first so many, soonest due first. */
  readonly found: readonly DueNotice[];
  readonly more: number;
  /** By when the first that is not among them is due, yyyy-mm-dd; null where there is none. */
  readonly nextBy: string | null;
}

/** Notices that nobody sent and that are due by a day, with all that tells what they are of. */
export async function dueNotices(db: Queryable, userId: string, times: { readonly now: Date; readonly declinedSince: Date; readonly offeredSince: Date; readonly by: string }): Promise<DueNotices> {
  const rows = await db.query<HistoryRow & { customer_id: string; id: string; send_by: string; total: number }>(
    `SELECT l.customer_id, l.id, l.send_by::text, l.total, ${historyColumns()} FROM (
       SELECT t.customer_id, t.loan_id, d.id, d.send_by, count(*) OVER ()::int AS total
       FROM (${MAY_BE_DUE}) t CROSS JOIN LATERAL (${DUE}) d WHERE d.send_by <= $5::date AND ${GRANTED} ORDER BY d.send_by, d.id LIMIT ${MOST + 1}) l
     ORDER BY l.send_by, l.id`,
    [userId, times.now, times.declinedSince, times.offeredSince, times.by],
  );
  const found = rows.slice(0, MOST).map((row) => ({ row: { customer_id: row.customer_id, id: row.id }, history: historyOf(row) }));
  return { found, more: (rows[0]?.total ?? 0) - found.length, nextBy: rows[MOST]?.send_by ?? null };
}
