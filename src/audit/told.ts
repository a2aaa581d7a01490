import { z } from 'zod';
import type { Queryable } from '../platform/index.js';
import type { AuditEvent, AuditEventType, AuditPayloads } from './events.js';
import { unpackLeaf } from './packing.js';
import { AUDIT_EVENT_SENTENCES } from './sentences.js';

/**
 * What is told, to all processes, when it happens. Only acts of people are: telling makes commits wait for one another,
 * so what happens in bulk is TO_NOBODY; and a refusal, of which anybody can cause any number, changes nothing. A step in the
 * life of a model is told to whoever follows that model.
 */
type Telling<Type extends AuditEventType> = 'TO_NOBODY' | 'TASKS_MAY_CHANGE' | (AuditPayloads[Type] extends { model: string } ? 'LIFECYCLE' : never);

const TOLD = {
  BOOK_IMPORTED: 'TO_NOBODY',
  CUSTOMER_RECORDED: 'TO_NOBODY',
  CUSTOMER_UPDATED: 'TO_NOBODY',
  LOAN_RECORDED: 'TO_NOBODY',
  LOAN_UPDATED: 'TO_NOBODY',
  REPAYMENTS_RECORDED: 'TO_NOBODY',
  OUTCOME_RECORDED: 'TO_NOBODY',
  ROLE_GRANTED: 'TASKS_MAY_CHANGE',
  ROLE_ENDED: 'TASKS_MAY_CHANGE',
  PROPOSED: 'TASKS_MAY_CHANGE',
  PROPOSAL_CONFIRMED: 'TASKS_MAY_CHANGE',
  PROPOSAL_DECLINED: 'TASKS_MAY_CHANGE',
  POLICY_CHANGED: 'TASKS_MAY_CHANGE',
  MODEL_REGISTERED: 'LIFECYCLE',
  ARTEFACT_STORED: 'TO_NOBODY',
  VERSION_REGISTERED: 'LIFECYCLE',
  VERSION_EDITED: 'LIFECYCLE',
  VERSION_SUBMITTED: 'LIFECYCLE',
  VOTE_CAST: 'LIFECYCLE',
  VERSION_VALIDATED: 'LIFECYCLE',
  VERSION_APPROVED: 'LIFECYCLE',
  VERSION_REJECTED: 'LIFECYCLE',
  VERSION_WITHDRAWN: 'LIFECYCLE',
  GATES_EVALUATED: 'TO_NOBODY',
  GATE_WAIVED: 'LIFECYCLE',
  FINDING_RAISED: 'TASKS_MAY_CHANGE',
  FINDING_REASSIGNED: 'TASKS_MAY_CHANGE',
  FINDING_RESOLVED: 'TASKS_MAY_CHANGE',
  RESOLUTION_ACCEPTED: 'TASKS_MAY_CHANGE',
  RESOLUTION_REJECTED: 'TASKS_MAY_CHANGE',
  MODEL_UPDATED: 'LIFECYCLE',
  MODEL_REVIEWED: 'LIFECYCLE',
  TIER_CHANGED: 'LIFECYCLE',
  VERSION_DEPLOYED: 'LIFECYCLE',
  DEPLOYMENT_ENDED: 'LIFECYCLE',
  MODEL_ROLLED_BACK: 'LIFECYCLE',
  MODEL_SUSPENDED: 'LIFECYCLE',
  MODEL_RESUMED: 'LIFECYCLE',
  VERSION_SUSPENDED: 'LIFECYCLE',
  VERSION_RESUMED: 'LIFECYCLE',
  VERSION_RETIRED: 'LIFECYCLE',
  DECISION_OVERRIDDEN: 'TASKS_MAY_CHANGE',
  REVIEW_REQUESTED: 'TASKS_MAY_CHANGE',
  REVIEW_RESOLVED: 'TASKS_MAY_CHANGE',
  COUNTEROFFER_RECORDED: 'TASKS_MAY_CHANGE',
  COUNTEROFFER_ACCEPTED: 'TASKS_MAY_CHANGE',
  NOTICE_SENT: 'TASKS_MAY_CHANGE',
  BACKUP_TAKEN: 'TO_NOBODY',
  DATABASE_RESTORED: 'TO_NOBODY',
  EPOCH_OPENED: 'TO_NOBODY',
  LEGAL_HOLD_PLACED: 'TASKS_MAY_CHANGE',
  LEGAL_HOLD_LIFTED: 'TASKS_MAY_CHANGE',
  RETENTION_CHANGED: 'TASKS_MAY_CHANGE',
  CUSTOMER_ERASED: 'TASKS_MAY_CHANGE',
  CUSTOMERS_LOOKED_UP: 'TO_NOBODY',
  KEYS_ROTATED: 'TO_NOBODY',
  PERSONAL_DATA_READ: 'TO_NOBODY',
  ARTEFACT_READ: 'TO_NOBODY',
  ACT_REFUSED: 'TO_NOBODY',
  SCORING_UNRESOLVED: 'TO_NOBODY',
  EXPORT_BEGUN: 'TO_NOBODY',
  EXPORT_RESUMED: 'TO_NOBODY',
  EXPORT_COMPLETED: 'TO_NOBODY',
  EXPORT_READ: 'TO_NOBODY',
  PREDICTION_RECORDED: 'TO_NOBODY',
  ROW_WRITTEN: 'TO_NOBODY',
} as const satisfies { readonly [Type in AuditEventType]: Telling<Type> };

/** Every type of event. */
export const AUDIT_EVENT_TYPES = Object.keys(TOLD) as readonly AuditEventType[];

export type LifecycleEventType = { [Type in AuditEventType]: (typeof TOLD)[Type] extends 'LIFECYCLE' ? Type : never }[AuditEventType];

/** The steps in the life of a model that are told, each with its sentence. */
export const LIFECYCLE_EVENTS = Object.fromEntries(
  AUDIT_EVENT_TYPES.flatMap((type) => (TOLD[type] === 'LIFECYCLE' ? [[type, AUDIT_EVENT_SENTENCES[type]]] : [])),
) as Readonly<Record<LifecycleEventType, string>>;

const notice = z.object({
  /** Of the event itself, in the transparency log. */
  event: z.uuid(),
  type: z.string(),
  at: z.coerce.date(),
  actor: z.uuid(),
  model: z.uuid().optional(),
  version: z.uuid().optional(),
  deployment: z.uuid().optional(),
});

/** What happened, to what and by whom: type, time and ids only. Other releases may tell types that this one does not know. */
export type GovernanceNotice = Readonly<z.output<typeof notice>>;

const pointer = z.object({ event: z.uuid() });

/**
 * The notices of what was told on the channel of the database, in order. PostgreSQL lets whoever may connect tell anything there, so
 * only the id of the event is taken from it: what happened is read from the event itself, and what is no event is left out.
 */
export async function noticesWitnessed(db: Queryable, heard: readonly unknown[]): Promise<GovernanceNotice[]> {
  const ids = heard.flatMap((one) => pointer.safeParse(one).data?.event ?? []);
  if (ids.length === 0) return [];
  const events = await db.query<{ id: string; leaf: Buffer }>('SELECT id, leaf FROM audit_intake WHERE id = ANY($1)', [ids]);
  const notices = new Map(events.map(({ id, leaf }) => [id, noticeIn(id, unpackLeaf(leaf))]));
  return ids.flatMap((id) => notices.get(id) ?? []);
}

/** @returns undefined for what is told to nobody */
function noticeIn(id: string, leaf: Buffer): GovernanceNotice | undefined {
  const { time, ...event } = JSON.parse(leaf.toString('utf8')) as Record<string, unknown>;
  const { data } = notice.safeParse({ ...event, event: id, at: time });
  return data && (TOLD as Readonly<Record<string, unknown>>)[data.type] !== 'TO_NOBODY' ? data : undefined;
}

/** A notice of a model's life that this release knows. */
export const isLifecycle = (told: GovernanceNotice): told is GovernanceNotice & { readonly type: LifecycleEventType; readonly model: string } =>
  Object.hasOwn(LIFECYCLE_EVENTS, told.type) && told.model !== undefined;

/** @returns undefined for what is told to nobody */
export function noticeOf(id: string, { type, actor, time, payload }: AuditEvent): GovernanceNotice | undefined {
  if (TOLD[type] === 'TO_NOBODY') return undefined;
  const { model, version, deployment } = payload as { model?: string; version?: string; deployment?: string };
  return { event: id, type, at: time, actor, model, version, deployment };
}
