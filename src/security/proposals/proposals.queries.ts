import { inOrder, Where, type LoaderDefinition, type PagedQuery, type Queryable } from '../../platform/index.js';
import type { ProposalKindName } from './kinds.js';

export type ProposalState = 'OPEN' | 'CONFIRMED' | 'DECLINED' | 'EXPIRED';

export interface ProposalRow {
  readonly id: string;
  readonly kind: ProposalKindName;
  readonly subject: string;
  readonly payload: object;
  readonly proposedBy: string;
  readonly reason: string;
  readonly recordedAt: Date;
  readonly expiresAt: Date;
  readonly state: ProposalState;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly comment: string | null;
}

const STATE = `coalesce(d.verdict, CASE WHEN p.expires_at <= clock_timestamp() THEN 'EXPIRED' ELSE 'OPEN' END)`;
const COLUMNS = `p.id, p.kind, p.subject, p.payload, p.proposed_by AS "proposedBy", p.reason, p.recorded_at AS "recordedAt",
  p.expires_at AS "expiresAt", ${STATE} AS state, d.decided_by AS "decidedBy", d.recorded_at AS "decidedAt", d.comment`;
const FROM = 'proposals p LEFT JOIN proposal_decisions d ON d.proposal_id = p.id';

export const proposalsById: LoaderDefinition<string, ProposalRow | undefined> = {
  load: async (ctx, ids) => inOrder(ids, await proposalRows(ctx.db, ids), ({ id }) => id),
};

export const proposalRows = (db: Queryable, ids: readonly string[]): Promise<ProposalRow[]> =>
  db.query<ProposalRow>(`SELECT ${COLUMNS} FROM ${FROM} WHERE p.id = ANY($1)`, [ids]);

/** Proposals of some kinds, newest first. */
export function proposalsQuery(kinds: readonly ProposalKindName[], { state, subject }: { state?: ProposalState | undefined; subject?: string | undefined } = {}): PagedQuery {
  const { conditions, parameters } = new Where().add('p.kind = ANY(?)', kinds).add('p.subject = ?', subject).add(`${STATE} = ?`, state);
  return { select: COLUMNS, from: FROM, where: conditions, parameters, key: { sql: 'p.id', type: 'uuid' }, id: { sql: 'p.id' }, descending: true };
}
