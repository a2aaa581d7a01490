import type { Queryable } from '../../platform/index.js';
import { grantedNow } from '../../security/index.js';
import { OPEN_REVIEW, reviewList, reviewOf } from './file.queries.js';
import type { ReviewRow } from './file.rows.js';

const MOST = 200;

/** That $1 may act as an underwriter now. */
export const GRANTED = grantedNow('$1', `'UNDERWRITER'`);

/** The open reviews that a person may resolve: those they had no part in. Those due first come first. */
export async function reviewsFor(db: Queryable, userId: string): Promise<ReviewRow[]> {
  const rows = await db.query<{ review: ReviewRow }>(
    `SELECT ${reviewList.select} FROM ${reviewList.from}
     WHERE ${OPEN_REVIEW} AND ${GRANTED} AND NOT has_part_in_review(r.customer_id, r.id, $1)
     ORDER BY r.due_at, r.id LIMIT ${MOST}`,
    [userId],
  );
  return rows.map(reviewOf);
}
