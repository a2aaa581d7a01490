import { userInfo } from 'node:os';
import { newContext, type Context } from '../../platform/index.js';
import type { Runtime } from '../../runtime.js';
import { ensureUser, permissionsOf, type Identity, type Role } from '../../security/index.js';

/** The account of the operating system that runs a command, as an identity. */
export function accountIdentity(username: string = userInfo().username): Identity {
  return { issuer: 'local-account', subject: username, name: `${username} (command line)` };
}

/** Who can run a command on the server acts in these roles; the log names the account. */
export async function localContext({ db, log }: Runtime, roles: readonly Role[]): Promise<Context> {
  const { id, name } = await ensureUser(db, accountIdentity());
  return newContext({ db, log, actor: { id, name, roles, permissions: permissionsOf(roles), ownCustomerId: undefined } });
}
