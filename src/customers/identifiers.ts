import { copySheets, type Moment, type Queryable, type Sheet, type Transaction } from '../platform/index.js';
import { addIndexKey, blindDigest, dropOldIndexKeys, IDENTIFIER_KINDS, IDENTIFIERS, normalised, type IdentifierKind, type KeyRing, type KeyVersion } from '../security/index.js';
import { OpenedFacts } from './opened-facts.js';
import { customersAt, everyFactOf } from './customer.queries.js';

type Identity = Readonly<Record<string, string>>;

/** Rows of the blind index, under every key that there is: a look-up by any of them finds the customer. */
export const identifierSheet = (keys: readonly KeyVersion[], customers: readonly { readonly id: string; readonly identity: Identity }[]): Sheet => ({
  table: 'customer_identifiers',
  columns: ['customer_id', 'kind', 'key_version', 'digest'],
  rows: onlyOnce(customers.flatMap(({ id, identity }) => identifiersIn(identity).map(([kind, value]) => ({ id, kind, value })))).flatMap(({ id, kind, value }) =>
    keys.map(({ version, key }) => [id, kind, version, blindDigest(key, kind, value)])),
});

interface Identifier extends Sought {
  readonly id: string;
}

/** What a customer had twice has one row. */
const onlyOnce = (all: readonly Identifier[]): Identifier[] => [...new Map(all.map((one) => [`${one.id} ${one.kind} ${one.value}`, one])).values()];

function identifiersIn(identity: Identity): (readonly [IdentifierKind, string])[] {
  return IDENTIFIER_KINDS.flatMap((kind) => {
    const value = identity[IDENTIFIERS[kind]];
    const found = value === undefined ? undefined : normalised(kind, value);
    return found === undefined ? [] : [[kind, found] as const];
  });
}

export interface Sought {
  readonly kind: IdentifierKind;
  /** Normalised. */
  readonly value: string;
}

/** The customers whose facts in force at a moment have all of these identifiers. The index has what they ever had: what it finds is opened and compared. */
export async function customersWith(db: Queryable, keys: KeyRing, sought: readonly Sought[], moment: Moment): Promise<string[]> {
  const indexKeys = await keys.indexKeys();
  const digests = sought.map(({ kind, value }) => indexKeys.map(({ key }) => blindDigest(key, kind, value)));
  const rows = await db.query<{ id: string }>(
    `SELECT customer_id AS id FROM customer_identifiers i JOIN unnest($1::text[], $2::bytea[]) AS s(kind, digest) USING (kind, digest)
     GROUP BY customer_id HAVING count(DISTINCT kind) = $3 ORDER BY customer_id LIMIT $4`,
    [sought.flatMap(({ kind }) => indexKeys.map(() => kind)), digests.flat(), sought.length, MOST_FOUND],
  );
  const ids = rows.map(({ id }) => id);
  const [customers, dataKeys] = await Promise.all([customersAt(db, ids.map((customerId) => ({ customerId, moment }))), keys.keysOf(ids)]);
  const keyOf = new Map(ids.map((id, index) => [id, dataKeys[index]]));
  return customers
    .filter((customer) => customer !== undefined)
    .filter(({ id, facts }) => {
      const { identity } = new OpenedFacts(facts, keyOf.get(id));
      return sought.every(({ kind, value }) => normalised(kind, identity[IDENTIFIERS[kind]] ?? '') === value);
    })
    .map(({ id }) => id);
}

/** More people share no identifier that is one. */
const MOST_FOUND = 1_000;
const BATCH = 500;

/** Writes the index anew for everybody, with what they ever had, under every key that there is: what is there already is left out by the database. */
export async function indexEverybody(transaction: <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>, keys: KeyRing, advance: (done: number, of: number) => void): Promise<number> {
  const indexKeys = await keys.indexKeys();
  let [after, done, of] = ['00000000-0000-0000-0000-000000000000', 0, 0];
  for (;;) {
    const batch = await transaction(async (tx) => {
      const [{ count }] = (await tx.query<{ count: number }>('SELECT count(*)::int AS count FROM customers')) as [{ count: number }];
      of = count;
      const rows = await tx.query<{ id: string }>('SELECT id FROM customers WHERE id > $1 ORDER BY id LIMIT $2', [after, BATCH]);
      const ids = rows.map(({ id }) => id);
      const [recorded, dataKeys] = await Promise.all([everyFactOf(tx, ids), keys.keysOf(ids)]);
      const keyOf = new Map(ids.map((id, index) => [id, dataKeys[index]]));
      const known = recorded.filter(({ id }) => keyOf.get(id)).map(({ id, facts }) => ({ id, identity: new OpenedFacts(facts, keyOf.get(id)).identity }));
      await copySheets(tx, [identifierSheet(indexKeys, known)]);
      return ids;
    });
    if (batch.length === 0) return done;
    after = batch.at(-1)!;
    done += batch.length;
    advance(done, Math.max(of, done));
  }
}

type Transacting = Parameters<typeof indexEverybody>[0];

/**
 * Gives the blind index another key: digests under the old one, in backups and in the log of the database, then belong to
 * nobody any more. Servers go on: they write and look under both keys until the old one is gone. Taken up where it stood.
 * @param untilKnown resolves when every server has looked at the key store since
 * @returns the version that holds, and of how many customers the index was written
 */
export async function rotateIndexKey(transaction: Transacting, keys: KeyRing, untilKnown: () => Promise<void>, advance: (done: number, of: number) => void): Promise<{ version: number; customers: number }> {
  await keys.indexKeys();
  const version = await addIndexKey(keys);
  keys.forgetIndex();
  await untilKnown();
  const customers = await indexEverybody(transaction, keys, advance);
  await transaction((tx) => tx.query('DELETE FROM customer_identifiers WHERE key_version < $1', [version]));
  await dropOldIndexKeys(keys);
  keys.forgetIndex();
  return { version, customers };
}
