import { groupedInOrder, inOrder, type LoaderDefinition, type PagedQuery } from '../../platform/index.js';
import type { UserRow } from './users.js';

export interface GrantRow {
  readonly id: string;
  readonly userId: string;
  readonly role: string;
  readonly grantedBy: string;
  readonly reason: string;
  readonly validFrom: Date;
  readonly validTo: Date | null;
  /** What a second person confirmed; null for a role that one person grants. */
  readonly proposalId: string | null;
}

const USER_COLUMNS = 'u.id, u.issuer, u.subject, u.name';
const GRANT_COLUMNS = `g.id, g.user_id AS "userId", g.role, g.granted_by AS "grantedBy", g.reason,
  g.valid_from AS "validFrom", g.valid_to AS "validTo", g.proposal_id AS "proposalId"`;

export const usersById: LoaderDefinition<string, UserRow | undefined> = {
  load: async (ctx, ids) => inOrder(ids, await ctx.db.query<UserRow>(`SELECT ${USER_COLUMNS} FROM users u WHERE u.id = ANY($1)`, [ids]), ({ id }) => id),
};

/** Every grant a person has had, oldest first. */
export const grantsOfUser: LoaderDefinition<string, GrantRow[]> = {
  load: async (ctx, ids) =>
    groupedInOrder(
      ids,
      await ctx.db.query<GrantRow>(`SELECT ${GRANT_COLUMNS} FROM role_grants g WHERE g.user_id = ANY($1) ORDER BY g.id`, [ids]),
      ({ userId }) => userId,
    ),
};

export const grantsById: LoaderDefinition<string, GrantRow | undefined> = {
  load: async (ctx, ids) => inOrder(ids, await ctx.db.query<GrantRow>(`SELECT ${GRANT_COLUMNS} FROM role_grants g WHERE g.id = ANY($1)`, [ids]), ({ id }) => id),
};

/** Everyone who has used the API or been granted a role, in the order in which they were recorded. */
export const usersQuery: PagedQuery = {
  select: USER_COLUMNS,
  from: 'users u',
  where: [],
  parameters: [],
  key: { sql: 'u.id', type: 'uuid' },
  id: { sql: 'u.id' },
};

export const isCurrent = (grant: GrantRow, at: Date): boolean => grant.validFrom <= at && (grant.validTo === null || at < grant.validTo);
