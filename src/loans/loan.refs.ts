import { expectId, type GlobalId, type Queryable } from '../platform/index.js';
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
export async function resolveLoans(db: Queryable, ids: readonly string[]): Promise<(LoanRef | undefined)[]> {
  const asked = ids.map((text, position) => ({ text, position, global: loanIdOf(text) }));
  const byGlobal = asked.flatMap(({ position, global }) => (global ? [{ position, ...global }] : []));
  const byExternal = asked.filter(({ global }) => global === undefined);
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
