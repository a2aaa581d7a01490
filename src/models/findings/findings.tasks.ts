import { encodeGlobalId } from '../../platform/index.js';
import { may, type Task, type TaskSource } from '../../security/index.js';
import { FINDING, type FindingRow } from './findings.queries.js';

const MOST = 200;

/** What findings wait for: their owners, then a validator who neither owns them nor made what they are about. */
export const findingTasks: TaskSource = async (ctx) => {
  const judges = may(ctx, 'finding:raise');
  const rows = await ctx.db.query<FindingRow & { mine: boolean; since: Date }>(
    `SELECT ${FINDING}, f.state = 'OPEN' AS mine,
       CASE WHEN f.state = 'OPEN' THEN coalesce((SELECT max(v.recorded_at) FROM finding_verdicts v WHERE v.resolution_id = f.resolution_id), f.recorded_at) ELSE f.resolution_at END AS since
     FROM finding_states f
     WHERE f.state = 'OPEN' AND f.owner_id = $1
        OR $2 AND f.state = 'RESOLUTION_PROPOSED' AND f.owner_id <> $1 AND NOT is_maker($1, f.version_id)
          AND NOT (f.version_id IS NULL AND EXISTS (SELECT FROM models m WHERE m.id = f.model_id AND m.owner_id = $1))
     ORDER BY f.due_at LIMIT ${MOST}`,
    [ctx.actor.id, judges],
  );
  return rows.map(({ id, title, severity, overdue, dueAt, mine, since }): Task => {
    const kind = mine ? 'FINDING_TO_RESOLVE' : 'RESOLUTION_TO_ACCEPT';
    const asked = mine ? `Resolve the ${severity} finding “${title}”` : `Judge the resolution of the ${severity} finding “${title}”`;
    return { id: `${kind} ${id}`, kind, text: `${asked}${overdue ? '; it is overdue' : ''}.`, subject: encodeGlobalId({ type: 'Finding', id }), since, dueAt };
  });
};
