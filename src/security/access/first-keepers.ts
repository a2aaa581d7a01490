import { newContext, refused, type Context, type Database, type Logger } from '../../platform/index.js';
import { KEEPER_OF_ROLES } from './grants.js';
import { insertGrant } from './grant-role.js';
import { ensureUserWithin, type Identity } from './users.js';

/** Who installs Assay; recorded by the migration. */
const INSTALLATION = '00000000-0000-7000-8000-000000000001';

/** Roles that approve are granted by two people, so as many must be named before anybody can be granted anything. */
const KEEPERS_NEEDED = 2;

/**
 * Names people who keep the roles of others, as the installation: at the beginning, and again only when fewer than two
 * hold that role, so that nobody is locked out for ever. Each is an audit event. Who holds the role already stays as they are.
 * @returns how many grants were made
 * @throws REFUSED when two others hold it: they can grant it
 */
export async function nameFirstKeepers(db: Database, log: Logger, people: readonly Identity[]): Promise<number> {
  const ctx: Context = newContext({ db, log, actor: { id: INSTALLATION, name: 'Installation', roles: [], permissions: new Set(), ownCustomerId: undefined } });
  return db.transaction(async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('keepers of roles', 0))`);
    const rows = await tx.query<{ userId: string }>('SELECT user_id AS "userId" FROM role_grants WHERE role = $1 AND valid_to IS NULL', [KEEPER_OF_ROLES]);
    const held = new Set(rows.map(({ userId }) => userId));
    const users = await Promise.all(people.map((person) => ensureUserWithin(tx, person)));
    const missing = users.filter(({ id }) => !held.has(id));
    if (missing.length > 0 && held.size >= KEEPERS_NEEDED) {
      throw refused(`${held.size} people keep the roles already. Ask one of them for grantRole, and another for confirmProposal.`);
    }
    if (held.size + missing.length < KEEPERS_NEEDED) throw refused(`Name at least ${KEEPERS_NEEDED} people: roles that approve are granted by two.`);
    for (const { id: userId } of missing) {
      await insertGrant(tx, ctx, { userId, role: KEEPER_OF_ROLES, reason: 'Named by the installation.', grantedBy: INSTALLATION, proposalId: null });
    }
    return missing.length;
  });
}
