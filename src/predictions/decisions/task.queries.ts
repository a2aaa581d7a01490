import type { Queryable } from '../../platform/index.js';
import { OPEN_REVIEW, reviewList, reviewOf } from './file.queries.js';
import type { ReviewRow } from './file.rows.js';

const MOST = 200;

/** That $1 may act as an underwriter now. */
export const GRANTED = `EXISTS (SELECT FROM role_grants g WHERE g.user_id = $1 AND g.role = 'UNDERWRITER' AND g.valid_from <= clock_timestamp()
  AND (g.valid_to IS NULL OR g.valid_to > clock_timestamp()))`;

/** The open reviews that a person may resolve: those they had no part in. Those due first come first. */
export async function reviewsFor(db: Queryable, userId: string): Promise<ReviewRow[]> {
  const rows = await db.query<{ review: ReviewRow }>(
    `SELECT ${reviewList.select} FROM ${reviewList.from}
     JOIN predictions p ON p.customer_id = r.customer_id AND p.id = r.prediction_id
     WHERE ${OPEN_REVIEW} AND $1 NOT IN (r.requested_by, p.actor_id) AND ${GRANTED}
       AND NOT EXISTS (SELECT FROM decision_overrides o LEFT JOIN proposal_decisions d ON d.proposal_id = o.proposal_id
                       WHERE o.customer_id = r.customer_id AND o.prediction_id = r.prediction_id AND $1 IN (o.made_by, d.decided_by))
     ORDER BY r.due_at, r.id LIMIT ${MOST}`,
    [userId],
  );
  return rows.map(reviewOf);
}
