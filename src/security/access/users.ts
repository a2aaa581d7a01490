import { newId, type Database, type Queryable } from '../../platform/index.js';

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
  const { issuer, subject, name } = identity;
  const [known] = await db.query<UserRow>('SELECT id, issuer, subject, name FROM users WHERE issuer = $1 AND subject = $2', [issuer, subject]);
  if (known?.name === name) return known;
  return db.transaction(async (tx) => {
    const [row] = await tx.query<UserRow>(
      `INSERT INTO users (id, issuer, subject, name) VALUES ($1, $2, $3, $4)
       ON CONFLICT (issuer, subject) DO UPDATE SET name = excluded.name RETURNING id, issuer, subject, name`,
      [newId(), issuer, subject, name],
    );
    return row!;
  });
}

/** The roles a user holds by grant at this moment. */
export async function currentGrants(db: Queryable, userId: string): Promise<string[]> {
  const rows = await db.query<{ role: string }>(
    'SELECT role FROM role_grants WHERE user_id = $1 AND tstzrange(valid_from, valid_to) @> now()',
    [userId],
  );
  return rows.map(({ role }) => role);
}
