import type { Context } from '../platform/index.js';
import { may } from './access/demand.js';
import { KEEPER_OF_ROLES, VOTING_ROLES } from './access/grants.js';
import type { Permission, Role } from './access/permissions.js';

/** What can wait for a person, each with what it asks of them. */
export const TASK_KINDS = {
  VOTE: 'A submitted version needs your verdict or your vote.',
  DEPLOY: 'An approved version was never made live.',
  SUBMIT: 'A draft of yours was not handed to its voters.',
  CONFIRM_PROPOSAL: 'What a colleague proposed needs a second person.',
  FINDING_TO_RESOLVE: 'A finding that you own is open.',
  FINDING_TO_REASSIGN: 'The owner of an open finding can no longer resolve it.',
  RESOLUTION_TO_ACCEPT: 'The resolution of a finding needs somebody else to accept it.',
  MODEL_REVIEW: 'A model that you own is due for review.',
  MODEL_UNFIT: 'A model that decides was found unfit: it is to be stopped, or reviewed anew.',
  WAIVER_EXPIRES: 'A waiver under which a model decides will expire.',
  DECISION_REVIEW: 'A person asked for a decision to be reviewed.',
  DECISION_TO_MAKE: 'An application was referred to a person, who has to decide it.',
  ADVERSE_ACTION_NOTICE: 'An applicant must be told why they were declined.',
} as const;

export type TaskKind = keyof typeof TASK_KINDS;

/** Something that waits for a person. */
export interface Task {
  /** Stable: kind and subject. */
  readonly id: string;
  readonly kind: TaskKind;
  /** What is to be done, one sentence without personal data. */
  readonly text: string;
  /** Global id of what it is about. */
  readonly subject: string | null;
  readonly since: Date;
  readonly dueAt: Date | null;
}

/** What waits for `ctx.actor`, of some kinds; checks roles and permissions itself. One statement. */
export type TaskSource = (ctx: Context) => Promise<Task[]>;

/** The most tasks that are told at once. */
export const MOST_TASKS = 200;

export const isOverdue = ({ dueAt }: Pick<Task, 'dueAt'>, now: Date): boolean => dueAt !== null && dueAt <= now;

/** Later than any date, where there is none. */
const due = ({ dueAt }: Task): number => dueAt?.getTime() ?? Number.MAX_SAFE_INTEGER;

/** The most urgent first: what is due comes by its date, then what has no date by its age. */
export function byUrgency(tasks: readonly Task[]): Task[] {
  const sorted = [...tasks].sort((a, b) => due(a) - due(b) || a.since.getTime() - b.since.getTime() || (a.id < b.id ? -1 : 1));
  return sorted.slice(0, MOST_TASKS);
}

/** Whether the token lets its bearer act in a role. That the role is also granted, `grantedNow` asks the database. */
export const bears = (ctx: Context, role: Role, permission: Permission): boolean =>
  may(ctx, permission) && ctx.actor.roles.includes(role) && !(VOTING_ROLES.includes(role) && ctx.actor.roles.includes(KEEPER_OF_ROLES));

/** SQL: whether a user may act in a role now, by the grants in the database. Both are expressions, such as parameters. */
export function grantedNow(user: string, role: string): string {
  const current = `g.user_id = ${user} AND g.valid_from <= clock_timestamp() AND (g.valid_to IS NULL OR g.valid_to > clock_timestamp())`;
  const voting = VOTING_ROLES.map((name) => `'${name}'`).join(', ');
  return `(EXISTS (SELECT FROM role_grants g WHERE ${current} AND g.role = ${role})
    AND (${role} NOT IN (${voting}) OR NOT EXISTS (SELECT FROM role_grants g WHERE ${current} AND g.role = '${KEEPER_OF_ROLES}')))`;
}
