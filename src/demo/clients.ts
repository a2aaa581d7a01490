import type { Queryable } from '../platform/index.js';
import type { DevelopmentIssuer } from '../security/index.js';
import { Client } from './client.js';
import { PEOPLE, type PersonName } from './people.js';

export type Tokens = Readonly<Record<PersonName, string>>;

export type Clients = Readonly<Record<PersonName, Client>>;

const SOMEBODY = `
  SELECT external_id AS customer FROM customers
  ORDER BY id = (SELECT customer_id FROM predictions WHERE status = 'SCORED' ORDER BY id DESC LIMIT 1) DESC NULLS LAST, id LIMIT 1`;

/** A token for each person; the borrower is the customer who was scored last, or the first one there is. */
export async function tokensOf(issuer: DevelopmentIssuer, db: Queryable): Promise<Tokens> {
  const [borrower] = await db.query<{ customer: string }>(SOMEBODY);
  const signed = Object.entries(PEOPLE).map(async ([name, person]) => [name, await issuer.tokenFor({ ...person, ...(name === 'borrower' && borrower) })]);
  return Object.fromEntries(await Promise.all(signed)) as Tokens;
}

export const clientsAt = (url: string, tokens: Tokens): Clients =>
  Object.fromEntries(Object.entries(tokens).map(([name, token]) => [name, new Client(url, token)])) as unknown as Clients;
