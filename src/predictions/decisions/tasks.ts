import { DAY, encodeGlobalId, type Context } from '../../platform/index.js';
import { may, type Permission } from '../../security/index.js';
import { adverseActionOf, utcDay } from './adverse-action.js';
import { decides, effectiveDecision } from './decided.js';
import { factsOf } from './facts.js';
import { reviewsFor, untoldDecisions, type Untold } from './task.queries.js';

/** Something of decisions that waits for a person. */
interface DecisionTask {
  readonly id: string;
  readonly kind: 'DECISION_REVIEW' | 'ADVERSE_ACTION_NOTICE';
  readonly text: string;
  readonly subject: string;
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

/** Notices of adverse action that are due within a week, or overdue. One statement, over indexes of what was declined lately. */
export async function adverseActionTasks(ctx: Context): Promise<DecisionTask[]> {
  if (!isUnderwriter(ctx, 'decision:notify')) return [];
  const now = ctx.now();
  const ago = (days: number): Date => new Date(now.getTime() - days * DAY);
  const found = await untoldDecisions(ctx.db, ctx.actor.id, ago(DECLINED_DAYS), ago(OFFERED_DAYS));
  return found.flatMap((untold) => noticeTask(untold, now) ?? []);
}

function noticeTask({ row, file }: Untold, now: Date): DecisionTask | undefined {
  if (!decides(row)) return undefined;
  const effective = effectiveDecision(row, file, now);
  const action = adverseActionOf(factsOf(row, file, effective), now);
  if (!action || action.sentAt || action.sendBy > utcDay(new Date(now.getTime() + SOON_DAYS * DAY))) return undefined;
  const subject = encodeGlobalId({ type: 'Prediction', customerId: row.customer_id, id: row.id });
  const text = `Send the notice of adverse action (${action.kind}) by ${action.sendBy} and record it with recordNoticeSent.`;
  return { id: `ADVERSE_ACTION_NOTICE:${row.id}`, kind: 'ADVERSE_ACTION_NOTICE', text, subject, since: effective.since, dueAt: new Date(`${action.sendBy}T23:59:59.999Z`) };
}
