import { z } from 'zod';
import type { Queryable } from '../platform/index.js';
import type { AuditEvent, AuditEventType, AuditPayloads } from './events.js';

/** A step in the life of a model: told to whoever follows it, by this sentence. */
interface Lifecycle {
  readonly lifecycle: string;
}

/**
 * What is told, to all processes, when it happens. Only acts of people are: telling makes commits wait for one another,
 * so what happens in bulk is TO_NOBODY; and a refusal, of which anybody can cause any number, changes nothing.
 */
type Telling<Type extends AuditEventType> = 'TO_NOBODY' | 'TASKS_MAY_CHANGE' | (AuditPayloads[Type] extends { model: string } ? Lifecycle : never);

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
  MODEL_REGISTERED: { lifecycle: 'A model was registered.' },
  ARTEFACT_STORED: 'TO_NOBODY',
  VERSION_REGISTERED: { lifecycle: 'A version was registered, as a draft.' },
  VERSION_EDITED: { lifecycle: 'A draft was changed.' },
  VERSION_SUBMITTED: { lifecycle: 'A version was handed to its voters.' },
  VOTE_CAST: { lifecycle: 'Somebody voted on a version. Whether that moved it is told by itself.' },
  VERSION_VALIDATED: { lifecycle: 'A validator was for a version.' },
  VERSION_APPROVED: { lifecycle: 'A version got the last vote it needed.' },
  VERSION_REJECTED: { lifecycle: 'A version was voted against. Final.' },
  VERSION_WITHDRAWN: { lifecycle: 'A version was taken back by its makers. Final.' },
  GATES_EVALUATED: 'TO_NOBODY',
  GATE_WAIVED: { lifecycle: 'A gate that fails was waived for a version, by two people, for a time.' },
  FINDING_RAISED: 'TASKS_MAY_CHANGE',
  FINDING_REASSIGNED: 'TASKS_MAY_CHANGE',
  FINDING_RESOLVED: 'TASKS_MAY_CHANGE',
  RESOLUTION_ACCEPTED: 'TASKS_MAY_CHANGE',
  RESOLUTION_REJECTED: 'TASKS_MAY_CHANGE',
  MODEL_UPDATED: { lifecycle: 'What the inventory says of a model was changed.' },
  MODEL_REVIEWED: { lifecycle: 'A model was reviewed.' },
  TIER_CHANGED: { lifecycle: 'A model got another tier, by two people.' },
  VERSION_DEPLOYED: { lifecycle: 'A version was made live, or scores beside the one that is.' },
  DEPLOYMENT_ENDED: { lifecycle: 'A version holds a role no longer.' },
  MODEL_ROLLED_BACK: { lifecycle: 'A model was rolled back to an earlier version.' },
  MODEL_SUSPENDED: { lifecycle: 'A model was stopped; a person decides.' },
  MODEL_RESUMED: { lifecycle: 'A stopped model decides again, by two people.' },
  VERSION_SUSPENDED: { lifecycle: 'A version was stopped.' },
  VERSION_RESUMED: { lifecycle: 'A stopped version may be deployed again, by two people.' },
  VERSION_RETIRED: { lifecycle: 'A version was taken out of use. Final.' },
  DECISION_OVERRIDDEN: 'TASKS_MAY_CHANGE',
  REVIEW_REQUESTED: 'TASKS_MAY_CHANGE',
  REVIEW_RESOLVED: 'TASKS_MAY_CHANGE',
  COUNTEROFFER_RECORDED: 'TASKS_MAY_CHANGE',
  COUNTEROFFER_ACCEPTED: 'TASKS_MAY_CHANGE',
  NOTICE_SENT: 'TASKS_MAY_CHANGE',
  PERSONAL_DATA_READ: 'TO_NOBODY',
  ARTEFACT_READ: 'TO_NOBODY',
  ACT_REFUSED: 'TO_NOBODY',
  SCORING_UNRESOLVED: 'TO_NOBODY',
  PREDICTION_RECORDED: 'TO_NOBODY',
} as const satisfies { readonly [Type in AuditEventType]: Telling<Type> };

/** Every type of event. */
export const AUDIT_EVENT_TYPES = Object.keys(TOLD) as readonly AuditEventType[];

export type LifecycleEventType = { [Type in AuditEventType]: (typeof TOLD)[Type] extends Lifecycle ? Type : never }[AuditEventType];

/** The steps in the life of a model that are told, each with its sentence. */
export const LIFECYCLE_EVENTS = Object.fromEntries(
  Object.entries(TOLD).flatMap(([type, telling]) => (typeof telling === 'string' ? [] : [[type, telling.lifecycle]])),
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
  const notices = new Map(events.map(({ id, leaf }) => [id, noticeIn(id, leaf)]));
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
