import { Where, type Queryable } from '../../platform/index.js';
import { DECIDES } from '../history/deciding.js';
import type { OverrideRates } from './override.types.js';
import type { OverrideReasonCode } from './reason-codes.js';

interface Span {
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

interface Counted {
  /** Whether the version left the decision to a person. */
  readonly referred: boolean;
  readonly decision: 'APPROVE' | 'REFER' | 'DECLINE' | null;
  readonly code: OverrideReasonCode | null;
  readonly count: number;
}

/** Of each decision of a version the newest override, counted by what it was of, what it decided and why; those without one have no decision and no code. */
export async function overrideRates(db: Queryable, versionId: string, { since, until }: Span): Promise<OverrideRates> {
  const { conditions, parameters } = new Where()
    .add('p.version_id = ?', versionId)
    // The id holds the time, so the index does the work; created_at decides at the edge.
    .add(`p.id >= uuid_v7_floor(greatest(?::timestamptz, 'epoch')) AND p.created_at >= ?`, since)
    .add('p.created_at < ?', until);
  const rows = await db.query<Counted>(
    `SELECT p.decision = 'REFER' AS referred, o.decision, o.reason_code AS code, count(*)::int AS count FROM predictions p
     LEFT JOIN LATERAL (SELECT decision, reason_code FROM decision_overrides n
                        WHERE n.customer_id = p.customer_id AND n.prediction_id = p.id ORDER BY n.id DESC LIMIT 1) o ON true
     WHERE ${[DECIDES, ...conditions].join(' AND ')} GROUP BY 1, 2, 3`,
    parameters,
  );
  return ratesOf(rows);
}

const sum = (rows: readonly Counted[]): number => rows.reduce((total, { count }) => total + count, 0);

const became = (rows: readonly Counted[], decision: Counted['decision']): number => sum(rows.filter((row) => row.decision === decision));

/** To decide what was referred is no disagreement, so only what the version decided itself is overridden. Exported for its arithmetic. */
export function ratesOf(rows: readonly Counted[]): OverrideRates {
  const own = rows.filter(({ referred }) => !referred);
  const referred = rows.filter((row) => row.referred);
  const overridden = own.filter(({ code }) => code !== null);
  const [decided, changed] = [sum(own), sum(overridden)];
  return {
    decisions: sum(rows),
    decided,
    overridden: changed,
    rate: decided === 0 ? null : changed / decided,
    toApprove: became(overridden, 'APPROVE'),
    toDecline: became(overridden, 'DECLINE'),
    toRefer: became(overridden, 'REFER'),
    byReason: reasonsOf(overridden),
    referred: sum(referred),
    referredApproved: became(referred, 'APPROVE'),
    referredDeclined: became(referred, 'DECLINE'),
  };
}

const reasonsOf = (rows: readonly Counted[]): OverrideRates['byReason'] =>
  [...new Set(rows.map(({ code }) => code!))]
    .map((code) => ({ code, count: sum(rows.filter((row) => row.code === code)) }))
    .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
