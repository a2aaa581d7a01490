import { Where, type Queryable } from '../../platform/index.js';
import { DECIDES } from './decided.js';
import type { OverrideRates } from './override.types.js';
import type { OverrideReasonCode } from './reason-codes.js';

interface Span {
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

interface Counted {
  readonly decision: 'APPROVE' | 'REFER' | 'DECLINE' | null;
  readonly code: OverrideReasonCode | null;
  readonly count: number;
}

/** Of each decision of a version the newest override, counted by what it decided and why; one row has neither: the others. */
export async function overrideRates(db: Queryable, versionId: string, { since, until }: Span): Promise<OverrideRates> {
  const { conditions, parameters } = new Where()
    .add('p.version_id = ?', versionId)
    // The id holds the time, so the index does the work; created_at decides at the edge.
    .add(`p.id >= uuid_v7_floor(greatest(?::timestamptz, 'epoch')) AND p.created_at >= ?`, since)
    .add('p.created_at < ?', until);
  const rows = await db.query<Counted>(
    `SELECT o.decision, o.reason_code AS code, count(*)::int AS count FROM predictions p
     LEFT JOIN LATERAL (SELECT decision, reason_code FROM decision_overrides n
                        WHERE n.customer_id = p.customer_id AND n.prediction_id = p.id ORDER BY n.id DESC LIMIT 1) o ON true
     WHERE ${[DECIDES, ...conditions].join(' AND ')} GROUP BY 1, 2`,
    parameters,
  );
  return ratesOf(rows);
}

/** Exported for its arithmetic. */
export function ratesOf(rows: readonly Counted[]): OverrideRates {
  const sum = (some: readonly Counted[]): number => some.reduce((total, { count }) => total + count, 0);
  const overridden = rows.filter(({ code }) => code !== null);
  const to = (decision: Counted['decision']): number => sum(overridden.filter((row) => row.decision === decision));
  const codes = [...new Set(overridden.map(({ code }) => code!))];
  const byReason = codes
    .map((code) => ({ code, count: sum(overridden.filter((row) => row.code === code)) }))
    .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
  const [decisions, changed] = [sum(rows), sum(overridden)];
  return { decisions, overridden: changed, rate: decisions === 0 ? null : changed / decisions, toApprove: to('APPROVE'), toDecline: to('DECLINE'), toRefer: to('REFER'), byReason };
}
