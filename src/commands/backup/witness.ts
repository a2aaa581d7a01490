import { join } from 'node:path';
import { recordEvent, type AuditEvent } from '../../audit/index.js';
import { entities } from '../../entities.js';
import { Database, MANIFEST, newId, sha256OfFile } from '../../platform/index.js';
import { ensureUser } from '../../security/index.js';
import { accountIdentity } from '../support/local-account.js';

type Payload<Type> = Extract<AuditEvent, { type: Type }>['payload'];

/** SHA-256 of what a backup says of itself, and so of every file of it. */
export const manifestDigest = (folder: string): Promise<string> => sha256OfFile(join(folder, MANIFEST));

/** Tells the transparency log, in the name of the account that runs the command. */
export async function witness<Type extends 'BACKUP_TAKEN' | 'DATABASE_RESTORED' | 'KEYS_ACT_BEGUN' | 'KEYS_BACKED_UP'>(url: string, type: Type, payload: Payload<Type>): Promise<void> {
  const db = await Database.open({ app: url, reader: url }, { entities, pool: 1 });
  try {
    const { id } = await ensureUser(db, accountIdentity());
    await db.transaction((tx) => recordEvent(tx, { type, id: newId(), actor: id, time: new Date(), payload } as AuditEvent));
  } finally {
    await db.close();
  }
}

