import { inOrder, internal, type LoaderDefinition, type PagedQuery, type Queryable } from '../../platform/index.js';
import type { GovernancePolicy, PolicyBody } from './policy.js';

export interface PolicyRow {
  readonly id: string;
  readonly version: number;
  readonly body: string;
  readonly digest: string;
  readonly proposalId: string | null;
  readonly recordedAt: Date;
}

const COLUMNS = `g.id, g.version, g.body, encode(g.digest, 'hex') AS digest, g.proposal_id AS "proposalId", g.recorded_at AS "recordedAt"`;

/** Policies, newest first. */
export const policiesQuery: PagedQuery = {
  select: COLUMNS, from: 'governance_policies g', where: [], parameters: [], key: { sql: 'g.id', type: 'uuid' }, id: { sql: 'g.id' }, descending: true,
};

export async function currentPolicyRow(db: Queryable): Promise<PolicyRow> {
  const [row] = await db.query<PolicyRow>(`SELECT ${COLUMNS} FROM governance_policies g ORDER BY g.version DESC LIMIT 1`);
  if (!row) throw internal('There is no governance policy. Run the migrations.');
  return row;
}

/** The policy in force, once for a request. */
export const policyInForce: LoaderDefinition<'now', GovernancePolicy> = {
  load: async (ctx, keys) => {
    const policy = await currentPolicy(ctx.db);
    return keys.map(() => policy);
  },
};

/** The policy in force now. Pass a transaction to act on it in one. */
export const currentPolicy = async (db: Queryable): Promise<GovernancePolicy> => policyOf(await currentPolicyRow(db));

export const policyOf = ({ version, body }: Pick<PolicyRow, 'version' | 'body'>): GovernancePolicy => ({ version, ...(JSON.parse(body) as PolicyBody) });

export const policiesById: LoaderDefinition<string, PolicyRow | undefined> = {
  load: async (ctx, ids) => inOrder(ids, await ctx.db.query<PolicyRow>(`SELECT ${COLUMNS} FROM governance_policies g WHERE g.id = ANY($1)`, [ids]), ({ id }) => id),
};
