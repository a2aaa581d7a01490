import { newContext, type Context, type Database, type Logger, type Transaction } from '../../platform/index.js';
import { translated } from '../refusals.js';
import { refusedBy } from '../rules.js';
import { isRefusal, recordRefusal } from './governed.js';
import { KEEPER_OF_ROLES } from './grants.js';
import { insertGrant } from './grant-role.js';
import { ensureUserWithin, type Identity } from './users.js';

/** Who installs Assay; recorded by the migration. */
export const INSTALLATION = '00000000-0000-7000-8000-000000000001';

/** Roles that approve are granted by two people, so as many must be named before anybody can be granted anything. */
const KEEPERS_NEEDED = 2;

const NAMING = { name: 'NAME_KEEPERS', subject: INSTALLATION } as const;

/**
 * Names people who keep the roles of others, as the installation: at the beginning, and again only when fewer than two
 * hold that role, so that nobody is locked out for ever. Each is an audit event, and so is an attempt that is refused.
 * Who holds the role already stays as they are.
 * @returns how many grants were made
 * @throws REFUSED when two others hold it: they can grant it
 */
export async function nameFirstKeepers(db: Database, log: Logger, people: readonly Identity[]): Promise<number> {
  const ctx: Context = newContext({ db, log, actor: { id: INSTALLATION, name: 'Installation', roles: [], permissions: new Set(), ownCustomerId: undefined } });
  try {
    return await db.transaction((tx) => nameWithin(tx, ctx, people));
  } catch (thrown) {
    const error = translated(thrown);
    if (isRefusal(error)) await recordRefusal(ctx, NAMING, error);
    throw error;
  }
}

async function nameWithin(tx: Transaction, ctx: Context, people: readonly Identity[]): Promise<number> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('keepers of roles', 0))`);
  const rows = await tx.query<{ userId: string }>(
    'SELECT user_id AS "userId" FROM role_grants WHERE role = $1 AND (valid_to IS NULL OR valid_to > clock_timestamp())',
    [KEEPER_OF_ROLES],
  );
  const held = new Set(rows.map(({ userId }) => userId));
  const users = await Promise.all(people.map((person) => ensureUserWithin(tx, person)));
  const missing = users.filter(({ id }) => !held.has(id));
  if (missing.length > 0 && held.size >= KEEPERS_NEEDED) {
    throw refusedBy('FIRST_KEEPERS', { says: `${held.size} people keep the roles already.`, remedy: 'Ask one of them for grantRole, and another for confirmProposal.', who: `two people who are ${KEEPER_OF_ROLES}` });
  }
  if (held.size + missing.length < KEEPERS_NEEDED) {
    throw refusedBy('FIRST_KEEPERS', { says: 'One person cannot keep the roles alone.', remedy: `Name at least ${KEEPERS_NEEDED} people: roles that approve are granted by two.`, who: 'who installs Assay' });
  }
  for (const { id: userId } of missing) {
    await insertGrant(tx, ctx, { userId, role: KEEPER_OF_ROLES, reason: 'Named by the installation.', grantedBy: INSTALLATION, proposalId: null });
  }
  return missing.length;
}
