import { DAY, encodeGlobalId, type Context } from '../../platform/index.js';
import { may, type Permission } from '../../security/index.js';
import { utcDay } from './adverse-action.js';
import { dueNotices, type DueNotice } from './due-notices.queries.js';
import { dutyOf } from './duty.js';
import { reviewsFor } from './task.queries.js';

/** Something of decisions that waits for a person. */
interface DecisionTask {
  readonly id: string;
  readonly kind: 'DECISION_REVIEW' | 'ADVERSE_ACTION_NOTICE';
  readonly text: string;
  readonly subject: string | null;
  readonly since: Date;
  readonly dueAt: Date;
}

/** A notice becomes a task so many days before it is due, and stays one for a month after. */
const SOON_DAYS = 7;
const DECLINED_DAYS = 60;
const OFFERED_DAYS = 120;

const isUnderwriter = (ctx: Context, permission: Permission): boolean => may(ctx, permission) && ctx.actor.roles.includes('UNDERWRITER');

/** Contested decisions that wait for an underwriter who had no part in them. One statement. */
export async function reviewTasks(ctx: Context): Promise<DecisionTask[]> {
  if (!isUnderwriter(ctx, 'decision:review')) return [];
  return (await reviewsFor(ctx.db, ctx.actor.id)).map(({ customerId, id, recordedAt: since, dueAt }) => {
    const subject = encodeGlobalId({ type: 'DecisionReview', customerId, id });
    return { id: `DECISION_REVIEW:${id}`, kind: 'DECISION_REVIEW', text: `Look at a contested decision and resolve its review by ${utcDay(dueAt)}.`, subject, since, dueAt };
  });
}

/** Notices of adverse action that are due within a week, or overdue, soonest first; the last one says how many more there are. One statement. */
export async function adverseActionTasks(ctx: Context): Promise<DecisionTask[]> {
  if (!isUnderwriter(ctx, 'decision:notify')) return [];
  const now = ctx.now();
  const inDays = (days: number): Date => new Date(now.getTime() + days * DAY);
  const times = { now, declinedSince: inDays(-DECLINED_DAYS), offeredSince: inDays(-OFFERED_DAYS), by: utcDay(inDays(SOON_DAYS)) };
  const { found, more, nextBy } = await dueNotices(ctx.db, ctx.actor.id, times);
  const tasks = found.flatMap((due) => noticeTask(due, now) ?? []);
  return nextBy === null ? tasks : [...tasks, furtherNotices(more, nextBy)];
}

function noticeTask({ row, history }: DueNotice, now: Date): DecisionTask | undefined {
  const { action } = dutyOf(history, row.id, now);
  if (!action) return undefined;
  const subject = encodeGlobalId({ type: 'Prediction', customerId: row.customer_id, id: row.id });
  const text = `Send the notice of adverse action (${action.kind}) by ${action.sendBy} and record it with recordNoticeSent.`;
  return { id: `ADVERSE_ACTION_NOTICE:${row.id}`, kind: 'ADVERSE_ACTION_NOTICE', text, subject, since: action.countsFrom, dueAt: endOf(action.sendBy) };
}

/** A list that is cut says so, where the first that is missing would stand. */
const furtherNotices = (more: number, nextBy: string): DecisionTask => ({
  id: 'ADVERSE_ACTION_NOTICE:more',
  kind: 'ADVERSE_ACTION_NOTICE',
  text: `Send ${more.toLocaleString('en')} more ${more === 1 ? 'notice' : 'notices'} of adverse action, the first by ${nextBy}; they are listed once those before them are recorded.`,
  subject: null,
  since: new Date(endOf(nextBy).getTime() - SOON_DAYS * DAY),
  dueAt: endOf(nextBy),
});

const endOf = (day: string): Date => new Date(`${day}T23:59:59.999Z`);
