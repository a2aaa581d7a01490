import { newContext, openLog, type Context } from '../../src/platform/index.js';
import { ensureUser, GRANT_ROLE, GrantsService, nameFirstKeepers, permissionsOf, Proposals, type GrantRow, type Identity, type ProposalKind, type Role } from '../../src/security/index.js';
import type { TestDatabase } from './database.js';

/** A person with these roles in the token, granted or not. */
export async function personOf({ db }: TestDatabase, name: string, roles: readonly Role[]): Promise<Context> {
  const user = await ensureUser(db, identityOf(name));
  return newContext({ db, log: openLog('silent'), actor: { id: user.id, name, roles, permissions: permissionsOf(roles), ownCustomerId: undefined } });
}

const identityOf = (name: string): Identity => ({ issuer: 'test', subject: name, name });

/** Two people who keep the roles of a database, named by its installation. */
export class Keepers {
  readonly grants: GrantsService;

  private constructor(
    readonly database: TestDatabase,
    readonly proposals: Proposals,
    readonly first: Context,
    readonly second: Context,
  ) {
    this.grants = new GrantsService(proposals);
  }

  /** @param kinds what else can be proposed */
  static async of(database: TestDatabase, kinds: readonly ProposalKind<never>[] = []): Promise<Keepers> {
    const names = ['Karl Keeper', 'Kim Keeper'] as const;
    await nameFirstKeepers(database.db, openLog('silent'), names.map(identityOf));
    const [first, second] = await Promise.all(names.map((name) => personOf(database, name, ['ACCESS_ADMIN'])));
    return new Keepers(database, new Proposals([GRANT_ROLE, ...kinds] as unknown as readonly ProposalKind[]), first!, second!);
  }

  /** Grants a role, by as many of the two as it takes. */
  async give(to: string | Identity, role: Role, reason = 'test'): Promise<GrantRow> {
    const granted = await this.grants.grantRole(this.first, { to, role, reason });
    if ('grant' in granted) return granted.grant;
    await this.proposals.confirm(this.second, granted.proposalId, 'Agreed.');
    const [row] = await this.database.db.query<GrantRow>(
      `SELECT id, user_id AS "userId", role, granted_by AS "grantedBy", reason, valid_from AS "validFrom", valid_to AS "validTo", proposal_id AS "proposalId"
       FROM role_grants WHERE proposal_id = $1`,
      [granted.proposalId],
    );
    return row!;
  }
}
