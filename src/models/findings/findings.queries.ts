import { inOrder, Where, type LoaderDefinition, type PagedQuery, type Queryable } from '../../platform/index.js';
import { listsOf } from '../model.queries.js';
import type { FindingSeverity, FindingState, ResolutionOutcome } from './lifecycle.js';

export interface FindingRow {
  readonly id: string;
  readonly modelId: string;
  readonly versionId: string | null;
  readonly title: string;
  readonly text: string;
  readonly severity: FindingSeverity;
  readonly ownerId: string;
  readonly dueAt: Date;
  readonly evidence: string[];
  readonly raisedBy: string;
  readonly recordedAt: Date;
  readonly state: FindingState;
  readonly overdue: boolean;
  /** The newest one, whatever became of it. */
  readonly resolutionId: string | null;
}

export interface ReassignmentRow {
  readonly id: string;
  readonly findingId: string;
  readonly fromOwner: string;
  readonly toOwner: string;
  readonly dueBefore: Date;
  readonly dueAt: Date;
  readonly reason: string;
  readonly byUser: string;
  readonly recordedAt: Date;
}

export interface ResolutionRow {
  readonly id: string;
  readonly findingId: string;
  readonly outcome: ResolutionOutcome;
  readonly text: string;
  readonly evidence: string[];
  readonly proposedBy: string;
  readonly recordedAt: Date;
  readonly verdict: 'ACCEPTED' | 'REJECTED' | null;
  readonly comment: string | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
}

const OVERDUE = `(f.state <> 'CLOSED' AND f.due_at <= clock_timestamp())`;

export const FINDING = `f.id, f.model_id AS "modelId", f.version_id AS "versionId", f.title, f.text, f.severity, f.owner_id AS "ownerId", f.due_at AS "dueAt", f.evidence,
  f.raised_by AS "raisedBy", f.recorded_at AS "recordedAt", f.state, ${OVERDUE} AS overdue, f.resolution_id AS "resolutionId"`;

export const findingsById: LoaderDefinition<string, FindingRow | undefined> = {
  load: async (ctx, ids) => inOrder(ids, await findingRows(ctx.db, ids), ({ id }) => id),
};

export const findingRows = (db: Queryable, ids: readonly string[]): Promise<FindingRow[]> => db.query<FindingRow>(`SELECT ${FINDING} FROM finding_states f WHERE f.id = ANY($1)`, [ids]);

export const findingsOfVersion = listsOf<FindingRow>(FINDING, 'finding_states f', 'f.version_id', 'f.id');
/** Those on its versions as well. */
export const findingsOfModel = listsOf<FindingRow>(FINDING, 'finding_states f', 'f.model_id', 'f.id');

export const resolutionsOfFinding = listsOf<ResolutionRow>(
  `r.id, r.finding_id AS "findingId", r.outcome, r.text, r.evidence, r.proposed_by AS "proposedBy", r.recorded_at AS "recordedAt",
   v.verdict, v.comment, v.decided_by AS "decidedBy", v.recorded_at AS "decidedAt"`,
  'finding_resolutions r LEFT JOIN finding_verdicts v ON v.resolution_id = r.id',
  'r.finding_id',
  'r.recorded_at, r.id',
);

export const reassignmentsOfFinding = listsOf<ReassignmentRow>(
  `a.id, a.finding_id AS "findingId", a.from_owner AS "fromOwner", a.to_owner AS "toOwner", a.due_before AS "dueBefore", a.due_at AS "dueAt", a.reason,
   a.by_user AS "byUser", a.recorded_at AS "recordedAt"`,
  'finding_reassignments a',
  'a.finding_id',
  'a.recorded_at, a.id',
);

export interface FindingFilter {
  readonly versionId?: string | undefined;
  readonly modelId?: string | undefined;
  readonly ownerId?: string | undefined;
  readonly severity?: FindingSeverity | undefined;
  readonly open?: boolean | undefined;
  readonly overdue?: boolean | undefined;
}

/** Findings, newest first. */
export function findingsQuery({ versionId, modelId, ownerId, severity, open, overdue }: FindingFilter): PagedQuery {
  const { conditions, parameters } = new Where()
    .add('f.version_id = ?', versionId)
    .add('f.model_id = ?', modelId)
    .add('f.owner_id = ?', ownerId)
    .add('f.severity = ?', severity)
    .add(`(f.state <> 'CLOSED') = ?`, open)
    .add(`${OVERDUE} = ?`, overdue);
  return { select: FINDING, from: 'finding_states f', where: conditions, parameters, key: { sql: 'f.id', type: 'uuid' }, id: { sql: 'f.id' }, descending: true };
}

/** Titles of what blocks the approval of a version, and that it is deployed to decide: HIGH, not closed, on it or on its model as a whole. */
export async function openHighFindings(db: Queryable, versionId: string, modelId: string): Promise<string[]> {
  const rows = await db.query<{ title: string }>(
    `SELECT f.title FROM finding_states f
     WHERE f.model_id = $2 AND coalesce(f.version_id, $1) = $1 AND f.severity = 'HIGH' AND f.state <> 'CLOSED' ORDER BY f.id`,
    [versionId, modelId],
  );
  return rows.map(({ title }) => title);
}
