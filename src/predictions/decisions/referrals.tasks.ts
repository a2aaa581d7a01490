import { encodeGlobalId, type Context } from '../../platform/index.js';
import { bears, grantedNow, MOST_TASKS, type Task } from '../../security/index.js';
import { overrideInForce, waitsForPerson } from '../history/deciding.js';
import { CLOCKS, lastDay } from './adverse-action.js';

interface Waiting {
  readonly customerId: string;
  readonly id: string;
  readonly since: Date;
  readonly completedAt: Date | null;
}

/** A contested one waits as a review, a proposed one for its confirmation. */
const NOT_OTHERWISE = `NOT EXISTS (SELECT FROM open_reviews_of_loan(w.customer_id, w.loan_id))
  AND NOT EXISTS (SELECT FROM proposals q WHERE q.kind = 'OVERRIDE_DECISION' AND q.subject = w.id AND q.expires_at > clock_timestamp()
                  AND NOT EXISTS (SELECT FROM proposal_decisions d WHERE d.proposal_id = q.id))`;

const SQL = `
  WITH waiting AS MATERIALIZED (
    SELECT p.customer_id, p.id, p.loan_id, coalesce(${overrideInForce('recorded_at', '$2')}, p.created_at) AS since,
      (SELECT f.completed_at FROM loan_facts f WHERE f.customer_id = p.customer_id AND f.loan_id = p.loan_id
       ORDER BY f.effective_at DESC, f.recorded_at DESC, f.id DESC LIMIT 1) AS completed_at
    FROM predictions p WHERE ${grantedNow('$1', `'UNDERWRITER'`)} AND ${waitsForPerson('$2')})
  SELECT w.customer_id AS "customerId", w.id, w.since, w.completed_at AS "completedAt"
  FROM waiting w WHERE ${NOT_OTHERWISE} ORDER BY w.completed_at, w.id LIMIT ${MOST_TASKS}`;

const { days: DAYS } = CLOCKS.COMPLETED_APPLICATION;

/**
 * Applications that were referred to a person, for underwriters: those that must be told of first come first, then those
 * that were never complete, the oldest first. One statement, over indexes of what was referred lately.
 */
export async function referralTasks(ctx: Context): Promise<Task[]> {
  if (!bears(ctx, 'UNDERWRITER', 'decision:override')) return [];
  const found = await ctx.db.query<Waiting>(SQL, [ctx.actor.id, ctx.now().toISOString()]);
  return found.map(({ customerId, id, since, completedAt }) => {
    const day = completedAt && lastDay(completedAt, DAYS);
    return {
      id: `DECISION_TO_MAKE:${id}`,
      kind: 'DECISION_TO_MAKE',
      text: `Decide an application that was referred to a person${day ? `, by ${day}` : ''}: overrideDecision with APPROVE or DECLINE.`,
      subject: encodeGlobalId({ type: 'Prediction', customerId, id }),
      since,
      dueAt: day ? new Date(`${day}T23:59:59.999Z`) : null,
    };
  });
}
