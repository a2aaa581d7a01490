import { newId, type Database, type Queryable, type Transaction } from '../../platform/index.js';

/** A person or service as an identity provider names it. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
}

export interface UserRow {
  readonly id: string;
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
}

/** Finds the user of an identity, or records it; a changed display name is taken over. */
export async function ensureUser(db: Database, identity: Identity): Promise<UserRow> {
  const known = await knownUser(db, identity);
  return known?.name === identity.name ? known : db.transaction((tx) => recordUser(tx, identity));
}

/** The same inside a transaction: who is recorded here is so only if all else is. */
export async function ensureUserWithin(tx: Transaction, identity: Identity): Promise<UserRow> {
  const known = await knownUser(tx, identity);
  return known?.name === identity.name ? known : recordUser(tx, identity);
}

/** The user of an identity, if it was ever recorded. */
export async function knownUser(db: Queryable, { issuer, subject }: Identity): Promise<UserRow | undefined> {
  const [known] = await db.query<UserRow>('SELECT id, issuer, subject, name FROM users WHERE issuer = $1 AND subject = $2', [issuer, subject]);
  return known;
}

async function recordUser(tx: Transaction, { issuer, subject, name }: Identity): Promise<UserRow> {
  const [row] = await tx.query<UserRow>(
    `INSERT INTO users (id, issuer, subject, name) VALUES ($1, $2, $3, $4)
     ON CONFLICT (issuer, subject) DO UPDATE SET name = excluded.name RETURNING id, issuer, subject, name`,
    [newId(), issuer, subject, name],
  );
  return row!;
}
