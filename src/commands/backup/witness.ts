import { join } from 'node:path';
import { recordEvent, type AuditEvent } from '../../audit/index.js';
import { entities } from '../../entities.js';
import { Database, MANIFEST, newId, sha256OfFile, type Transaction } from '../../platform/index.js';
import { ensureUserWithin } from '../../security/index.js';
import { accountIdentity } from '../support/local-account.js';

type Witnessed = 'BACKUP_TAKEN' | 'DATABASE_RESTORED';
type Payload<Type> = Extract<AuditEvent, { type: Type }>['payload'];

/** SHA-256 of what a backup says of itself, and so of every file of it. */
export const manifestDigest = (folder: string): Promise<string> => sha256OfFile(join(folder, MANIFEST));

/** Tells the transparency log, in the name of the account that runs the command. */
export const witness = <Type extends Witnessed>(url: string, type: Type, payload: Payload<Type>): Promise<void> =>
  asRole(url, (db) => db.transaction((tx) => witnessWithin(tx, type, payload)));

/** The same, in the transaction of what it tells. */
export async function witnessWithin<Type extends Witnessed>(tx: Transaction, type: Type, payload: Payload<Type>): Promise<void> {
  const { id } = await ensureUserWithin(tx, accountIdentity());
  await recordEvent(tx, { type, id: newId(), actor: id, time: new Date(), payload } as AuditEvent);
}

/** Works on a database as one role alone. */
export async function asRole<T>(url: string, work: (db: Database) => Promise<T>): Promise<T> {
  const db = await Database.open({ app: url, reader: url }, { entities, pool: 1 });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

