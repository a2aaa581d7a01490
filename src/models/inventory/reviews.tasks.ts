import { encodeGlobalId } from '../../platform/index.js';
import { grantedNow, may, type TaskSource } from '../../security/index.js';

interface Due {
  readonly id: string;
  readonly name: string;
  readonly own: boolean;
  readonly overdue: boolean;
  readonly nextReviewAt: Date;
  readonly since: Date;
}

const NOTICE = `interval '30 days'`;

/** Models whose review is due within 30 days, or overdue: for their owners to prepare, for validators to do. */
const toReview: TaskSource = async (ctx) => {
  const [owns, reviews] = [may(ctx, 'model:register'), may(ctx, 'model:review')];
  if (!owns && !reviews) return [];
  const rows = await ctx.db.query<Due>(
    `SELECT m.id, m.name, m.owner_id = $1 AS own, m.next_review_at <= clock_timestamp() AS overdue, m.next_review_at AS "nextReviewAt", m.next_review_at - ${NOTICE} AS since
     FROM models m
     WHERE m.next_review_at <= clock_timestamp() + ${NOTICE}
       AND (m.owner_id = $1 AND $2 AND ${grantedNow('$1', `'MODEL_OWNER'`)}
         OR m.owner_id <> $1 AND $3 AND ${grantedNow('$1', `'VALIDATOR'`)}
           AND NOT EXISTS (SELECT FROM deployments d WHERE d.model_id = m.id AND d.role = 'CHAMPION' AND d.valid_to IS NULL AND is_maker($1, d.version_id)))
     ORDER BY m.next_review_at`,
    [ctx.actor.id, owns, reviews],
  );
  return rows.map(({ id, name, own, overdue, nextReviewAt, since }) => ({
    id: `MODEL_REVIEW:${id}`,
    kind: 'MODEL_REVIEW',
    text: own ? `Have a VALIDATOR review "${name}"${overdue ? ': the review is overdue' : ''}.` : `Review "${name}"${overdue ? ': the review is overdue' : ''}.`,
    subject: encodeGlobalId({ type: 'Model', id }),
    since,
    dueAt: nextReviewAt,
  }));
};

/** What reviews wait for. */
export const reviewTaskSources: readonly TaskSource[] = [toReview];
