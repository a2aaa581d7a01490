import type { TestApp } from '../../support/app.js';
import { createLoan, scoreLoan } from '../../support/builders.js';
import type { TestClient } from '../../support/client.js';

/** What the small model decides by the principal alone. */
export const PRINCIPALS = { APPROVE: '1000', REFER: '4000', DECLINE: '5000', LARGE: '30000' } as const;

let made = 0;

/** A loan of a customer of its own, scored: `DECLINE` above the limit for one person is `LARGE`. @returns the id of the prediction */
export async function decided(portal: TestClient, size: keyof typeof PRINCIPALS, { loan = {}, score = {} }: { loan?: object; score?: object } = {}): Promise<{ id: string; externalId: string }> {
  const externalId = `decided-${(made += 1)}`;
  await createLoan(portal, externalId, { loan: { product: PRODUCT, principal: PRINCIPALS[size], ...loan } });
  const { id } = await scoreLoan(portal, { externalId, ...score });
  return { id, externalId };
}

export const PRODUCT = 'decided-loan';

export const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();

export const utcDayIn = (days: number): string => inDays(days).slice(0, 10);

/** Runs a mutation with its one input. */
export async function act<Payload>(client: TestClient, mutation: string, input: object, fields = '__typename'): Promise<Payload> {
  return (await client.ok<Record<string, Payload>>(documentOf(mutation, fields), { input }))[mutation]!;
}

export const refusalOf = async (client: TestClient, mutation: string, input: object): Promise<{ rule: string | undefined; code: string; message: string }> => {
  const { message, extensions } = await client.refusal(documentOf(mutation, '__typename'), { input });
  return { rule: (extensions as { rule?: string }).rule, code: extensions.code, message };
};

const documentOf = (mutation: string, fields: string): string => `mutation ($input: ${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input!) { ${mutation}(input: $input) { ${fields} } }`;

export const seen = async <Fields = Record<string, unknown>>(client: TestClient, id: string, fields: string): Promise<Fields> =>
  (await client.ok<{ prediction: Fields }>(`query ($id: ID!) { prediction(id: $id) { ${fields} } }`, { id })).prediction;

export const rowIdOf = (globalId: string): string => Buffer.from(globalId, 'base64url').toString().split(':').at(-1)!;

export const customerIdOf = (globalId: string): string => Buffer.from(globalId, 'base64url').toString().split(':')[1]!;

/** Runs a statement as the application itself would. */
export const asApplication = (app: TestApp, sql: string, parameters: unknown[] = []): Promise<unknown> => app.runtime.db.transaction((tx) => tx.query(sql, parameters));
