import { badInput, effectiveBy, expectId, fetchPage, isPresent, notFound, recordedBefore, Where, type Moment, type Page, type PageRequest, type Queryable } from '../platform/index.js';
import { isExternalId } from './recording.js';

/** The newest facts of a customer, sections still sealed, in base64. */
export interface SealedFacts {
  readonly id: string;
  readonly effectiveAt: string;
  readonly recordedAt: string;
  readonly recordedBy: string;
  readonly identity: string | null;
  readonly attributes: string | null;
  readonly protected: string | null;
}

export interface CustomerRow {
  readonly id: string;
  readonly external_id: string;
  readonly synthetic: boolean;
  readonly recorded_at: Date;
  readonly facts: SealedFacts;
}

const FACTS = `json_build_object(
  'id', f.id, 'effectiveAt', f.effective_at, 'recordedAt', f.recorded_at, 'recordedBy', f.recorded_by, 'identity', encode(f.identity, 'base64'),
  'attributes', encode(f.attributes, 'base64'), 'protected', encode(f.protected, 'base64'))`;

/** The facts that are effective last win; of those of the same time, the ones recorded last. */
const NEWEST = 'ORDER BY f.effective_at DESC, f.recorded_at DESC, f.id DESC';

/** Which facts count, in SQL: those that were recorded before a time and true at one. */
const seenBy = (recorded: string, effective: string): string => `AND f.recorded_at < ${recorded}::timestamptz AND f.effective_at <= ${effective}::timestamptz`;

// Facts stand in the select list, not in the joins: only the rows of a page pay for them, and counts do not.
const selectOf = (seen: string): string => `c.id, c.external_id, c.synthetic, c.recorded_at,
  (SELECT ${FACTS} FROM customer_facts f WHERE f.customer_id = c.id ${seen} ${NEWEST} LIMIT 1) AS facts`;

/** A customer as of a moment. */
export interface CustomerAt {
  readonly customerId: string;
  readonly moment: Moment;
}

/** In the order asked for; undefined where there was none, or nothing was true of it yet. */
export async function customersAt(db: Queryable, asked: readonly CustomerAt[]): Promise<(CustomerRow | undefined)[]> {
  const rows = await db.query<CustomerRow & { place: string; facts: SealedFacts | null }>(
    `SELECT ${selectOf(seenBy('asked.recorded', 'asked.effective'))}, asked.place
     FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS asked (id, recorded, effective, place)
     JOIN customers c ON c.id = asked.id AND c.recorded_at < asked.recorded`,
    [asked.map(({ customerId }) => customerId), asked.map(({ moment }) => recordedBefore(moment)), asked.map(({ moment }) => effectiveBy(moment))],
  );
  const found = new Map(rows.filter(({ facts }) => facts !== null).map((row) => [Number(row.place), row]));
  return asked.map((_, index) => found.get(index + 1));
}

/** All that was ever recorded of customers. */
export const everyFactOf = (db: Queryable, ids: readonly string[]): Promise<{ id: string; facts: SealedFacts }[]> =>
  db.query(`SELECT f.customer_id AS id, ${FACTS} AS facts FROM customer_facts f WHERE f.customer_id = ANY ($1::uuid[]) ORDER BY f.customer_id`, [ids]);

/** Everything ever recorded of a customer by a moment, newest first. */
export const factsOf = (db: Queryable, { customerId, moment }: CustomerAt): Promise<{ facts: SealedFacts }[]> =>
  db.query(`SELECT ${FACTS} AS facts FROM customer_facts f WHERE f.customer_id = $1 ${seenBy('$2', '$3')} ${NEWEST}`, [customerId, recordedBefore(moment), effectiveBy(moment)]);

/** What was true of a customer at a time; undefined where nothing is known that far back. */
export async function factsAsOf(db: Queryable, customerId: string, asOf: Date): Promise<SealedFacts | undefined> {
  const sql = `SELECT ${FACTS} AS facts FROM customer_facts f WHERE f.customer_id = $1 AND f.effective_at <= $2 ${NEWEST} LIMIT 1`;
  const [row] = await db.query<{ facts: SealedFacts }>(sql, [customerId, asOf]);
  return row?.facts;
}

/** Those whose records are only kept: nothing is under way with them. */
export async function restrictedAmong(db: Queryable, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db.query<{ id: string }>(
    `SELECT c.id FROM unnest($1::uuid[]) AS c(id) CROSS JOIN LATERAL retention_state(c.id) s
     WHERE s.state IN ('RESTRICTED', 'DUE')`,
    [ids],
  );
  return new Set(rows.map(({ id }) => id));
}

/** How callers name a customer: by global id or by their own external id. */
export interface CustomerName {
  readonly id?: string | null | undefined;
  readonly externalId?: string | null | undefined;
}

/**
 * The customer a caller names; undefined where there is none.
 * @throws BAD_INPUT unless exactly one of the two is given, or when the id is not a customer's
 */
export async function resolveCustomer(db: Queryable, { id, externalId }: CustomerName, fields: CustomerNameFields = NAME): Promise<string | undefined> {
  if ((id == null) === (externalId == null)) throw badInput(`Name the customer by ${fields.id} or by ${fields.externalId}: one of them.`);
  if (id != null) return firstId(db, 'SELECT id FROM customers WHERE id = $1', expectId(id, 'Customer', false).id);
  return isExternalId(externalId!) ? firstId(db, `SELECT id FROM external_ids WHERE entity = 'CUSTOMER' AND external_id = $1`, externalId!) : undefined;
}

async function firstId(db: Queryable, sql: string, value: string): Promise<string | undefined> {
  const [row] = await db.query<{ id: string }>(sql, [value]);
  return row?.id;
}

/** What the two are called where the caller writes them. */
export type CustomerNameFields = Readonly<Record<keyof CustomerName, string>>;

const NAME: CustomerNameFields = { id: 'id', externalId: 'externalId' };

/** @throws NOT_FOUND, saying how the customer was named */
export async function requireCustomer(db: Queryable, name: CustomerName, fields: CustomerNameFields = NAME): Promise<string> {
  const id = await resolveCustomer(db, name, fields);
  if (id !== undefined) return id;
  const named = name.externalId == null ? `${fields.id} "${name.id}"` : `${fields.externalId} "${name.externalId}"`;
  throw notFound(`There is no customer with the ${named}. Create the customer first, or name another.`);
}

export interface CustomerSelection {
  /** Limits the list to one customer. */
  readonly customerId?: string | undefined;
  readonly externalId?: string | null | undefined;
  /** Limits the list to these. */
  readonly ids?: readonly string[] | undefined;
  readonly synthetic?: boolean | null | undefined;
  readonly recordedAt?: { gte?: Date | null; lt?: Date | null } | null | undefined;
  readonly moment: Moment;
}

export interface CustomerOrdering {
  readonly field: 'RECORDED_AT' | 'EXTERNAL_ID';
  readonly descending: boolean;
}

// Ids are made in the order of recording, so ordering by id is ordering by time, on the primary key.
const LISTS = {
  RECORDED_AT: { from: 'customers c', always: [], key: { sql: 'c.id', type: 'uuid' }, id: { sql: 'c.id' } },
  EXTERNAL_ID: {
    from: 'external_ids e JOIN customers c ON c.id = e.id',
    always: [`e.entity = 'CUSTOMER'`],
    key: { sql: 'e.external_id', type: 'text' },
    id: { sql: 'e.id' },
  },
} as const;

export function customerPage(db: Queryable, selection: CustomerSelection, order: CustomerOrdering, page: PageRequest): Promise<Page<CustomerRow>> {
  const { always, ...list } = LISTS[order.field];
  const { moment } = selection;
  const where = new Where()
    .add('c.id = ?', selection.customerId)
    .add(`c.id = (SELECT id FROM external_ids WHERE entity = 'CUSTOMER' AND external_id = ?)`, selection.externalId)
    .add('c.id = ANY (?::uuid[])', selection.ids)
    .add('c.synthetic = ?', selection.synthetic)
    .add('c.recorded_at >= ?', selection.recordedAt?.gte)
    .add('c.recorded_at < ?', selection.recordedAt?.lt);
  const { conditions, parameters } = where;
  const select = selectOf(seenIn(where, moment));
  return fetchPage(db, { ...list, select, where: [...always, ...conditions], parameters, descending: order.descending }, page);
}

/** Cuts a list off at a moment, and tells which facts count then. */
function seenIn(where: Where, moment: Moment): string {
  if (isPresent(moment)) return '';
  const recorded = where.bind(recordedBefore(moment));
  const seen = seenBy(recorded, where.bind(effectiveBy(moment)));
  where.conditions.push(`c.recorded_at < ${recorded}::timestamptz`, `EXISTS (SELECT FROM customer_facts f WHERE f.customer_id = c.id ${seen})`);
  return seen;
}
