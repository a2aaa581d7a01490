import type { Queryable } from '../../platform/index.js';
import type { PredictionRow } from '../history/prediction.queries.js';
import { COLUMNS } from '../record/row.js';
import { fileColumns, fileOf, OPEN_REVIEW, reviewList, reviewOf, type FileRow } from './file.queries.js';
import type { DecisionFile, ReviewRow } from './file.rows.js';

const MOST = 200;
/** Of each source of notices that are due, the oldest so many are looked at. */
const MOST_LOOKED_AT = 500;

/** That $1 may act as an underwriter now. */
const GRANTED = `EXISTS (SELECT FROM role_grants g WHERE g.user_id = $1 AND g.role = 'UNDERWRITER' AND g.valid_from <= clock_timestamp()
  AND (g.valid_to IS NULL OR g.valid_to > clock_timestamp()))`;

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

const oldest = (select: string): string => `(${select} LIMIT ${MOST_LOOKED_AT})`;

const untold = (alias: string, prediction: string, since: string): string =>
  `NOT EXISTS (SELECT FROM adverse_action_notices n WHERE n.customer_id = ${alias}.customer_id AND n.prediction_id = ${alias}.${prediction} AND n.recorded_at >= ${since})`;

/** Declines since $2, and counteroffers since $3, without a notice. */
const CANDIDATES = [
  oldest(`SELECT p.customer_id, p.id FROM predictions p
    WHERE p.decision = 'DECLINE' AND p.purpose <> 'WHAT_IF' AND p.id >= uuid_v7_floor($2) AND ${untold('p', 'id', 'p.created_at')} ORDER BY p.id`),
  oldest(`SELECT o.customer_id, o.prediction_id FROM decision_overrides o
    WHERE o.decision = 'DECLINE' AND o.id >= uuid_v7_floor($2) AND ${untold('o', 'prediction_id', 'o.recorded_at')} ORDER BY o.id`),
  oldest(`SELECT c.customer_id, c.prediction_id FROM counteroffers c
    WHERE c.id >= uuid_v7_floor($3) AND ${untold('c', 'prediction_id', 'c.recorded_at')}
      AND NOT EXISTS (SELECT FROM counteroffer_acceptances a WHERE a.customer_id = c.customer_id AND a.counteroffer_id = c.id) ORDER BY c.id`),
].join(' UNION ');

export interface Untold {
  readonly row: PredictionRow;
  readonly file: DecisionFile;
}

/** What may need a notice, with all that tells whether it does. */
export async function untoldDecisions(db: Queryable, userId: string, declinedSince: Date, offeredSince: Date): Promise<Untold[]> {
  const columns = COLUMNS.map((name) => `p.${name}`).join(', ');
  const rows = await db.query<PredictionRow & FileRow>(
    `SELECT ${columns}, ${fileColumns} FROM (${CANDIDATES}) AS found (customer_id, id)
     JOIN predictions p ON p.customer_id = found.customer_id AND p.id = found.id WHERE ${GRANTED} ORDER BY p.id`,
    [userId, declinedSince, offeredSince],
  );
  return rows.map((row) => ({ row, file: fileOf(row) }));
}
