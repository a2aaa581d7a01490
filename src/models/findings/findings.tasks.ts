import { encodeGlobalId } from '../../platform/index.js';
import { grantedNow, may, rolesWith, type Task, type TaskSource } from '../../security/index.js';
import { FINDING, type FindingRow } from './findings.queries.js';

type Waiting = FindingRow & { readonly since: Date };

const toTask = (kind: 'FINDING_TO_RESOLVE' | 'FINDING_TO_REASSIGN' | 'RESOLUTION_TO_ACCEPT', asked: string, { id, title, severity, overdue, dueAt, since }: Waiting): Task => ({
  id: `${kind}:${id}`,
  kind,
  text: `${asked} the ${severity} finding “${title}”${overdue ? '; it is overdue' : ''}.`,
  subject: encodeGlobalId({ type: 'Finding', id }),
  since,
  dueAt,
});

const granted = (roles: readonly string[], user = '$1'): string => `(${roles.map((role) => grantedNow(user, `'${role}'`)).join(' OR ')})`;
const RESOLVERS = rolesWith('finding:resolve');
/** Neither the owner of the finding nor a maker of what it is about. */
const INDEPENDENT = `f.owner_id <> $1 AND NOT is_maker($1, f.version_id) AND NOT (f.version_id IS NULL AND EXISTS (SELECT FROM models m WHERE m.id = f.model_id AND m.owner_id = $1))`;

/** The open findings of the actor. */
const toResolve: TaskSource = async (ctx) => {
  if (!may(ctx, 'finding:resolve')) return [];
  const rows = await ctx.db.query<Waiting>(
    `SELECT ${FINDING}, coalesce((SELECT v.recorded_at FROM finding_verdicts v WHERE v.resolution_id = f.resolution_id), f.recorded_at) AS since
     FROM finding_states f WHERE f.state = 'OPEN' AND f.owner_id = $1 AND ${granted(RESOLVERS)} ORDER BY f.due_at`,
    [ctx.actor.id],
  );
  return rows.map((row) => toTask('FINDING_TO_RESOLVE', 'Resolve', row));
};

/** Resolutions that the actor may judge: of findings that are not theirs, on what they did not make. */
const toJudge: TaskSource = async (ctx) => {
  if (!may(ctx, 'finding:raise')) return [];
  const rows = await ctx.db.query<Waiting>(
    `SELECT ${FINDING}, f.resolution_at AS since FROM finding_states f
     WHERE f.state = 'RESOLUTION_PROPOSED' AND ${INDEPENDENT} AND ${granted(['VALIDATOR'])} ORDER BY f.due_at`,
    [ctx.actor.id],
  );
  return rows.map((row) => toTask('RESOLUTION_TO_ACCEPT', 'Judge the resolution of', row));
};

/** Open findings whose owners lost the grant by which they could resolve them. */
const toReassign: TaskSource = async (ctx) => {
  if (!may(ctx, 'finding:raise')) return [];
  const rows = await ctx.db.query<Waiting>(
    `SELECT ${FINDING}, coalesce((SELECT max(g.valid_to) FROM role_grants g WHERE g.user_id = f.owner_id AND g.valid_to <= clock_timestamp()), f.recorded_at) AS since
     FROM finding_states f WHERE f.state = 'OPEN' AND NOT ${granted(RESOLVERS, 'f.owner_id')} AND ${INDEPENDENT} AND ${granted(['VALIDATOR'])} ORDER BY f.due_at`,
    [ctx.actor.id],
  );
  return rows.map((row) => toTask('FINDING_TO_REASSIGN', 'Give to somebody who can resolve it (reassignFinding), as its owner holds no role for that any more:', row));
};

/** What findings wait for. */
export const findingTaskSources: readonly TaskSource[] = [toResolve, toReassign, toJudge];
