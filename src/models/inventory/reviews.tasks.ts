import { encodeGlobalId } from '../../platform/index.js';
import { bears, grantedNow, may, type TaskSource } from '../../security/index.js';

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
           AND NOT EXISTS (SELECT FROM deployments d WHERE d.model_id = m.id AND d.role <> 'CHALLENGER' AND d.valid_to IS NULL AND is_maker($1, d.version_id)))
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

interface Unfit {
  readonly id: string;
  readonly name: string;
  readonly since: Date;
}

/** Models that were found unfit and would decide, for those who can stop them: REFER is no answer for good. */
const toStop: TaskSource = async (ctx) => {
  if (!bears(ctx, 'ADMIN', 'version:deploy')) return [];
  const rows = await ctx.db.query<Unfit>(
    `SELECT m.id, m.name, r.recorded_at AS since FROM models m
     JOIN LATERAL (SELECT n.outcome, n.recorded_at FROM model_reviews n WHERE n.model_id = m.id ORDER BY n.recorded_at DESC, n.id DESC LIMIT 1) r ON r.outcome = 'UNFIT'
     WHERE EXISTS (SELECT FROM deployments d WHERE d.model_id = m.id AND d.role <> 'CHALLENGER' AND d.valid_to IS NULL) AND ${grantedNow('$1', `'ADMIN'`)}
     ORDER BY r.recorded_at`,
    [ctx.actor.id],
  );
  return rows.map(({ id, name, since }) => ({
    id: `MODEL_UNFIT:${id}`,
    kind: 'MODEL_UNFIT',
    text: `Stop "${name}", which its last review found unfit, or have a VALIDATOR review it anew: until then its decisions are REFER.`,
    subject: encodeGlobalId({ type: 'Model', id }),
    since,
    dueAt: null,
  }));
};

/** What reviews wait for. */
export const reviewTaskSources: readonly TaskSource[] = [toReview, toStop];
