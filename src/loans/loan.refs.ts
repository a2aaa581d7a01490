import { isExternalId } from '../customers/index.js';
import { badInput, expectId, notFound, shared, type Database, type GlobalId, type Queryable } from '../platform/index.js';
import type { LoanRef } from './loan.rows.js';

const FIND = `
  SELECT asked.position, l.customer_id, l.id
    FROM unnest($1::int[], $2::uuid[], $3::uuid[]) AS asked (position, customer_id, id)
    JOIN loans l ON l.customer_id = asked.customer_id AND l.id = asked.id
  UNION ALL
  SELECT asked.position, e.customer_id, e.id
    FROM unnest($4::int[], $5::text[]) AS asked (position, external_id)
    JOIN external_ids e ON e.entity = 'LOAN' AND e.external_id = asked.external_id`;

/**
 * Finds loans by global id or by the caller's own external id, in one statement.
 * @returns in the order asked for; undefined where there is no such loan
 */
export const resolveLoans = async (db: Queryable, ids: readonly string[]): Promise<(LoanRef | undefined)[]> => find(db, ids.map(nameOf));

/** The same, together with others who ask at the time. */
export const resolveLoansShared = async (db: Database, ids: readonly string[]): Promise<(LoanRef | undefined)[]> => findShared(db, ids.map(nameOf));

interface Asked {
  readonly text: string;
  readonly global: Required<GlobalId> | undefined;
}

/** @throws BAD_INPUT for a global id that is none */
const nameOf = (text: string): Asked => ({ text, global: loanIdOf(text) });

const findShared = shared(find);

async function find(db: Queryable, names: readonly Asked[]): Promise<(LoanRef | undefined)[]> {
  const asked = names.map((name, position) => ({ ...name, position }));
  const byGlobal = asked.flatMap(({ position, global }) => (global ? [{ position, ...global }] : []));
  const byExternal = asked.filter(({ text, global }) => global === undefined && isExternalId(text));
  const rows = await db.query<{ position: number; customer_id: string; id: string }>(FIND, [
    byGlobal.map(({ position }) => position),
    byGlobal.map(({ customerId }) => customerId),
    byGlobal.map(({ id }) => id),
    byExternal.map(({ position }) => position),
    byExternal.map(({ text }) => text),
  ]);
  const found = new Map(rows.map((row) => [row.position, { customerId: row.customer_id, loanId: row.id }]));
  return asked.map(({ position }) => found.get(position));
}

/** What only the base64url of `Loan:<uuid>:<uuid>` looks like: an external id is any other text. */
const GLOBAL_ID = /^TG9hbj[\w-]{98}$/;

function loanIdOf(text: string): Required<GlobalId> | undefined {
  return GLOBAL_ID.test(text) ? expectId(text, 'Loan', true) : undefined;
}

/** How callers name a loan: by global id or by their own external id. */
export interface LoanName {
  readonly id?: string | null | undefined;
  readonly externalId?: string | null | undefined;
}

/**
 * The loan a caller names; undefined where there is none.
 * @throws BAD_INPUT unless exactly one of the two is given, or when the id is not a loan's
 */
export async function resolveLoan(db: Queryable, { id, externalId }: LoanName): Promise<LoanRef | undefined> {
  if ((id == null) === (externalId == null)) throw badInput('Name the loan by id or by externalId: one of them.');
  if (id != null) expectId(id, 'Loan', true);
  const [ref] = await resolveLoans(db, [id ?? externalId!]);
  return ref;
}

/** @throws NOT_FOUND, saying how the loan was named */
export async function requireLoan(db: Queryable, name: LoanName): Promise<LoanRef> {
  const ref = await resolveLoan(db, name);
  if (ref) return ref;
  const named = name.externalId == null ? `id "${name.id}"` : `externalId "${name.externalId}"`;
  throw notFound(`There is no loan with the ${named}. Create the loan first, or name another.`);
}
